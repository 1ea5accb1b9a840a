package testserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
)

func TestServersSurviveACrash(t *testing.T) {
	suite.Servers(t, "PostgreSQL", "Kafka", "Redis")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("postgres", func(t *testing.T) {
		pg, err := testserver.StartPostgres(ctx, testserver.Newest)
		must(err)
		must(pg.Exec(ctx, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)"))
		must(pg.Kill())
		must(pg.Start(ctx))
		must(pg.Exec(ctx, "INSERT INTO t VALUES (1/(SELECT count(*) FROM t))"))
		must(pg.Stop())
	})
	for name, start := range map[string]func(context.Context, ...string) (*testserver.MySQL, error){
		"mariadb": testserver.StartMariaDB, "mysql": testserver.StartMySQL,
	} {
		t.Run(name, func(t *testing.T) {
			m, err := start(ctx)
			if errors.Is(err, testserver.ErrNoMySQL) {
				suite.LeaveOutWithout(t, err)
			}
			must(err)
			must(m.Exec(ctx, "CREATE DATABASE d; CREATE TABLE d.t (n int); INSERT INTO d.t VALUES (1)"))
			must(m.Kill())
			must(m.Start(ctx))
			db, err := m.Open("d")
			must(err)
			defer db.Close()
			var n int
			must(db.QueryRowContext(ctx, "SELECT n FROM t").Scan(&n))
			must(m.Shutdown())
			must(m.Start(ctx))
			must(m.Stop())
		})
	}
	t.Run("redis", func(t *testing.T) {
		r, err := testserver.StartRedis(ctx)
		must(err)
		client := r.Client()
		defer client.Close()
		must(client.Set(ctx, "a", "1", 0).Err())
		must(r.Kill())
		must(r.Start(ctx))
		if got := client.Get(ctx, "a").Val(); got != "1" {
			t.Errorf("after a crash a is %q", got)
		}
		must(r.Stop())
	})
	t.Run("kafka", func(t *testing.T) {
		k, err := testserver.StartKafka(ctx)
		must(err)
		must(k.CreateTopic(ctx, "t", 2))
		must(k.Kill())
		must(k.Start(ctx))
		if err := k.CreateTopic(ctx, "t", 2); err == nil {
			t.Error("the topic is gone after a crash")
		}
		must(k.Stop())
	})
}
