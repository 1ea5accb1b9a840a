package pgbin_test

import (
	"encoding/binary"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/oracle"
)

// byType finds a kind by the type as PostgreSQL formats it.
var byType = map[string]string{
	"boolean": "bool", "smallint": "int2", "integer": "int4", "bigint": "int8", "oid": "oid", "positive": "int4",
	"real": "float4", "double precision": "float8", "numeric": "numeric", "text": "text", "note": "text",
	"character varying": "varchar", "character": "bpchar", `"char"`: "char", "name": "name", "mood": "enum",
	"uuid": "uuid", "date": "date", "time without time zone": "time", "time with time zone": "timetz",
	"interval": "interval", "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
	"bytea": "bytea", "json": "json", "jsonb": "jsonb",
}

// seed gives the fuzzer what PostgreSQL sends: a few values of each column of the vectors.
func seed(f *testing.F, arrays bool) {
	f.Helper()
	vectors, err := oracle.Load("postgres")
	if err != nil {
		f.Fatal(err)
	}
	for _, table := range vectors.Tables {
		for _, c := range table.Columns {
			name, isArray := strings.CutSuffix(c.Type, "[]")
			if isArray != arrays {
				continue
			}
			added := 0
			for _, r := range vectors.Of(table.Name) {
				if wire, ok := r.Wire[c.Name]; ok && added < 12 && len(wire) < 300 {
					f.Add(indexOf(f, byType[name]), wire)
					added++
				}
			}
		}
	}
}

func indexOf(f *testing.F, name string) uint8 {
	f.Helper()
	for i, k := range kinds {
		if k.name == name {
			return uint8(i)
		}
	}
	f.Fatalf("no kind %q", name)
	return 0
}

// FuzzValue decodes any bytes as a value of any type: where pgx takes them we must too, unless we have a reason, and
// publish the same.
func FuzzValue(f *testing.F) {
	seed(f, false)
	f.Fuzz(func(t *testing.T, which uint8, wire []byte) {
		k := kinds[int(which)%len(kinds)]
		compareValue(t, k, wire)
	})
}

func compareValue(t *testing.T, k kind, wire []byte) {
	ours, err := k.ours(wire)
	theirs, theirErr := k.theirs(wire)
	switch {
	case err != nil && theirErr == nil:
		if k.stricter(wire) == "" && !deep(wire) {
			t.Fatalf("%s %x: we refuse (%v) what pgx reads as %s", k.name, wire, err, theirs)
		}
	case err == nil && theirErr != nil:
		if !looser(k, wire) {
			t.Fatalf("%s %x: we read %s, pgx refuses: %v", k.name, wire, ours, theirErr)
		}
	case err == nil && !same(k, ours, theirs, wire):
		t.Fatalf("%s %x: we read %s, pgx %s", k.name, wire, ours, theirs)
	}
}

// deep reports whether it may be a document that nests deeper than we read, or the standard library.
func deep(wire []byte) bool {
	return strings.Count(string(wire), "[")+strings.Count(string(wire), "{") > 9_000
}

// looser says what we take and pgx does not.
func looser(k kind, wire []byte) bool { return strings.HasPrefix(k.name, "json") && deep(wire) }

// surrogate finds escapes of which the standard library makes U+FFFD where they are alone. Python and we keep them.
var surrogate = regexp.MustCompile(`(?i)\\ud[89a-f]`)

func same(k kind, ours, theirs string, wire []byte) bool {
	switch k.name {
	case "numeric":
		return sameNumber(ours, theirs)
	case "json", "jsonb":
		return ours == theirs || surrogate.Match(wire)
	}
	return ours == theirs
}

var written = regexp.MustCompile(`^"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?"$`)

// sameNumber compares a number with its digits to pgx's integer and exponent. Digits beyond the scale, which PostgreSQL
// never sends, are not printed, as it would not print them.
func sameNumber(ours, theirs string) bool {
	if ours == theirs {
		return true
	}
	mine := written.FindStringSubmatch(ours)
	mantissa, exponent, ok := strings.Cut(strings.Trim(theirs, `"`), "e")
	if mine == nil || !ok {
		return false
	}
	n, _ := new(big.Int).SetString(mantissa, 10)
	e, _ := new(big.Int).SetString(exponent, 10)
	shift := int(e.Int64()) + len(mine[3])
	if power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil); shift < 0 {
		n.Quo(n, power)
	} else {
		n.Mul(n, power)
	}
	want, _ := new(big.Int).SetString(mine[1]+mine[2]+mine[3], 10)
	return n.Cmp(want) == 0
}

// FuzzArray does the same with arrays of any type.
func FuzzArray(f *testing.F) {
	seed(f, true)
	f.Fuzz(func(t *testing.T, which uint8, wire []byte) {
		compareArray(t, kinds[int(which)%len(kinds)], wire)
	})
}

func compareArray(t *testing.T, k kind, wire []byte) {
	ours, err := k.oursArray(wire)
	if k.name != "numeric" && len(ours) > 40*len(wire) {
		t.Fatalf("array of %s %x: %d bytes make %d", k.name, wire, len(wire), len(ours))
	}
	theirs, theirErr := k.theirsArray(wire)
	switch {
	case err != nil && theirErr == nil:
		if !strictArray(k, wire) {
			t.Fatalf("array of %s %x: we refuse (%v) what pgx reads as %s", k.name, wire, err, theirs)
		}
	case err == nil && theirErr != nil:
		if !looserArray(k, wire) {
			t.Fatalf("array of %s %x: we read %s, pgx refuses: %v", k.name, wire, ours, theirErr)
		}
	case err == nil && k.name != "numeric" && ours != theirs && !surrogate.Match(wire):
		t.Fatalf("array of %s %x: we read %s, pgx %s", k.name, wire, ours, theirs)
	case err == nil:
		for _, element := range elements(wire) {
			compareValue(t, k, element)
		}
	}
}

// elements cuts a well-formed array into its elements that are not null.
func elements(wire []byte) (list [][]byte) {
	rest := wire[12+8*binary.BigEndian.Uint32(wire):]
	for len(rest) >= 4 {
		n := int(int32(binary.BigEndian.Uint32(rest)))
		rest = rest[4:]
		if n >= 0 {
			list = append(list, rest[:n])
			rest = rest[n:]
		}
	}
	return list
}

// strictArray: pgx does not compare the type of the elements with the array's, and an element may be one that we have a
// reason to refuse.
func strictArray(k kind, wire []byte) bool {
	if k.name != "enum" && binary.BigEndian.Uint32(wire[8:]) != k.oid {
		return true
	}
	for _, element := range elements(wire) {
		if k.stricter(element) != "" || deep(element) {
			return true
		}
	}
	return false
}

func looserArray(k kind, wire []byte) bool {
	for _, element := range elements(wire) {
		if looser(k, element) {
			return true
		}
	}
	return false
}
