package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// database is one that is measured: a running server, or a file, with its table.
type database struct {
	product  string
	table    string // of schemas
	uri      string // as repliqate's configuration has it
	driver   string // of database/sql, for the generic replicator, and what it connects with
	dsn      string
	dumpName string // what reads the table and throws it away: nothing that reads all of it can be faster
	dump     func(ctx context.Context) *exec.Cmd
	fill     func(ctx context.Context, rows int) error
	stop     func() error
}

// engines start the databases that can be measured, by the names that -on takes.
var engines = []struct {
	name  string
	start func(ctx context.Context, a *arena) (*database, error)
}{{"postgresql", startPostgres}, {"mariadb", startMariaDB}, {"sqlite", startSQLite}}

// startDatabases starts those that a list names.
func (a *arena) startDatabases(ctx context.Context, on string) error {
	wanted := strings.Split(on, ",")
	for _, e := range engines {
		i := slices.Index(wanted, e.name)
		if i < 0 {
			continue
		}
		wanted = slices.Delete(wanted, i, i+1)
		progress("starting %s", e.name)
		db, err := e.start(ctx, a)
		if db != nil {
			a.databases = append(a.databases, db)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	if len(wanted) > 0 {
		return fmt.Errorf("-on: %s is unknown: expected names out of %s, with commas between them",
			strings.Join(wanted, ","), names())
	}
	return nil
}

func names() string {
	var all []string
	for _, e := range engines {
		all = append(all, e.name)
	}
	return strings.Join(all, ",")
}

// stopDatabases stops all that were started.
func (a *arena) stopDatabases() (err error) {
	for _, db := range a.databases {
		err = errors.Join(err, db.stop())
	}
	return err
}
