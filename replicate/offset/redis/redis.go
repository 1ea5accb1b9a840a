// Package redis keeps the offset where the original kept it, under the same key and in the same form,
// so that a job continues where a Python instance stopped.
//
//	repliqate:replication:offset:name=NAME&table=TABLE&topic=TOPIC   the offset, decimal
//	{the same}:sum                                                   "OFFSET CHECKSUM" of its row
//	{the same}:lease                                                 who publishes, for a time to live
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/repliqate/repliqate/replicate"
)

// Config says where the offset is kept, and of which job.
type Config struct {
	Addr               string // host:port
	Username, Password string
	TLS                bool
	DB                 int

	Job, Table, Topic string // as the configuration has them

	Lease    bool          // keep a second instance from publishing
	LeaseTTL time.Duration // how long the lease lasts without renewal; default 10 s
}

// timeout bounds a single command: a store that does not answer must not hold up the loop.
const timeout = 2 * time.Second

// Store implements replicate.OffsetStore and replicate.Lease.
type Store struct {
	client             *goredis.Client
	key, sum, leaseKey string
	lease              bool
	ttl                time.Duration
	identity           identity
}

var (
	_ replicate.OffsetStore = (*Store)(nil)
	_ replicate.Lease       = (*Store)(nil)
)

// New returns a store. It connects when it is first used.
func New(c Config) (*Store, error) {
	if c.Addr == "" {
		return nil, errors.New("redis_addr: expected host:port")
	}
	options := &goredis.Options{
		Addr: c.Addr, Username: c.Username, Password: c.Password, DB: c.DB, MaxRetries: -1, Protocol: 2,
		DialTimeout: timeout, ReadTimeout: timeout, WriteTimeout: timeout, PoolSize: 2, DisableIdentity: true,
	}
	if c.TLS {
		host, _, _ := strings.Cut(c.Addr, ":")
		options.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	if c.LeaseTTL == 0 {
		c.LeaseTTL = 10 * time.Second
	}
	id, err := newIdentity()
	if err != nil {
		return nil, err
	}
	key := Key(c.Job, c.Table, c.Topic)
	return &Store{client: goredis.NewClient(options), key: key, sum: sibling(key, "sum"), leaseKey: sibling(key, "lease"),
		lease: c.Lease, ttl: c.LeaseTTL, identity: id}, nil
}

// Key is the key of a job's offset, as the original names it.
func Key(job, table, topic string) string {
	return "repliqate:replication:offset:name=" + job + "&table=" + table + "&topic=" + topic
}

// sibling names a key that Redis Cluster keeps in the same slot. A slot is decided by what stands
// between the first { and the next }, where that is not empty, else by the whole key.
func sibling(key, what string) string {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if end := strings.IndexByte(key[open+1:], '}'); end > 0 {
			return key + ":" + what
		}
	}
	return "{" + key + "}:" + what
}

// Load reads the offset. The checksum counts only where it is of that offset's row: an offset that was
// set by hand, or by the original, has none.
func (s *Store) Load(ctx context.Context) (replicate.Offset, error) {
	values, err := s.client.MGet(ctx, s.key, s.sum).Result()
	if err != nil {
		return replicate.Offset{}, classify("read offset", err)
	}
	key, ok := values[0].(string)
	if !ok {
		return replicate.Offset{}, nil
	}
	if !replicate.IsKeyText(key) {
		return replicate.Offset{}, replicate.Stop(fmt.Errorf("redis key %q holds %.40q: expected an offset in decimal", s.key, key),
			"set it to the key of the last published row, or delete it to begin at the first row")
	}
	o := replicate.Offset{Key: key}
	if text, ok := values[1].(string); ok {
		if of, sum, _ := strings.Cut(text, " "); of == key {
			o.Sum = sum
		}
	}
	return o, nil
}

// commitScript stores an offset unless the lease is gone or the stored one is further on. Decimals are
// compared as text, since Lua's numbers are doubles.
var commitScript = goredis.NewScript(`
local function beyond(a, b)
	local na, nb = a:sub(1, 1) == '-', b:sub(1, 1) == '-'
	if na ~= nb then return nb end
	if na then a, b = b:sub(2), a:sub(2) end
	if #a ~= #b then return #a > #b end
	return a > b
end
if ARGV[3] ~= '' then
	local holder = redis.call('GET', KEYS[3])
	if holder ~= ARGV[3] then return {'lost', holder or ''} end
end
local stored = redis.call('GET', KEYS[1])
if stored and stored:match('^%-?%d+$') and beyond(stored, ARGV[1]) then return {'ahead', stored} end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. ARGV[2])
return {'ok', ''}`)

// Commit stores the offset and the checksum of its row together.
func (s *Store) Commit(ctx context.Context, o replicate.Offset) error {
	token := ""
	if s.lease {
		token = s.identity.token
	}
	answer, err := commitScript.Run(ctx, s.client, []string{s.key, s.sum, s.leaseKey}, o.Key, o.Sum, token).StringSlice()
	if err != nil {
		return classify("write offset", err)
	}
	switch answer[0] {
	case "lost":
		return fmt.Errorf("write offset: %w", replicate.ErrLeaseLost)
	case "ahead":
		return &replicate.OffsetAheadError{Stored: answer[1]}
	}
	return nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.client.Close() }

// classify tells what a retry can heal from what it can't. Redis's own errors never hold a password.
func classify(what string, err error) error {
	wrapped := fmt.Errorf("%s in redis: %w", what, err)
	for _, prefix := range []string{"WRONGPASS", "NOAUTH", "NOPERM", "ERR invalid password", "ERR AUTH", "WRONGTYPE", "ERR DB index"} {
		if strings.HasPrefix(err.Error(), prefix) {
			return replicate.Stop(wrapped, "check redis.username, redis.password and redis.db")
		}
	}
	var parse *url.Error
	if errors.As(err, &parse) {
		return replicate.Stop(fmt.Errorf("%s in redis: the address can't be read", what), "correct redis_addr")
	}
	return wrapped
}
