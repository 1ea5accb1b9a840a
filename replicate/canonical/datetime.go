package canonical

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// AppendTimestamp appends a point in time, in microseconds since 1970, as a string:
// "2024-01-03T07:20:17.123456", with Z when it is in UTC. Years before 1 end in " BC", as PostgreSQL
// writes them.
func AppendTimestamp(b []byte, micros int64, utc bool) []byte {
	days, rest := micros/microsPerDay, micros%microsPerDay
	if rest < 0 {
		days, rest = days-1, rest+microsPerDay
	}
	return AppendDateTime(b, days, rest, utc)
}

// AppendDateTime appends a point in time as AppendTimestamp does, given as a day since 1970 and the
// microseconds of that day, which together reach further than an int64 of microseconds.
func AppendDateTime(b []byte, days, microsOfDay int64, utc bool) []byte {
	b = append(b, '"')
	b, bc := appendDay(b, days)
	b = append(b, 'T')
	b = AppendClock(b, microsOfDay)
	if utc {
		b = append(b, 'Z')
	}
	return appendEra(b, bc)
}

// AppendDate appends a date, in days since 1970, as a string: "2024-01-03".
func AppendDate(b []byte, days int64) []byte {
	b = append(b, '"')
	b, bc := appendDay(b, days)
	return appendEra(b, bc)
}

func appendEra(b []byte, bc bool) []byte {
	if bc {
		b = append(b, " BC"...)
	}
	return append(b, '"')
}

// AppendTime appends a time of day, in microseconds, as a string: "07:20:17.5".
func AppendTime(b []byte, micros int64) []byte {
	b = append(b, '"')
	b = AppendClock(b, micros)
	return append(b, '"')
}

// AppendClock appends hh:mm:ss without quotes, and the fraction where it is not zero, without
// trailing zeros.
func AppendClock(b []byte, micros int64) []byte {
	seconds := micros / microsPerSecond
	b = appendPadded(b, seconds/3600, 2)
	b = append(b, ':')
	b = appendPadded(b, seconds/60%60, 2)
	b = append(b, ':')
	b = appendPadded(b, seconds%60, 2)
	return AppendFraction(b, micros%microsPerSecond)
}

// AppendFraction appends the part of a second after the point, in microseconds, and nothing for zero.
func AppendFraction(b []byte, micros int64) []byte {
	if micros == 0 {
		return b
	}
	b = append(b, '.')
	b = appendPadded(b, micros, 6)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendDay appends the calendar day, and reports whether it lies before the year 1. The arithmetic
// is that of the proleptic Gregorian calendar in eras of 400 years that begin in March.
func appendDay(b []byte, days int64) ([]byte, bool) {
	days += 719_468
	era := days / 146_097
	if days < 0 {
		era = (days - 146_096) / 146_097
	}
	dayOfEra := days - era*146_097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	month := (5*dayOfYear + 2) / 153
	day := dayOfYear - (153*month+2)/5 + 1
	year := yearOfEra + era*400
	if month += 3; month > 12 {
		month, year = month-12, year+1
	}
	bc := year <= 0
	if bc {
		year = 1 - year
	}
	b = appendPadded(b, year, 4)
	b = append(b, '-')
	b = appendPadded(b, month, 2)
	b = append(b, '-')
	return appendPadded(b, day, 2), bc
}

// appendPadded appends v with leading zeros up to width digits.
func appendPadded(b []byte, v int64, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for v > 0 || width > 0 {
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
		width--
	}
	return append(b, digits[i:]...)
}
