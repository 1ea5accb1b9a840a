package migrations

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// tool knows the folders of one tool. It returns nil for those of another, and otherwise the
// files that are run, in their order.
type tool struct {
	name  string
	files func(*folder) ([]string, error)
}

// tools are tried one after the other: those with a file of their own, then those told from names.
var tools = []tool{
	{"sqitch.plan", sqitch},
	{"drizzle's journal", drizzle},
	{"atlas.sum", atlas},
	{"structure.sql", structure},
	{"Liquibase's changelog", liquibase},
	{"Flyway's versions", flyway},
	{"migration.sql of each folder", perFolder("migration.sql")},
	{"up.sql of each folder", perFolder("up.sql")},
	{"their numbers", numbered},
}

var sqitchDir = regexp.MustCompile(`(?m)^\s*(top_dir|deploy_dir|plan_file)\s*=\s*(\S+)`)

// sqitch reads the plan: one change a line, in the order in which they are deployed. A change that is
// there twice was reworked, and its first script is then called by the tag that came between.
func sqitch(d *folder) ([]string, error) {
	plan, deploy := "sqitch.plan", "deploy"
	if d.has("sqitch.conf") {
		conf, err := d.read("sqitch.conf")
		if err != nil {
			return nil, err
		}
		for _, m := range sqitchDir.FindAllStringSubmatch(conf, -1) {
			switch m[1] {
			case "top_dir":
				plan, deploy = path.Join(m[2], plan), path.Join(m[2], deploy)
			case "deploy_dir":
				deploy = path.Clean(m[2])
			case "plan_file":
				plan = path.Clean(m[2])
			}
		}
	}
	if !d.has(plan) {
		return nil, nil
	}
	text, err := d.read(plan)
	if err != nil {
		return nil, err
	}
	var changes []string
	last := map[string]int{}   // index of the last script of a change
	tag := map[string]string{} // first tag after it
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#' || words[0][0] == '%':
		case words[0][0] == '@':
			for name := range last {
				if tag[name] == "" {
					tag[name] = words[0]
				}
			}
		default:
			name := words[0]
			if i, reworked := last[name]; reworked && tag[name] != "" {
				changes[i] = path.Join(deploy, name+tag[name]+".sql")
			}
			last[name] = len(changes)
			delete(tag, name)
			changes = append(changes, path.Join(deploy, name+".sql"))
		}
	}
	return present(d, changes, plan)
}

// present checks that what a list names is there.
func present(d *folder, names []string, list string) ([]string, error) {
	for _, name := range names {
		if !d.has(name) {
			return nil, fmt.Errorf("%s names %s, which is not there", list, name)
		}
	}
	return names, nil
}

// drizzle reads the journal, which has the order in which the files were made.
func drizzle(d *folder) ([]string, error) {
	const journal = "meta/_journal.json"
	if !d.has(journal) {
		return nil, nil
	}
	text, err := d.read(journal)
	if err != nil {
		return nil, err
	}
	type entry struct {
		Index int    `json:"idx"`
		Tag   string `json:"tag"`
	}
	var content struct {
		Entries []entry `json:"entries"`
	}
	if err := json.Unmarshal([]byte(text), &content); err != nil {
		return nil, fmt.Errorf("%s is no JSON that drizzle writes: %w", journal, err)
	}
	slices.SortStableFunc(content.Entries, func(a, b entry) int { return a.Index - b.Index })
	files := []string{}
	for _, e := range content.Entries {
		files = append(files, e.Tag+".sql")
	}
	return present(d, files, journal)
}

// atlas reads atlas.sum: a checksum of all, and then one line for each file.
func atlas(d *folder) ([]string, error) {
	const sum = "atlas.sum"
	if !d.has(sum) {
		return nil, nil
	}
	text, err := d.read(sum)
	if err != nil {
		return nil, err
	}
	files := []string{}
	for line := range strings.Lines(text) {
		if name, _, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasSuffix(name, ".sql") {
			files = append(files, name)
		}
	}
	return present(d, files, sum)
}

// structure is the dump that Rails and others keep beside migrations in their own language.
func structure(d *folder) ([]string, error) {
	if d.has("structure.sql") {
		return []string{"structure.sql"}, nil
	}
	return nil, nil
}

var liquibaseFile = regexp.MustCompile(`(?m)\b(?:file|path)["']?\s*[:=]\s*["']?([^"'\s>,}]+\.sql)`)

// liquibase reads the files that a changelog includes, or takes all that are formatted SQL.
func liquibase(d *folder) ([]string, error) {
	for _, f := range d.files {
		if ext := path.Ext(f); strings.Contains(f, "/") || ext != ".xml" && ext != ".yaml" && ext != ".yml" &&
			ext != ".json" {
			continue
		}
		text, err := d.read(f)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(text, "databaseChangeLog") {
			continue
		}
		var files []string
		for _, m := range liquibaseFile.FindAllStringSubmatch(text, -1) {
			if name := d.find(m[1]); name != "" {
				files = append(files, name)
			}
		}
		if files != nil {
			return files, nil
		}
	}
	return nil, nil
}

// find returns the file that a path ends in, which may begin at a folder above.
func (d *folder) find(name string) string {
	for rest := path.Clean(name); ; {
		if d.has(rest) {
			return rest
		}
		_, below, ok := strings.Cut(rest, "/")
		if !ok {
			return ""
		}
		rest = below
	}
}

var flywayName = regexp.MustCompile(`(?i)^([VUBR])([\d._]*)__(.*)\.sql$`)

// flyway takes the versions in their order, from the newest baseline on, and then what is repeatable.
func flyway(d *folder) ([]string, error) {
	type versioned struct {
		file    string
		version []string
	}
	byKind := map[string][]versioned{}
	for _, f := range d.files {
		if m := flywayName.FindStringSubmatch(path.Base(f)); m != nil {
			kind := strings.ToUpper(m[1])
			version := strings.FieldsFunc(m[2], func(r rune) bool { return r == '.' || r == '_' })
			if (kind == "R") == (len(version) == 0) {
				byKind[kind] = append(byKind[kind], versioned{f, version})
			}
		}
	}
	if len(byKind["V"])+len(byKind["B"]) == 0 {
		return nil, nil
	}
	compare := func(a, b versioned) int { return slices.CompareFunc(a.version, b.version, compareNumbers) }
	all := byKind["V"]
	if baselines := byKind["B"]; len(baselines) > 0 {
		newest := slices.MaxFunc(baselines, compare)
		all = slices.DeleteFunc(all, func(v versioned) bool { return compare(v, newest) <= 0 })
		all = append(all, newest)
	}
	slices.SortStableFunc(all, compare)
	slices.SortStableFunc(byKind["R"], func(a, b versioned) int {
		return strings.Compare(path.Base(a.file),
			path.Base(b.file))
	})
	var files []string
	for _, v := range append(all, byKind["R"]...) {
		files = append(files, v.file)
	}
	return files, nil
}

// perFolder takes the file called name of each folder, in the order of the folders, as Prisma and Diesel do.
func perFolder(name string) func(*folder) ([]string, error) {
	return func(d *folder) ([]string, error) {
		var files []string
		for _, f := range d.files {
			if path.Base(f) == name && strings.Count(f, "/") == 1 {
				files = append(files, f)
			}
		}
		return files, nil
	}
}

// numbered takes the .sql files of the folder in the order of the numbers that their names begin with; those
// that begin with none come last, as what is run again each time does.
func numbered(d *folder) ([]string, error) {
	var files, others []string
	for _, f := range d.sql() {
		if digit(strings.TrimLeft(f, "vVmM")[0]) {
			files = append(files, f)
		} else {
			others = append(others, f)
		}
	}
	return append(files, others...), nil
}
