package deps

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/trial"
)

// TestStaticBinary builds each command as the generated Dockerfile does, and runs it where nothing else is.
func TestStaticBinary(t *testing.T) {
	suite.Builds(t)
	for _, c := range commands(t) {
		t.Run(c.table, func(t *testing.T) {
			empty := t.TempDir()
			binary, err := trial.Build(t.Context(), c.table, empty)
			if err != nil {
				t.Fatal(err)
			}
			checkLinking(t, binary)
			checkContents(t, binary)
			runAlone(t, empty, filepath.Base(binary))
		})
	}
}

// checkLinking finds neither a dynamic loader nor a shared library.
func checkLinking(t *testing.T, binary string) {
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a %v segment: it needs a loader", p.Type)
		}
	}
	if libraries, err := file.ImportedLibraries(); err == nil && len(libraries) > 0 {
		t.Errorf("the binary needs %v", libraries)
	}
}

// checkContents finds the certificate authorities, and no path of the machine that built it.
func checkContents(t *testing.T, binary string) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"CGO_ENABLED": "0", "-trimpath": "true"} {
		if !slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == key && s.Value == want }) {
			t.Errorf("the binary was not built with %s=%s", key, want)
		}
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte("ISRG Root X1")) {
		t.Error("the binary holds no certificate of a well-known authority")
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(content, []byte(here+"/replicate/")) {
		t.Errorf("the binary holds the path %s", here)
	}
}

// runAlone runs --version with the binary's folder, where nothing else is, as the root of the file system. Root
// may do that, and others in a user namespace of their own, where the machine has them.
func runAlone(t *testing.T, folder, name string) {
	cmd := exec.CommandContext(t.Context(), "/"+name, "--version")
	cmd.Dir, cmd.Env = "/", []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: folder}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		t.Logf("not run in an empty root directory, which this machine forbids (%v); its ELF headers were checked", err)
		return
	}
	if err != nil || !strings.HasPrefix(out.String(), name) {
		t.Errorf("--version in an empty root directory: %v, printed %q, %q", err, out.String(), log.String())
	}
}
