package docs

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/delivery.md and the package documentation of replicate promise the same, in the same words.
func TestPromises(t *testing.T) {
	written := promisesOf(strings.Join(readPage(t, "docs/delivery.md").lines, "\n"))
	source := filepath.Join(root, "replicate", "doc.go")
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
	must(t, err)
	documented := promisesOf(packageText(file))
	if len(written) < 8 || !slices.Equal(written, documented) {
		t.Errorf("docs/delivery.md promises\n\t%s\nand replicate/doc.go\n\t%s",
			strings.Join(written, "\n\t"), strings.Join(documented, "\n\t"))
	}
}

// packageText is the package's documentation, each paragraph and item on a line.
func packageText(file *ast.File) string {
	parsed := new(comment.Parser).Parse(file.Doc.Text())
	return string((&comment.Printer{TextWidth: -1}).Markdown(parsed))
}

var promise = regexp.MustCompile(`^ *(\d\. .*)`)

// promisesOf returns the condition and the numbered promises that follow it, each on one line.
func promisesOf(text string) (found []string) {
	_, text, _ = strings.Cut(text, "\nCondition: ")
	var one []string
	flush := func() {
		if len(one) > 0 {
			found = append(found, strings.Join(strings.Fields(strings.Join(one, " ")), " "))
		}
		one = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		next := promise.FindStringSubmatch(line)
		switch {
		case next != nil:
			flush()
			one = []string{next[1]}
		case strings.HasPrefix(line, "#"), len(found) > 0 && line != "" && one == nil:
			flush()
			return found
		case line == "" && len(found) > 0 && len(one) > 0 && strings.HasPrefix(one[0], "8. "):
			flush()
			return found
		default:
			one = append(one, line)
		}
	}
	flush()
	return found
}
