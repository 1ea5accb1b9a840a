package pgbin

import (
	"encoding/binary"
	"math"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Interval is an interval in PostgreSQL's three parts, each with a sign of its own.
type Interval struct {
	Micros       int64
	Days, Months int32
}

// DecodeInterval decodes interval.
func DecodeInterval(v []byte) (Interval, error) {
	if len(v) != 16 {
		return Interval{}, wrongLength("interval", len(v), 16)
	}
	return Interval{
		Micros: int64(binary.BigEndian.Uint64(v)),
		Days:   int32(binary.BigEndian.Uint32(v[8:])),
		Months: int32(binary.BigEndian.Uint32(v[12:])),
	}, nil
}

// AppendInterval appends the interval as an ISO 8601 duration, as PostgreSQL prints it under
// IntervalStyle iso_8601: "P1Y2M3DT4H5M6.5S", "PT0S". From version 17 on it can be infinite.
func AppendInterval(b []byte, v Interval) []byte {
	switch v {
	case Interval{math.MaxInt64, math.MaxInt32, math.MaxInt32}:
		return append(b, `"infinity"`...)
	case Interval{math.MinInt64, math.MinInt32, math.MinInt32}:
		return append(b, `"-infinity"`...)
	case Interval{}:
		return append(b, `"PT0S"`...)
	}
	b = append(b, '"', 'P')
	b = appendPart(b, int64(v.Months/12), 'Y')
	b = appendPart(b, int64(v.Months%12), 'M')
	b = appendPart(b, int64(v.Days), 'D')
	if v.Micros != 0 {
		b = append(b, 'T')
		b = appendPart(b, v.Micros/3_600_000_000, 'H')
		b = appendPart(b, v.Micros/60_000_000%60, 'M')
		b = appendSeconds(b, v.Micros%60_000_000)
	}
	return append(b, '"')
}

func appendPart(b []byte, v int64, unit byte) []byte {
	if v == 0 {
		return b
	}
	return append(canonical.AppendInt(b, v), unit)
}

func appendSeconds(b []byte, micros int64) []byte {
	if micros == 0 {
		return b
	}
	if micros < 0 {
		b = append(b, '-')
		micros = -micros
	}
	b = canonical.AppendInt(b, micros/1_000_000)
	b = canonical.AppendFraction(b, micros%1_000_000)
	return append(b, 'S')
}

// String returns the interval as an ISO 8601 duration.
func (i Interval) String() string { return unquoted(AppendInterval(nil, i)) }
