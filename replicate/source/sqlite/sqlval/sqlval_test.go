package sqlval_test

import (
	"errors"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/sqlite/sqlval"
)

// A typed column that holds another class is an error with its name, of the first such column. Null is one too, unless
// the column may be null.
func TestOtherClasses(t *testing.T) {
	conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	row := sqlval.Row{Stmt: conn.Prep("SELECT 1, 1.5, 'a', x'00', NULL")}
	if found, err := row.Stmt.Step(); err != nil || !found {
		t.Fatalf("step: %t, %v", found, err)
	}
	const integer, float, text, blob, null = 0, 1, 2, 3, 4
	for class, read := range map[int]func(err *error, i int){
		integer: func(err *error, i int) { sqlval.NotNull(err, "c", &row, i, sqlval.DecodeInteger) },
		float:   func(err *error, i int) { sqlval.NotNull(err, "c", &row, i, sqlval.DecodeReal) },
		text:    func(err *error, i int) { sqlval.NotNull(err, "c", &row, i, sqlval.DecodeText) },
		blob:    func(err *error, i int) { sqlval.NotNull(err, "c", &row, i, sqlval.DecodeBlob) },
	} {
		for i := range null + 1 {
			var err error
			read(&err, i)
			var column *replicate.ColumnError
			if good := err == nil; good != (i == class) || !good && (!errors.As(err, &column) || column.Column != "c") {
				t.Errorf("class %d read as class %d: %v", i, class, err)
			}
		}
	}

	var first error
	if v := sqlval.Nullable(&first, "none", &row, null, sqlval.DecodeInteger); v.Valid || first != nil {
		t.Errorf("null is read as %v, %v", v, first)
	}
	if v := sqlval.Nullable(&first, "some", &row, integer, sqlval.DecodeInteger); v.V != 1 || !v.Valid || first != nil {
		t.Errorf("1 is read as %v, %v", v, first)
	}
	sqlval.Nullable(&first, "first", &row, text, sqlval.DecodeInteger)
	sqlval.NotNull(&first, "second", &row, text, sqlval.DecodeInteger)
	var column *replicate.ColumnError
	if !errors.As(first, &column) || column.Column != "first" {
		t.Errorf("the error that is kept is %v", first)
	}
}
