package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
)

// TestTextThatCantBeConverted has a row in Windows-1252 with a character that UTF-8 has no counterpart of. A poll
// and a lookup name it, with the good rows before it, and with dead letters they go on behind it.
func TestTextThatCantBeConverted(t *testing.T) {
	pg := newest(t)
	d := database{t, pg, fmt.Sprintf("test%d", databases.Add(1))}
	err := pg.Exec(t.Context(), "CREATE DATABASE "+d.name+
		" ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	if err != nil {
		t.Fatal(err)
	}
	d.exec(identity)
	d.exec(`INSERT INTO events (text) SELECT CASE WHEN i IN (3, 5) THEN convert_from('\x81', 'WIN1252') ELSE 'good' END
		FROM generate_series(1, 7) AS i`)
	lookup := func(deadLetters bool, keys ...int64) (got []int64, bad int64, more bool, err error) {
		s := d.source("public.events", options{deadLetters: deadLetters})
		if err := open(t, s, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		page := new(replicate.Page[int64])
		req := replicate.PollRequest[int64]{MaxRows: 100, MaxBytes: 1 << 20}
		more, err = s.(replicate.Auditor[int64]).Lookup(t.Context(), keys, req, page)
		return page.Keys, page.BadRows, more, err
	}
	var row *replicate.RowError
	got, _, _, err := lookup(false, 1, 2, 3, 4)
	if !errors.As(err, &row) || row.Key != "3" || !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("found %v and %v, want 1 and 2 and an error that names 3", got, err)
	}
	got, bad, more, err := lookup(true, 2, 3, 4)
	if err != nil || bad != 1 || !more || !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("found %v, %d bad, more %t, %v; want 2, and 3 as a dead letter, and more", got, bad, more, err)
	}
	if got, bad, more, err = lookup(true, 6, 7); err != nil || bad != 0 || more || !slices.Equal(got, []int64{6, 7}) {
		t.Errorf("found %v, %d bad, more %t, %v; want 6 and 7", got, bad, more, err)
	}
	if _, _, _, err := lookup(false, 5); !errors.As(err, &row) || row.Key != "5" {
		t.Errorf("got %v, want an error that names 5", err)
	}
	r := run(t, d.source("public.events", options{deadLetters: true}), loop.Config{})
	r.awaits(1, 2, 3, 4, 5, 6, 7)
}
