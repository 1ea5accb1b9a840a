package deps

// engine is what these tests know of an engine. A new engine is one entry of engines.
type engine struct {
	drivers []string // packages that tell its driver: the replicators of other engines link none of them

	rowPackages  []string // below replicate/source, on the way of a row as a whole, such as its decoders
	rowFunctions []string // on the way of a row in the source itself
	onlyStandard []string // packages below replicate/source that import the standard library alone
}

// engines are known by the name that generated code has in its header, which is also their source's folder.
var engines = map[string]engine{
	"postgres": {
		drivers:      []string{"github.com/jackc/pgx", "github.com/lib/pq"},
		rowPackages:  []string{"postgres/pgbin"},
		rowFunctions: []string{"nextRow", "appendInt8"},
		onlyStandard: []string{"postgres/pgbin"},
	},
	"sqlite": {
		drivers:      []string{"zombiezen.com/go/sqlite", "modernc.org/sqlite", "github.com/ncruces/go-sqlite3"},
		rowPackages:  []string{"sqlite/sqlval"},
		rowFunctions: []string{"read"},
	},
	"mysql": {
		drivers: []string{module + "/replicate/source/mysql/internal/wire", "github.com/go-sql-driver/mysql",
			"github.com/go-mysql-org"},
		rowPackages:  []string{"mysql/mybin"},
		rowFunctions: []string{"nextRow"},
		onlyStandard: []string{"mysql/mybin"},
	},
}
