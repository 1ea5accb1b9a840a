package replicate

import (
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	numbered  = regexp.MustCompile(`^ *[0-9]+\. `)
	continued = regexp.MustCompile(`^ +\S`)
)

// promises returns the items of the numbered list that begins after the line heading, each as one line.
func promises(t *testing.T, where, text, heading string) (items []string) {
	t.Helper()
	_, after, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no line %q", where, heading)
	}
	for line := range strings.Lines(after) {
		line = strings.TrimRight(line, "\n")
		switch {
		case numbered.MatchString(line):
			items = append(items, strings.TrimSpace(line))
		case len(items) > 0 && continued.MatchString(line):
			items[len(items)-1] += " " + strings.TrimSpace(line)
		case len(items) > 0:
			return items
		}
	}
	return items
}

// The promises are written twice, for readers of the code and for operators: word for word the same.
func TestPromisesAreTheSameInBothPlaces(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/delivery.md")
	if err != nil {
		t.Fatal(err)
	}
	code := promises(t, "doc.go", file.Doc.Text(), "# Promises")
	docs := promises(t, "docs/delivery.md", string(page), "## What is promised")
	if len(code) < 8 {
		t.Fatalf("doc.go has only the promises %q", code)
	}
	if !slices.Equal(code, docs) {
		t.Errorf("doc.go promises\n%s\n\ndocs/delivery.md promises\n%s", strings.Join(code, "\n"), strings.Join(docs, "\n"))
	}
}
