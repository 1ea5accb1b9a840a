package pgbin_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/repliqate/repliqate/internal/reprint"
)

// python writes a float, given its shortest digits, as repr does.
func python(v float64, digits string, exponent int) string {
	sign := ""
	if math.Signbit(v) {
		sign = "-"
	}
	switch {
	case v == 0:
		return sign + "0.0"
	case exponent < -4 || exponent >= 16:
		if len(digits) > 1 {
			digits = digits[:1] + "." + digits[1:]
		}
		e := "e+"
		if exponent < 0 {
			e, exponent = "e-", -exponent
		}
		return sign + digits + e + fmt.Sprintf("%02d", exponent)
	case exponent < 0:
		return sign + "0." + strings.Repeat("0", -exponent-1) + digits
	case exponent+1 >= len(digits):
		return sign + digits + strings.Repeat("0", exponent+1-len(digits)) + ".0"
	}
	return sign + digits[:exponent+1] + "." + digits[exponent+1:]
}

func notFinite(v float64) (string, bool) {
	switch {
	case math.IsNaN(v):
		return `"NaN"`, true
	case math.IsInf(v, 1):
		return `"Infinity"`, true
	case math.IsInf(v, -1):
		return `"-Infinity"`, true
	}
	return "", false
}

func float8(v float64) (string, error) {
	if word, ok := notFinite(v); ok {
		return word, nil
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(math.Abs(v), 'e', -1, 64), "e")
	e, err := strconv.Atoi(exponent)
	return python(v, strings.ReplaceAll(mantissa, ".", ""), e), err
}

// float4 looks for the shortest decimal that is strictly nearer to v than to its neighbours, by exact arithmetic.
func float4(v float32) (string, error) {
	f := float64(v)
	if word, ok := notFinite(f); ok {
		return word, nil
	}
	if v == 0 {
		return python(f, "", 0), nil
	}
	abs := float32(math.Abs(f))
	exact := new(big.Rat).SetFloat64(float64(abs))
	below := new(big.Rat).SetFloat64(float64(math.Nextafter32(abs, 0)))
	above := new(big.Rat).SetFloat64(float64(abs) + (float64(abs) - float64(math.Nextafter32(abs, 0))))
	if next := math.Nextafter32(abs, math.MaxFloat32); next != abs {
		above.SetFloat64(float64(next))
	}
	low, high := half(below, exact), half(above, exact)
	exponent := int(math.Floor(math.Log10(float64(abs))))
	for digits := 1; digits <= 9; digits++ {
		unit := power(exponent - digits + 1)
		count := new(big.Rat).Quo(exact, unit)
		floor := new(big.Int).Quo(count.Num(), count.Denom())
		var best *big.Int
		var distance *big.Rat
		for _, n := range []*big.Int{floor, new(big.Int).Add(floor, big.NewInt(1))} {
			candidate := new(big.Rat).Mul(new(big.Rat).SetInt(n), unit)
			away := new(big.Rat).Sub(candidate, exact)
			away.Abs(away)
			inside := candidate.Cmp(low) > 0 && candidate.Cmp(high) < 0
			even := n.Bit(0) == 0 // what is equally near ends in an even digit
			if inside && (best == nil || away.Cmp(distance) < 0 || away.Cmp(distance) == 0 && even) {
				best, distance = n, away
			}
		}
		if best != nil {
			text := best.String()
			return python(f, strings.TrimRight(text, "0"), exponent-digits+len(text)), nil
		}
	}
	return "", fmt.Errorf("no decimal of nine digits for %v", v)
}

func half(a, b *big.Rat) *big.Rat {
	sum := new(big.Rat).Add(a, b)
	return sum.Quo(sum, big.NewRat(2, 1))
}

func power(exponent int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
	if exponent < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

// numeric writes the number without its scale, which pgx does not keep: see sameNumber.
func numeric(n pgtype.Numeric) (string, error) {
	switch {
	case n.NaN:
		return `"NaN"`, nil
	case n.InfinityModifier == pgtype.Infinity:
		return `"Infinity"`, nil
	case n.InfinityModifier == pgtype.NegativeInfinity:
		return `"-Infinity"`, nil
	}
	return fmt.Sprintf(`"%de%d"`, n.Int, n.Exp), nil
}

// civil writes a date and, from hour to nanosecond, a time as PostgreSQL does in ISO 8601.
func civil(t time.Time, layout string) string {
	year, era := t.Year(), ""
	if year < 1 {
		year, era = 1-year, " BC"
	}
	clock := ""
	if layout != "" {
		clock = "T" + strings.TrimSuffix(strings.TrimRight(t.Format("15:04:05.000000"), "0"), ".") + layout[1:]
	}
	return fmt.Sprintf(`"%04d-%02d-%02d%s%s"`, year, t.Month(), t.Day(), clock, era)
}

func infinite(i pgtype.InfinityModifier) string {
	return map[pgtype.InfinityModifier]string{pgtype.Infinity: `"infinity"`, pgtype.NegativeInfinity: `"-infinity"`}[i]
}

func date(d pgtype.Date) (string, error) {
	if d.InfinityModifier != pgtype.Finite {
		return infinite(d.InfinityModifier), nil
	}
	return civil(d.Time, ""), nil
}

func timestamp(t pgtype.Timestamp) (string, error) {
	if t.InfinityModifier != pgtype.Finite {
		return infinite(t.InfinityModifier), nil
	}
	return civil(t.Time, "T"), nil
}

func timestampTZ(t pgtype.Timestamptz) (string, error) {
	if t.InfinityModifier != pgtype.Finite {
		return infinite(t.InfinityModifier), nil
	}
	return civil(t.Time.UTC(), "TZ"), nil
}

func clock(micros int64) (string, error) {
	if micros < 0 || micros > 86_400_000_000 {
		return "", errors.New("out of range")
	}
	seconds := micros / 1_000_000
	out := fmt.Sprintf("%02d:%02d:%02d.%06d", seconds/3600, seconds/60%60, seconds%60, micros%1_000_000)
	return strings.TrimSuffix(strings.TrimRight(out, "0"), "."), nil
}

func timeOfDay(t pgtype.Time) (string, error) {
	out, err := clock(t.Microseconds)
	return `"` + out + `"`, err
}

// timeTZ reads what pgx has no type for: the time, and the seconds to the west.
func timeTZ(wire []byte) (string, error) {
	if len(wire) != 12 {
		return "", errors.New("not twelve bytes")
	}
	out, err := clock(int64(binary.BigEndian.Uint64(wire)))
	west := int32(binary.BigEndian.Uint32(wire[8:]))
	if err != nil || west <= -57_600 || west >= 57_600 {
		return "", errors.New("out of range")
	}
	sign := "+"
	if west > 0 {
		sign = "-"
	}
	far := time.Duration(max(west, -west)) * time.Second
	zone := time.Unix(0, 0).UTC().Add(far).Format("15:04:05")
	if strings.HasSuffix(zone, ":00") {
		zone = zone[:5]
	}
	return `"` + out + sign + zone + `"`, nil
}

func interval(v pgtype.Interval) (string, error) {
	switch {
	case v.Microseconds == math.MaxInt64 && v.Days == math.MaxInt32 && v.Months == math.MaxInt32:
		return `"infinity"`, nil
	case v.Microseconds == math.MinInt64 && v.Days == math.MinInt32 && v.Months == math.MinInt32:
		return `"-infinity"`, nil
	}
	var date, clock strings.Builder
	for _, part := range []struct {
		to    *strings.Builder
		value int64
		unit  string
	}{
		{&date, int64(v.Months / 12), "Y"}, {&date, int64(v.Months % 12), "M"}, {&date, int64(v.Days), "D"},
		{&clock, v.Microseconds / 3_600_000_000, "H"}, {&clock, v.Microseconds / 60_000_000 % 60, "M"},
	} {
		if part.value != 0 {
			fmt.Fprint(part.to, part.value, part.unit)
		}
	}
	if rest := v.Microseconds % 60_000_000; rest != 0 {
		seconds := new(big.Rat).SetFrac64(rest, 1_000_000).FloatString(6)
		fmt.Fprint(&clock, strings.TrimSuffix(strings.TrimRight(seconds, "0"), "."), "S")
	}
	switch {
	case clock.Len() > 0:
		return `"P` + date.String() + "T" + clock.String() + `"`, nil
	case date.Len() > 0:
		return `"P` + date.String() + `"`, nil
	}
	return `"PT0S"`, nil
}

// document parses JSON with the standard library and writes it again.
func document(raw json.RawMessage) (string, error) {
	if !json.Valid(raw) {
		return "", errors.New("not JSON")
	}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	return reprint.Value(v), nil
}
