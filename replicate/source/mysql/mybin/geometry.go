package mybin

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Geometry is a geometry of any kind as the server stores it: the number of its spatial reference system, and
// its well-known binary form.
type Geometry []byte

// geometryHead is the reference system, the byte order and the kind.
const geometryHead = 4 + 1 + 4

// DecodeGeometry decodes geometry and its kinds.
func DecodeGeometry(v []byte) (Geometry, error) {
	if len(v) < geometryHead || v[4] > 1 {
		return nil, &Error{Type: "geometry", Problem: "it is not well-known binary behind a reference system"}
	}
	return v, nil
}

// SRID is the number of the spatial reference system, 0 for none.
func (g Geometry) SRID() uint32 { return binary.LittleEndian.Uint32(g) }

// AppendGeometry appends base64 of the well-known binary form, which every spatial library reads. A geometry
// with a reference system has its number inside, as PostGIS writes it (EWKB), so that nothing is lost.
func AppendGeometry(b []byte, v Geometry) []byte {
	if len(v) < geometryHead {
		return canonical.AppendNull(b) // the zero value, which no decoder returns
	}
	srid := v.SRID()
	if srid == 0 {
		return canonical.AppendBase64(b, v[4:])
	}
	const hasSRID = 0x20000000
	// Nine bytes are twelve digits of base64, so the head and the rest can be written one after the other.
	var head [geometryHead]byte
	head[0] = v[4]
	if v[4] == 1 {
		binary.LittleEndian.PutUint32(head[1:], binary.LittleEndian.Uint32(v[5:])|hasSRID)
		binary.LittleEndian.PutUint32(head[5:], srid)
	} else {
		binary.BigEndian.PutUint32(head[1:], binary.BigEndian.Uint32(v[5:])|hasSRID)
		binary.BigEndian.PutUint32(head[5:], srid)
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, head[:])
	b = base64.StdEncoding.AppendEncode(b, v[geometryHead:])
	return append(b, '"')
}

// Vector is a vector of singles, as the server stores it.
type Vector []byte

// DecodeVector decodes vector.
func DecodeVector(v []byte) (Vector, error) {
	if len(v)%4 != 0 {
		return nil, &Error{Type: "vector", Problem: strconv.Itoa(len(v)) + " bytes are no number of singles"}
	}
	return v, nil
}

// AppendVector appends the numbers as an array: [1.0, 2.5].
func AppendVector(b []byte, v Vector) []byte {
	b = append(b, '[')
	for i := 0; i < len(v); i += 4 {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = canonical.AppendFloat32(b, math.Float32frombits(binary.LittleEndian.Uint32(v[i:])))
	}
	return append(b, ']')
}
