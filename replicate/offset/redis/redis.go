// Package redis keeps the offset where the Python daemon kept it, under the same key and in the same form, so that a
// job continues where the Python daemon stopped.
//
//	repliqate:replication:offset:name=NAME&table=TABLE&topic=TOPIC   the offset, decimal
//	{the same}:sum                                                   "OFFSET:CHECKSUM" of its row
//	{the same}:lease                                                 the instance that publishes; it expires
//	{the same}:moved                                                 the last change by an operator
//
//	settings.go  the settings that errors name
//	redis.go     Config, Load, Commit, Force
//	key.go       the names of the keys
//	lease.go     Acquire, Release, and who holds the lease
package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/repliqate/repliqate/replicate"
)

// Config says where the offset of which job is kept.
type Config struct {
	Addr               string // host:port, or redis:// or rediss://[user:password@]host:port[/db]
	Username, Password string // take precedence over those in Addr
	PasswordFile       string // holds the password, and is read at each connection; wins over Password
	TLS                bool
	CAFile             string // authority of the server's certificate, in PEM form; default: those the system trusts
	DB                 int

	Job, Table, Topic string // as the configuration has them

	Lease    bool          // keep a second instance from publishing
	LeaseTTL time.Duration // time within which a standby takes over from an instance that crashed; default 10 s
	Identity string        // names this machine in the lease; default its host name
}

// timeout bounds a single command, so that a store that does not answer does not block the loop.
const timeout = 2 * time.Second

// Store implements replicate.OffsetStore and replicate.Lease.
type Store struct {
	client   *goredis.Client
	key, sum string
	leaseKey string
	movedKey string
	lease    bool
	ttl      time.Duration // the setting, less the longest pause between two attempts of a standby
	identity identity
	moved    string // the operator's last change, as this instance knows it
}

var (
	_ replicate.OffsetStore = (*Store)(nil)
	_ replicate.Lease       = (*Store)(nil)
)

// silent keeps the client from writing to standard error: it also returns every error that it would log, and the loop
// logs that in the job's format.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func init() { goredis.SetLogger(silent{}) }

// New returns a store. It connects when it is first used.
func New(c Config) (*Store, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	if c.LeaseTTL == 0 {
		c.LeaseTTL = 10 * time.Second
	}
	id, err := newIdentity(c.Identity)
	if err != nil {
		return nil, err
	}
	key := Key(c.Job, c.Table, c.Topic)
	return &Store{client: goredis.NewClient(options), key: key, sum: sibling(key, "sum"),
		leaseKey: sibling(key, "lease"), movedKey: sibling(key, "moved"),
		lease: c.Lease, ttl: c.LeaseTTL - c.LeaseTTL/10, identity: id}, nil
}

// options returns those of the client. The client retries nothing: the loop does, and reports the reason.
func (c Config) options() (*goredis.Options, error) {
	options := &goredis.Options{Addr: c.Addr}
	if strings.Contains(c.Addr, "://") {
		var err error
		// The parser's errors repeat the address, which may contain a password.
		if options, err = goredis.ParseURL(c.Addr); err != nil || !strings.HasPrefix(c.Addr, "redis") {
			return nil, wrongSetting(SettingAddr,
				errors.New("expected host:port, or redis:// or rediss://[user:password@]host:port[/db]"))
		}
	}
	host, _, err := net.SplitHostPort(options.Addr)
	if err != nil {
		return nil, wrongSetting(SettingAddr, errors.New("expected host:port"))
	}
	if c.Username != "" {
		options.Username = c.Username
	}
	if c.Password != "" {
		options.Password = c.Password
	}
	if c.PasswordFile != "" {
		if _, err := replicate.ReadSecret(c.PasswordFile); err != nil {
			return nil, wrongSetting(SettingPasswordFile, err)
		}
		user, file := options.Username, c.PasswordFile
		options.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := replicate.ReadSecret(file)
			return user, password, err
		}
	}
	if c.DB != 0 {
		options.DB = c.DB
	}
	encrypted := c.TLS || options.TLSConfig != nil
	if c.CAFile != "" && !encrypted {
		return nil, wrongSetting(SettingCAFile, errors.New("it has no effect unless the connection is encrypted"))
	}
	if encrypted {
		if options.TLSConfig, err = c.tls(host); err != nil {
			return nil, err
		}
	}
	options.MaxRetries, options.DialerRetries = -1, 1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = timeout, timeout, timeout
	options.Protocol, options.PoolSize, options.DisableIdentity, options.ContextTimeoutEnabled = 2, 2, true, true
	return options, nil
}

// tls returns which certificates to trust.
func (c Config) tls(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, wrongSetting(SettingCAFile, err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, wrongSetting(SettingCAFile, fmt.Errorf("%s holds no certificate in PEM form", c.CAFile))
	}
	return config, nil
}

// Load reads the offset. The checksum counts only if it belongs to that offset's row: an offset that was set by hand,
// or by the Python daemon, has none.
func (s *Store) Load(ctx context.Context) (replicate.Offset, error) {
	pipe := s.client.Pipeline()
	// Not MGET: it calls a key of another type missing, and the job would start at the first row.
	change, stored, sibling := pipe.Get(ctx, s.movedKey), pipe.Get(ctx, s.key), pipe.Get(ctx, s.sum)
	_, err := pipe.Exec(ctx)
	if err != nil && change.Err() == nil && stored.Err() == nil && sibling.Err() == nil {
		return replicate.Offset{}, classify("read offset", err) // the commands were not sent
	}
	moved, err := change.Result()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return replicate.Offset{}, classify("read offset", err)
	}
	s.moved = moved
	key, err := stored.Result()
	switch {
	case errors.Is(err, goredis.Nil):
		return replicate.Offset{}, nil
	case err != nil:
		return replicate.Offset{}, classify("read offset", err)
	case !replicate.IsKeyText(key):
		return replicate.Offset{}, s.corrupt("read offset", key)
	}
	o := replicate.Offset{Key: key}
	text, err := sibling.Result()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return replicate.Offset{}, classify("read the offset's checksum", err)
	}
	if of, checksum, _ := strings.Cut(text, ":"); of == key {
		o.Checksum = checksum
	}
	return o, nil
}

// corrupt says that the offset's key holds something else.
func (s *Store) corrupt(what, value string) error {
	return replicate.Stop(fmt.Errorf("%s in redis: key %q holds %.40q: expected an offset in decimal", what, s.key, value),
		"set it to the key of the last published row, or delete it to continue from the copy in Kafka")
}

// commitScript stores an offset unless the lease is lost, an operator has moved the offset, or the stored offset is
// greater. Decimals are compared as text, since Lua's numbers are doubles.
var commitScript = goredis.NewScript(`
local function beyond(a, b)
	local na, nb = a:sub(1, 1) == '-', b:sub(1, 1) == '-'
	if na ~= nb then return nb end
	local x, y = a, b
	if na then x, y = b:sub(2), a:sub(2) end
	if #x ~= #y then return #x > #y end
	return x > y
end
if ARGV[3] ~= '' then
	local holder = redis.call('GET', KEYS[3])
	if holder ~= ARGV[3] then return {'lost', holder or ''} end
end
local moved = redis.call('GET', KEYS[4])
if moved and moved ~= ARGV[4] then return {'moved', moved} end
local stored = redis.call('GET', KEYS[1])
if stored then
	if stored ~= '0' and not stored:match('^%-?[1-9]%d*$') then return {'corrupt', stored} end
	if beyond(stored, ARGV[1]) then return {'ahead', stored} end
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[1] .. ':' .. ARGV[2])
return {'ok', ''}`)

// keys are those of the scripts that write. All lie in one slot of Redis Cluster.
func (s *Store) keys() []string { return []string{s.key, s.sum, s.leaseKey, s.movedKey} }

// token is what the lease must contain for this instance to write. It is empty without a lease (Promise 4: only the
// lease's holder writes).
func (s *Store) token() string {
	if s.lease {
		return s.identity.token
	}
	return ""
}

// Commit stores the offset and the checksum of its row together.
func (s *Store) Commit(ctx context.Context, o replicate.Offset) error {
	answer, err := commitScript.Run(ctx, s.client, s.keys(), o.Key, o.Checksum, s.token(), s.moved).StringSlice()
	if err != nil {
		return classify("write offset", err)
	}
	switch answer[0] {
	case "lost":
		return fmt.Errorf("write offset in redis: %w", replicate.ErrLeaseLost)
	case "moved":
		return replicate.Stop(errors.New("write offset in redis: an operator has moved it since this instance read it"),
			"start the job again, to continue from there")
	case "corrupt":
		return s.corrupt("write offset", answer[1])
	case "ahead":
		return &replicate.OffsetAheadError{Stored: answer[1]}
	}
	return nil
}

// forceScript sets the offset whatever is stored, or deletes it if ARGV[1] is empty, unless the lease is lost.
var forceScript = goredis.NewScript(`
if ARGV[3] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[3] then return 'lost' end
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('SET', KEYS[4], ARGV[4])
if ARGV[1] ~= '' then
	redis.call('SET', KEYS[1], ARGV[1])
	redis.call('SET', KEYS[2], ARGV[1] .. ':' .. ARGV[2])
end
return ''`)

// Force sets the offset to any value, also backwards; a zero offset deletes it. It is for operators. Like a commit it
// needs the lease, if there is one: a running instance would overwrite the offset with its own. An instance that loses
// its connection to Redis until its lease has expired finds a mark when it is back, and stops.
func (s *Store) Force(ctx context.Context, o replicate.Offset) error {
	if !o.IsZero() && !replicate.IsKeyText(o.Key) {
		return fmt.Errorf("set offset: expected a key in decimal, got %.40q", o.Key)
	}
	moved := nonce()
	answer, err := forceScript.Run(ctx, s.client, s.keys(), o.Key, o.Checksum, s.token(), moved).Text()
	if err != nil {
		return classify("set offset", err)
	}
	if answer == "lost" {
		return fmt.Errorf("set offset in redis: %w", replicate.ErrLeaseLost)
	}
	s.moved = moved
	return nil
}

// Where says where the offset is kept.
func (s *Store) Where() string {
	options := s.client.Options()
	where := "Redis " + options.Addr
	if options.DB != 0 {
		where += ", database " + strconv.Itoa(options.DB)
	}
	return where + ", key " + s.key
}

// Close ends the connections.
func (s *Store) Close() error { return s.client.Close() }

// hopeless has prefixes of the errors of Redis that no retry heals, with what to do.
var hopeless = []struct {
	prefix, hint string
	names        names
}{
	{"WRONGPASS", "check %s and %s", names{SettingUsername, SettingPassword}},
	{"NOAUTH", "set %s", names{SettingPassword}},
	{"ERR Protocol error: unauthenticated", "set %s", names{SettingPassword}}, // to a command with many arguments
	{"ERR invalid password", "check %s", names{SettingPassword}},
	{"ERR AUTH", "remove %s, or set one in Redis", names{SettingPassword}},
	{"ERR Client sent AUTH", "remove %s, or set one in Redis", names{SettingPassword}},
	{"ERR DB index", "correct %s", names{SettingDB}},
	{"ERR invalid DB index", "correct %s", names{SettingDB}},
	{"MOVED", "set %s to the node of the cluster that holds the job's key", names{SettingAddr}},
}

// classify distinguishes what a retry can heal from what it can't. Errors of Redis never contain a password.
func classify(what string, err error) error {
	wrapped := fmt.Errorf("%s in redis: %w", what, err)
	for _, h := range hopeless {
		if strings.HasPrefix(err.Error(), h.prefix) {
			return replicate.Stop(wrapped, h.hint, h.names...)
		}
	}
	// Inside a script these are not at the beginning.
	switch text := err.Error(); {
	case strings.Contains(text, "WRONGTYPE"):
		return replicate.Stop(wrapped, "another program uses the job's key: delete or rename it")
	case strings.Contains(text, "NOPERM"):
		return replicate.Stop(wrapped, "allow the user GET, SET, DEL, EVAL, EVALSHA and SELECT, on the job's keys")
	}
	var certificate *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	if errors.As(err, &certificate) || errors.As(err, &plain) {
		return replicate.Stop(wrapped, "check %s, %s, and the names in the server's certificate",
			SettingTLS, SettingCAFile)
	}
	switch {
	case errors.Is(err, io.EOF):
		return replicate.Hint(fmt.Errorf("%s in redis: it has closed the connection: %w", what, err),
			"it does so when it restarts, or when it expects TLS (%s)", SettingTLS)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return replicate.Hint(fmt.Errorf("%s in redis: it does not answer: %w", what, err),
			"it may hang, or not speak TLS (%s)", SettingTLS)
	}
	return wrapped
}
