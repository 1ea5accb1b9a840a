package pgbin_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate/source/postgres/pgbin"
)

// Arrays that are read as text are nested by dimension, with their elements as strings.
func TestTextArrays(t *testing.T) {
	for _, c := range []struct{ delimiters, text, want string }{
		{",", "{}", "[]"},
		{",", "{10.1.2.3/8,NULL,::1}", `["10.1.2.3/8", null, "::1"]`},
		{",", `{"NULL","","null"}`, `["NULL", "", "null"]`},
		{",", `[0:1]={a,b}`, `["a", "b"]`},
		{",", `[-1:0][2:3]={{a,b},{c,NULL}}`, `[["a", "b"], ["c", null]]`},
		{",", `{"[1,5)",empty,"(,)"}`, `["[1,5)", "empty", "(,)"]`},
		{",", `{"(1,\"a \\\\ \"\"b\"\"\",)"}`, `["(1,\"a \\\\ \"\"b\"\"\",)"]`},
		{",", `{"caf\\é","\"\""}`, `["caf\\\u00e9", "\"\""]`},
		{";", "{(1,1),(0,0);NULL;(2,2),(1,1)}", `["(1,1),(0,0)", null, "(2,2),(1,1)"]`},
		{":", "{0101:0102}", `["0101", "0102"]`},
		{",,", `{"{a,b}","[5:5]={NULL}",NULL,"{}"}`, `[["a", "b"], [null], null, []]`},
		{",,", `{"{\"a \\\"b\\\"\"}"}`, `[["a \"b\""]]`},
	} {
		a, err := pgbin.Delimiters(c.delimiters).DecodeArray([]byte(c.text))
		if got := string(pgbin.AppendTextArray([]byte("x"), a.Clone())); err != nil || got != "x"+c.want {
			t.Errorf("%s gives %s, %v, want %s", c.text, got, err, c.want)
		}
	}
	if got := string(pgbin.AppendTextArray(nil, pgbin.TextArray{})); got != "[]" {
		t.Errorf("the zero value is %s", got)
	}
}

// What is not the text of an array is refused.
func TestRefusedTextArrays(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "does not begin with a brace",
		"a":                "does not begin with a brace",
		"[0:1]":            "bounds have no end",
		"{":                "an element is missing",
		"{a":               "neither a delimiter nor a brace",
		"{a,}":             "an element is missing",
		"{,a}":             "an element is missing",
		`{"a}`:             "a quote has no end",
		`{"a\`:             "a quote has no end",
		`{"a"b}`:           "neither a delimiter nor a brace",
		`{a"b}`:            "without quotes",
		"{a}b":             "longer than its elements",
		"{{{{{{{a}}}}}}}":  "too many",
		"{\xff}":           "invalid UTF-8",
		"{{a},b}x":         "longer than its elements",
		`{"\\` + "\xc3\"}": "invalid UTF-8",
	} {
		if a, err := pgbin.Delimiters(",").DecodeArray([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %s, %v, want an error with %q", text, pgbin.AppendTextArray(nil, a), err, want)
		}
	}
	if _, err := pgbin.Delimiters(",,").DecodeArray([]byte("{a}")); err == nil {
		t.Error("an element that is no array is taken for one")
	}
}

// An hstore is an object of strings and nulls, its keys in order.
func TestHstore(t *testing.T) {
	pair := func(key, value string) string {
		return "000000" + hexByte(len(key)) + hexOf(key) + "000000" + hexByte(len(value)) + hexOf(value)
	}
	for _, c := range []struct{ wire, want string }{
		{"00000000", "{}"},
		{"00000001 00000001 61 ffffffff", `{"a": null}`},
		{"00000003" + pair("b", "") + pair("a", `"\`) + pair("aa", "é"), `{"a": "\"\\", "aa": "\u00e9", "b": ""}`},
		{"00000002" + pair("", "1") + pair("\x00", "2"), `{"": "1", "\u0000": "2"}`},
	} {
		h, err := pgbin.DecodeHstore(unhex(t, c.wire))
		if got := string(pgbin.AppendHstore([]byte("x"), h.Clone())); err != nil || got != "x"+c.want {
			t.Errorf("%s gives %s, %v, want %s", c.wire, got, err, c.want)
		}
	}
	for wire, want := range map[string]string{
		"":                                "too short",
		"00000001":                        "number of pairs",
		"00000000 00":                     "number of pairs",
		"ffffffff":                        "number of pairs",
		"00000001 00000001":               "length of a key or value",
		"00000001 ffffffff 00000000":      "a key is null",
		"00000001 00000001 ff ffffffff":   "UTF-8 at byte 0 of a key",
		"00000001 00000000 00000001 ff":   "UTF-8 at byte 0 of a value",
		"00000001 00000000 00000002 ff":   "length of a key or value",
		"00000001 00000000 ffffffff 6161": "number of pairs",
	} {
		if _, err := pgbin.DecodeHstore(unhex(t, wire)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want an error with %q", wire, err, want)
		}
	}
}

// An array of a domain over arrays is nested once more.
func TestNestedArrays(t *testing.T) {
	inner := "00000001 00000001 00000017 00000002 00000001 00000004 00000007 ffffffff"
	wire := "00000001 00000001 00010000 00000003 00000001" +
		"00000020" + inner + "ffffffff" + "0000000c 00000000 00000000 00000017"
	a, err := pgbin.Int4s.DecodeNestedArray(unhex(t, wire))
	if got := string(pgbin.AppendArray(nil, a)); err != nil || got != "[[7, null], null, []]" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := pgbin.Bools.DecodeNestedArray(unhex(t, wire)); err == nil {
		t.Error("elements of another type are taken")
	}
}

func hexByte(n int) string { return hexOf(string([]byte{byte(n)})) }

func hexOf(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}
