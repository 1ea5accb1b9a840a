package replicatetest

import (
	"encoding/json"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// generatedRow is what a generated row type can do.
type generatedRow[R any] interface {
	*R
	Checksum() replicate.Checksum
	Clone() R
}

// Golden checks the generated code of a table against a row whose key, canonical JSON and checksum, in
// hexadecimal, are known: the row, its copy, and each published column alone. Generated tests call it.
func Golden[R any, K replicate.Key, P generatedRow[R]](
	t testing.TB, table *replicate.Table[R, K], row P, key K, data, checksum string,
) {
	t.Helper()
	got := table.AppendJSON(nil, row)
	if string(got) != data {
		t.Errorf("the data is\n%s, want\n%s", got, data)
	}
	if got := row.Checksum().String(); got != checksum {
		t.Errorf("the checksum is %s, want %s", got, checksum)
	}
	clone := row.Clone()
	if got := P(&clone).Checksum().String(); got != checksum {
		t.Errorf("the checksum of a clone is %s, want %s", got, checksum)
	}
	if got := table.Key(row); got != key {
		t.Errorf("the key is %d, want %d", got, key)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(got, &members); err != nil {
		t.Fatal(err)
	}
	for i, column := range table.Columns {
		value, published := members[column.Name]
		if got := string(table.AppendColumn(nil, row, i)); published && got != string(value) {
			t.Errorf("column %q alone is %s, want %s", column.Name, got, value)
		}
	}
	defer func() {
		if recover() == nil {
			t.Errorf("AppendColumn does not panic for column %d, which is not there", len(table.Columns))
		}
	}()
	table.AppendColumn(nil, row, len(table.Columns))
}
