package daemon_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCompletion completes with a real shell.
func TestCompletion(t *testing.T) {
	b := newBed(t)
	dir := t.TempDir()
	for _, name := range []string{"config one.yaml", "config.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(dir, "completion")
	text := b.says(0, "completion bash").stdout
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program := strings.Fields(text[strings.LastIndex(text, "\ncomplete "):])
	shell(t, dir, "bash", "-n", script)
	for line, want := range map[string]string{
		"ver":                      "verify",
		"c":                        "check, completion",
		"off":                      "offset",
		"--conf":                   "--config",
		"--config con":             "config one.yaml, config.yaml",
		"--config config.yaml sta": "status",
		"offset s":                 "set, show, start-at",
		"offset set 5 --al":        "--allow-skip",
		"--config check ver":       "verify",
		"verify --s":               "--sample, --since",
		"verify --since ":          "",
		"completion ":              "--help, bash, fish, zsh",
		"help re":                  "republish",
		"republish --from-file co": "completion, config one.yaml, config.yaml",
	} {
		words := strings.Split("program "+line, " ")
		run := `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ` + program[2] +
			`; printf '%s\n' "${COMPREPLY[@]}"`
		printed := shell(t, dir, "bash", append([]string{"-c", run, "bash", script}, words...)...)
		offered := strings.Split(strings.TrimSpace(printed), "\n")
		slices.Sort(offered)
		if got := strings.Join(offered, ", "); got != want {
			t.Errorf("%q completes to %q, want %q", line, got, want)
		}
	}
	for _, other := range []string{"zsh", "fish"} {
		text := b.says(0, "completion "+other, "verify", "allow-skip").stdout
		if _, err := exec.LookPath(other); err != nil {
			continue // its script is only read by eye on this machine
		}
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		shell(t, dir, other, "-n", script)
	}
}

// shell runs a command in a folder and returns what it printed.
func shell(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}
