package mysql

import (
	"slices"
	"strings"

	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// kind is how the values of a type travel.
type kind struct {
	wires  []byte
	binary bool // in the character set binary
	either bool // in whichever
}

var (
	texts = []byte{wire.TypeString, wire.TypeVarString, wire.TypeVarchar, wire.TypeBlob, wire.TypeTinyBlob,
		wire.TypeMedBlob, wire.TypeLongBlob, wire.TypeEnum, wire.TypeSet}
	text  = kind{wires: texts}
	bytes = kind{wires: texts, binary: true}
)

func number(t byte) kind { return kind{wires: []byte{t}, either: true} }

// kinds are the types by the names that information_schema.columns has for them.
var kinds = map[string]kind{
	"tinyint": number(wire.TypeTinyint), "smallint": number(wire.TypeSmallint),
	"mediumint": number(wire.TypeMediumint), "int": number(wire.TypeInt), "bigint": number(wire.TypeBigint),
	"decimal": number(wire.TypeNewDec), "float": number(wire.TypeFloat), "double": number(wire.TypeDouble),
	"bit": number(wire.TypeBit), "year": number(wire.TypeYear),
	"date": number(wire.TypeDate), "time": number(wire.TypeTime),
	"datetime": number(wire.TypeDatetime), "timestamp": number(wire.TypeTimestamp),
	"char": text, "varchar": text, "tinytext": text, "text": text, "mediumtext": text, "longtext": text,
	"enum": text, "set": text,
	"binary": bytes, "varbinary": bytes, "tinyblob": bytes, "blob": bytes, "mediumblob": bytes, "longblob": bytes,
	"json":   {wires: append([]byte{wire.TypeJSON}, texts...), either: true},
	"vector": {wires: append([]byte{wire.TypeVector}, texts...), either: true},
	"uuid":   {wires: texts, either: true}, "inet4": {wires: texts, either: true}, "inet6": {wires: texts, either: true},
	"geometry": number(wire.TypeGeometry), "point": number(wire.TypeGeometry), "linestring": number(wire.TypeGeometry),
	"polygon": number(wire.TypeGeometry), "multipoint": number(wire.TypeGeometry),
	"multilinestring": number(wire.TypeGeometry), "multipolygon": number(wire.TypeGeometry),
	"geometrycollection": number(wire.TypeGeometry),
}

// liveType is a column's type as generated code names it: the type's name, and unsigned for integers that are.
func liveType(dataType, columnType string) string {
	name := strings.ToLower(dataType)
	if name == "geomcollection" {
		name = "geometrycollection"
	}
	if _, unsigned := cutUnsigned(columnType); unsigned && strings.HasSuffix(name, "int") {
		name += " unsigned"
	}
	return name
}

// cutUnsigned splits a column's type as the catalog has it, such as "int(10) unsigned", into its name and sign.
func cutUnsigned(columnType string) (name string, unsigned bool) {
	columnType = strings.ToLower(columnType)
	name, _, _ = strings.Cut(columnType, "(")
	name, _, _ = strings.Cut(name, " ")
	return name, strings.Contains(columnType, " unsigned")
}

// sameType reports whether the code that was generated for a type reads a live one. MariaDB's json is a longtext.
func sameType(live, generated string) bool {
	return live == generated || live == "longtext" && generated == "json"
}

// fits reports whether a column of a result travels as one of the type does.
func fits(c wire.Column, typ string) bool {
	name, unsigned := strings.CutSuffix(typ, " unsigned")
	k, known := kinds[name]
	if !known || !slices.Contains(k.wires, c.Type) || !k.either && c.Binary != k.binary {
		return false
	}
	switch name {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return c.Unsigned == unsigned
	}
	return true
}
