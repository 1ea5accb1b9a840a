package pgbin

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// PostgreSQL counts from 2000-01-01.
const (
	epochDays    = 10_957 // from 1970-01-01
	microsPerDay = 86_400_000_000
)

// PostgreSQL's own limits: from the first day of the Julian period, 4714-11-24 BC, up to the end of the year
// 5874897 for dates and 294276 for timestamps.
const (
	dateMin      = -2_451_545
	dateEnd      = 2_145_031_949
	timestampMin = dateMin * microsPerDay
	timestampEnd = 9_223_371_331_200_000_000
)

// Date is a date, in days since 2000-01-01. Its extremes are -infinity and infinity.
type Date int32

// DecodeDate decodes date.
func DecodeDate(v []byte) (Date, error) {
	if len(v) != 4 {
		return 0, wrongLength("date", len(v), 4)
	}
	d := Date(binary.BigEndian.Uint32(v))
	if (d < dateMin || d >= dateEnd) && d != math.MinInt32 && d != math.MaxInt32 {
		return 0, &Error{Type: "date", Problem: "out of range"}
	}
	return d, nil
}

// AppendDate appends the date as a string: "2024-01-03", "infinity".
func AppendDate(b []byte, v Date) []byte {
	switch v {
	case math.MaxInt32:
		return append(b, `"infinity"`...)
	case math.MinInt32:
		return append(b, `"-infinity"`...)
	}
	return canonical.AppendDate(b, int64(v)+epochDays)
}

// String returns the date in ISO 8601.
func (d Date) String() string { return unquoted(AppendDate(nil, d)) }

// Time returns midnight of the date in UTC, and false for an infinity.
func (d Date) Time() (time.Time, bool) {
	return time.Unix((int64(d)+epochDays)*86_400, 0).UTC(), d != math.MaxInt32 && d != math.MinInt32
}

// Time is a time of day, in microseconds since midnight, 24:00:00 included.
type Time int64

// DecodeTime decodes time.
func DecodeTime(v []byte) (Time, error) {
	if len(v) != 8 {
		return 0, wrongLength("time", len(v), 8)
	}
	t := int64(binary.BigEndian.Uint64(v))
	if t < 0 || t > microsPerDay {
		return 0, &Error{Type: "time", Problem: "out of range"}
	}
	return Time(t), nil
}

// AppendTime appends the time as a string: "07:20:17.5".
func AppendTime(b []byte, v Time) []byte { return canonical.AppendTime(b, int64(v)) }

// String returns the time in ISO 8601.
func (t Time) String() string { return unquoted(AppendTime(nil, t)) }

// TimeTZ is a time of day with its distance from UTC, in seconds to the east.
type TimeTZ struct {
	Micros int64
	Offset int32
}

// DecodeTimeTZ decodes timetz.
func DecodeTimeTZ(v []byte) (TimeTZ, error) {
	if len(v) != 12 {
		return TimeTZ{}, wrongLength("timetz", len(v), 12)
	}
	t, err := DecodeTime(v[:8])
	if err != nil {
		return TimeTZ{}, err
	}
	// On the wire the distance is counted to the west. The limit is PostgreSQL's, below 16 hours.
	west := int32(binary.BigEndian.Uint32(v[8:]))
	if west <= -16*3600 || west >= 16*3600 {
		return TimeTZ{}, &Error{Type: "timetz", Problem: "the zone is out of range"}
	}
	return TimeTZ{Micros: int64(t), Offset: -west}, nil
}

// AppendTimeTZ appends the time as a string: "07:20:17+02:00".
func AppendTimeTZ(b []byte, v TimeTZ) []byte {
	b = canonical.AppendTime(b, v.Micros)
	b = b[:len(b)-1]
	offset, sign := v.Offset, byte('+')
	if offset < 0 {
		offset, sign = -offset, '-'
	}
	b = append(b, sign)
	b = appendTwo(b, offset/3600)
	b = append(b, ':')
	b = appendTwo(b, offset/60%60)
	if s := offset % 60; s != 0 {
		b = append(b, ':')
		b = appendTwo(b, s)
	}
	return append(b, '"')
}

func appendTwo(b []byte, v int32) []byte { return append(b, byte('0'+v/10), byte('0'+v%10)) }

// String returns the time in ISO 8601.
func (t TimeTZ) String() string { return unquoted(AppendTimeTZ(nil, t)) }

// Timestamp is a point in time without a zone, in microseconds since 2000-01-01.
type Timestamp int64

// DecodeTimestamp decodes timestamp.
func DecodeTimestamp(v []byte) (Timestamp, error) {
	t, err := timestamp("timestamp", v)
	return Timestamp(t), err
}

// AppendTimestamp appends the timestamp as a string: "2024-01-03T07:20:17.123456".
func AppendTimestamp(b []byte, v Timestamp) []byte { return appendTimestamp(b, int64(v), false) }

// String returns the timestamp in ISO 8601.
func (t Timestamp) String() string { return unquoted(AppendTimestamp(nil, t)) }

// Time returns the timestamp as if it were in UTC, and false for an infinity.
func (t Timestamp) Time() (time.Time, bool) { return timeOf(int64(t)) }

// TimestampTZ is a point in time in UTC, in microseconds since 2000-01-01.
type TimestampTZ int64

// DecodeTimestampTZ decodes timestamptz.
func DecodeTimestampTZ(v []byte) (TimestampTZ, error) {
	t, err := timestamp("timestamptz", v)
	return TimestampTZ(t), err
}

// AppendTimestampTZ appends the timestamp as a string: "2024-01-03T07:20:17.123456Z".
func AppendTimestampTZ(b []byte, v TimestampTZ) []byte { return appendTimestamp(b, int64(v), true) }

// String returns the timestamp in ISO 8601.
func (t TimestampTZ) String() string { return unquoted(AppendTimestampTZ(nil, t)) }

// Time returns the timestamp, and false for an infinity.
func (t TimestampTZ) Time() (time.Time, bool) { return timeOf(int64(t)) }

func timestamp(typ string, v []byte) (int64, error) {
	if len(v) != 8 {
		return 0, wrongLength(typ, len(v), 8)
	}
	t := int64(binary.BigEndian.Uint64(v))
	if (t < timestampMin || t >= timestampEnd) && t != math.MinInt64 && t != math.MaxInt64 {
		return 0, &Error{Type: typ, Problem: "out of range"}
	}
	return t, nil
}

func appendTimestamp(b []byte, micros int64, utc bool) []byte {
	switch micros {
	case math.MaxInt64:
		return append(b, `"infinity"`...)
	case math.MinInt64:
		return append(b, `"-infinity"`...)
	}
	days, rest := micros/microsPerDay, micros%microsPerDay
	if rest < 0 {
		days, rest = days-1, rest+microsPerDay
	}
	return canonical.AppendDateTime(b, days+epochDays, rest, utc)
}

func timeOf(micros int64) (time.Time, bool) {
	at := time.Unix(epochDays*86_400+micros/1e6, micros%1e6*1000).UTC()
	return at, micros != math.MaxInt64 && micros != math.MinInt64
}
