package daemon_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestTail(t *testing.T) {
	b := newBed(t)
	b.insert(12)
	b.once()
	got := b.says(0, "tail", "0@11 ", ` 12 ok {"account": "a", "amount": 1, `)
	if lines := strings.Count(got.stdout, "\n"); lines != 10 || strings.Contains(got.stdout, "\x1b") {
		t.Errorf("want ten lines without colour: %s", got.stdout)
	}
	for command, want := range map[string]string{
		"tail --last 2": "11 12", "tail 3..4 9": "3 4 9", "tail --from start": "1 2 3 4 5 6 7 8 9 10 11 12",
		"tail --from 1h 5": "5", "tail 3..9 --last 2": "8 9", "tail 77": "", "tail --from 2100-01-01T00:00:00Z": "",
	} {
		if got := keysOf(t, b.says(0, command+" --json").stdout); got != want {
			t.Errorf("%s shows %q, want %q", command, got, want)
		}
	}
	for command, want := range map[string]string{
		"tail x": "expected KEY or KEY..KEY", "tail --from yesterday": "expected a duration",
		"tail --from start --last 2": "either --from or --last", "tail --lst 2": "nearest is --last",
		"tail --last": "expected a value",
	} {
		b.says(2, command, want)
	}
	b.says(0, "tail --help", "Exit statuses:")
}

// keysOf are the rows of messages in the JSON form.
func keysOf(t *testing.T, printed string) string {
	t.Helper()
	var keys []string
	for text := range strings.Lines(printed) {
		var line struct {
			Version int
			Key     string
			State   string
			Data    map[string]any
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Version != 1 {
			t.Fatalf("%s: %v", text, err)
		}
		if line.State != "ok" || line.Data["account"] != "a" {
			t.Errorf("the message of row %s is %+v", line.Key, line)
		}
		keys = append(keys, line.Key)
	}
	return strings.Join(keys, " ")
}

// TestTailVerifies every message, and says of what it can't read what it is.
func TestTailVerifies(t *testing.T) {
	b := newBed(t)
	b.insert(2)
	b.once()
	m := b.messages()
	damaged, other := *m[1], *m[1]
	damaged.Value = []byte(strings.Replace(string(damaged.Value), `"amount": 1`, `"amount": 7`, 1))
	other.Value = []byte(strings.Replace(string(other.Value), `"name": "job"`, `"name": "other"`, 1))
	b.send(&damaged, &other, &kgo.Record{Value: []byte("hello\x1b[2J\n")})
	b.says(0, "republish 1", "1 rows published again")
	got := b.says(1, "tail", " 2 damaged \"{\\\"timestamp\\\"", `- unreadable "hello\x1b[2J\n"`, " 1 republished {",
		"1 messages of other jobs or tables are left out")
	if lines := strings.Count(got.stdout, "\n"); lines != 5 {
		t.Errorf("want five lines:\n%s", got.stdout)
	}
	b.says(1, "tail --json", `"state":"damaged","republished":false`, `"state":"unreadable"`,
		`"state":"ok","republished":true`, `"value":"aGVsbG8bWzJKCg=="`)
	b.says(0, "tail 1", "1 ok")
	if _, err := kadm.NewClient(b.client()).DeleteTopics(t.Context(), "entries"); err != nil {
		t.Fatal(err)
	}
	b.says(3, "tail", "create the topic")
}

// TestTailFollows what comes, until it is stopped.
func TestTailFollows(t *testing.T) {
	b := newBed(t)
	b.insert(1)
	b.once()
	follower := b.start("tail", "--follow", "--last", "1")
	follower.await(`0@0 \S+ 1 ok`)
	b.insert(1)
	b.once()
	follower.await(`0@1 \S+ 2 ok`)
	follower.stop()
}

// TestManual explains every command that there is.
func TestManual(t *testing.T) {
	b := newBed(t)
	general := b.says(0, "--help").stdout
	if got := b.says(0, "help").stdout; got != general {
		t.Errorf("help says %s", got)
	}
	page := b.says(0, "man", ".TH", ".SH NAME", "COMMAND VERIFY").stdout
	for _, name := range commandNames(t, general) {
		own := b.says(0, name+" --help", "Usage:", "--help", "Exit statuses:").stdout
		if got := b.says(0, "help "+name).stdout; got != own {
			t.Errorf("help %s says %s", name, got)
		}
		if !strings.Contains(page, ".SH COMMAND "+strings.ToUpper(name)+"\n") {
			t.Errorf("the manual page lacks %s", name)
		}
	}
	for line := range strings.Lines(page) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		known := []string{".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi"}
		if strings.HasPrefix(word, ".") && !slices.Contains(known, word) || strings.HasPrefix(line, "'") {
			t.Errorf("the manual page has the request %s", line)
		}
	}
	b.says(2, "help verfy", "nearest is verify")
	b.says(2, "help verify now", "unexpected argument")
	b.says(2, "man now", "unexpected argument")
	b.says(2, "completion", "expected bash, zsh or fish")
	b.says(2, "completion csh", "expected bash, zsh or fish")
}

// commandNames are those that the program's help lists.
func commandNames(t *testing.T, help string) (names []string) {
	t.Helper()
	for line := range strings.Lines(help) {
		words := strings.Fields(line)
		if strings.HasPrefix(line, "       ") && len(words) > 1 && strings.HasSuffix(words[0], ".test") {
			names = append(names, words[1])
		}
	}
	if len(names) < 9 {
		t.Fatalf("the help lists %q only", names)
	}
	return names
}
