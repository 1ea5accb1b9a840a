package render_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/render"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon"
)

var data = render.Data{Package: "orders", Table: "sales.orders", Key: `a "nasty": $key ${x}`,
	URI: "postgresql://localhost/shop", Folder: "generated/orders", Sequence: "sales.orders_id_seq",
	Fields: []string{"null", "a: b", "Off"}}

func config(t *testing.T) string {
	t.Helper()
	files, err := render.Extras(data, []string{"config"})
	if err != nil {
		t.Fatal(err)
	}
	return string(files["config.yaml"])
}

// accepted reports whether a replicator reads the configuration: it then goes on to open its source.
func accepted(t *testing.T, content string) (bool, string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := false
	program := daemon.Program[int64, int64]{
		Engine: "postgres",
		Table: &replicate.Table[int64, int64]{Name: data.Table, KeyColumn: data.Key, Fields: data.Fields,
			Columns: []replicate.Column{{Name: data.Key}, {Name: "null"}, {Name: "a: b"}, {Name: "Off"}, {Name: "other"}}},
		NewSource: func(*replicate.Builder[int64, int64], replicate.SourceConfig) (replicate.Source[int64], error) {
			opened = true
			return nil, errors.New("this is far enough")
		},
	}
	var stdout, stderr bytes.Buffer
	daemon.Run(context.Background(), program, []string{"--config", name}, &stdout, &stderr)
	return opened && !strings.Contains(stderr.String(), "unknown"), stderr.String()
}

// The emitted configuration is read as it is, and with each of its commented lines in force, whatever the
// columns are called.
func TestConfigIsRead(t *testing.T) {
	t.Setenv("KAFKA_PASSWORD", "secret")
	whole := config(t)
	if ok, said := accepted(t, whole); !ok {
		t.Fatalf("it is not accepted: %s\n%s", said, whole)
	}
	if ok, _ := accepted(t, strings.Replace(whole, "topic:", "topik:", 1)); ok {
		t.Fatal("a mistake in it is accepted, so this test shows nothing")
	}
	commented := regexp.MustCompile(`(?m)^( +)# ([a-z_]+: .*)$`)
	lines := commented.FindAllStringSubmatchIndex(whole, -1)
	if len(lines) < 20 {
		t.Fatalf("only %d commented keys", len(lines))
	}
	for _, at := range lines {
		key := whole[at[4]:at[5]]
		text := whole[:at[3]] + key + whole[at[1]:]
		switch {
		case strings.HasPrefix(key, "offset_file"):
			text = strings.Replace(text, "  redis_addr:", "  # redis_addr:", 1)
		case strings.HasPrefix(key, "uri_file"):
			text = strings.Replace(text, "      uri:", "      # uri:", 1)
			text = strings.Replace(text, "/run/secrets/database-uri", uriFile(t), 1)
		case strings.HasPrefix(key, "http_"): // what serves needs an address, and a token needs its file
			text = strings.Replace(text, "# http_addr:", "http_addr:", 1)
		case strings.HasPrefix(key, "on_bad_row"), strings.HasPrefix(key, "dead_letter_topic"): // each needs the other
			both := strings.NewReplacer("# on_bad_row:", "on_bad_row:", "# dead_letter_topic:", "dead_letter_topic:")
			text = both.Replace(text)
		}
		if ok, said := accepted(t, text); !ok {
			t.Errorf("with %s it is not accepted: %s", key, said)
		}
	}
}

// uriFile is a file that holds the URI of a database.
func uriFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "uri")
	if err := os.WriteFile(name, []byte("postgresql://localhost/shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Every key that docs/configure.md lists is explained in the emitted configuration.
func TestConfigHasEveryKey(t *testing.T) {
	doc, err := os.ReadFile("../../docs/configure.md")
	if err != nil {
		t.Fatal(err)
	}
	whole := config(t)
	found := 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(string(doc), -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			key := name[1][strings.LastIndexByte(name[1], '.')+1:]
			if found++; !regexp.MustCompile(`\b` + key + `:`).MatchString(whole) {
				t.Errorf("docs/configure.md has %s, templates/config.yaml.tmpl does not explain it", name[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d keys found in docs/configure.md", found)
	}
}

// The image holds the program alone and does not run as root; the unit stays with systemd's rules for %.
func TestDockerfileAndUnit(t *testing.T) {
	d := data
	d.Table = "100%\nsure"
	files, err := render.Extras(d, []string{"dockerfile", "systemd"})
	if err != nil {
		t.Fatal(err)
	}
	docker := string(files["Dockerfile"])
	_, last, _ := strings.Cut(docker, "\nFROM scratch\n")
	for _, want := range []string{"ca-certificates.crt", "\nUSER 65532:65532\n", "\nENTRYPOINT "} {
		if !strings.Contains(last, want) {
			t.Errorf("the last stage lacks %q:\n%s", want, docker)
		}
	}
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	// The image's Go fetches no other: it must be as new as this module wants.
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	if version == nil || !strings.Contains(docker, "\nARG GO="+string(version[1])+"\n") {
		t.Errorf("go.mod wants go %s, the first stage begins with another:\n%s", version, docker)
	}
	unit := string(files["repliqate-orders.service"])
	if !strings.Contains(unit, "table 100%% sure to Kafka\n") {
		t.Errorf("the description is not escaped:\n%s", unit)
	}
	// Units with users of their own would take a folder that they share from each other.
	for _, want := range []string{"\nDynamicUser=yes\n", "\nStateDirectory=repliqate-orders\n"} {
		if !strings.Contains(unit, want) {
			t.Errorf("the unit lacks %q:\n%s", want, unit)
		}
	}
	d.LocalFile = true
	if files, err = render.Extras(d, []string{"systemd"}); err != nil {
		t.Fatal(err)
	}
	unit = string(files["repliqate-orders.service"])
	if strings.Contains(unit, "DynamicUser") || !strings.Contains(unit, "\nReadWritePaths=/var/lib/orders\n") {
		t.Errorf("the database can't be reached:\n%s", unit)
	}
}
