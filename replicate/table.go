package replicate

import "errors"

// Null is a column value that may be null. It holds no pointer, so that scanning a row allocates nothing.
type Null[T any] struct {
	V     T
	Valid bool // false: null
}

// Column describes a column that generated code reads, so that it can be compared with the live table.
type Column struct {
	Name     string // as the database spells it
	Type     string // SQL type, as the database formats it
	OID      uint32 // the type's number, if it is the same in every database of the engine; 0 otherwise
	Nullable bool
	AsText   bool // it is read in the database's text form

	// Of arrays: the number of the type of the elements, if that of the array differs from database to database, and
	// what separates them, if it is read in text form.
	Element   uint32
	Delimiter string
}

// Table is what a generated package supplies to the loop, whatever its engine.
type Table[R any, K Key] struct {
	Name        string   // as in the DDL, with its schema if that is not the default
	KeyColumn   string   // the increasing integer key
	Columns     []Column // every column that is read, in column order
	Fields      []string // names of the published columns, in column order
	Fingerprint string   // digest of the schema that the code was generated from
	Format      int      // number of the generator's output format
	Regenerate  string   // the command that regenerates this package

	// Key returns the row's key.
	Key func(r *R) K
	// AppendJSON appends the canonical JSON of the published columns: the message's data, from which the checksum is
	// computed.
	AppendJSON func(b []byte, r *R) []byte
	// AppendColumn appends the canonical JSON of the i-th column of Columns, for message keys.
	AppendColumn func(b []byte, r *R, i int) []byte
}

// VerifyRow compares the row at an offset with the one that was published. remedy gives another possible reason, and
// what to do. Sources call VerifyRow when they open.
func (t *Table[R, K]) VerifyRow(at Offset, r *R, remedy string) error {
	checksum := ChecksumOf(t.AppendJSON(nil, r)).String()
	if checksum == at.Checksum {
		return nil
	}
	return Stop(errors.New("the row at the offset, key "+at.Key+" of table "+t.Name+
		", is not the one that was published: its checksum is "+checksum+", and was "+at.Checksum),
		"rows were changed, or "+remedy)
}

// GeneratedFormat2 is referred to by generated code of format 2. If a build says that it is undefined, the module and
// the generated code do not match: upgrade the module with go get, or regenerate with the matching repliqate-gen.
const GeneratedFormat2 = 2
