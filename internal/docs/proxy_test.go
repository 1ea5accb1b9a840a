package docs

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// modulePath is the module that README tells to install.
const modulePath = "github.com/repliqate/repliqate"

// released serves this checkout to the go command as a release, from a folder in place of a proxy, and returns the
// environment that uses it. All other modules come from the module cache, so nothing is downloaded and no checksum
// database is asked.
func released(t *testing.T) []string {
	t.Helper()
	for _, args := range [][]string{{"mod", "download"}, {"mod", "graph"}} { // fills the cache on a new machine
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.TrimSpace(string(cache))
	// The version is this test's alone: what the go command caches of it never stands in for another checkout.
	version := fmt.Sprintf("v0.0.0-readme.%d", time.Now().UnixNano())
	proxy := t.TempDir()
	publish(t, filepath.Join(proxy, filepath.FromSlash(modulePath), "@v"), version)
	t.Cleanup(func() { forget(t, modules, version) })
	return append(os.Environ(),
		"GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(modules)+"/cache/download",
		"GOSUMDB=off", "GOFLAGS=-modcacherw", "GOWORK=off", "GOTOOLCHAIN=local")
}

// publish writes what a module proxy answers for one version.
func publish(t *testing.T, dir, version string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-02T03:04:05Z"}`, version),
		version + ".mod":  string(mod),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := zip.Create(out, module.Version{Path: modulePath, Version: version}, checkout(t)); err != nil {
		t.Fatal(err)
	}
}

// source is a file of the checkout, for zip.Create.
type source string

func (s source) Path() string { return string(s) }

func (s source) Lstat() (os.FileInfo, error) {
	return os.Lstat(filepath.Join(root, filepath.FromSlash(string(s))))
}

func (s source) Open() (io.ReadCloser, error) {
	return os.Open(filepath.Join(root, filepath.FromSlash(string(s))))
}

// checkout lists the files that packages are built from.
func checkout(t *testing.T) (files []zip.File) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 {
			return err // a binary that somebody has built here
		}
		files = append(files, source(filepath.ToSlash(name)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// forget removes a version from the module cache.
func forget(t *testing.T, modules, version string) {
	t.Helper()
	trees, err := filepath.Glob(filepath.Join(modules, filepath.FromSlash(modulePath)+"@"+version))
	if err != nil {
		t.Error(err)
	}
	files, err := filepath.Glob(
		filepath.Join(modules, "cache", "download", filepath.FromSlash(modulePath), "@v", version+".*"))
	if err != nil {
		t.Error(err)
	}
	for _, name := range append(trees, files...) {
		if err := os.RemoveAll(name); err != nil {
			t.Error(err)
		}
	}
}
