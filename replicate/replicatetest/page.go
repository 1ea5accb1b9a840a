package replicatetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

// Row is a row of the suites' model table.
type Row struct {
	ID   int64
	Text string // printable ASCII without quotes
}

// table is the model table, as generated code would describe it.
var table = replicate.Table[Row, int64]{
	Name: "model", KeyColumn: "id", Fields: []string{"id", "text"},
	Columns: []replicate.Column{{Name: "id", Type: "bigint"}, {Name: "text", Type: "text"}},
	Key:     func(r *Row) int64 { return r.ID },
	AppendJSON: func(b []byte, r *Row) []byte {
		b = append(b, `{"id": `...)
		b = replicate.AppendKey(b, r.ID)
		b = append(b, `, "text": "`...)
		b = append(b, r.Text...)
		return append(b, `"}`...)
	},
	AppendColumn: func(b []byte, r *Row, i int) []byte {
		if i == 0 {
			return replicate.AppendKey(b, r.ID)
		}
		return append(append(append(b, '"'), r.Text...), '"')
	},
}

// Keys says what the message keys of a page are.
var (
	RowKeys    = replicate.MessageKey{}
	NoKeys     = replicate.MessageKey{None: true}
	ColumnKeys = replicate.MessageKey{Columns: []int{1}} // the row's text
)

// Fill fills page with the messages of rows, as a source does.
func Fill(t testing.TB, page *replicate.Page[int64], key replicate.MessageKey, rows ...Row) {
	t.Helper()
	builder := replicate.NewBuilder(&table, json.New("suite", "model", table.AppendJSON), key, false)
	builder.Begin(page, replicate.PollRequest[int64]{MaxRows: len(rows) + 1, MaxBytes: 1 << 30})
	for i := range rows {
		if _, err := builder.Add(&rows[i]); err != nil {
			t.Fatalf("add row %d: %v", rows[i].ID, err)
		}
	}
}

// NewPage returns a page of n rows from key first on.
func NewPage(t testing.TB, key replicate.MessageKey, first int64, n int) *replicate.Page[int64] {
	t.Helper()
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{ID: first + int64(i), Text: "row"}
	}
	page := new(replicate.Page[int64])
	Fill(t, page, key, rows...)
	return page
}

// Sized returns a page of one message whose key and value have exactly size bytes.
func Sized(t testing.TB, key int64, size int) *replicate.Page[int64] {
	t.Helper()
	page := new(replicate.Page[int64])
	// The timestamp's length differs from page to page, so the filling is found by trying.
	for fill := size; ; {
		Fill(t, page, RowKeys, Row{ID: key, Text: strings.Repeat("x", max(0, fill))})
		m := page.Messages()[0]
		over := len(m.Key) + len(m.Value) - size
		if over == 0 {
			return page
		}
		if fill-over < 0 {
			t.Fatalf("a message of %d bytes has no room for a row", size)
		}
		fill -= over
	}
}

// wait bounds every wait of the suites. It is never reached where an implementation keeps its contract.
const wait = 30 * time.Second

// acks collects what a sink reports.
type acks struct {
	results chan error
	wanted  int
}

func newAcks(n int) *acks { return &acks{results: make(chan error, 4*n+4), wanted: n} }

func (a *acks) done(err error) { a.results <- err }

// await waits for every report and returns the first error.
func (a *acks) await(t testing.TB) error {
	t.Helper()
	var first error
	deadline := time.After(wait)
	for range a.wanted {
		select {
		case err := <-a.results:
			if first == nil {
				first = err
			}
		case <-deadline:
			t.Fatal("done was not called for every batch")
		}
	}
	a.none(t)
	return first
}

// none fails when a batch was reported a second time.
func (a *acks) none(t testing.TB) {
	t.Helper()
	if n := len(a.results); n > 0 {
		t.Fatalf("done was called %d times too often", n)
	}
}

// NewBadPage returns a page of one dead letter, for the row of a key that can't be published.
func NewBadPage(t testing.TB, key int64, reason string) *replicate.Page[int64] {
	t.Helper()
	page := new(replicate.Page[int64])
	builder := replicate.NewBuilder(&table, json.New("suite", "model", table.AppendJSON), RowKeys, true)
	builder.Begin(page, replicate.PollRequest[int64]{MaxRows: 2, MaxBytes: 1 << 30})
	if _, err := builder.Bad(key, "text", errors.New(reason), []byte{0xff}); err != nil {
		t.Fatal(err)
	}
	return page
}
