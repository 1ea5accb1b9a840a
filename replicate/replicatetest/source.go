package replicatetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// SourceHarness is a table of its own for one subtest, with the columns id and text, published by
// codec/json with the row key as the message key.
type SourceHarness struct {
	// New returns another source of the table, not yet open.
	New func(deadLetters bool) replicate.Source[int64]
	// Insert commits rows with keys of their own, which count as drawn, in the order given.
	Insert func(rows ...Row)
	// Delete deletes a row, and Change changes its text.
	Delete func(key int64)
	Change func(key int64, text string)
	// Corrupt makes the text of a row unreadable.
	Corrupt func(key int64)
	// Begin opens a transaction that draws a key and inserts a row with it; commit ends it. Nil where
	// writers take turns, so that a row that can be seen is settled.
	Begin func() (commit func())
	// Break ends the source's connection, as a server that restarts does. Nil where there is none.
	Break func()
	// Remove makes the table unreadable for good, and Restore undoes that.
	Remove, Restore func()
}

// ExerciseSource checks the contract of replicate.Source, and of replicate.Auditor where the source is one.
func ExerciseSource(t *testing.T, factory func(t *testing.T) SourceHarness) {
	for name, test := range map[string]func(*testing.T, SourceHarness){
		"reads rows in key order, after a key":             sourceOrder,
		"reads the lowest and the highest keys":            sourceExtremes,
		"ends a page at the limit of rows":                 sourceLimit,
		"ends a page at the limit of bytes":                sourceMaxBytes,
		"names a row whose message is too large":           sourceMaxMessageBytes,
		"asks for the bound once, before a row is used":    sourceFence,
		"uses rows up to the bound":                        sourceBound,
		"says that nothing has come only if so":            sourceIdle,
		"names the transactions that hold keys":            sourceHolders,
		"names a bad row behind the good ones":             sourceBadRow,
		"makes a dead letter of a bad row":                 sourceDeadLetter,
		"needs nothing of a row when it has read the next": sourceViews,
		"keeps a page's memory to the page":                sourcePages,
		"opens after Close and after a failure":            sourceReopen,
		"fails when its connection is cut, and heals":      sourceBreak,
		"ends when its context does, and heals":            sourceCancelled,
		"compares the row at the offset":                   sourceOffset,
		"stops when keys are used again":                   sourceReused,
		"looks up keys":                                    sourceLookup,
		"looks up keys page by page":                       sourceLookupMore,
		"names a bad row that it looks up":                 sourceLookupBad,
	} {
		t.Run(name, func(t *testing.T) { test(t, factory(t)) })
	}
}

// reader is an open source and a page to read into.
type reader struct {
	t      *testing.T
	source replicate.Source[int64]
	page   replicate.Page[int64]
	fence  replicate.Fence[int64] // of the last poll
}

func newReader(t *testing.T, h SourceHarness, deadLetters bool) *reader {
	t.Helper()
	r := &reader{t: t, source: h.New(deadLetters)}
	t.Cleanup(func() {
		if err := r.source.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := r.open(replicate.Offset{}); err != nil {
		t.Fatalf("Open: %v", err)
	}
	return r
}

func (r *reader) open(at replicate.Offset) error {
	ctx, cancel := context.WithTimeout(r.t.Context(), wait)
	defer cancel()
	return r.source.Open(ctx, at)
}

// unlimited asks for all rows.
var unlimited = replicate.PollRequest[int64]{MaxRows: 1000, MaxBytes: 1 << 20}

// after is a request for the rows after a key.
func after(key int64) replicate.PollRequest[int64] {
	req := unlimited
	req.After, req.HasAfter = key, true
	return req
}

var everything = replicate.Bound[int64]{Kind: replicate.BoundUnlimited}

// poll polls within a bound, and checks that the bound is asked for once and before a row is used.
func (r *reader) poll(req replicate.PollRequest[int64], bound replicate.Bound[int64]) (replicate.PollResult, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), wait)
	defer cancel()
	r.page.Reset()
	asked := 0
	req.OnFence = func(f replicate.Fence[int64]) replicate.Bound[int64] {
		asked++
		r.fence = f
		if r.page.Len() > 0 {
			r.t.Error("the bound is asked for when rows were used already")
		}
		return bound
	}
	result, err := r.source.Poll(ctx, req, &r.page)
	switch {
	case result.Unchanged && (!req.Idle || err != nil || asked > 0 || r.page.Len() > 0):
		r.t.Errorf("a poll with Idle %t that says nothing has come has asked for the bound %d times, has read %d rows, and"+
			" returned %v", req.Idle, asked, r.page.Len(), err)
	case asked > 1 || err == nil && asked == 0 && !result.Unchanged:
		r.t.Errorf("the bound was asked for %d times in a poll that returned %v", asked, err)
	}
	return result, err
}

// reads polls without a bound and checks the keys of the page.
func (r *reader) reads(req replicate.PollRequest[int64], keys ...int64) replicate.PollResult {
	r.t.Helper()
	result, err := r.poll(req, everything)
	if err != nil {
		r.t.Fatalf("Poll: %v", err)
	}
	r.has(keys...)
	return result
}

// has checks that the page has just these rows, and that each message is the row's.
func (r *reader) has(keys ...int64) {
	r.t.Helper()
	if !slices.Equal(r.page.Keys, keys) || r.page.Len() != len(keys) {
		r.t.Fatalf("the page has %d messages and the keys %v, want %v", r.page.Len(), r.page.Keys, keys)
	}
	if len(keys) == 0 {
		return
	}
	if r.page.First != keys[0] || r.page.Last != keys[len(keys)-1] {
		r.t.Errorf("the page says it goes from %d to %d, its keys are %v", r.page.First, r.page.Last, keys)
	}
	for i, m := range r.page.Messages() {
		key := strconv.FormatInt(keys[i], 10)
		if string(m.RowKey) != key || string(m.Key) != key {
			r.t.Errorf("the message of row %s has the row key %q and the key %q", key, m.RowKey, m.Key)
		}
		if m.DeadLetter {
			continue
		}
		row, hash := decode(r.t, m.Value)
		if row.ID != keys[i] {
			r.t.Errorf("the message of row %s is that of row %d", key, row.ID)
		}
		if last := i == len(keys)-1; last && r.page.LastChecksum.String() != hash {
			r.t.Errorf("the page's checksum is %s, its last message has %s", r.page.LastChecksum, hash)
		}
	}
}

// texts are those of the page's messages.
func (r *reader) texts() (texts []string) {
	r.t.Helper()
	for _, m := range r.page.Messages() {
		row, _ := decode(r.t, m.Value)
		texts = append(texts, row.Text)
	}
	return texts
}

// decode reads a message as a consumer does, and checks its checksum.
func decode(t *testing.T, value []byte) (Row, string) {
	t.Helper()
	var m struct {
		Data json.RawMessage `json:"data"`
		Hash string          `json:"hash"`
	}
	var row Row
	if err := errors.Join(json.Unmarshal(value, &m), json.Unmarshal(m.Data, &row)); err != nil {
		t.Fatalf("message %s: %v", value, err)
	}
	if digest := sha256.Sum256(m.Data); hex.EncodeToString(digest[:]) != m.Hash {
		t.Errorf("the checksum of message %s is wrong", value)
	}
	return row, m.Hash
}

// rowsFrom are n rows from a key on.
func rowsFrom(key int64, n int, text string) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{ID: key + int64(i), Text: text}
	}
	return rows
}

// isRowError checks that err names the row.
func (r *reader) isRowError(err error, key int64) {
	r.t.Helper()
	var row *replicate.RowError
	if !errors.As(err, &row) || row.Key != strconv.FormatInt(key, 10) {
		r.t.Fatalf("got %v, want an error that names row %d", err, key)
	}
}
