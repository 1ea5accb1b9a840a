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
	"golang.org/x/mod/module"
)

// RuntimeModule is the module that generated code imports.
const RuntimeModule = "github.com/repliqate/repliqate"

// Module is the Go module that the output folder lies in.
type Module struct {
	Import  string // import path of the output folder
	Below   string // the output folder, from the module's root
	Missing string // command that the generated code needs before it builds; empty: none
}

// FindModule finds the Go module that out lies in.
func FindModule(out string) (Module, error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return Module{}, fmt.Errorf("find the Go module of %s: %w", out, err)
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		name := filepath.Join(dir, "go.mod")
		content, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			if dir == filepath.Dir(dir) {
				return Module{}, fmt.Errorf("%s is in no Go module: run go mod init in the folder that should hold it", out)
			}
			continue
		}
		if err != nil {
			return Module{}, fmt.Errorf("find the Go module of %s: %w", out, err)
		}
		mod, err := modfile.ParseLax(name, content, nil)
		if err == nil && mod.Module == nil {
			err = errors.New("it has no module line")
		}
		if err != nil {
			return Module{}, fmt.Errorf("read %s: %w", name, err)
		}
		below, err := filepath.Rel(dir, abs)
		if err != nil {
			return Module{}, fmt.Errorf("find the Go module of %s: %w", out, err)
		}
		below = filepath.ToSlash(below)
		m := Module{Import: path.Join(mod.Module.Mod.Path, below), Below: below, Missing: missingModule(mod)}
		if err := module.CheckImportPath(m.Import); err != nil {
			return Module{}, fmt.Errorf("%s can't hold Go packages: %w: name another folder with --out", out, err)
		}
		return m, nil
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

// sameVersion is the suffix that asks for the version that this program was built from, if that is
// one: generated code and run time are to be of the same age.
func sameVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != RuntimeModule {
		return ""
	}
	version := info.Main.Version
	if !strings.HasPrefix(version, "v") || strings.Contains(version, "+") {
		return "" // built from a working copy
	}
	return "@" + version
}
