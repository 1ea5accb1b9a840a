package sqlite_test

import (
	"os"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/generated/readings"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

// readingsSource returns a source of the generated table, and the DDL that it was generated for.
func readingsSource(t *testing.T) (*database, replicate.Source[int64], string) {
	t.Helper()
	ddl, err := os.ReadFile("../../../schemas/readings.sql")
	if err != nil {
		t.Fatal(err)
	}
	d := create(t, "SELECT 1")
	builder := replicate.NewBuilder(readings.Table(), json.New("job", "readings", readings.AppendJSON),
		replicate.MessageKey{}, false)
	s, err := readings.NewSource(builder, replicate.SourceConfig{URI: "sqlite:///" + d.path, Job: "job",
		Warn: func(msg string) { d.warned = append(d.warned, msg) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return d, s, string(ddl)
}

// TestStrict reads rows of a STRICT table into typed fields.
func TestStrict(t *testing.T) {
	d, s, ddl := readingsSource(t)
	d.exec(ddl)
	d.exec(`INSERT INTO readings VALUES (-3, 'a', 1, 2, x'00ff', NULL, NULL, NULL, NULL, NULL),
		(9007199254740993, 'é', -9223372036854775808, 1e16, x'', 7, -0.5, '', x'41', 'any'),
		(9007199254740994, '', 0, 0.1, x'', 0, 0, 'n', x'', 1.5)`)
	if err := s.Open(t.Context(), replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	var page replicate.Page[int64]
	req := replicate.PollRequest[int64]{MaxRows: 10, MaxBytes: 1 << 20,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	if _, err := s.Poll(t.Context(), req, &page); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"channel": 1, "deviation": null, "extra": null, "frame": "AP8=", "id": -3, "note": null, "raw": null, ` +
			`"sensor": "a", "sequence": null, "value": 2.0}`,
		`{"channel": -9223372036854775808, "deviation": -0.5, "extra": "any", "frame": "", "id": 9007199254740993, ` +
			`"note": "", "raw": "QQ==", "sensor": "\u00e9", "sequence": 7, "value": 1e+16}`,
		`{"channel": 0, "deviation": 0.0, "extra": 1.5, "frame": "", "id": 9007199254740994, "note": "n", "raw": "", ` +
			`"sensor": "", "sequence": 0, "value": 0.1}`,
	}
	if page.Len() != len(want) {
		t.Fatalf("%d rows, want %d", page.Len(), len(want))
	}
	for i, m := range page.Messages() {
		if !strings.Contains(string(m.Value), `"data": `+want[i]) {
			t.Errorf("row %d is %s\nwant %s", i, m.Value, want[i])
		}
	}
}

// TestNotStrictAnyMore has a table that can hold what the fields can't.
func TestNotStrictAnyMore(t *testing.T) {
	d, s, ddl := readingsSource(t)
	d.exec(strings.Replace(ddl, ") STRICT", ")", 1))
	stops(t, s.Open(t.Context(), replicate.Offset{}), "table readings is not STRICT any more", "regenerate: repliqate-gen")
}
