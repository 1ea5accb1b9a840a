package redis_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/redis"
)

// needed is what the job's user has to be allowed, as docs/configure.md says.
var needed = []any{"~repliqate:replication:*", "~{repliqate:replication:*", "+get", "+set", "+del", "+eval", "+evalsha",
	"+select"}

// secureRedis is a real server with a password, the users ann, who is allowed what is needed, bob, who is allowed
// nothing, and cid, who has no access to the job's keys; and with TLS before it.
func secureRedis(t *testing.T) (plain, encrypted string, authority, stranger *testserver.Authority) {
	suite.Servers(t, "Redis")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := testserver.StartRedis(ctx, "--requirepass", secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin := goredis.NewClient(&goredis.Options{Addr: r.Addr, Protocol: 2, DisableIdentity: true, Password: secret})
	defer admin.Close()
	user := func(name string, rights ...any) {
		t.Helper()
		err := admin.Do(ctx, append([]any{"ACL", "SETUSER", name, "on", ">" + secret}, rights...)...).Err()
		if err != nil {
			t.Fatal(err)
		}
	}
	user("ann", needed...)
	user("bob", "+ping")
	user("cid", "~other:*", "+@all")
	dir := t.TempDir()
	if authority, err = testserver.NewAuthority(dir, "redis"); err != nil {
		t.Fatal(err)
	}
	if stranger, err = testserver.NewAuthority(dir, "stranger"); err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue("server", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return r.Addr, encrypt(t, r.Addr, pair), authority, stranger
}

// encrypt listens with TLS before a server that has none. The Redis of the tests is built without.
func encrypt(t *testing.T, addr string, pair testserver.Certificate) string {
	certificate, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, func(client net.Conn) {
		server, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(server, client) // either side may end it
			_ = server.Close()
		}()
		_, _ = io.Copy(client, server)
	})
	return l.Addr().String()
}

// serve answers connections until the test ends.
func serve(t *testing.T, l net.Listener, answer func(net.Conn)) {
	var open sync.Map
	t.Cleanup(func() {
		_ = l.Close()
		open.Range(func(c, _ any) bool { return c.(net.Conn).Close() == nil })
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, true)
			go func() {
				answer(c)
				open.Delete(c)
				_ = c.Close()
			}()
		}
	}()
}

func TestSecurity(t *testing.T) {
	plain, encrypted, authority, stranger := secureRedis(t)
	_, port, _ := net.SplitHostPort(encrypted)
	for name, c := range map[string]struct {
		config redis.Config
		says   string // words of the error, separated by |; none: it works
	}{
		"password":         {config: redis.Config{Addr: plain, Password: secret}},
		"user":             {config: redis.Config{Addr: plain, Username: "ann", Password: secret}},
		"another database": {config: redis.Config{Addr: plain, Username: "ann", Password: secret, DB: 3}},
		"in the address":   {config: redis.Config{Addr: "redis://ann:" + secret + "@" + plain + "/3"}},
		"TLS": {config: redis.Config{Addr: encrypted, Password: secret, TLS: true,
			CAFile: authority.File}},
		"TLS in the address": {config: redis.Config{Addr: "rediss://ann:" + secret + "@" + encrypted,
			CAFile: authority.File}},
		"no password":    {redis.Config{Addr: plain}, "set redis.Config.Password"},
		"wrong password": {redis.Config{Addr: plain, Password: secret + "x"}, "WRONGPASS|and redis.Config.Password"},
		"no such user": {redis.Config{Addr: plain, Username: "eve", Password: secret},
			"WRONGPASS|redis.Config.Username"},
		"no rights":             {redis.Config{Addr: plain, Username: "bob", Password: secret}, "NOPERM|GET, SET, DEL, EVAL"},
		"no rights to the keys": {redis.Config{Addr: plain, Username: "cid", Password: secret}, "NOPERM|job's keys"},
		"no such database":      {redis.Config{Addr: plain, Password: secret, DB: 99}, "DB index|redis.Config.DB"},
		"unknown authority": {redis.Config{Addr: encrypted, Password: secret, TLS: true, CAFile: stranger.File},
			"x509|redis.Config.CAFile"},
		"authority of the system": {redis.Config{Addr: encrypted, Password: secret, TLS: true}, "x509|redis.Config.CAFile"},
		"wrong name": {redis.Config{Addr: "localhost:" + port, Password: secret, TLS: true, CAFile: authority.File},
			"localhost|certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Job, c.config.Table, c.config.Topic, c.config.Lease = "job", "t", "events", true
			s := open(t, c.config)
			if c.says == "" {
				checkWorks(t, s)
				return
			}
			_, load := s.Load(t.Context())
			_, _, acquire := s.Acquire(t.Context())
			commit := s.Commit(t.Context(), replicate.Offset{Key: "7"})
			for _, err := range []error{load, acquire, commit} {
				if !replicate.IsStop(err) {
					t.Fatalf("got %v, want a stop", err)
				}
				for _, words := range strings.Split(c.says, "|") {
					if !strings.Contains(err.Error(), words) {
						t.Errorf("%q does not say %q", err, words)
					}
				}
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q holds the password", err)
				}
			}
		})
	}
}

// TestWrongEncryption can't be told from a server that restarts or hangs: it is retried, and says what may be wrong.
func TestWrongEncryption(t *testing.T) {
	plain, encrypted, authority, _ := secureRedis(t)
	for name, c := range map[string]redis.Config{
		"TLS to plain": {Addr: plain, Password: secret, TLS: true, CAFile: authority.File},
		"plain to TLS": {Addr: encrypted, Password: secret},
	} {
		_, err := open(t, c).Load(t.Context())
		if err == nil || replicate.IsStop(err) || !strings.Contains(err.Error(), "redis.Config.TLS") {
			t.Errorf("%s: %v, want an error that is retried and names redis.Config.TLS", name, err)
		}
	}
}

// TestCAFile finds what is wrong with the file before anything connects.
func TestCAFile(t *testing.T) {
	empty := t.TempDir() + "/empty.pem"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []redis.Config{{CAFile: "missing.pem", TLS: true}, {CAFile: empty, TLS: true}, {CAFile: empty}} {
		c.Addr = "host:6379"
		if _, err := redis.New(c); err == nil || !strings.Contains(err.Error(), "redis.Config.CAFile") {
			t.Errorf("%+v: %v, want an error that names redis.Config.CAFile", c, err)
		}
	}
}

// checkWorks does all that a job does.
func checkWorks(t *testing.T, s *redis.Store) {
	t.Helper()
	o := replicate.Offset{Key: "7", Checksum: strings.Repeat("0f", 32)}
	if held, holder, err := s.Acquire(t.Context()); err != nil || !held {
		t.Fatal(held, holder, err)
	}
	if _, err := s.Load(t.Context()); err != nil { // as a job does, which then knows what an operator has changed
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(t.Context()); err != nil || got != o {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := s.Force(t.Context(), replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestWhatServersSay tells what a server overcomes from what it does not.
func TestWhatServersSay(t *testing.T) {
	for says, stop := range map[string]bool{
		"LOADING Redis is loading the dataset in memory":                     false,
		"READONLY You can't write against a read only replica.":              false,
		"MASTERDOWN Link with MASTER is down":                                false,
		"MISCONF Redis is configured to save RDB snapshots":                  false,
		"OOM command not allowed when used memory > 'maxmemory'.":            false,
		"BUSY Redis is busy running a script.":                               false,
		"CLUSTERDOWN The cluster is down":                                    false,
		"ERR max number of clients reached":                                  false,
		"MOVED 3999 10.0.0.1:6381":                                           true,
		"ERR AUTH <password> called without any password configured for the": true,
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		serve(t, l, func(c net.Conn) {
			for in := bufio.NewScanner(c); in.Scan(); {
				if strings.HasPrefix(in.Text(), "*") { // a command begins
					_, _ = io.WriteString(c, "-"+says+"\r\n")
				}
			}
		})
		s := open(t, redis.Config{Addr: l.Addr().String()})
		_, load := s.Load(t.Context())
		for _, err := range []error{load, s.Commit(t.Context(), replicate.Offset{Key: "1"})} {
			if err == nil || replicate.IsStop(err) != stop || errors.Is(err, replicate.ErrLeaseLost) {
				t.Errorf("%s: %v, want a stop: %v", says, err, stop)
			}
		}
	}
}
