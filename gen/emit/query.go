package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/repliqate/repliqate/gen/engine"
	"github.com/repliqate/repliqate/gen/model"
)

// query prints the SQL and the scan of its result.
func query(f *jen.File, t table) {
	body := common(t.Queries)
	if body != "" {
		doc(f, "selectRows is what all queries begin with.")
		f.Const().Id("selectRows").Op("=").Add(engine.Raw(body))
		f.Line()
	}
	doc(f, "The keyset queries: from the first row on, from a key on, the row of one key, and the rows of a list of "+
		"keys. query.sql has them whole.")
	text := func(sql string) jen.Code {
		if body == "" {
			return engine.Raw(sql)
		}
		return jen.Id("selectRows").Op("+").Add(engine.Raw(strings.TrimPrefix(sql, body)))
	}
	f.Const().Defs(
		jen.Id("firstQuery").Op("=").Add(text(t.Queries.First)),
		jen.Line().Id("nextQuery").Op("=").Add(text(t.Queries.Next)),
		jen.Line().Id("atQuery").Op("=").Add(text(t.Queries.At)),
		jen.Line().Id("lookupQuery").Op("=").Add(text(t.Queries.Lookup)),
	)

	f.Line()
	doc(f, "Scan decodes the columns of a result into r.")
	lines := []jen.Code{}
	for i := range t.Columns {
		c := &t.Columns[i]
		lines = append(lines, jen.Id("r").Dot(c.GoName).Op("=").Add(c.Kind.Code.Scan(c, i)))
	}
	lines = append(lines, jen.Return(jen.Err()))
	f.Func().Id("Scan").Params(rowParam(), t.source.Result()).Params(jen.Err().Error()).Block(lines...)

	key := t.KeyColumn()
	f.Line()
	doc(f, "scanKey decodes the key alone, so that a row that can't be scanned can be named.")
	f.Func().Id("scanKey").Params(t.source.Result()).Params(jen.Id("key").Add(t.KeyType()), jen.Err().Error()).Block(
		jen.Id("key").Op("=").Add(asKey(t, key.Kind.Code.Scan(key, t.Key))),
		jen.Return(jen.Id("key"), jen.Err()),
	)
}

// asKey converts a value of the key column, unless it has the key's type already.
func asKey(t table, value *jen.Statement) *jen.Statement {
	key := t.KeyColumn()
	if key.Kind.Code.Type(key).GoString() == key.Kind.Key {
		return value
	}
	return t.KeyType().Parens(value)
}

// common returns the lines that all queries begin with, or nothing if there are none.
func common(q model.Queries) string {
	body := q.First
	for _, other := range []string{q.Next, q.At, q.Lookup} {
		n := 0
		for n < min(len(body), len(other)) && body[n] == other[n] {
			n++
		}
		body = body[:n]
	}
	return body[:max(strings.LastIndexByte(body, '\n'), 0)]
}
