package daemon_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal returns a terminal: what a program is given, and the side of whoever sits there.
func newTerminal(t *testing.T) (program, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() }) // nobody reads it any more
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() }) // as above
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 60}); err != nil {
		t.Fatal(err)
	}
	return program, person
}

// onTerminal runs a command on a terminal, types what is given, and returns its status and what the terminal showed.
func (b *bed) onTerminal(typed, command string) (int, string) {
	b.t.Helper()
	program, person := newTerminal(b.t)
	before := os.Stdin
	os.Stdin = program
	defer func() { os.Stdin = before }()
	if _, err := person.WriteString(typed); err != nil {
		b.t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		var all strings.Builder
		part := make([]byte, 4096)
		for !strings.Contains(all.String(), "\x04end\x04") {
			n, err := person.Read(part)
			if all.Write(part[:n]); err != nil {
				break
			}
		}
		shown <- all.String()
	}()
	args := append([]string{"--config", b.config()}, strings.Fields(command)...)
	status := b.program(b.t.Context(), args, program, program)
	if _, err := program.WriteString("\x04end\x04"); err != nil {
		b.t.Fatal(err)
	}
	text, _, _ := strings.Cut(<-shown, "\x04end\x04")
	return status, strings.ReplaceAll(text, "\r\n", "\n")
}

// TestOffsetAsks on a terminal before it changes anything, and takes nothing but yes for an answer.
func TestOffsetAsks(t *testing.T) {
	b := newBed(t)
	b.insert(5)
	b.once()
	for _, answer := range []string{"n\n", "\n", "yesterday\n"} {
		if status, shown := b.onTerminal(answer, "offset set 3"); status != 1 ||
			!strings.Contains(shown, "Change it? [y/N]") || !strings.Contains(shown, "2 rows are published again") ||
			!strings.Contains(shown, "not confirmed; nothing was changed") {
			t.Errorf("to the answer %q: status %d, %s", answer, status, shown)
		}
	}
	b.both("5")
	status, shown := b.onTerminal("y\n", "offset set 3")
	if status != 0 || !strings.Contains(shown, "the job has offset 3") {
		t.Errorf("to yes: status %d, %s", status, shown)
	}
	b.both("3")
	for _, command := range []string{"offset set 2 --yes", "offset set 1 --dry-run", "offset show"} {
		if status, shown := b.onTerminal("", command); status != 0 || strings.Contains(shown, "[y/N]") {
			t.Errorf("%s asks, or fails: status %d, %s", command, status, shown)
		}
	}
	b.both("2")
}

// TestTailOnTerminal shows a row as a table, in colour and no wider than the terminal.
func TestTailOnTerminal(t *testing.T) {
	b := newBed(t)
	b.exec(`INSERT INTO ledger (account, amount, note) VALUES ('Grüße', 1, '` + strings.Repeat("long ", 20) + `')`)
	b.once()
	status, shown := b.onTerminal("", "tail")
	if status != 0 || !strings.Contains(shown, "\x1b[32mok\x1b[0m  key 1  0@0") || !strings.Contains(shown, "…\n") ||
		!strings.Contains(shown, "\x1b[2maccount\x1b[0m    Grüße\n") {
		t.Errorf("status %d:\n%s", status, shown)
	}
	t.Setenv("NO_COLOR", "1")
	_, shown = b.onTerminal("", "tail")
	if strings.Contains(shown, "\x1b") || !strings.Contains(shown, "  account    Grüße\n") {
		t.Errorf("without colour:\n%q", shown)
	}
}
