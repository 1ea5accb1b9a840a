package pgbin_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/repliqate/repliqate/internal/reprint"
	"github.com/repliqate/repliqate/replicate/source/postgres/pgbin"
)

// A kind is one of our decoders beside pgx's.
type kind struct {
	name       string
	oid, array uint32
	// ours and oursArray decode a value and write it as JSON, theirs and theirsArray do so through pgx and a rendering
	// of this test's own.
	ours, oursArray     func(wire []byte) (string, error)
	theirs, theirsArray func(wire []byte) (string, error)
	// stricter says why we may refuse what pgx takes; empty: we may not.
	stricter func(wire []byte) string
}

// Made-up types: pgx has neither enums, which differ from database to database, nor timetz.
const (
	oidMood, oidMoods     = 90_000, 90_001
	oidTimeTZ, oidTimeTZs = 1266, 1270
)

var types = func() *pgtype.Map {
	m := pgtype.NewMap()
	for _, t := range []struct {
		name       string
		oid, array uint32
		codec      pgtype.Codec
	}{
		{"mood", oidMood, oidMoods, &pgtype.EnumCodec{}},
		{"timetz", oidTimeTZ, oidTimeTZs, pgtype.ByteaCodec{}},
	} {
		element := &pgtype.Type{Name: t.name, OID: t.oid, Codec: t.codec}
		m.RegisterType(element)
		m.RegisterType(&pgtype.Type{Name: t.name + "[]", OID: t.array, Codec: &pgtype.ArrayCodec{ElementType: element}})
	}
	return m
}()

// newKind puts a decoder with result O beside pgx's with result T, which is rendered as JSON.
func newKind[O, T any](name string, oid, array uint32, decode func([]byte) (O, error), write func([]byte, O) []byte,
	elements *pgbin.Element[O], render func(T) (string, error), stricter func([]byte) string) kind {
	return kind{
		name: name, oid: oid, array: array, stricter: stricter,
		ours: func(wire []byte) (string, error) {
			v, err := decode(wire)
			if err != nil {
				return "", err
			}
			return string(write(nil, v)), nil
		},
		oursArray: func(wire []byte) (string, error) {
			v, err := elements.DecodeArray(wire)
			if err != nil {
				return "", err
			}
			return string(pgbin.AppendArray(nil, v)), nil
		},
		theirs: func(wire []byte) (string, error) {
			var v T
			if err := types.Scan(oid, pgtype.BinaryFormatCode, wire, &v); err != nil {
				return "", err
			}
			return render(v)
		},
		theirsArray: func(wire []byte) (string, error) {
			var v pgtype.Array[*T]
			if err := types.Scan(array, pgtype.BinaryFormatCode, wire, &v); err != nil {
				return "", err
			}
			for _, d := range v.Dims {
				// PostgreSQL sends an empty array without dimensions; pgx takes one with such a dimension for empty.
				if d.Length < 1 || int(d.Length) > len(wire) {
					return "", errors.New("a dimension is out of range")
				}
			}
			return renderArray(v, render)
		},
	}
}

// renderArray nests the elements of an array by its dimensions.
func renderArray[T any](a pgtype.Array[*T], render func(T) (string, error)) (string, error) {
	at := 0
	var dimension func(n int) (string, error)
	dimension = func(n int) (string, error) {
		out := "["
		for i := range int(a.Dims[n].Length) {
			if i > 0 {
				out += ", "
			}
			text, err := "null", error(nil)
			switch {
			case n+1 < len(a.Dims):
				text, err = dimension(n + 1)
			case a.Elements[at] != nil:
				text, err = render(*a.Elements[at])
				at++
			default:
				at++
			}
			if err != nil {
				return "", err
			}
			out += text
		}
		return out + "]", nil
	}
	if len(a.Dims) == 0 {
		return "[]", nil
	}
	return dimension(0)
}

func never([]byte) string { return "" }

// kinds are all decoders.
var kinds = []kind{
	newKind("bool", 16, 1000, pgbin.DecodeBool, pgbin.AppendBool, pgbin.Bools, plain[bool], strictBool),
	newKind("int2", 21, 1005, pgbin.DecodeInt2, pgbin.AppendInt2, pgbin.Int2s, plain[int16], never),
	newKind("int4", 23, 1007, pgbin.DecodeInt4, pgbin.AppendInt4, pgbin.Int4s, plain[int32], never),
	newKind("int8", 20, 1016, pgbin.DecodeInt8, pgbin.AppendInt8, pgbin.Int8s, plain[int64], never),
	newKind("oid", 26, 1028, pgbin.DecodeOID, pgbin.AppendOID, pgbin.OIDs, plain[uint32], never),
	newKind("float4", 700, 1021, pgbin.DecodeFloat4, pgbin.AppendFloat4, pgbin.Float4s, float4, never),
	newKind("float8", 701, 1022, pgbin.DecodeFloat8, pgbin.AppendFloat8, pgbin.Float8s, float8, never),
	newKind("numeric", 1700, 1231, pgbin.DecodeNumeric, pgbin.AppendNumeric, pgbin.Numerics, numeric, strictNumeric),
	newKind("text", 25, 1009, pgbin.DecodeText, pgbin.AppendText, pgbin.Texts, text, strictText),
	newKind("varchar", 1043, 1015, pgbin.DecodeText, pgbin.AppendText, pgbin.Varchars, text, strictText),
	newKind("bpchar", 1042, 1014, pgbin.DecodeText, pgbin.AppendText, pgbin.Bpchars, text, strictText),
	newKind("char", 18, 1002, pgbin.DecodeChar, pgbin.AppendText, pgbin.Chars, char, strictChar),
	newKind("name", 19, 1003, pgbin.DecodeName, pgbin.AppendText, pgbin.Names, text, strictText),
	newKind("enum", oidMood, oidMoods, pgbin.DecodeEnum, pgbin.AppendText, pgbin.Enums, text, strictText),
	newKind("uuid", 2950, 2951, pgbin.DecodeUUID, pgbin.AppendUUID, pgbin.UUIDs, uuid, never),
	newKind("date", 1082, 1182, pgbin.DecodeDate, pgbin.AppendDate, pgbin.Dates, date, never),
	newKind("time", 1083, 1183, pgbin.DecodeTime, pgbin.AppendTime, pgbin.Times, timeOfDay, strictTime),
	newKind("timetz", oidTimeTZ, oidTimeTZs, pgbin.DecodeTimeTZ, pgbin.AppendTimeTZ, pgbin.TimeTZs, timeTZ, never),
	newKind("timestamp", 1114, 1115, pgbin.DecodeTimestamp, pgbin.AppendTimestamp, pgbin.Timestamps, timestamp, never),
	newKind("timestamptz", 1184, 1185, pgbin.DecodeTimestampTZ, pgbin.AppendTimestampTZ, pgbin.TimestampTZs, timestampTZ,
		never),
	newKind("interval", 1186, 1187, pgbin.DecodeInterval, pgbin.AppendInterval, pgbin.Intervals, interval, never),
	newKind("bytea", 17, 1001, pgbin.DecodeBytea, pgbin.AppendBytea, pgbin.Byteas, bytea, never),
	newKind("json", 114, 199, pgbin.DecodeJSON, pgbin.AppendJSON, pgbin.JSONs, document, strictText),
	newKind("jsonb", 3802, 3807, pgbin.DecodeJSONB, pgbin.AppendJSON, pgbin.JSONBs, document, strictText),
}

func strictBool(wire []byte) string {
	if len(wire) == 1 && wire[0] > 1 {
		return "PostgreSQL sends 0 and 1 alone; pgx takes 2 for false"
	}
	return ""
}

func strictText(wire []byte) string {
	if !utf8.Valid(wire) {
		return "JSON has no place for what is not UTF-8"
	}
	return ""
}

func strictChar(wire []byte) string {
	if len(wire) != 1 {
		return "it has one byte; pgx takes nothing for a zero"
	}
	return strictText(wire)
}

func strictTime(wire []byte) string {
	if micros := int64(binary.BigEndian.Uint64(wire)); micros < 0 || micros > 86_400_000_000 {
		return "a day has 24 hours"
	}
	return ""
}

// strictNumeric: pgx does not look at all of a number.
func strictNumeric(wire []byte) string {
	if len(wire) != 8+2*int(binary.BigEndian.Uint16(wire)) {
		return "bytes are missing or left over where pgx stops reading, at NaN and zero"
	}
	if binary.BigEndian.Uint16(wire[6:]) > 0x3fff {
		return "PostgreSQL has at most 16,383 digits after the point"
	}
	switch binary.BigEndian.Uint16(wire[4:]) {
	case 0, 0x4000, 0xc000, 0xd000, 0xf000:
	default:
		return "pgx takes every unknown sign for a minus"
	}
	for i := 8; i < len(wire); i += 2 {
		if binary.BigEndian.Uint16(wire[i:]) > 9999 {
			return "a digit to base 10,000 is below that"
		}
	}
	return ""
}

func plain[T any](v T) (string, error) { return fmt.Sprint(v), nil }

func text(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("not UTF-8")
	}
	return reprint.Quote(s), nil
}

func char(c byte) (string, error) {
	if c == 0 {
		return `""`, nil
	}
	return text(string([]byte{c}))
}

func uuid(u [16]byte) (string, error) {
	return fmt.Sprintf(`"%x-%x-%x-%x-%x"`, u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}

func bytea(b []byte) (string, error) { return `"` + base64.StdEncoding.EncodeToString(b) + `"`, nil }
