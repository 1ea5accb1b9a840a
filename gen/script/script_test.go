package script_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/script"
)

var (
	psql = script.Dialect{DollarQuotes: true, NestedComments: true, EscapeStrings: true, Bodies: true, PSQL: true}
	lite = script.Dialect{Backticks: true, Brackets: true, Bodies: true, DotCommands: true}
	my   = script.Dialect{Backslashes: true, Backticks: true, HashComments: true, Delimiter: true}
)

func split(d script.Dialect, text string) []string {
	var out []string
	p := script.Splitter{Dialect: d}
	for s := range p.Statements(&script.Source{Name: "x.sql", Text: text}) {
		out = append(out, s.Text)
	}
	return out
}

func TestStatements(t *testing.T) {
	for name, c := range map[string]struct {
		dialect script.Dialect
		text    string
		want    []string
	}{
		"quotes":   {psql, "a 'x;''y'; b \"c;d\";; e", []string{"a 'x;''y'", "b \"c;d\"", "e"}},
		"comments": {psql, "-- a;\n/* b; /* c; */ ; */ d; e -- f;", []string{"d", "e -- f;"}},
		"dollars": {psql, "a $$;$$; b $x$ $$;$y$ $x$; c $1; d$x$y;", []string{"a $$;$$", "b $x$ $$;$y$ $x$",
			"c $1", "d$x$y"}},
		"escapes": {psql, `a E'\';'; b '\'; c e'\\'; d`, []string{`a E'\';'`, `b '\'`, `c e'\\'`, "d"}},
		"atomic": {psql, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; x",
			[]string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END", "x"}},
		"transaction": {psql, "BEGIN; CREATE TABLE a (); COMMIT; END;", []string{"BEGIN", "CREATE TABLE a ()",
			"COMMIT", "END"}},
		"copy": {psql, "COPY a (b) FROM stdin;\n1\t';\n\\N\tCREATE TABLE x;\n\\.\nb; COPY (SELECT 1) TO STDOUT; c",
			[]string{"COPY a (b) FROM stdin", "b", "COPY (SELECT 1) TO STDOUT", "c"}},
		"copy in CRLF": {psql, "COPY a FROM STDIN WITH (FORMAT csv);\r\n1;\r\n\\.\r\nb;", []string{
			"COPY a FROM STDIN WITH (FORMAT csv)", "b"}},
		"commands": {psql, "\\restrict x;y\na;\n  \\echo 'b;'\nc \\g\nd \\; e; f \\gset x\n", []string{"a", "c ",
			"d  e", "f "}},
		"set": {psql, "\\set s app\n\\set q '''it''s'''\nCREATE TABLE :s.a (x text DEFAULT :'s', y :: int, z " +
			"int[1:2]); :\"s\"; :q; :u",
			[]string{"CREATE TABLE app.a (x text DEFAULT 'app', y :: int, z int[1:2])", `"app"`, "'it's'", ":u"}},
		"set by a command": {psql, "\\set d `date`\n:d; \\set e 1 \n\\unset e\n:e", []string{":d", ":e"}},
		"if": {psql, "\\if :{?s}\na;\n\\else\n\\set s x\nb :s;\n\\endif\n\\if 0\nc;\n\\elif yes\nd;\n\\elif " +
			"1\ne;\n\\endif\nf",
			[]string{"b x", "d", "f"}},
		"trigger": {lite, "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM " +
			"b; END; [c;d] `e;f`; g",
			[]string{"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM b; " +
				"END", "[c;d] `e;f`", "g"}},
		"dot commands": {lite, ".mode csv;\nBEGIN TRANSACTION; a;\n.quit\nCOMMIT", []string{"BEGIN TRANSACTION",
			"a", "COMMIT"}},
		"delimiter": {my, "a;\nDELIMITER //\nb; c //\ndelimiter ;\nd '\\';' # e;\n; f", []string{"a", "b; c ",
			"d '\\';' # e;\n", "f"}},
		"not closed": {psql, "a 'b; c", []string{"a 'b; c"}},
	} {
		if got := split(c.dialect, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q is split into\n%q, want\n%q", name, c.text, got, c.want)
		}
	}
}

// Every byte of a statement stands for one of the file, also after what was put in.
func TestPositions(t *testing.T) {
	text := "\\set long averylongname\né;\n  CREATE TABLE :long.x (\n  a int\n)"
	p := script.Splitter{Dialect: psql}
	var last script.Statement
	for s := range p.Statements(&script.Source{Name: "x.sql", Text: text}) {
		last = s
	}
	for word, want := range map[string]string{"CREATE": "3:3", "averylong": "3:16", "name.": "3:16", ".x": "3:21",
		"int": "4:5"} {
		line, col := last.Source.Position(last.At(strings.Index(last.Text, word)))
		if got := fmt.Sprintf("%d:%d", line, col); got != want {
			t.Errorf("%q is at %s, want %s", word, got, want)
		}
	}
}

func TestIncludes(t *testing.T) {
	files := map[string]string{"b.sql": "b; \\ir c.sql\n b2;", "c.sql": ":v; \\i c.sql\n"}
	p := script.Splitter{Dialect: psql, Open: func(name string, from *script.Source) (*script.Source, error) {
		text, ok := files[name]
		if !ok {
			return nil, errors.New("there is no such file")
		}
		return &script.Source{Name: name, Text: text}, nil
	}}
	var got []string
	for s := range p.Statements(&script.Source{Name: "a.sql", Text: "\\set v V\na;\n\\i 'b.sql'\n \\include " +
		"d.sql\n\\i :w\ne;"}) {
		if len(got) == 0 || got[len(got)-1] != s.Source.Name+" "+s.Text {
			got = append(got, s.Source.Name+" "+s.Text)
		}
	}
	want := []string{"a.sql a", "b.sql b", "c.sql V", "b.sql b2", "a.sql e"}
	if !slices.Equal(got, want) {
		t.Errorf("the statements are %q, want %q", got, want)
	}
	notes := strings.Join(p.Notes, "\n")
	for _, want := range []string{"c.sql:1:5: c.sql is left out: it is included by itself",
		"a.sql:4:2: d.sql is left out: there is no such file", "a.sql:5:1: \\i is left out: its file can't be " +
			"known here"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q:\n%s", want, notes)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE TABLE {{.prefix}}pay (id int)":      "{{.prefix}}",
		"CREATE TABLE \"{{ prefix }}pay\" (id int)": "{{ prefix }}",
		"CREATE TABLE @schema.pay (id int)":         "@schema",
		"CREATE TABLE :SCHEMA.pay (id int)":         ":SCHEMA",
		"CREATE TABLE :\"s\".pay (id int)":          ":\"s\"",
		"CREATE TABLE ${X}.pay (id int)":            "${X}",
		"CREATE TABLE {schema}.pay (id int)":        "{schema}",
		"CREATE TABLE <%= p %>.pay (id int)":        "<%= p %>",
		"CREATE TABLE %(p)s.pay (id int)":           "%(p)s",
		"CREATE TABLE #__pay (id int)":              "#__pay",
		"CREATE TABLE pay (a text DEFAULT '{{x}} :y', b int[1:2], c text DEFAULT 'z'::text) -- {{w}}": "",
	} {
		got, p := "", (&script.Statement{Text: text}).Placeholder(psql)
		if p != nil {
			got = p.Text
			if text[p.Offset:p.Offset+len(got)] != got || !strings.Contains(p.Error(), got+" stands for") {
				t.Errorf("%q: %v at %d", text, p, p.Offset)
			}
		}
		if got != want {
			t.Errorf("in %q stands %q, want %q", text, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	utf16 := func(s string, little bool) string {
		var b strings.Builder
		for _, r := range s {
			if little {
				b.WriteString(string([]byte{byte(r), byte(r >> 8)}))
			} else {
				b.WriteString(string([]byte{byte(r >> 8), byte(r)}))
			}
		}
		return b.String()
	}
	for name, c := range map[string]struct{ content, text, note string }{
		"mark":            {"\ufeffé", "é", ""},
		"UTF-16":          {"\xff\xfe" + utf16("é;x", true), "é;x", "read as UTF-16"},
		"big UTF-16":      {"\xfe\xff" + utf16("é;x", false), "é;x", "read as UTF-16"},
		"UTF-16, no mark": {utf16("SELECT", true), "SELECT", "read as UTF-16"},
		"latin1": {"SET client_encoding = 'LATIN1';\n\xe9", "SET client_encoding = 'LATIN1';\né",
			"read as LATIN1"},
		"cyrillic": {"set client_encoding to WIN1251;\n\xe9", "set client_encoding to WIN1251;\nй",
			"read as WIN1251"},
		"EUC_JP":            {"SET NAMES EUC_JP;\xc6\xfc", "SET NAMES EUC_JP;日", "read as EUC_JP"},
		"saved as UTF-8":    {"SET client_encoding = 'LATIN1';é", "SET client_encoding = 'LATIN1';é", ""},
		"invalid, no name":  {"a\xe9b", "a\ufffdb", ""},
		"UTF-8, but broken": {"SET client_encoding = 'UTF8';\xe9", "SET client_encoding = 'UTF8';\ufffd", ""},
	} {
		text, note, err := script.Decode([]byte(c.content))
		if text != c.text || note != c.note || err != nil {
			t.Errorf("%s: %q is %q (%s), want %q (%s): %v", name, c.content, text, note, c.text, c.note, err)
		}
	}
	for content, want := range map[string]string{"PGDMP\x01\x0e": "pg_restore", "SQLite format 3\x00\x10": ".schema",
		"\x1f\x8b\x08": "gunzip", "a\x00b": "no text"} {
		if _, _, err := script.Decode([]byte(content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is refused with %v, want %s", content, err, want)
		}
	}
}

// A text of any kind is split into statements that stand in it, in their order.
func FuzzStatements(f *testing.F) {
	for _, seed := range []string{"a;b", "\\set a b\n:a;", "COPY a FROM stdin;\nx\n\\.\n", "'", "$$", "/*",
		"E'\\", "\\", ":", "\\if",
		"CREATE TRIGGER a BEGIN", "delimiter //\n", ".read x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []script.Dialect{psql, lite, my} {
			end := 0
			p := script.Splitter{Dialect: d}
			for s := range p.Statements(&script.Source{Name: "x.sql", Text: text}) {
				if s.Pos < end || s.End < s.Pos || s.End > len(text) {
					t.Fatalf("%q: a statement from %d to %d after %d", text, s.Pos, s.End, end)
				}
				end = s.End
				for _, l := range d.Lexemes(s.Text) {
					if at := s.At(l.Pos); at < s.Pos || at > s.End {
						t.Fatalf("%q: %q stands at %d, out of %d to %d", text, l.Text, at, s.Pos, s.End)
					}
				}
				_ = s.Placeholder(d) // it must not panic
			}
		}
	})
}
