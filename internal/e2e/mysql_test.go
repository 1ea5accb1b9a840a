package e2e

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

// TestNothingIsLostOnMySQL does on MariaDB and MySQL what TestNothingIsLost does.
func TestNothingIsLostOnMySQL(t *testing.T) {
	suite.Servers(t, "MariaDB", "MySQL", "Kafka", "Redis")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for name, start := range map[string]func(context.Context, ...string) (*testserver.MySQL, error){
		"MariaDB": testserver.StartMariaDB, "MySQL": testserver.StartMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			server, err := start(ctx)
			if errors.Is(err, testserver.ErrNoMySQL) {
				suite.LeaveOutWithout(t, err)
			}
			must(t, err)
			t.Cleanup(func() { check(t, server.Stop()) })
			ddl, err := os.ReadFile("../../schemas/payments.sql")
			must(t, err)
			must(t, server.Exec(ctx, "CREATE DATABASE shop; USE shop; "+string(ddl)))
			db, err := server.Open("shop")
			must(t, err)
			t.Cleanup(func() { check(t, db.Close()) })
			j := configure(t, ctx, trial.Config{Name: "lost", Topic: "lost-" + name, Table: "payments",
				URI: server.URI("shop")}, 2)
			j.db = mysql(db)
			nothingIsLost(t, ctx, j)
		})
	}
}

func mysql(db *sql.DB) database {
	return database{
		write: func(ctx context.Context, writers, transactions int, written *atomic.Int64) error {
			return trial.WriteMySQL(ctx, db, writers, transactions, written)
		},
		keys: func(ctx context.Context) ([]int64, error) { return trial.KeysMySQL(ctx, db, 0) },
		rows: func(ctx context.Context) (map[int64]trial.RowSum, error) { return trial.RowsMySQL(ctx, db) },
		naive: func(ctx context.Context) map[int64]bool {
			seen, last := map[int64]bool{}, int64(0)
			for {
				keys, err := trial.KeysMySQL(ctx, db, last)
				if err != nil {
					return seen
				}
				for _, key := range keys {
					last, seen[key] = key, true
				}
				select {
				case <-ctx.Done():
					return seen
				case <-time.After(time.Millisecond):
				}
			}
		},
	}
}
