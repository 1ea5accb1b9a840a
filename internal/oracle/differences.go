package oracle

import "strings"

// Differs reports whether a table of the schema holds nothing but rows that differ.
func (t *Table) Differs() bool { return differ(t.Name) }

func differ(table string) bool {
	return table == "differences" || strings.HasPrefix(table, "differences_")
}

// Difference is a value that we publish otherwise than the Python daemon, by design. docs/types.md tells users.
type Difference struct {
	Column string
	Value  string // as in the vector's row
	Ours   string // what our data has
	Why    string
}

// Why something differs.
const (
	notANumber  = "JSON has no number for it, and the Python daemon writes a word that JSON does not know"
	date        = "the Python daemon can't write dates and times"
	decimal     = "the Python daemon can't write decimals"
	binaryValue = "the Python daemon can't write binary values"
	declared    = "the Python daemon reads the column by its declared type and not by the value's storage class"
	enumArray   = "the Python daemon misreads arrays of enums that hold more than plain labels"
	jsonArray   = "the Python daemon takes a document that is an array, where it comes first, for a dimension"
	domainArray = "the Python daemon takes an array of a domain for its text"
	pythonLimit = "Python refuses such long integers and such deep nesting"
	noDocument  = "the Python daemon can't read what is not JSON"
	shortFloat  = "the Python daemon is shown six digits of a FLOAT"
	double      = "the Python daemon makes a decimal of a double, and can't write it"
	zeroes      = "the server pads the zeros of a date with a fraction for the Python daemon"
	setOfLabels = "the Python daemon makes a set of it, and can't write that"
	label       = "the Python daemon is shown labels without what is beyond the BMP, and misses the value among them"
	geometry    = "the Python daemon does not know the type, and can't write its bytes"
	vector      = "the Python daemon can't read a table that has a column of this type"
	jsonAsText  = "MariaDB's json is a longtext, and the Python daemon publishes it as a string"
	bounds      = "the Python daemon's driver can't read bounds of more than one dimension"
)

// differences are all differences by design, by engine.
var differences = map[string][]Difference{
	"postgres": {
		{"f4", "NaN", `"NaN"`, notANumber},
		{"f4", "Infinity", `"Infinity"`, notANumber},
		{"f4", "-Infinity", `"-Infinity"`, notANumber},
		{"f8", "NaN", `"NaN"`, notANumber},
		{"f8", "Infinity", `"Infinity"`, notANumber},
		{"f8", "-Infinity", `"-Infinity"`, notANumber},
		{"a_f8", "{NaN,1}", `["NaN", 1.0]`, notANumber},
		{"j", "1e400", `"Infinity"`, notANumber},
		{"j", `{"a": [-1e400]}`, `{"a": ["-Infinity"]}`, notANumber},
		{"a_j", `{"[1e400]"}`, `[["Infinity"]]`, notANumber},
		{"a_j", `{"[1]","{\"a\": 2}"}`, `[[1], {"a": 2}]`, jsonArray},
		{"a_j", `{"[]",1.5}`, "[[], 1.5]", jsonArray},
		{"j", "1" + strings.Repeat("0", 5000), "1" + strings.Repeat("0", 5000), pythonLimit},
		{"j", strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
			strings.Repeat("[", 2000) + strings.Repeat("]", 2000), pythonLimit},
		{"dec", "12.50", `"12.50"`, decimal},
		{"dec", "-0.00", `"0.00"`, decimal},
		{"dec", "NaN", `"NaN"`, decimal},
		{"money_2", "12.5", `"12.50"`, decimal},
		{"a_dec", "{1.50,NULL}", `["1.50", null]`, decimal},
		{"raw", `\x00ff10`, `"AP8Q"`, binaryValue},
		{"raw", `\x`, `""`, binaryValue},
		{"a_raw", `{"\\x00ff"}`, `["AP8="]`, binaryValue},
		{"day", "2024-02-29", `"2024-02-29"`, date},
		{"day", "infinity", `"infinity"`, date},
		{"day", "0044-03-15 BC", `"0044-03-15 BC"`, date},
		{"a_day", "{2024-02-29}", `["2024-02-29"]`, date},
		{"tod", "07:20:17.5", `"07:20:17.5"`, date},
		{"a_tod", "{07:20}", `["07:20:00"]`, date},
		{"todz", "07:20:17+02:30", `"07:20:17+02:30"`, date},
		{"a_todz", "{07:20+01}", `["07:20:00+01:00"]`, date},
		{"ts", "2024-01-03 07:20:17.123456", `"2024-01-03T07:20:17.123456"`, date},
		{"ts", "-infinity", `"-infinity"`, date},
		{"a_ts", "{2024-01-03 07:20:17}", `["2024-01-03T07:20:17"]`, date},
		{"tsz", "2024-01-03 07:20:17+01", `"2024-01-03T06:20:17Z"`, date},
		{"a_tsz", "{2024-01-03 07:20:17Z,infinity}", `["2024-01-03T07:20:17Z", "infinity"]`, date},
		{"span", "1 year 2 months -3 days 04:05:06.5", `"P1Y2M-3DT4H5M6.5S"`, date},
		{"a_span", "{1 day,NULL}", `["P1D", null]`, date},
		{"a_i4", "[0:1][2:3]={{1,2},{3,4}}", "[[1, 2], [3, 4]]", bounds},
		{"a_p", "{1,2}", "[1, 2]", domainArray},
		{"a_m", "{sad,NULL}", `["sad", null]`, enumArray},
		{"a_m", `{"a b"}`, `["a b"]`, enumArray},
		{"a_m", "{{sad},{happy}}", `[["sad"], ["happy"]]`, enumArray},
	},
	"mysql": {
		{"f4", "16777217", "16777216.0", shortFloat},
		{"f4", "123456.7", "123456.7", shortFloat},
		{"f4", "3.4028235e38", "3.4028235e+38", shortFloat},
		{"f4", "67108896", "67108896.0", shortFloat},
		{"f4", "1e-45", "1e-45", shortFloat},
		{"f8", "0.1", "0.1", double},
		{"f8", "1e16", "1e+16", double},
		{"f8", "5e-324", "5e-324", double},
		{"f8", "1.7976931348623157e308", "1.7976931348623157e+308", double},
		{"f8", "-0e0", "-0.0", double},
		{"f8u", "2.5", "2.5", double},
		{"re", "0.30000000000000004", "0.30000000000000004", double},
		{"dec_2", "12.5", `"12.50"`, decimal},
		{"dec_2", "-0.01", `"-0.01"`, decimal},
		{"dec_2", "0", `"0.00"`, decimal},
		{"dec_u", "12.5", `"12.50"`, decimal},
		{"day", "'2024-02-29'", `"2024-02-29"`, date},
		{"tod", "'-838:59:59'", `"-838:59:59"`, date},
		{"tod", "'-00:00:00.000001'", `"-00:00:00.000001"`, date},
		{"tod", "'24:00:00.5'", `"24:00:00.5"`, date},
		{"tod", "'07:20:17'", `"07:20:17"`, date},
		{"tod", "'00:00:00'", `"00:00:00"`, date},
		{"at", "'2024-01-03 07:20:17'", `"2024-01-03T07:20:17"`, date},
		{"at_6", "'2024-01-03 07:20:17.12345'", `"2024-01-03T07:20:17.12345"`, date},
		{"at_6", "'0000-00-00'", `"0000-00-00 00:00:00"`, zeroes},
		{"at_6", "'2024-02-00 00:00:00'", `"2024-02-00 00:00:00"`, zeroes},
		{"ts", "'2024-01-03 07:20:17'", `"2024-01-03T07:20:17Z"`, date},
		{"ts_6", "'2024-01-03 07:20:17.5'", `"2024-01-03T07:20:17.5Z"`, date},
		{"ts_6", "'0000-00-00'", `"0000-00-00 00:00:00"`, zeroes},
		{"bi", "x'6100'", `"YQAA"`, binaryValue},
		{"vb", "x'00ff'", `"AP8="`, binaryValue},
		{"vcb", "'abc'", `"YWJj"`, binaryValue},
		{"tb", "''", `""`, binaryValue},
		{"bl", "x'00ff10'", `"AP8Q"`, binaryValue},
		{"mb", "'a'", `"YQ=="`, binaryValue},
		{"lb", "'b'", `"Yg=="`, binaryValue},
		{"s", "'y z,x'", `"x,y z"`, setOfLabels},
		{"s", "''", `""`, setOfLabels},
		{"m", "_utf8mb4 x'6772c3b6c39f6520f09f9880'", `"gr\u00f6\u00dfe \ud83d\ude00"`, label},
		{"ge", "ST_GeomFromText('POINT(1 2)')", `"AQEAAAAAAAAAAADwPwAAAAAAAABA"`, geometry},
		{"ge", "ST_GeomFromText('POINT(1 2)', 3857)", `"AQEAACARDwAAAAAAAAAA8D8AAAAAAAAAQA=="`, geometry},
		{"po", "ST_GeomFromText('POINT(3 4)')", `"AQEAAAAAAAAAAAAIQAAAAAAAABBA"`, geometry},
		{"li", "ST_GeomFromText('LINESTRING(0 0,1 1)')",
			`"AQIAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAA8D8="`, geometry},
		{"pg", "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')", `"AQMAAAABAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADwPwAA` +
			`AAAAAAAAAAAAAAAA8D8AAAAAAADwPwAAAAAAAAAAAAAAAAAAAAA="`, geometry},
		{"mpo", "ST_GeomFromText('MULTIPOINT(0 0,1 1)')",
			`"AQQAAAACAAAAAQEAAAAAAAAAAAAAAAAAAAAAAAAAAQEAAAAAAAAAAADwPwAAAAAAAPA/"`, geometry},
		{"mli", "ST_GeomFromText('MULTILINESTRING((0 0,1 1))')",
			`"AQUAAAABAAAAAQIAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAA8D8="`, geometry},
		{"mpg", "ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))')", `"AQYAAAABAAAAAQMAAAABAAAABAAAAAAAAAAAAAAAAAAAAAAA` +
			`AAAAAAAAAADwPwAAAAAAAAAAAAAAAAAA8D8AAAAAAADwPwAAAAAAAAAAAAAAAAAAAAA="`, geometry},
		{"gc", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2))')", `"AQcAAAABAAAAAQEAAAAAAAAAAADwPwAAAAAAAABA"`, geometry},
		{"vec", "STRING_TO_VECTOR('[1,-2.5,0.1]')", "[1.0, -2.5, 0.1]", vector},
		{"j", `'{"b": 1.10, "a": [1e5, null]}'`, `{"a": [100000.0, null], "b": 1.1}`, jsonAsText},
		{"j", "'5'", "5", jsonAsText},
		{"j", `'"x"'`, `"x"`, jsonAsText},
		{"j", `'{"a": 1, "a": 2}'`, `{"a": 2}`, jsonAsText},
	},
	"sqlite": {
		{"r", "real:7ff0000000000000", `"Infinity"`, notANumber},
		{"r", "real:fff0000000000000", `"-Infinity"`, notANumber},
		{"b", "integer:2", "2", "the Python daemon publishes true for anything but 0"},
		{"b", "text:yes", `"yes"`, "the Python daemon publishes true for anything but 0"},
		{"b", "real:3fe0000000000000", "0.5", "the Python daemon publishes true for anything but 0"},
		{"t", "blob:AP8=", `"AP8="`, binaryValue},
		{"raw", "blob:AAECAwQFBg==", `"AAECAwQFBg=="`, binaryValue},
		{"raw", "blob:", `""`, binaryValue},
		{"raw", "text:abc", `"abc"`, declared},
		{"j", "text:{", `"{"`, noDocument},
		{"j", "text:", `""`, noDocument},
		{"j", "text:NaN", `"NaN"`, notANumber},
		{"j", "text:[Infinity]", `"[Infinity]"`, notANumber},
		{"j", "text:[1e400]", `["Infinity"]`, notANumber},
		{"j", "text:" + strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
			strings.Repeat("[", 2000) + strings.Repeat("]", 2000), pythonLimit},
		{"jb", `text:{"b": 1, "a": 2}`, `{"a": 2, "b": 1}`, declared},
		{"n", "integer:1", "1", decimal},
		{"n", "real:3ff8000000000000", "1.5", decimal},
		{"n", "text:abc", `"abc"`, declared},
		{"dec", "text:12.50", "12.5", decimal},
		{"day", "text:2024-02-29", `"2024-02-29"`, date},
		{"day", "text:29.2.2024", `"29.2.2024"`, declared},
		{"tod", "text:07:20:17.000000", `"07:20:17.000000"`, date},
		{"at", "text:2024-01-03 07:20:17.000000", `"2024-01-03 07:20:17.000000"`, date},
		{"at", "integer:1704266417", "1704266417", declared},
		{"ts", "text:2024-01-03T07:20:17Z", `"2024-01-03T07:20:17Z"`, declared},
		{"s", "text:abc", `"abc"`, declared},
		{"s", "text:5", "5", declared},
	},
}
