package crashloop

import (
	"context"
	"os"
	"testing"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/trial"
)

// engines are the databases that a seed chooses from. A further one is a file of its own and a line here.
var engines = []engine{postgres, mariadb, mysql}

// engineOf is the seed's choice.
func engineOf(seed uint64) engine { return engines[seed%uint64(len(engines))] }

// engine is what this package knows of a database.
type engine struct {
	product string
	table   string // of schemas; a row of it has the columns of an order
	start   func(ctx context.Context, ddl string) (*database, error)
	words   words
}

// server can crash and come back.
type server interface {
	Kill() error
	Start(ctx context.Context) error
	Stop() error
}

// database is a running server that has the table.
type database struct {
	server
	addr    string
	uri     func(addr string) string // as the replicator's configuration has it
	connect func(ctx context.Context) (session, error)
	keys    func(ctx context.Context) ([]int64, error)
	rows    func(ctx context.Context) (map[int64]trial.RowSum, error)
}

// session is a writer's connection.
type session interface {
	exec(ctx context.Context, statements string) error
	prepared(ctx context.Context) (ids []string, err error) // transactions that wait for their second phase
	close()
}

// words are how an engine says what writers do, where engines differ.
type words struct {
	insert func(rows int) string
	// draw has statements, of which "hold 5ms" is a pause, that draw keys long before their last row is there.
	draw func(rows int, pause string) []string
	// A transaction of two phases: its begin, the end of its first phase, COMMIT or ROLLBACK in the second.
	begin, prepare func(id string) string
	end            func(how, id string) string
}

// boot starts a server of the engine with the table, and leaves the test out where there is none to be had.
func (e engine) boot(t *testing.T, ctx context.Context) *database {
	ddl, err := os.ReadFile("../../schemas/" + e.table + ".sql")
	must(t, err)
	db, err := e.start(ctx, string(ddl))
	if unavailable(err) {
		suite.LeaveOutWithout(t, err)
	}
	must(t, err)
	t.Cleanup(func() { check(t, db.Stop()) })
	return db
}
