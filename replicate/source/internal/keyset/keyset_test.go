package keyset_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/source/internal/keyset"
)

// row is a row of the model table: its key alone.
type row struct{ id int64 }

var table = replicate.Table[row, int64]{
	Name: "model", KeyColumn: "id", Fields: []string{"id"}, Columns: []replicate.Column{{Name: "id", Type: "bigint"}},
	Key: func(r *row) int64 { return r.id },
	AppendJSON: func(b []byte, r *row) []byte {
		return append(replicate.AppendKey(append(b, `{"id": `...), r.id), '}')
	},
}

// errWire is what the model's driver fails with.
var errWire = errors.New("the connection is gone")

// read reads the rows that texts stand for into a page of at most four rows. The row "cut" is where the driver fails;
// "x" has no key; "-1" has one, but can't be scanned.
func read(bound replicate.Bound[int64], deadLetters bool, texts ...string) (
	page *replicate.Page[int64], reading keyset.Reading[int64], left []string, err error,
) {
	codec := json.New("job", "model", table.AppendJSON)
	builder := replicate.NewBuilder(&table, codec, replicate.MessageKey{}, deadLetters)
	reader := keyset.Reader[row, int64, [][]byte]{
		Table: &table, Builder: builder, Raw: keyset.RawBytes, Remedy: "regenerate",
		ScanKey: func(v [][]byte) (int64, error) { return strconv.ParseInt(string(v[0]), 10, 64) },
		Scan: func(r *row, v [][]byte) (err error) {
			if r.id, err = strconv.ParseInt(string(v[0]), 10, 64); r.id < 0 {
				err = &replicate.ColumnError{Column: "id", Err: errors.New("it is negative")}
			}
			return err
		},
	}
	page = new(replicate.Page[int64])
	builder.Begin(page, replicate.PollRequest[int64]{MaxRows: 4, MaxBytes: 1 << 20})
	reading, err = reader.Read(func() ([][]byte, bool, error) {
		if len(texts) == 0 {
			return nil, false, nil
		}
		text := texts[0]
		texts = texts[1:]
		if text == "cut" {
			return nil, false, errWire
		}
		return [][]byte{[]byte(text)}, true, nil
	}, bound)
	return page, reading, texts, err
}

func TestRead(t *testing.T) {
	all := replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
	upTo2 := replicate.Bound[int64]{Kind: replicate.BoundUpTo, Key: 2}
	for name, c := range map[string]struct {
		bound replicate.Bound[int64]
		rows  string
		keys  []int64
		want  keyset.Reading[int64]
		left  int    // rows that were not asked for
		err   string // that the error says
	}{
		"no rows":         {all, "", nil, keyset.Reading[int64]{}, 0, ""},
		"a few rows":      {all, "1 2 5", []int64{1, 2, 5}, keyset.Reading[int64]{Rows: 3}, 0, ""},
		"a full page":     {all, "1 2 3 4 5", []int64{1, 2, 3, 4}, keyset.Reading[int64]{Rows: 4, More: true}, 1, ""},
		"up to the bound": {upTo2, "1 2", []int64{1, 2}, keyset.Reading[int64]{Rows: 2}, 0, ""},
		"beyond the bound": {upTo2, "1 3 4", []int64{1},
			keyset.Reading[int64]{Rows: 1, Unsettled: true, Beyond: 3}, 1, ""},
		"nothing settled":   {replicate.Bound[int64]{}, "1", nil, keyset.Reading[int64]{Unsettled: true, Beyond: 1}, 0, ""},
		"a key twice":       {all, "0 0 3", []int64{0}, keyset.Reading[int64]{Rows: 1}, 1, "two rows of table model"},
		"a row without key": {all, "1 x 3", []int64{1}, keyset.Reading[int64]{Rows: 1}, 1, "table model: "},
		"a row not scanned": {all, "-1 3", nil, keyset.Reading[int64]{Rows: 1}, 1, "it is negative"},
		"a failing driver":  {all, "1 cut 3", []int64{1}, keyset.Reading[int64]{Rows: 1}, 1, errWire.Error()},
	} {
		page, reading, left, err := read(c.bound, false, strings.Fields(c.rows)...)
		if !slices.Equal(page.Keys, c.keys) || reading != c.want || len(left) != c.left {
			t.Errorf("%s: read %v, %+v, left %q; want %v, %+v, %d rows left",
				name, page.Keys, reading, left, c.keys, c.want, c.left)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", name, err, c.err)
		}
		if result := reading.Result(); result != (replicate.PollResult{More: c.want.More, Unsettled: c.want.Unsettled}) {
			t.Errorf("%s: the poll's result is %+v", name, result)
		}
	}
}

// TestReadErrors says which errors end the job, and which name the row.
func TestReadErrors(t *testing.T) {
	all := replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
	for rows, stops := range map[string]bool{"7 7": true, "x": true, "cut": false, "-1": false} {
		if _, _, _, err := read(all, false, strings.Fields(rows)...); replicate.IsStop(err) != stops {
			t.Errorf("rows %s: error %v, want one that stops the job: %v", rows, err, stops)
		}
	}
	_, _, _, err := read(all, false, "-1")
	var bad *replicate.RowError
	if !errors.As(err, &bad) || bad.Key != "-1" || bad.Column != "id" {
		t.Errorf("a row that can't be scanned: error %v, want one that names row -1 and column id", err)
	}
	page, _, _, err := read(all, true, "-1", "1")
	if err != nil || page.BadRows != 1 || page.Len() != 2 {
		t.Errorf("with dead letters: %d rows, %d of them bad, error %v; want 2 and 1", page.Len(), page.BadRows, err)
	}
	if letter := page.Messages()[0]; !letter.DeadLetter || !strings.Contains(string(letter.Value), "LTE=") {
		t.Errorf("the dead letter %s does not hold what the database sent", letter.Value)
	}
}

func TestParseOffset(t *testing.T) {
	if key, err := keyset.ParseOffset(&table, replicate.Offset{Key: "-7"}); err != nil || key != -7 {
		t.Errorf("offset -7 is %d, %v", key, err)
	}
	_, err := keyset.ParseOffset(&table, replicate.Offset{Key: "seven"})
	if !replicate.IsStop(err) || !strings.Contains(err.Error(), "the offset seven is not a key of table model") {
		t.Errorf("offset seven: %v, want an error that stops the job and names offset and table", err)
	}
}

func TestCountQuery(t *testing.T) {
	literal := func(k int64) string { return "<" + replicate.KeyText(k) + ">" }
	for want, r := range map[string]replicate.KeyRange[int64]{
		"":                                   {},
		` WHERE "id" > <-3>`:                 {After: -3, HasAfter: true},
		` WHERE "id" <= <9>`:                 {UpTo: 9, HasUpTo: true},
		` WHERE "id" > <-3> AND "id" <= <9>`: {After: -3, HasAfter: true, UpTo: 9, HasUpTo: true},
	} {
		want = `SELECT count(*) FROM (SELECT 1 FROM "t"` + want + ` ORDER BY "id" LIMIT 5) AS counted`
		if got := keyset.CountQuery(`"t"`, `"id"`, r, 5, literal); got != want {
			t.Errorf("counts by %s\nwant %s", got, want)
		}
	}
}

func TestWarner(t *testing.T) {
	var given []string
	w := keyset.NewWarner(func(msg string) { given = append(given, msg) })
	for _, msg := range []string{"a", "b", "a"} {
		w.Warn(msg)
	}
	if want := []string{"a", "b"}; !slices.Equal(given, want) {
		t.Errorf("gave %q, want %q", given, want)
	}
}
