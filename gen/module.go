package gen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
)

// RuntimeModule is the module that generated code imports.
const RuntimeModule = "github.com/repliqate/repliqate"

// Module finds the Go module that out lies in. It returns the import path of out, and what is still
// missing for the generated code to build.
func Module(out string) (importPath, missing string, err error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return "", "", fmt.Errorf("find the Go module of %s: %w", out, err)
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if errors.Is(err, fs.ErrNotExist) {
			if dir == filepath.Dir(dir) {
				return "", "", fmt.Errorf("%s is in no Go module: run go mod init in the folder that is to hold it", out)
			}
			continue
		}
		if err != nil {
			return "", "", fmt.Errorf("find the Go module of %s: %w", out, err)
		}
		mod, err := modfile.ParseLax(filepath.Join(dir, "go.mod"), content, nil)
		if err == nil && mod.Module == nil {
			err = errors.New("it has no module line")
		}
		if err != nil {
			return "", "", fmt.Errorf("read %s: %w", filepath.Join(dir, "go.mod"), err)
		}
		rel, err := filepath.Rel(dir, abs)
		if err != nil {
			return "", "", fmt.Errorf("find the Go module of %s: %w", out, err)
		}
		return path.Join(mod.Module.Mod.Path, filepath.ToSlash(rel)), missingModule(mod), nil
	}
}

// missingModule returns the command that adds the run time to a module which does not require it.
func missingModule(mod *modfile.File) string {
	if mod.Module.Mod.Path == RuntimeModule {
		return ""
	}
	for _, r := range mod.Require {
		if r.Mod.Path == RuntimeModule {
			return ""
		}
	}
	// The packages are named, since go get then adds what they need in turn.
	return "go get " + RuntimeModule + "/replicate/..." + sameVersion()
}

// sameVersion is the suffix that asks for the version that this program was built from, where that is
// one: generated code and run time are to be of the same age.
func sameVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != RuntimeModule || !strings.HasPrefix(info.Main.Version, "v") || strings.Contains(info.Main.Version, "+") {
		return ""
	}
	return "@" + info.Main.Version
}
