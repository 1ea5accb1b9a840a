package gen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/repliqate/repliqate/internal/gobuild"
	"github.com/repliqate/repliqate/internal/suite"
)

// The plain sqlc command, of the version in go.mod, writes the committed packages from the top-level
// sqlc.yaml byte for byte.
func TestPlainSQLC(t *testing.T) {
	suite.Builds(t)
	dir := t.TempDir()
	for _, name := range []string{"sqlc.yaml", "schemas"} {
		copyTree(t, filepath.Join(repository, name), filepath.Join(dir, name), func(string) bool { return true })
	}
	committed := filepath.Join(repository, "generated")
	copyTree(t, committed, filepath.Join(dir, "generated"),
		func(name string) bool { return filepath.Base(name) == "query.sql" })
	bin := filepath.Join(dir, "bin")
	if err := gobuild.Run(t.Context(), repository, "build", "-o", bin+string(filepath.Separator), "./cmd/repliqate-gen",
		"github.com/sqlc-dev/sqlc/cmd/sqlc"); err != nil {
		t.Fatal(err)
	}
	sqlc := exec.CommandContext(t.Context(), filepath.Join(bin, "sqlc"), "generate", "--no-remote",
		"-f", filepath.Join(dir, "sqlc.yaml"))
	sqlc.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := sqlc.CombinedOutput(); err != nil {
		t.Fatalf("sqlc generate: %v\n%s", err, out)
	}

	want, got := files(t, committed), files(t, filepath.Join(dir, "generated"))
	if !slices.Equal(want, got) {
		t.Fatalf("sqlc wrote %q, the committed files are %q", got, want)
	}
	for _, name := range want {
		if read(t, filepath.Join(committed, name)) != read(t, filepath.Join(dir, "generated", name)) {
			t.Errorf("%s differs from what sqlc writes", name)
		}
	}
}

// files lists what is below a folder.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		names = append(names, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// copyTree copies a file, or those files of a folder that are wanted.
func copyTree(t *testing.T, from, to string, wanted func(string) bool) {
	t.Helper()
	for _, name := range files(t, from) {
		if source := filepath.Join(from, name); wanted(source) {
			writeInput(t, filepath.Join(to, name), []byte(read(t, source)))
		}
	}
}
