package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// ErrNoMySQL says that MySQL itself can't be had on this machine. What is tested on it is tested on MariaDB.
var ErrNoMySQL = errors.New("MySQL can't be had on this machine, so MariaDB alone is tested")

// missingMax is how long it is believed that MySQL can't be had, so that not every test asks again.
const missingMax = time.Hour

// installMySQL returns the MySQL of Debian's newest suite, which apt fetches and which runs from a folder with
// the C library that it was built for. The suite moves: the version is whatever it has.
func installMySQL(ctx context.Context) (mysqlProgram, error) {
	cache, err := cacheDir()
	if err != nil {
		return mysqlProgram{}, err
	}
	dir := filepath.Join(cache, "mysql")
	program := debianProgram(filepath.Join(dir, "root"))
	program.home = dir
	err = locked(dir, func() error {
		if version, err := os.ReadFile(filepath.Join(dir, "version")); err == nil {
			program.version = string(version)
			return nil
		}
		missing := dir + ".missing"
		if note, err := os.Stat(missing); err == nil && time.Since(note.ModTime()) < missingMax {
			reason, _ := os.ReadFile(missing) // without a reason it is missing all the same
			return fmt.Errorf("%w: %s", ErrNoMySQL, reason)
		}
		version, err := fetchMySQL(ctx, dir, program)
		if err != nil {
			return errors.Join(fmt.Errorf("%w: %w", ErrNoMySQL, err), os.WriteFile(missing, []byte(err.Error()), 0o644))
		}
		program.version = version
		return os.WriteFile(filepath.Join(dir, "version"), []byte(version), 0o644)
	})
	return program, err
}

func debianProgram(root string) mysqlProgram {
	usr := filepath.Join(root, "usr")
	libraries := filepath.Join(usr, "lib", "x86_64-linux-gnu")
	private := filepath.Join(usr, "lib", "mysql", "private")
	return mysqlProgram{
		product: "MySQL",
		command: []string{filepath.Join(libraries, "ld-linux-x86-64.so.2"), "--library-path",
			libraries + ":" + private + ":" + filepath.Join(libraries, "mysql"), filepath.Join(usr, "sbin", "mysqld")},
		base: []string{"--basedir=" + usr, "--lc-messages-dir=" + filepath.Join(usr, "share", "mysql"),
			"--plugin-dir=" + filepath.Join(usr, "lib", "mysql", "plugin")},
		initialize: func(ctx context.Context, p mysqlProgram, data string, options []string) error {
			script := data + ".sql"
			if err := os.WriteFile(script, []byte(rootOnLoopback), 0o644); err != nil {
				return err
			}
			return p.run(ctx, "", append(append(p.options(data), "--initialize-insecure", "--init-file="+script,
				"--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=OFF", "--secure-file-priv="), options...)...)
		},
	}
}

var (
	mirrorAddress = regexp.MustCompile(`https?://[^\s]*debian[^\s]*`)
	mysqlVersion  = regexp.MustCompile(`Ver (\d+(?:\.\d+)+)`)
)

// fetchMySQL unpacks the server's packages and all that they need, and returns the version.
func fetchMySQL(ctx context.Context, dir string, program mysqlProgram) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	mirror, err := debianMirror(ctx)
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	for _, sub := range []string{"lists/partial", "cache/archives/partial", "root"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return "", err
		}
	}
	source := "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " + mirror + " sid main\n"
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "sources.list"), []byte(source), 0o644),
		os.WriteFile(filepath.Join(dir, "empty"), nil, 0o644)); err != nil {
		return "", err
	}
	if err := fetchPackages(ctx, dir, "mysql-server-core"); err != nil {
		return "", err
	}
	packages, err := filepath.Glob(filepath.Join(dir, "cache", "archives", "*.deb"))
	if err != nil {
		return "", err
	}
	for _, deb := range packages {
		if err := command(ctx, "dpkg", "-x", deb, filepath.Join(dir, "root")); err != nil {
			return "", err
		}
	}
	err = errors.Join(os.RemoveAll(filepath.Join(dir, "cache")), os.RemoveAll(filepath.Join(dir, "lists")))
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, program.command[0], append(program.command[1:], "--version")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the server that apt has fetched does not run: %w: %s", err, out)
	}
	version := mysqlVersion.FindSubmatch(out)
	if version == nil {
		return "", fmt.Errorf("the server that apt has fetched does not tell its version: %s", out)
	}
	return string(version[1]), nil
}

// fetchPackages downloads a package and what it depends on, with the mirror and the proxy that apt has on this
// machine, and leaves the machine's own packages alone.
func fetchPackages(ctx context.Context, dir, name string) error {
	apt := []string{"-qq"}
	for _, option := range []string{
		"Dir::Etc::sourcelist=" + dir + "/sources.list", "Dir::Etc::sourceparts=/dev/null",
		"Dir::State::Lists=" + dir + "/lists", "Dir::State::status=" + dir + "/empty", "Dir::Cache=" + dir + "/cache",
		"APT::Install-Recommends=false", "APT::Sandbox::User=root", "Debug::NoLocking=true",
	} {
		apt = append(apt, "-o", option)
	}
	if err := command(ctx, "apt-get", append(apt, "update")...); err != nil {
		return err
	}
	return command(ctx, "apt-get", append(apt, "-y", "--download-only", "install", name)...)
}

// debianMirror is where apt has Debian from on this machine.
func debianMirror(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(SITE)").Output()
	if err != nil {
		return "", fmt.Errorf("apt-get does not run: %w", err)
	}
	files, err := filepath.Glob("/etc/apt/sources.list*")
	if err != nil {
		return "", err
	}
	further, err := filepath.Glob("/etc/apt/sources.list.d/*")
	if err != nil {
		return "", err
	}
	text := string(out)
	for _, name := range append(files, further...) {
		content, err := os.ReadFile(name)
		if err == nil { // a folder, or one that may not be read, names no mirror
			text += "\n" + string(content)
		}
	}
	for _, address := range mirrorAddress.FindAllString(text, -1) {
		if !strings.Contains(address, "security") {
			return address, nil
		}
	}
	return "", errors.New("apt names no mirror of Debian")
}

func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out[max(0, len(out)-500):])
	}
	return nil
}
