package docs

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every relative link leads to a file, and to a heading in it where it names one.
func TestLinks(t *testing.T) {
	seen := 0
	for _, p := range pages(t) {
		for n, line := range p.prose() {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				target, err := url.Parse(m[1] + m[2])
				if err != nil || target.Scheme == "" && target.Host == "" {
					seen++
					follow(t, p, n, target)
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("found only %d relative links", seen)
	}
}

func follow(t *testing.T, p *page, line int, target *url.URL) {
	t.Helper()
	if target == nil {
		t.Errorf("%s:%d: a link that can't be read", p.name, line)
		return
	}
	name := p.name
	if target.Path != "" {
		name = path.Join(path.Dir(p.name), target.Path)
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
		t.Errorf("%s:%d: the link %s leads nowhere", p.name, line, target)
		return
	}
	if target.Fragment == "" || path.Ext(name) != ".md" {
		return
	}
	for _, heading := range readPage(t, name).prose() {
		if strings.HasPrefix(heading, "#") && anchor(heading) == target.Fragment {
			return
		}
	}
	t.Errorf("%s:%d: %s has no heading #%s", p.name, line, name, target.Fragment)
}

// anchor is the fragment that a heading is linked by.
func anchor(heading string) string {
	text := strings.ToLower(strings.TrimSpace(strings.TrimLeft(heading, "#")))
	text = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(text, "")
	return strings.ReplaceAll(text, " ", "-")
}

// A path of this repository, in backticks: it begins with a folder at the top, or is a file there.
var repositoryPath = regexp.MustCompile(
	`^(?:\./)?((?:cmd/repliqate-gen|docs|examples|gen|internal|replicate|schemas|scripts|templates|bench)` +
		`(?:/[\w.{},*<>-]+)*/?)$`)

// Every path of this repository that a page names is there. <db> and the like stand for any name.
func TestPaths(t *testing.T) {
	seen := 0
	for _, p := range pages(t) {
		if p.name == "CHANGELOG.md" {
			continue // it tells what was
		}
		for n, line := range p.prose() {
			for _, m := range span.FindAllStringSubmatch(line, -1) {
				named := repositoryPath.FindStringSubmatch(m[1])
				if named == nil || !strings.Contains(named[1], "/") {
					continue
				}
				seen++
				for _, one := range alternatives(placeholder.ReplaceAllString(named[1], "*")) {
					if found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(one))); err != nil || len(found) == 0 {
						t.Errorf("%s:%d: there is no %s", p.name, n, one)
					}
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("found only %d paths", seen)
	}
}

var placeholder = regexp.MustCompile(`<\w+>`)

// alternatives spells out a/{b,c} as a/b and a/c.
func alternatives(pattern string) []string {
	before, rest, ok := strings.Cut(pattern, "{")
	inside, after, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return []string{pattern}
	}
	var out []string
	for one := range strings.SplitSeq(inside, ",") {
		out = append(out, alternatives(before+one+after)...)
	}
	return out
}

// docs/README.md is the one index: it leads to every page below docs.
func TestIndex(t *testing.T) {
	index := strings.Join(readPage(t, "docs/README.md").lines, "\n")
	for _, p := range pages(t) {
		name, ok := strings.CutPrefix(p.name, "docs/")
		if ok && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", p.name)
		}
	}
}
