// Package buildinfo says which version of this module a program was built from.
package buildinfo

import "runtime/debug"

// release is set by the linker in the files of a release (.goreleaser.yaml): they are built from a checkout whose
// version the go command may not know.
var release string

const module = "github.com/repliqate/repliqate"

// Version is that of this module, whether it is the program's own or one that it requires.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == module && release != "" {
		return release
	}
	if info.Main.Path == module && info.Main.Version != "" {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return "(devel)"
}
