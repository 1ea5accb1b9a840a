package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the root of the repository, whatever folder a test goes to.
var root = func() string {
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return dir
}()

// page is a Markdown file.
type page struct {
	name  string // from the root, with slashes
	lines []string
}

// block is a block of code, fenced or indented, or the code of one span.
type block struct {
	page *page
	line int    // of its first line, from 1
	mark string // the name in the comment <!-- checked: NAME --> before it
	text string
}

// pages returns every Markdown file of the repository.
func pages(t *testing.T) (found []*page) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && skipped(d.Name()):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		found = append(found, readPage(t, filepath.ToSlash(name)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("found %d pages: this test looks in the wrong place", len(found))
	}
	return found
}

// skipped tells folders that hold no pages of ours. Those of .github are.
func skipped(folder string) bool {
	return folder == "testdata" || strings.HasPrefix(folder, ".") && folder != ".github"
}

func readPage(t *testing.T, name string) *page {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return &page{name: name, lines: strings.Split(string(content), "\n")}
}

var (
	fence   = regexp.MustCompile("^ *(```+|~~~+)")
	checked = regexp.MustCompile(`^<!-- checked: (.*) -->$`)
	span    = regexp.MustCompile("`([^`]+)`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
)

// blocks returns the fenced and indented blocks of a page.
func (p *page) blocks() (found []block) {
	mark := ""
	for i := 0; i < len(p.lines); i++ {
		line := p.lines[i]
		if m := checked.FindStringSubmatch(line); m != nil {
			mark = m[1]
			continue
		}
		from, to := i, i
		switch m := fence.FindStringSubmatch(line); {
		case m != nil:
			for from, to = i+1, i+1; to < len(p.lines) && !strings.HasPrefix(strings.TrimSpace(p.lines[to]), m[1]); to++ {
			}
			i = to
		case strings.HasPrefix(line, "    ") && i > 0 && p.lines[i-1] == "":
			for to < len(p.lines) && (strings.HasPrefix(p.lines[to], "    ") || p.lines[to] == "") {
				to++
			}
			i = to - 1
		default:
			continue
		}
		found = append(found, block{p, from + 1, mark, strings.TrimRight(strings.Join(p.lines[from:to], "\n"), "\n") + "\n"})
		mark = ""
	}
	return found
}

// prose returns the lines outside of blocks, with their numbers from 1.
func (p *page) prose() map[int]string {
	found := map[int]string{}
	for i, line := range p.lines {
		found[i+1] = line
	}
	for _, b := range p.blocks() {
		for i := range strings.Count(b.text, "\n") {
			delete(found, b.line+i)
		}
	}
	return found
}

// marked returns the block of a page that is marked with a name.
func (p *page) marked(t *testing.T, name string) string {
	t.Helper()
	for _, b := range p.blocks() {
		if b.mark == name {
			return b.text
		}
	}
	t.Fatalf("%s has no block marked <!-- checked: %s -->", p.name, name)
	return ""
}

// The tests of this package see what is there.
func TestBlocks(t *testing.T) {
	p := &page{name: "x.md", lines: strings.Split(
		"Text `a/b`.\n\n    make x\n\n    make y\n\n<!-- checked: run -->\n```sh\ngo z\n```\n[l](../c.md#d)", "\n")}
	found := p.blocks()
	if len(found) != 2 || found[0].text != "    make x\n\n    make y\n" || found[0].line != 3 ||
		found[1].text != "go z\n" || found[1].mark != "run" || found[1].line != 9 {
		t.Errorf("found %v", found)
	}
	prose := p.prose()
	if _, there := prose[9]; there || prose[1] != p.lines[0] || prose[11] != p.lines[10] {
		t.Errorf("the prose is %v", prose)
	}
}
