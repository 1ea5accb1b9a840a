package testserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	_ "github.com/go-sql-driver/mysql" // the driver that Exec and the tests connect with: not the one under test

	"github.com/repliqate/repliqate/internal/suite"
)

// MySQL is a running server of MySQL or MariaDB.
type MySQL struct {
	Product string // "MySQL" or "MariaDB"
	Version string // as the server's file names it
	Port    int
	Socket  string // of the local machine, besides the port
	dir     string
	command []string
	args    []string
	*process
}

// mysqlProgram is an installed server: how its program is called, and what it needs to know of its folder.
type mysqlProgram struct {
	product, version string
	home             string   // keeps templates of initialized data folders
	command          []string // the server's program, with a loader before it where it needs one
	base             []string // options that say where its files are
	initialize       func(ctx context.Context, p mysqlProgram, data string, options []string) error
}

// rootOnLoopback lets root in by address too, since the servers don't look names up.
const rootOnLoopback = "CREATE USER IF NOT EXISTS root@'127.0.0.1';\n" +
	"GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n"

// StartMariaDB starts a fresh MariaDB. settings are written as name=value. Its metadata locks can be seen and told
// apart, as docs/delivery.md wants it; settings that come later win.
func StartMariaDB(ctx context.Context, settings ...string) (*MySQL, error) {
	if err := suite.Undeclared("start MariaDB", `Servers(t, "MariaDB")`); err != nil {
		return nil, err
	}
	program, err := installMariaDB(ctx)
	if err != nil {
		return nil, err
	}
	return program.start(ctx, append([]string{
		"performance_schema=ON", "performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
		"performance-schema-consumer-events-statements-current=ON", "innodb_log_file_size=16M", "innodb_undo_tablespaces=0",
	}, settings...))
}

// StartMySQL starts a fresh MySQL. Where MySQL can't be had on this machine the error is ErrNoMySQL.
func StartMySQL(ctx context.Context, settings ...string) (*MySQL, error) {
	if err := suite.Undeclared("start MySQL", `Servers(t, "MySQL")`); err != nil {
		return nil, err
	}
	program, err := installMySQL(ctx)
	if err != nil {
		return nil, err
	}
	return program.start(ctx, append([]string{
		"mysqlx=OFF", "disable_log_bin", "innodb_doublewrite=OFF", "secure_file_priv=",
	}, settings...))
}

func (p mysqlProgram) start(ctx context.Context, settings []string) (*MySQL, error) {
	dir, err := os.MkdirTemp("", "repliqate-mysql-")
	if err != nil {
		return nil, err
	}
	m := &MySQL{Product: p.product, Version: p.version, dir: dir, Socket: filepath.Join(dir, "socket"), command: p.command}
	if m.Port, err = FreePort(); err != nil {
		return nil, err
	}
	// Only this one is remembered in the data folder.
	kept := slices.DeleteFunc(slices.Clone(settings), func(s string) bool {
		return !strings.HasPrefix(s, "lower_case_table_names=")
	})
	template, err := p.template(ctx, kept)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := os.CopyFS(data, os.DirFS(template)); err != nil {
		return nil, fmt.Errorf("copy the data folder of %s: %w", p.product, err)
	}
	m.args = slices.Concat(p.options(data), []string{
		"--port=" + strconv.Itoa(m.Port), "--bind-address=127.0.0.1", "--socket=" + m.Socket,
		"--pid-file=" + filepath.Join(dir, "pid"), "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=2",
		"--innodb-buffer-pool-size=64M", "--max-connections=100",
	})
	for _, s := range settings {
		m.args = append(m.args, "--"+s)
	}
	return m, m.Start(ctx)
}

func (p mysqlProgram) options(data string) []string {
	options := append([]string{"--no-defaults"}, p.base...)
	if os.Getuid() == 0 {
		options = append(options, "--user=root")
	}
	return append(options, "--datadir="+data)
}

// template returns an initialized data folder, which takes seconds to make and is copied for each server.
func (p mysqlProgram) template(ctx context.Context, settings []string) (string, error) {
	name := filepath.Join(p.home, strings.Join(append([]string{"template"}, settings...), "-"))
	var options []string
	for _, s := range settings {
		options = append(options, "--"+s)
	}
	return name, locked(name, func() error {
		if _, err := os.Stat(name); err == nil {
			return nil
		}
		fresh := name + ".new"
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
		if err := os.Mkdir(fresh, 0o755); err != nil {
			return err
		}
		if err := p.initialize(ctx, p, fresh, options); err != nil {
			return fmt.Errorf("initialize the data folder of %s %s: %w", p.product, p.version, err)
		}
		return os.Rename(fresh, name)
	})
}

// run runs the server's program to its end, with input on its standard input.
func (p mysqlProgram) run(ctx context.Context, input string, options ...string) error {
	args := slices.Concat(p.command[1:], options)
	cmd := exec.CommandContext(ctx, p.command[0], args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out[max(0, len(out)-2000):])
	}
	return nil
}

// Start starts the server again, on the same port and data.
func (m *MySQL) Start(ctx context.Context) (err error) {
	args := slices.Concat(m.command[1:], m.args)
	if m.process, err = launch(filepath.Join(m.dir, "log"), false, m.command[0], args...); err != nil {
		return err
	}
	return m.await(ctx, m.Product, func(ctx context.Context) error { return m.Exec(ctx, "SELECT 1") })
}

// URI is a database of the server as the configuration names it.
func (m *MySQL) URI(database string) string {
	return fmt.Sprintf("mysql://root@127.0.0.1:%d/%s", m.Port, database)
}

// Open returns connections of the tests' own client, with several statements in one text allowed.
func (m *MySQL) Open(database string) (*sql.DB, error) {
	return sql.Open("mysql", fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s?multiStatements=true&maxAllowedPacket=0",
		m.Port, database))
}

// Exec runs SQL on a connection of its own.
func (m *MySQL) Exec(ctx context.Context, statements string) error {
	db, err := m.Open("")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statements)
	return errors.Join(err, db.Close())
}

// Kill ends the server as a crash does.
func (m *MySQL) Kill() error { return m.signal(syscall.SIGKILL, true) }

// Shutdown ends the server in order and keeps its data.
func (m *MySQL) Shutdown() error { return m.signal(syscall.SIGTERM, false) }

// Stop ends the server and removes its data.
func (m *MySQL) Stop() error {
	return errors.Join(m.signal(syscall.SIGKILL, true), os.RemoveAll(m.dir))
}
