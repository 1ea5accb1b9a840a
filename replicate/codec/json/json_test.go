package json_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	stdjson "encoding/json"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

type row struct{ data string }

func TestMessage(t *testing.T) {
	c := json.New("job \"é\"", "orders", func(b []byte, r *row) []byte { return append(b, r.data...) })
	c.Begin(time.UnixMicro(1700000000123456))
	got, sum := c.AppendValue([]byte("x"), &row{`{"a": 1, "b": "\u00e9"}`})
	want := `x{"timestamp": 1700000000.123456, "name": "job \"\u00e9\"", "table": "orders", ` +
		`"data": {"a": 1, "b": "\u00e9"}, "hash": "` + sum.String() + `"}`
	if string(got) != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	// As a consumer verifies it.
	var m struct {
		Data stdjson.RawMessage `json:"data"`
		Hash string             `json:"hash"`
	}
	if err := stdjson.Unmarshal(got[1:], &m); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(m.Data)
	if m.Hash != hex.EncodeToString(digest[:]) {
		t.Fatal("the hash is not that of the data")
	}
}

func TestDeadLetter(t *testing.T) {
	c := json.New("j", "t", func(b []byte, r *row) []byte { return b })
	c.Begin(time.Unix(1, 0))
	got := c.AppendDeadLetter(nil, replicate.DeadLetter{Key: "7", Reason: "bad", Excerpt: []byte{0xff}})
	want := `{"timestamp": 1.0, "name": "j", "table": "t", "key": "7", "reason": "bad", "excerpt": "/w=="}`
	if string(got) != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestNoAllocations(t *testing.T) {
	c := json.New("j", "t", func(b []byte, r *row) []byte { return append(b, r.data...) })
	c.Begin(time.Now())
	buf, r := bytes.NewBuffer(make([]byte, 0, 1024)).Bytes(), &row{`{"a": 1}`}
	if n := testing.AllocsPerRun(100, func() { buf, _ = c.AppendValue(buf[:0], r) }); n > 0 {
		t.Fatalf("%v allocations", n)
	}
}
