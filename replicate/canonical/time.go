package canonical

import "strconv"

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// AppendDate appends the date daysSince1970 days after 1970-01-01 as "2024-01-03". Years above 9999 have all
// their digits; years before 1 are followed by BC, as PostgreSQL writes them: "0044-03-15 BC".
func AppendDate(b []byte, daysSince1970 int64) []byte {
	year, month, day := civil(daysSince1970)
	b = append(b, '"')
	b = appendCivil(b, year, month, day)
	return closeEra(b, year)
}

// AppendTime appends a time of day, or a span of hours of any size and sign as MySQL has them, as
// "07:20:17.5". The fraction is left out when it is zero and has no trailing zeros.
func AppendTime(b []byte, micros int64) []byte {
	b = append(b, '"')
	b = appendClock(b, micros)
	return append(b, '"')
}

// AppendTimestamp appends the time microsSince1970 microseconds after 1970-01-01T00:00:00 as
// "2024-01-03T07:20:17.5", with a Z when it is in UTC.
func AppendTimestamp(b []byte, microsSince1970 int64, utc bool) []byte {
	days := microsSince1970 / microsPerDay
	micros := microsSince1970 % microsPerDay
	if micros < 0 {
		days, micros = days-1, micros+microsPerDay
	}
	return AppendDateTime(b, days, micros, utc)
}

// AppendDateTime does the same for a day and the microseconds since its midnight, because PostgreSQL's
// last timestamps are beyond what an int64 of microseconds since 1970 can hold.
func AppendDateTime(b []byte, daysSince1970, microsOfDay int64, utc bool) []byte {
	year, month, day := civil(daysSince1970)
	b = append(b, '"')
	b = appendCivil(b, year, month, day)
	b = append(b, 'T')
	b = appendClock(b, microsOfDay)
	if utc {
		b = append(b, 'Z')
	}
	return closeEra(b, year)
}

func closeEra(b []byte, year int64) []byte {
	if year < 1 {
		b = append(b, " BC"...)
	}
	return append(b, '"')
}

// civil converts a day count to a date of the proleptic Gregorian calendar, with a year 0 that is 1 BC.
// It counts in eras of 400 years that begin on the first of March, so that a leap day ends a year.
func civil(days int64) (year, month, day int64) {
	const (
		daysPerEra   = 146_097
		firstOfMarch = 719_468 // days from 0000-03-01 to 1970-01-01
	)
	days += firstOfMarch
	era := days / daysPerEra
	if days%daysPerEra < 0 {
		era--
	}
	dayOfEra := days - era*daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153 // months since March
	day = dayOfYear - (153*shifted+2)/5 + 1
	year, month = yearOfEra+era*400, shifted+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

func appendCivil(b []byte, year, month, day int64) []byte {
	if year < 1 {
		year = 1 - year
	}
	if year > 9999 {
		b = strconv.AppendInt(b, year, 10)
	} else {
		b = appendTwo(b, year/100)
		b = appendTwo(b, year%100)
	}
	b = append(b, '-')
	b = appendTwo(b, month)
	b = append(b, '-')
	return appendTwo(b, day)
}

func appendClock(b []byte, micros int64) []byte {
	if micros < 0 {
		b, micros = append(b, '-'), -micros
	}
	seconds, fraction := micros/microsPerSecond, micros%microsPerSecond
	if hours := seconds / 3600; hours < 100 {
		b = appendTwo(b, hours)
	} else {
		b = strconv.AppendInt(b, hours, 10)
	}
	b = append(b, ':')
	b = appendTwo(b, seconds/60%60)
	b = append(b, ':')
	b = appendTwo(b, seconds%60)
	return AppendFraction(b, fraction)
}

// AppendFraction appends millionths as a decimal fraction without trailing zeros, such as .5, and
// nothing for zero.
func AppendFraction(b []byte, micros int64) []byte {
	if micros == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(100_000); micros > 0; unit /= 10 {
		b = append(b, byte('0'+micros/unit))
		micros %= unit
	}
	return b
}

func appendTwo(b []byte, v int64) []byte {
	return append(b, byte('0'+v/10), byte('0'+v%10))
}
