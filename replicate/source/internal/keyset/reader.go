package keyset

import (
	"errors"

	"github.com/repliqate/repliqate/replicate"
)

// Reader turns the rows of a keyset query into messages. V is a row as the driver hands it out.
type Reader[R any, K replicate.Key, V any] struct {
	Table   *replicate.Table[R, K]
	Builder *replicate.Builder[R, K]
	Scan    func(r *R, row V) error
	ScanKey func(row V) (K, error)
	Raw     func(row V, column int) []byte // what the database sent for a column
	Remedy  string                         // what to do if a key can't be read

	row R // the row being read
}

// Reading says how the reading of a page ended.
type Reading[K replicate.Key] struct {
	Rows      int  // rows that were used
	More      bool // the page is full
	Unsettled bool // a row was left, since it is beyond the bound
	Beyond    K    // the key of that row
}

// Result is the poll's result.
func (r Reading[K]) Result() replicate.PollResult {
	return replicate.PollResult{More: r.More, Unsettled: r.Unsettled}
}

// Read adds rows to the builder's page until there are none left, the next one is beyond the bound, or the page is
// full, and leaves the rest. next returns the next row, and false if there is none. After an error, the rows before it
// are in the page.
func (d *Reader[R, K, V]) Read(
	next func() (row V, found bool, err error), bound replicate.Bound[K],
) (reading Reading[K], err error) {
	var last K
	for {
		row, found, err := next()
		if err != nil || !found {
			return reading, err
		}
		key, err := d.ScanKey(row)
		if err != nil {
			return reading, replicate.Stop(errors.New("table "+d.Table.Name+": "+err.Error()), d.Remedy)
		}
		if reading.Rows > 0 && key == last {
			return reading, replicate.Stop(
				errors.New("two rows of table "+d.Table.Name+" have key "+replicate.KeyText(key)),
				"keys must be unique, since the offset can't stand between the two: give one of them another key")
		}
		if !bound.Allows(key) {
			reading.Unsettled, reading.Beyond = true, key
			return reading, nil
		}
		reading.Rows, last = reading.Rows+1, key
		full, err := d.add(key, row)
		if err != nil {
			return reading, err
		}
		if full {
			reading.More = true
			return reading, nil
		}
	}
}

func (d *Reader[R, K, V]) add(key K, row V) (full bool, err error) {
	if err := d.Scan(&d.row, row); err != nil {
		return d.Builder.BadScan(key, err, func(column int) []byte { return d.Raw(row, column) })
	}
	return d.Builder.Add(&d.row)
}

// RawBytes is Reader.Raw for drivers that hand out a row as the bytes of its columns.
func RawBytes(row [][]byte, column int) []byte { return row[column] }
