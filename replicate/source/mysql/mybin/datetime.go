package mybin

import (
	"encoding/binary"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Date is a date. Month and day are 0 in the zero date and in partial ones.
type Date struct {
	Year       uint16
	Month, Day uint8
}

// DecodeDate decodes date, which travels without its trailing zeros.
func DecodeDate(v []byte) (Date, error) {
	t, err := DecodeDatetime(v)
	if err == nil && len(v) > 4 {
		err = &Error{Type: "date", Problem: "it has a time of day"}
	}
	return t.Date, err
}

// AppendDate appends the date as a string: "2024-01-03", "0000-00-00", "2024-00-00".
func AppendDate(b []byte, v Date) []byte { return append(v.append(append(b, '"')), '"') }

// String returns the date as MySQL prints it.
func (d Date) String() string { return string(d.append(nil)) }

func (d Date) append(b []byte) []byte {
	b = appendDigits(b, uint32(d.Year), 4)
	b = appendDigits(append(b, '-'), uint32(d.Month), 2)
	return appendDigits(append(b, '-'), uint32(d.Day), 2)
}

// Datetime is a date and a time of day, of no time zone.
type Datetime struct {
	Date
	Hour, Minute, Second uint8
	Micros               uint32
}

// DecodeDatetime decodes datetime.
func DecodeDatetime(v []byte) (t Datetime, err error) {
	switch len(v) {
	case 11:
		t.Micros = binary.LittleEndian.Uint32(v[7:])
		fallthrough
	case 7:
		t.Hour, t.Minute, t.Second = v[4], v[5], v[6]
		fallthrough
	case 4:
		t.Date = Date{binary.LittleEndian.Uint16(v), v[2], v[3]}
	case 0:
	default:
		return t, &Error{Type: "datetime", Problem: "it has a length that none has"}
	}
	if t.Year > 9999 || t.Month > 12 || t.Day > 31 || t.Hour > 23 || t.Minute > 59 || t.Second > 59 || t.Micros > 999_999 {
		return t, &Error{Type: "datetime", Problem: "out of range"}
	}
	return t, nil
}

// AppendDatetime appends the time as a string: "2024-01-03T07:20:17.5". What is no date is written as MySQL
// shows it, so that nobody takes it for one: "0000-00-00 00:00:00".
func AppendDatetime(b []byte, v Datetime) []byte { return append(v.append(append(b, '"')), '"') }

// String returns the time in ISO 8601, and one that is no date as MySQL prints it.
func (t Datetime) String() string { return string(t.append(nil)) }

// whole reports whether month and day are those of a date.
func (t Datetime) whole() bool { return t.Month > 0 && t.Day > 0 }

func (t Datetime) append(b []byte) []byte {
	b = t.Date.append(b)
	if t.whole() {
		b = append(b, 'T')
	} else {
		b = append(b, ' ')
	}
	b = appendDigits(b, uint32(t.Hour), 2)
	b = appendDigits(append(b, ':'), uint32(t.Minute), 2)
	b = appendDigits(append(b, ':'), uint32(t.Second), 2)
	return canonical.AppendFraction(b, int64(t.Micros))
}

// Timestamp is a point in time, in UTC: the session's time zone is.
type Timestamp struct{ Datetime }

// DecodeTimestamp decodes timestamp.
func DecodeTimestamp(v []byte) (Timestamp, error) {
	t, err := DecodeDatetime(v)
	return Timestamp{t}, err
}

// AppendTimestamp appends the time as a string: "2024-01-03T07:20:17.5Z", "0000-00-00 00:00:00".
func AppendTimestamp(b []byte, v Timestamp) []byte { return append(v.append(append(b, '"')), '"') }

// String returns the time in ISO 8601.
func (t Timestamp) String() string { return string(t.append(nil)) }

func (t Timestamp) append(b []byte) []byte {
	b = t.Datetime.append(b)
	if t.whole() {
		b = append(b, 'Z')
	}
	return b
}

// Time is a span of time, of up to 838:59:59.999999 and of either sign.
type Time struct {
	Negative       bool
	Hours          uint16
	Minute, Second uint8
	Micros         uint32
}

// DecodeTime decodes time.
func DecodeTime(v []byte) (t Time, err error) {
	if len(v) == 0 {
		return t, nil
	}
	if len(v) != 8 && len(v) != 12 {
		return t, &Error{Type: "time", Problem: "it has a length that none has"}
	}
	days := binary.LittleEndian.Uint32(v[1:])
	t = Time{Negative: v[0] == 1, Minute: v[6], Second: v[7]}
	if len(v) == 12 {
		t.Micros = binary.LittleEndian.Uint32(v[8:])
	}
	if v[0] > 1 || days > 34 || v[5] > 23 || t.Minute > 59 || t.Second > 59 || t.Micros > 999_999 {
		return t, &Error{Type: "time", Problem: "out of range"}
	}
	t.Hours = uint16(days*24) + uint16(v[5])
	return t, nil
}

// AppendTime appends the span as a string: "07:20:17.5", "-838:59:59".
func AppendTime(b []byte, v Time) []byte { return append(v.append(append(b, '"')), '"') }

// String returns the span as MySQL prints it, without trailing zeros.
func (t Time) String() string { return string(t.append(nil)) }

func (t Time) append(b []byte) []byte {
	if t.Negative {
		b = append(b, '-')
	}
	width := 2
	if t.Hours > 99 {
		width = 3
	}
	b = appendDigits(b, uint32(t.Hours), width)
	b = appendDigits(append(b, ':'), uint32(t.Minute), 2)
	b = appendDigits(append(b, ':'), uint32(t.Second), 2)
	return canonical.AppendFraction(b, int64(t.Micros))
}

// appendDigits appends a number with leading zeros.
func appendDigits(b []byte, v uint32, width int) []byte {
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; v > 0; i-- {
		b[i] += byte(v % 10)
		v /= 10
	}
	return b
}
