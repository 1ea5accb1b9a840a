package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/internal/nearest"
	"github.com/repliqate/repliqate/replicate/canonical"
)

// textTypes are the types that are read as text: their numbers, those of their arrays, and the sample.
var textTypes = []struct {
	names      string
	oid, array uint32
	sample     string
}{
	{"money", 790, 791, "-$1,234.50"},
	{"bit", 1560, 1561, "101"}, {"varbit,bit varying", 1562, 1563, "0110"},
	{"inet", 869, 1041, "10.1.2.3/8"}, {"cidr", 650, 651, "2001:db8::/32"},
	{"macaddr", 829, 1040, "08:00:2b:01:02:03"}, {"macaddr8", 774, 775, "08:00:2b:01:02:03:04:05"},
	{"xml", 142, 143, `<a b="c">&amp;</a>`}, {"jsonpath", 4072, 4073, `$."a"[*]`},
	{"tsvector", 3614, 3643, `'a':1A 'b c':2`}, {"tsquery", 3615, 3645, `'a' & !'b c'`},
	{"gtsvector", 3642, 3644, "1 true bits, 2 false bits"},
	{"point", 600, 1017, "(1.5,-2)"}, {"lseg", 601, 1018, "[(0,0),(1,1)]"}, {"path", 602, 1019, "((0,0),(1,1))"},
	{"box", 603, 1020, "(1,1),(0,0)"}, {"polygon", 604, 1027, "((0,0),(1,0),(0,1))"}, {"line", 628, 629, "{1,-1,0}"},
	{"circle", 718, 719, "<(0,0),2>"},
	{"int4range", 3904, 3905, "[1,5)"}, {"int8range", 3926, 3927, "(,5)"}, {"numrange", 3906, 3907, "(1.50,2]"},
	{"tsrange", 3908, 3909, `["2024-01-03 07:20:17",)`}, {"tstzrange", 3910, 3911, `["2024-01-03 07:20:17+00",)`},
	{"daterange", 3912, 3913, "empty"}, {"int4multirange", 4451, 6150, "{[1,5),[7,)}"},
	{"int8multirange", 4536, 6157, "{}"}, {"nummultirange", 4532, 6151, "{(1.50,2]}"},
	{"tsmultirange", 4533, 6152, `{["2024-01-03 07:20:17",)}`}, {"tstzmultirange", 4534, 6153, "{(,)}"},
	{"datemultirange", 4535, 6155, "{[2024-02-29,2024-03-01)}"},
	{"xid", 28, 1011, "4294967295"}, {"xid8", 5069, 271, "18446744073709551615"}, {"cid", 29, 1012, "7"},
	{"tid", 27, 1010, "(0,1)"}, {"pg_lsn", 3220, 3221, "16/B374D848"},
	{"pg_snapshot", 5038, 5039, "10:20:10,14,15"}, {"txid_snapshot", 2970, 2949, "10:20:10,14,15"},
	{"refcursor", 1790, 2201, "cursor"}, {"regclass", 2205, 2210, "pg_class"}, {"regproc", 24, 1008, "now"},
	{"regprocedure", 2202, 2207, "abs(integer)"}, {"regoper", 2203, 2208, "pg_catalog.||/"},
	{"regoperator", 2204, 2209, "*(integer,integer)"}, {"regtype", 2206, 2211, "integer"},
	{"regrole", 4096, 4097, "postgres"}, {"regnamespace", 4089, 4090, "pg_catalog"},
	{"regconfig", 3734, 3735, "english"}, {"regdictionary", 3769, 3770, "simple"},
	{"regcollation", 4191, 4192, `"C"`}, {"oidvector", 30, 1013, "1 2"}, {"int2vector", 22, 1006, "1 2"},
	{"aclitem", 1033, 1034, "=r/postgres"},
	{"pg_node_tree", 194, 0, "{CONST}"}, {"pg_ndistinct", 3361, 0, `{"1, 2": 3}`},
	{"pg_dependencies", 3402, 0, `{"1 => 2": 1.000000}`}, {"pg_mcv_list", 5017, 0, `\x00`},
}

func readAsText() (all []typ) {
	for _, t := range textTypes {
		all = append(all, asText(t.names, t.oid, t.array, t.sample))
	}
	return all
}

func asText(names string, oid, array uint32, sample string) typ {
	return typ{names, oid, array, "string", "DecodeText", "AppendText", "", asString, true, sample,
		string(canonical.AppendString(nil, sample))}
}

// other is every type that the database does not have by itself: composite types, ranges, and those of extensions.
var other = asText("other", 0, 0, `(1,"a ""b""\\ ",)`)

// delimiters are what separates the elements of arrays, if it is not a comma.
var delimiters = map[string]string{"box": ";", "geometry": ":", "geography": ":"}

// extensionTypes are types that well-known extensions define.
var extensionTypes = strings.Fields(`citext ltree lquery ltxtquery cube seg ean13 isbn isbn13 ismn ismn13 issn issn13
	upc vector halfvec sparsevec geometry geography box2d box3d raster topogeometry h3index semver int1 uint1 uint2 uint4
	uint8 int16 uint16 ip4 ip4r ip6 ip6r ipaddress iprange hll roaringbitmap roaringbitmap64 mol qmol agtype graphid
	query_int debversion emailaddr uri mpz mpq md5 sha1 sha224 sha256 sha384 sha512 crc32 prefix_range tdigest
	jsquery spoint scircle sline spath spoly sellipse sbox`)

// mistakenTypes are types of other databases, by what they are here.
var mistakenTypes = map[string]string{
	"datetime": "timestamp", "datetime2": "timestamp", "smalldatetime": "timestamp", "tinyint": "smallint",
	"mediumint": "integer", "double": "double precision", "number": "numeric", "string": "text", "str": "text",
	"nvarchar": "varchar", "varchar2": "varchar", "nvarchar2": "varchar", "ntext": "text", "tinytext": "text",
	"mediumtext": "text", "longtext": "text", "clob": "text", "blob": "bytea", "longblob": "bytea", "binary": "bytea",
	"varbinary": "bytea", "bytes": "bytea", "long": "bigint", "guid": "uuid", "uniqueidentifier": "uuid",
	"autoincrement": "bigserial", "enum": "text",
}

// unknown says what becomes of a type that the database does not have by itself, and that the schema files don't
// define. An extension may define it; but a mistyped name is not to be taken for that.
func unknown(t ddl.Type, leaf string) (assumed bool, err error) {
	elsewhere := t.Schema != "" && t.Schema != schema && t.Schema != "pg_catalog"
	if t.Defined || elsewhere || slices.Contains(extensionTypes, leaf) {
		return !t.Defined, nil
	}
	near := nearTypes(leaf)
	if t.Extensions && !mistyped(leaf, near[0]) {
		return true, nil
	}
	return false, fmt.Errorf("type %s is not known: the nearest names are %s; if an extension or another file defines "+
		"it, add CREATE EXTENSION or CREATE TYPE %s; to the schema", leaf, strings.Join(near, ", "), quote(leaf))
}

// nearTypes are the types that a person may have meant.
func nearTypes(name string) []string {
	name = strings.ToLower(name)
	if meant := mistakenTypes[name]; meant != "" {
		return []string{meant}
	}
	var all []string
	for _, t := range types {
		all = append(all, strings.Split(t.names, ",")...)
	}
	slices.Sort(all)
	return nearest.Some(name, append(all, extensionTypes...), 3)
}

// mistyped reports whether a name differs from a known one by no more than a slip: a quarter of it at most.
func mistyped(name, known string) bool {
	name = strings.ToLower(name)
	return mistakenTypes[name] != "" || nearest.Distance(name, known) <= max(1, len(name)/4)
}
