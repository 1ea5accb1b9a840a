package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
	"github.com/repliqate/repliqate/replicate/offset/redis"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// Every key of the table has a value that goes somewhere, of the type that its kind needs, and nothing else is bound.
func TestEveryKeyIsBound(t *testing.T) {
	types := map[configkeys.Kind]reflect.Type{
		configkeys.Text: reflect.TypeFor[*string](), configkeys.Choice: reflect.TypeFor[*string](),
		configkeys.Whole: reflect.TypeFor[*int](), configkeys.Switch: reflect.TypeFor[*bool](),
		configkeys.Seconds: reflect.TypeFor[*time.Duration](), configkeys.Milliseconds: reflect.TypeFor[*time.Duration](),
		configkeys.List: reflect.TypeFor[*[]string](), configkeys.Addresses: reflect.TypeFor[*[]string](),
	}
	bound := targets(new(Config))
	for _, k := range configkeys.All() {
		if got, want := reflect.TypeOf(bound[k.Name]), types[k.Kind]; got != want {
			t.Errorf("%s goes to a %v, want %v", k.Name, got, want)
		}
		delete(bound, k.Name)
	}
	for name := range bound {
		t.Errorf("%s is not in the table", name)
	}
	named := map[replicate.Setting]bool{}
	for _, b := range bindings(new(Config)) {
		for _, name := range b.names {
			if named[name] {
				t.Errorf("%s is the name of two keys", name)
			}
			named[name] = true
		}
		if _, ok := configkeys.Find(b.key); !ok {
			t.Errorf("%s is not in the table", b.key)
		}
	}
}

// Each row of the table says what reading, the documentation and the emitted file need.
func TestTableIsComplete(t *testing.T) {
	all := configkeys.All()
	if len(all) < 50 {
		t.Fatalf("only %d keys", len(all))
	}
	var seen []string
	for _, k := range all {
		group, isBelow := configkeys.Find(k.Group())
		switch {
		case slices.Contains(seen, k.Name):
			t.Errorf("%s is listed twice", k.Name)
		case k.Group() != "" && (!isBelow || group.Kind != configkeys.Group || !slices.Contains(seen, k.Group())):
			t.Errorf("%s: its group does not stand before it", k.Name)
		case k.Meaning == "" || strings.HasSuffix(k.Meaning, "."):
			t.Errorf("%s: expected a meaning without a full stop at its end", k.Name)
		case k.Required && (k.Expect == "" || k.Default != "" || k.Place != configkeys.InHelp):
			t.Errorf("%s is required: --help shows it, its error says what was expected, and it has no default", k.Name)
		case (k.Kind == configkeys.Group) != (k.Example == ""):
			t.Errorf("%s: a key has an example, and a group has none", k.Name)
		case (k.Kind == configkeys.Choice) != (len(k.Words) > 0):
			t.Errorf("%s: a choice has words, and nothing else has", k.Name)
		case k.Least > k.Most:
			t.Errorf("%s: its bounds are %v and %v", k.Name, k.Least, k.Most)
		}
		seen = append(seen, k.Name)
	}
}

// Whoever builds a replicator without a configuration file gets the same defaults.
func TestPartsHaveTheSameDefaults(t *testing.T) {
	c, _, err := readContent(t, []byte(compose(nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, want := c.Loop, c.Loop.WithDefaults()
	bare := c.Loop
	bare.OnceWait, bare.DrainTimeout, bare.StuckAfter, bare.LeaseTTL = 0, 0, 0, 0
	bare.PageRows, bare.PageBytes, bare.AuditKeep, bare.AuditKeys, bare.AuditInterval = 0, 0, 0, 0, 0
	if own := bare.WithDefaults(); own != want {
		t.Errorf("the configuration's defaults are %+v, the loop's are %+v", want, own)
	}
	if got.OnceWait == 0 || got.PageRows == 0 {
		t.Errorf("the configuration has no defaults of its own: %+v", got)
	}
}

// Every setting that a part declares has a key, so that no operator reads a name of the code.
func TestEverySettingHasAKey(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^(?:const |\t)Setting\w+ +(?:replicate\.)?Setting += "([^"]+)"$`)
	found := 0
	for _, pattern := range []string{"../../../*.go", "../../../*/*/*.go", "../*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllSubmatch(content, -1) {
				found++
				if keyOf[replicate.Setting(m[1])] == "" {
					t.Errorf("%s declares %s, which has no key in bind.go", file, m[1])
				}
			}
		}
	}
	if found < len(keyOf) {
		t.Errorf("found %d declarations of %d settings", found, len(keyOf))
	}
}

// Errors of parts are told in the operator's words, and placed where the key stands, or the group that it belongs to.
func TestPlace(t *testing.T) {
	content := compose(map[string]string{"kafka": "tls: {ca_file: x, enabled: true}"})
	c, _, err := readContent(t, []byte(content), nil)
	if err != nil {
		t.Fatal(err)
	}
	const target = "repliqate.replication.kafka_target."
	bad := errors.New("it is bad")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&replicate.SettingError{Key: kafka.SettingTLSCAFile, Err: bad},
			"config.yaml:11: " + target + "tls.ca_file: it is bad"},
		{fmt.Errorf("open: %w", &replicate.SettingError{Key: kafka.SettingBrokers, Err: bad}),
			"config.yaml:10: " + target + "brokers: it is bad"},
		{replicate.Stop(bad, "correct %s or %s", kafka.SettingTopic, redis.SettingAddr),
			"config.yaml: it is bad; correct kafka_target.topic or redis_addr"},
		{bad, "config.yaml: it is bad"},
	} {
		if got := c.Place(tt.err); got.Error() != tt.want || !errors.Is(got, bad) {
			t.Errorf("%v is placed as %q, want %q", tt.err, got, tt.want)
		}
	}
}
