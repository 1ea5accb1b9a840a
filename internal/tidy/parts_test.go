package tidy

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const replicatePath = "github.com/repliqate/repliqate/replicate/"

// parts are folders of parts that a job is put together from, each a folder of its own, and where alone they are named.
var parts = []struct{ folder, wiring string }{
	{"sink", "replicate/daemon/"},
	{"offset", "replicate/daemon/"},
	{"codec", "replicate/daemon/"},
	{"metrics", "replicate/daemon/"},
	{"daemon/internal/command", "replicate/daemon/run.go"},
}

// outsiders import a part elsewhere, each for a reason.
var outsiders = map[string]string{
	"replicate/replicatetest/":  "the contract of a source is shown with messages in JSON",
	"replicate/offset/witness/": "it keeps the offset in a topic, and connects as the sink of the same brokers does",
}

// partImport finds the import of a part outside of its own folder and of the wiring: a part that knew another, or a
// loop that knew either, would have to change with it.
func partImport(s source) (found []string) {
	if s.isTest() || !strings.HasPrefix(s.path, "replicate/") {
		return nil
	}
	for outsider := range outsiders {
		if strings.HasPrefix(s.path, outsider) {
			return nil
		}
	}
	for _, spec := range s.file.Imports {
		imported, inside := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), replicatePath)
		if !inside {
			continue
		}
		for _, part := range parts {
			name, is := strings.CutPrefix(imported, part.folder+"/")
			own := "replicate/" + part.folder + "/" + strings.Split(name, "/")[0] + "/"
			if is && !strings.HasPrefix(s.path, part.wiring) && !strings.HasPrefix(s.path, own) {
				found = append(found, fmt.Sprintf("%s: it imports %s, which only %s may name",
					s.at(spec.Pos()), imported, part.wiring))
			}
		}
	}
	return found
}

// TestPartsAreOnePlace looks for parts that are known elsewhere.
func TestPartsAreOnePlace(t *testing.T) {
	sources := readAll(t, filepath.Join("..", ".."))
	for _, s := range sources {
		for _, found := range partImport(s) {
			t.Error(found)
		}
	}
	for _, part := range parts {
		if !slices.ContainsFunc(sources, func(s source) bool {
			return path.Dir(path.Dir(s.path)) == "replicate/"+part.folder
		}) {
			t.Errorf("replicate/%s has no parts: this test looks in the wrong place", part.folder)
		}
	}
}

// TestPartImportBites shows the rule what it must find, and what it must leave alone.
func TestPartImportBites(t *testing.T) {
	for _, c := range []struct {
		path, imported string
		want           int
	}{
		{"replicate/loop/x.go", "sink/kafka", 1},
		{"replicate/sink/kafka/x.go", "offset/redis", 1},
		{"replicate/daemon/internal/job/x.go", "daemon/internal/command/offset", 1},
		{"replicate/loop/x_test.go", "sink/kafka", 0},
		{"replicate/sink/kafka/internal/x/x.go", "sink/kafka", 0},
		{"replicate/daemon/internal/job/x.go", "sink/kafka", 0},
		{"replicate/daemon/run.go", "daemon/internal/command/offset", 0},
	} {
		s, err := parse(c.path, []byte("// Package x is good.\npackage x\n\nimport _ \""+replicatePath+c.imported+"\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if found := partImport(s); len(found) != c.want {
			t.Errorf("%s imports %s: found %q, want %d", c.path, c.imported, found, c.want)
		}
	}
}
