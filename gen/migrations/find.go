package migrations

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Set is the files that names stand for.
type Set struct {
	Files []File
	Notes []string // what was left out, and what the order of a folder was told from
}

// File is one file of a Set.
type File struct {
	Path  string
	Named string // the file or folder that was named
}

// Find returns the files that names stand for. A folder stands for those that its tool would run.
func Find(names []string) (*Set, error) {
	set := &Set{}
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read schema %s: there is no such file", name)
		case err != nil:
			return nil, fmt.Errorf("read schema: %w", err)
		case info.IsDir():
			if err := set.addFolder(name); err != nil {
				return nil, err
			}
		default:
			set.add(name, name)
		}
	}
	set.leaveOutDown()
	return set, nil
}

// add adds a file, once.
func (s *Set) add(path, named string) {
	path = filepath.Clean(path)
	if !slices.ContainsFunc(s.Files, func(f File) bool { return f.Path == path }) {
		s.Files = append(s.Files, File{path, named})
	}
}

func (s *Set) addFolder(name string) error {
	dir, err := readFolder(name)
	if err != nil {
		return fmt.Errorf("read schema %s: %w", name, err)
	}
	for _, t := range tools {
		files, err := t.files(dir)
		if err != nil {
			return fmt.Errorf("read schema %s: %w", name, err)
		}
		if files == nil {
			continue
		}
		s.Notes = append(s.Notes, fmt.Sprintf("%s: read in the order of %s: %d of its files", name, t.name, len(files)))
		for _, f := range files {
			s.add(filepath.Join(name, filepath.FromSlash(f)), name)
		}
		return nil
	}
	return fmt.Errorf("read schema %s: there are no .sql files in it%s", name, dir.remedy())
}

// downOf are the endings of the way up by those of the way down.
var downOf = map[string][]string{
	".down.sql": {".up.sql", ".sql"}, "-down.sql": {"-up.sql"}, "_down.sql": {"_up.sql"}, ".undo.sql": {".do.sql",
		".sql"},
	".rollback.sql": {".sql"}, "/down.sql": {"/up.sql"}, ".tx.down.sql": {".tx.up.sql"}, "_rollback.sql": {".sql"},
}

// leaveOutDown leaves out the way down of files whose way up is there too.
func (s *Set) leaveOutDown() {
	have := map[string]bool{}
	for _, f := range s.Files {
		have[strings.ToLower(filepath.ToSlash(f.Path))] = true
	}
	s.Files = slices.DeleteFunc(s.Files, func(f File) bool {
		up := upOf(strings.ToLower(filepath.ToSlash(f.Path)), have)
		if up != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("%s: left out, the way down of %s", f.Path, filepath.Base(up)))
		}
		return up != ""
	})
}

// upOf returns the file that a file takes back.
func upOf(path string, have map[string]bool) string {
	for down, ups := range downOf {
		stem, ok := strings.CutSuffix("/"+path, down)
		if !ok {
			continue
		}
		for _, up := range ups {
			if whole := strings.TrimPrefix(stem+up, "/"); have[whole] {
				return whole
			}
		}
	}
	return ""
}

// folder is what is in a folder and the folders below it.
type folder struct {
	root   string
	files  []string // with slashes, relative to root, in natural order
	others map[string]int
}

// deepest bounds how far below a folder files are looked for.
const deepest = 4

func readFolder(root string) (*folder, error) {
	dir := &folder{root: root, others: map[string]int{}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || strings.Count(rel,
				"/") >= deepest) {
				return filepath.SkipDir
			}
			return nil
		}
		dir.files = append(dir.files, rel)
		if !strings.Contains(rel, "/") {
			dir.others[filepath.Ext(rel)]++
		}
		return nil
	})
	slices.SortFunc(dir.files, natural)
	return dir, err
}

func (d *folder) has(name string) bool { return slices.Contains(d.files, name) }

func (d *folder) read(name string) (string, error) {
	content, err := os.ReadFile(filepath.Join(d.root, filepath.FromSlash(name)))
	return string(content), err
}

// sql returns the .sql files of the folder itself.
func (d *folder) sql() []string {
	var out []string
	for _, f := range d.files {
		if !strings.Contains(f, "/") && strings.EqualFold(filepath.Ext(f), ".sql") {
			out = append(out, f)
		}
	}
	return out
}

// remedy says what to give in the place of a folder without .sql files.
func (d *folder) remedy() string {
	for _, r := range []struct{ ext, say string }{
		{".rb", "migrations in Ruby: give db/structure.sql, which Rails writes with " +
			"config.active_record.schema_format = :sql"},
		{".py", "migrations in Python: give their SQL, from alembic upgrade head --sql, manage.py sqlmigrate, or " +
			"pg_dump --schema-only"},
		{".go", "migrations in Go: give the schema that they make, from pg_dump --schema-only or sqlite3 FILE .schema"},
		{".js", "migrations in JavaScript: give the schema that they make, from pg_dump --schema-only or sqlite3 " +
			"FILE .schema"},
		{".ts", "migrations in TypeScript: give the schema that they make, from pg_dump --schema-only or sqlite3 " +
			"FILE .schema"},
		{".php", "migrations in PHP: give the schema that they make, from php artisan schema:dump or pg_dump " +
			"--schema-only"},
		{".xml", "a changelog in XML: give its SQL, from liquibase update-sql"},
		{".yaml", "a changelog in YAML: give its SQL, from liquibase update-sql"},
	} {
		if d.others[r.ext] > 0 {
			return ", but " + r.say
		}
	}
	var below []string
	for _, f := range d.files {
		if dir, _, ok := strings.Cut(f, "/"); ok && strings.HasSuffix(f, ".sql") && !slices.Contains(below, dir) {
			below = append(below, dir)
		}
	}
	if len(below) > 0 {
		return ": name one of the folders in it: " + strings.Join(below, ", ")
	}
	return ""
}

// natural compares names as people number them: 2_x before 10_x, with and without zeros before.
func natural(a, b string) int {
	for i, j := 0, 0; ; {
		switch {
		case i == len(a) || j == len(b):
			if d := (len(a) - i) - (len(b) - j); d != 0 {
				return d
			}
			return strings.Compare(a, b)
		case digit(a[i]) && digit(b[j]):
			x, y := digits(a[i:]), digits(b[j:])
			if d := compareNumbers(x, y); d != 0 {
				return d
			}
			i, j = i+len(x), j+len(y)
		case a[i] != b[j]:
			return int(a[i]) - int(b[j])
		default:
			i, j = i+1, j+1
		}
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) string {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return s[:n]
}

// compareNumbers compares runs of digits of any length by their value.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
