package postgres_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

// TestColumnsAsText reads a column in the database's own text form beside a key in binary: in the first page, in a
// later one, in a lookup, and at the offset.
func TestColumnsAsText(t *testing.T) {
	onEach(t, func(t *testing.T, pg *testserver.Postgres) {
		d := create(t, pg, `CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text inet NOT NULL);
			INSERT INTO events (text) VALUES ('10.1.2.3/8'), ('::1'), ('192.168.0.1')`)
		table := events("public.events", "bigint")
		table.Columns[1] = replicate.Column{Name: "text", Type: "inet", OID: 869, AsText: true}
		builder := replicate.NewBuilder(&table.Table, json.New("job", table.Name, table.AppendJSON),
			replicate.MessageKey{}, false)
		s, err := table.NewSource(builder,
			replicate.SourceConfig{URI: d.uri("postgres"), Job: "test", Warn: func(string) {}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := open(t, s, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		page := new(replicate.Page[int64])
		texts := func() (all []string) {
			for _, m := range page.Messages() {
				_, text, _ := strings.Cut(string(m.Value), `"text": "`)
				text, _, _ = strings.Cut(text, `"`)
				all = append(all, text)
			}
			return all
		}
		want := func(what, want string, err error) {
			t.Helper()
			if got := strings.Join(texts(), " "); got != want || err != nil {
				t.Errorf("%s: %s, %v, want %s", what, got, err, want)
			}
		}
		req := replicate.PollRequest[int64]{MaxRows: 2, MaxBytes: 1 << 20,
			OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
				return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
			}}
		_, err = s.Poll(t.Context(), req, page)
		want("the first page", "10.1.2.3/8 ::1", err)
		at := replicate.Offset{Key: "2", Checksum: page.LastChecksum.String()}
		req.After, req.HasAfter = 2, true
		_, err = s.Poll(t.Context(), req, page)
		want("the next page", "192.168.0.1", err)
		_, err = s.(replicate.Auditor[int64]).Lookup(t.Context(), []int64{1, 3}, req, page)
		want("a lookup", "10.1.2.3/8 192.168.0.1", err)

		if err := open(t, s, at); err != nil {
			t.Errorf("open at the row that was published: %v", err)
		}
		at.Checksum = strings.Repeat("0", len(at.Checksum))
		stops(t, open(t, s, at), "is not the one that was published")
	})
}
