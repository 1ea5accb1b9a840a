package testserver

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	goredis "github.com/redis/go-redis/v9"

	"github.com/repliqate/repliqate/internal/suite"
)

// Redis is a running server.
type Redis struct {
	Addr string
	dir  string
	args []string
	*process
}

// StartRedis starts a fresh server that keeps its data over a crash. args are appended to its command line.
func StartRedis(ctx context.Context, args ...string) (*Redis, error) {
	if err := suite.Undeclared("start Redis", `Servers(t, "Redis")`); err != nil {
		return nil, err
	}
	file, err := fetch(ctx, find("embedded-redis-"))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "repliqate-redis-")
	if err != nil {
		return nil, err
	}
	if err := extractRedis(file, filepath.Join(dir, "redis-server")); err != nil {
		return nil, fmt.Errorf("unpack Redis: %w", err)
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	r := &Redis{Addr: "127.0.0.1:" + strconv.Itoa(port), dir: dir}
	r.args = []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes",
		"--appendfsync", "no", "--save", ""}
	r.args = append(r.args, args...)
	return r, r.Start(ctx)
}

func extractRedis(file, name string) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, f := range archive.File {
		if ok, _ := filepath.Match("redis-server-*-linux-amd64", filepath.Base(f.Name)); !ok {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		return writeAll(name, r, 0o755)
	}
	return errors.New("the jar holds no redis-server for linux amd64")
}

// Start starts the server again, on the same port and data.
func (r *Redis) Start(ctx context.Context) (err error) {
	server := filepath.Join(r.dir, "redis-server")
	if r.process, err = launch(filepath.Join(r.dir, "log"), false, server, r.args...); err != nil {
		return err
	}
	client := r.Client()
	defer client.Close()
	return r.await(ctx, "Redis", func(ctx context.Context) error {
		err := client.Ping(ctx).Err()
		if err != nil && strings.HasPrefix(err.Error(), "NOAUTH") {
			return nil // it is there, and wants a password
		}
		return err
	})
}

// Client connects to the server.
func (r *Redis) Client() *goredis.Client {
	return goredis.NewClient(&goredis.Options{Addr: r.Addr, Protocol: 2, DisableIdentity: true})
}

// Kill ends the server as a crash does.
func (r *Redis) Kill() error { return r.signal(syscall.SIGKILL, true) }

// Stop ends the server and removes its data.
func (r *Redis) Stop() error {
	return errors.Join(r.signal(syscall.SIGTERM, true), os.RemoveAll(r.dir))
}
