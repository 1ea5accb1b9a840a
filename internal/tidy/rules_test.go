package tidy

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	linesMax         = 500 // of a file
	functionLinesMax = 70
	columnsMax       = 120 // of a line; a tab is one column, as gofmt leaves its width open
	methodsMax       = 5   // of an interface
)

// emptyNames are names of packages that don't say what is inside.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "types", "base"}

// knownMethods are those whose name says everything there is to say, since a known interface has them.
var knownMethods = []string{"Error", "Unwrap", "String"}

// source is one parsed file.
type source struct {
	path    string // from the root of the repository, with slashes
	content []byte
	set     *token.FileSet
	file    *ast.File
}

func (s source) at(p token.Pos) string { return fmt.Sprintf("%s:%d", s.path, s.set.Position(p).Line) }

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// rules are checked file by file. Each returns what it found wrong.
var rules = []func(source) []string{
	fileLength, lineLength, functionLength, interfaceSize, packageName, exportedComments,
}

func fileLength(s source) []string {
	if n := bytes.Count(s.content, []byte("\n")); n > linesMax {
		return []string{fmt.Sprintf("%s: %d lines, at most %d", s.path, n, linesMax)}
	}
	return nil
}

func lineLength(s source) (found []string) {
	for i, line := range bytes.Split(s.content, []byte("\n")) {
		if n := utf8.RuneCount(line); n > columnsMax {
			found = append(found, fmt.Sprintf("%s:%d: %d columns, at most %d", s.path, i+1, n, columnsMax))
		}
	}
	return found
}

func functionLength(s source) (found []string) {
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; n > functionLinesMax {
			found = append(found, fmt.Sprintf("%s: func %s has %d lines, at most %d",
				s.at(f.Pos()), f.Name.Name, n, functionLinesMax))
		}
	}
	return found
}

func interfaceSize(s source) (found []string) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > methodsMax {
			found = append(found, fmt.Sprintf("%s: an interface of %d methods, at most %d",
				s.at(i.Pos()), i.Methods.NumFields(), methodsMax))
		}
		return true
	})
	return found
}

func packageName(s source) []string {
	if slices.Contains(emptyNames, s.file.Name.Name) {
		return []string{fmt.Sprintf("%s: package %s does not say what is inside", s.path, s.file.Name.Name)}
	}
	return nil
}

// exportedComments wants a comment on each exported name of the run time, which generated code and others call.
func exportedComments(s source) (found []string) {
	if !strings.HasPrefix(s.path, "replicate/") || s.isTest() {
		return nil
	}
	bare := func(name *ast.Ident, comments ...*ast.CommentGroup) {
		said := slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c != nil })
		if name.IsExported() && !said {
			found = append(found, fmt.Sprintf("%s: %s is exported and has no comment", s.at(name.Pos()), name.Name))
		}
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || ast.IsExported(receiver(d)) && !slices.Contains(knownMethods, d.Name.Name) {
				bare(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					bare(spec.Name, d.Doc, spec.Doc, spec.Comment)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						bare(name, d.Doc, spec.Doc, spec.Comment)
					}
				}
			}
		}
	}
	return found
}

// receiver is the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// packageComments wants a comment on each package, its map. It looks at all files at once.
func packageComments(sources []source) (found []string) {
	has := map[string]bool{}
	for _, s := range sources {
		folder, _, _ := cutLast(s.path, "/")
		if !s.isTest() {
			has[folder] = has[folder] || s.file.Doc != nil
		} else if _, known := has[folder]; !known && s.file.Doc != nil {
			has[folder] = true // a package that is nothing but tests
		}
	}
	for folder, ok := range has {
		if !ok {
			found = append(found, folder+": the package has no comment")
		}
	}
	slices.Sort(found)
	return found
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}
