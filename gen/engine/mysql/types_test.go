package mysql

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/ddl"
	"github.com/repliqate/repliqate/gen/model"
)

// Every type has a sample for generated tests, whose JSON is JSON.
func TestEveryTypeHasASample(t *testing.T) {
	for _, row := range types {
		for name := range strings.SplitSeq(row.names, ",") {
			kind, err := kindOf(ddl.Type{Name: name})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if code := kind.Code.(code); code.wire == "" || !json.Valid([]byte(kind.JSON)) {
				t.Errorf("%s: sample %q, %s", kind.Type, code.wire, kind.JSON)
			}
			if got := kind.Code.Golden(&model.Column{}).GoString(); !strings.HasPrefix(got, "[]byte(") {
				t.Errorf("%s: the sample is printed as %s", kind.Type, got)
			}
		}
	}
	if _, err := kindOf(ddl.Type{Name: "xmltype"}); err == nil || !strings.Contains(err.Error(), "xmltype") {
		t.Errorf("an unknown type is not refused by its name: %v", err)
	}
}

// spellings are ways to write a column, and the type that the catalog of the live table has for it.
var spellings = [][2]string{
	{"INT1", "tinyint"}, {"BOOL", "tinyint"}, {"BOOLEAN", "tinyint"}, {"tinyint(1)", "tinyint"}, {"INT2", "smallint"},
	{"INT3", "mediumint"}, {"MIDDLEINT unsigned", "mediumint unsigned"}, {"INT4", "int"}, {"INTEGER", "int"},
	{"INT8", "bigint"}, {"SERIAL", "bigint unsigned"}, {"bigint(20) UNSIGNED ZEROFILL", "bigint unsigned"},
	{"int zerofill", "int unsigned"}, {"int signed", "int"}, {"DEC(3,1)", "decimal"}, {"FIXED", "decimal"},
	{"NUMERIC(5)", "decimal"}, {"decimal(5,2) unsigned", "decimal unsigned"}, {"FLOAT4", "float"}, {"FLOAT(24)", "float"},
	{"FLOAT(25)", "double"}, {"FLOAT(7,4)", "float"}, {"FLOAT8", "double"}, {"REAL", "double"},
	{"DOUBLE PRECISION(5,2) UNSIGNED", "double unsigned"}, {"bit", "bit"}, {"BIT(64)", "bit"}, {"YEAR(4)", "year"},
	{"datetime(6)", "datetime"}, {"timestamp(3) NULL", "timestamp"}, {"TIME", "time"},
	{"CHARACTER(3)", "char"}, {"NATIONAL CHAR(3)", "char"}, {"NCHAR", "char"}, {"CHAR BYTE", "binary"},
	{"CHAR(3) BYTE", "binary"}, {"CHARACTER VARYING(9)", "varchar"}, {"NATIONAL CHARACTER VARYING(9)", "varchar"},
	{"NCHAR VARCHAR(9)", "varchar"}, {"NVARCHAR(9)", "varchar"}, {"varchar(9) BINARY", "varchar"},
	{"varchar(9) COLLATE utf8mb4_bin", "varchar"}, {"varchar(9) CHARACTER SET binary", "varbinary"},
	{"varchar(9) COLLATE binary", "varbinary"}, {"varchar(9) CHARSET latin1 COLLATE latin1_bin", "varchar"},
	{"varchar(9) ASCII", "varchar"}, {"LONG", "mediumtext"}, {"LONG VARCHAR", "mediumtext"},
	{"LONG VARBINARY", "mediumblob"}, {"TEXT(10)", "tinytext"}, {"TEXT(300)", "text"}, {"text(70000)", "mediumtext"},
	{"BLOB(255)", "tinyblob"}, {"BLOB(256)", "blob"}, {"BLOB(16777216)", "longblob"}, {"text charset binary", "blob"},
	{"enum('a','b''c',\"d\\\"e\")", "enum"}, {"set('a,','b') COLLATE utf8mb4_bin", "set"}, {"JSON", "json"},
	{"longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`c`))", "json"},
	{"longtext CHECK (length(`c`) > 3)", "longtext"}, {"uuid DEFAULT uuid()", "uuid"}, {"INET4", "inet4"},
	{"inet6", "inet6"}, {"vector(3)", "vector"}, {"point SRID 4326", "point"}, {"GEOMCOLLECTION", "geometrycollection"},
	{"geometry REF_SYSTEM_ID=3857", "geometry"}, {"varchar(9) COMPRESSED", "varchar"},
	{"blob COMPRESSED=zlib", "blob"}, {"int DEFAULT -1", "int"}, {"int DEFAULT (1 + 2) CHECK (`c` > 0)", "int"},
	{"bit(3) DEFAULT b'101'", "bit"}, {"varchar(9) DEFAULT _utf8mb4'x' COMMENT 'it''s'", "varchar"},
	{"timestamp DEFAULT current_timestamp() ON UPDATE current_timestamp()", "timestamp"},
	{"int GENERATED ALWAYS AS (1 + 1) STORED", "int"}, {"int AS (abs(2)) PERSISTENT", "int"},
	{"int /*!80023 INVISIBLE */", "int"}, {"int INVISIBLE DEFAULT 3", "int"},
	{"int REFERENCES other (id) ON DELETE SET NULL ON UPDATE CASCADE", "int"},
	{"int COLUMN_FORMAT DYNAMIC STORAGE DISK", "int"}, {"bigint DEFAULT nextval(`s`)", "bigint"},
	{"bigint DEFAULT NEXT VALUE FOR `db`.`s`", "bigint"}, {"int DEFAULT NULL", "int"},
	{"int ENGINE_ATTRIBUTE '{\"a\": 1}'", "int"}, {"varchar(9) DEFAULT concat('a', 'b')", "varchar"},
	{"decimal(4,2) DEFAULT 1.50", "decimal"}, {"int WITHOUT SYSTEM VERSIONING", "int"},
	{"double DEFAULT -1.5e10", "double"}, {"datetime DEFAULT now() + interval 1 day", "datetime"},
}

// However a column is written, its type is the one that the live table is found to have.
func TestSpellings(t *testing.T) {
	for _, s := range spellings {
		f := parse(t, "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, c "+s[0]+", last int) ENGINE=InnoDB;")
		table := f.Tables[0]
		if table.Mistake != nil || len(table.Columns) != 3 {
			t.Errorf("%s: %d columns, %v", s[0], len(table.Columns), table.Mistake)
			continue
		}
		if got := table.Columns[1].Type.Name; got != s[1] {
			t.Errorf("%s is read as %s, want %s", s[0], got, s[1])
		}
	}
}

func parse(t *testing.T, text string) *ddl.File {
	t.Helper()
	f, err := ddl.New("s.sql", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f.Aliases = ddl.NewAliases()
	if err := read([]*ddl.File{f}); err != nil {
		t.Fatal(err)
	}
	if len(f.Tables) == 0 {
		t.Fatalf("no table is found in %s", text)
	}
	return f
}
