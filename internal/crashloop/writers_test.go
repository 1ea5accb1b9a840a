package crashloop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/trial"
)

// writers fill the table without mercy: transactions overlap, roll back, use savepoints, stay open for long
// and are prepared. A writer that loses its connection connects again; whether its commit was carried out
// is told by the table in the end.
type writers struct {
	uri    string
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func startWriters(t *testing.T, uri string, seed uint64, n int) *writers {
	ctx, cancel := context.WithCancel(t.Context())
	w := &writers{uri: uri, cancel: cancel}
	for i := range n {
		w.group.Go(func() {
			writer := writer{name: fmt.Sprintf("w%d", i), rng: rand.New(rand.NewPCG(seed, uint64(i)))}
			for ctx.Err() == nil {
				writer.work(ctx, uri)
				pause(ctx, 50*time.Millisecond) // the server has crashed
			}
		})
	}
	t.Cleanup(w.stop)
	return w
}

// stop lets transactions end.
func (w *writers) stop() {
	w.cancel()
	w.group.Wait()
}

type writer struct {
	name string
	rng  *rand.Rand
	n    int
}

// work writes until the connection is lost or ctx ends.
func (w *writer) work(ctx context.Context, uri string) {
	patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(patient, uri)
	if err != nil {
		return
	}
	defer conn.Close(patient) // the server may be gone
	if settle(patient, conn, w.name) != nil {
		return
	}
	for ctx.Err() == nil {
		for _, statement := range w.transaction() {
			if strings.HasPrefix(statement, "hold ") {
				hold, _ := time.ParseDuration(statement[5:]) // written by transaction
				pause(patient, hold)
			} else if _, err := conn.Exec(patient, statement).ReadAll(); err != nil {
				return
			}
		}
	}
}

// settle ends what a crash has left prepared: one half is committed, the other rolled back.
func settle(ctx context.Context, conn *pgconn.PgConn, name string) error {
	left := conn.ExecParams(ctx, "SELECT gid FROM pg_prepared_xacts WHERE gid LIKE $1 || '-%'", [][]byte{[]byte(name)},
		nil, nil, nil).Read()
	for i, row := range left.Rows {
		end := []string{"COMMIT", "ROLLBACK"}[i%2]
		if _, err := conn.Exec(ctx, end+" PREPARED '"+string(row[0])+"'").ReadAll(); err != nil {
			return err
		}
	}
	return left.Err
}

// transaction chooses the statements of the next transaction.
func (w *writer) transaction() []string {
	w.n++
	rows := 1 + w.rng.IntN(3)
	if w.rng.IntN(50) == 0 {
		rows = 50
	}
	hold := w.rng.IntN(30)
	if w.rng.IntN(500) == 0 {
		hold = 1000 + w.rng.IntN(1000)
	}
	statements := []string{"BEGIN; " + trial.InsertOrders(rows)}
	switch w.rng.IntN(10) {
	case 0:
		statements = append(statements, "SAVEPOINT s; "+trial.InsertOrders(2)+"; ROLLBACK TO s")
	case 1:
		statements = append(statements, "SAVEPOINT s; "+trial.InsertOrders(2)+"; RELEASE s")
	case 2:
		statements[0] = "BEGIN; SELECT nextval(pg_get_serial_sequence('orders', 'id'))"
		statements = append(statements, fmt.Sprintf("hold %dms", w.rng.IntN(20)), trial.InsertOrders(rows))
	}
	statements = append(statements, fmt.Sprintf("hold %dms", hold))
	end := "COMMIT"
	if w.rng.IntN(10) == 0 {
		end = "ROLLBACK"
	}
	if w.rng.IntN(50) > 0 {
		return append(statements, end)
	}
	id := fmt.Sprintf("'%s-%d'", w.name, w.n)
	return append(statements, "PREPARE TRANSACTION "+id, fmt.Sprintf("hold %dms", w.rng.IntN(100)), end+" PREPARED "+id)
}

// pause waits as long as the scenario says.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
