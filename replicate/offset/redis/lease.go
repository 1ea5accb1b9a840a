package redis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// identity is the holder of a lease: host|boot and pid namespace|pid|start time|nonce. A later instance on the same
// host can see from it that the process is gone, and need not wait for the lease to expire.
type identity struct{ host, token string }

func newIdentity(host string) (identity, error) {
	if host == "" {
		var err error
		if host, err = os.Hostname(); err != nil {
			return identity{}, fmt.Errorf("find the host's name, for the lease: %w", err)
		}
	}
	host = strings.ReplaceAll(host, "|", "-")
	started, _ := startTime(os.Getpid())
	return identity{host: host, token: strings.Join([]string{host, machine(), strconv.Itoa(os.Getpid()), started,
		nonce()}, "|")}, nil
}

// nonce returns a text that no other process has.
func nonce() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// machine identifies this boot of this machine and the namespace that process numbers belong to. It is empty if the
// system does not say.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + namespace
}

// startTime is when a process started, in the kernel's ticks. It distinguishes processes that had the same number.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	// The second field is the command in brackets, which may contain blanks.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return "", errors.New("too few fields")
	}
	return fields[19], nil
}

// gone reports whether holder was a process of this machine that no longer runs. If that is unknown, the lease has to
// expire.
func (id identity) gone(holder string) bool {
	parts := strings.Split(holder, "|")
	if len(parts) != 5 || parts[0] != id.host || parts[1] == "" || parts[1] != machine() || parts[3] == "" {
		return false
	}
	pid, err := strconv.Atoi(parts[2])
	if err != nil {
		return false
	}
	started, err := startTime(pid)
	return errors.Is(err, os.ErrNotExist) || err == nil && started != parts[3]
}

// acquireScript takes the lease if it is free, is ours, or still belongs to ARGV[3], a process that is gone.
var acquireScript = goredis.NewScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ''`)

// Acquire takes or renews the lease.
func (s *Store) Acquire(ctx context.Context) (held bool, holder string, err error) {
	holder, err = s.acquire(ctx, "")
	if err == nil && holder != "" && s.identity.gone(holder) {
		holder, err = s.acquire(ctx, holder)
	}
	if err != nil {
		return false, "", classify("ask for the lease", err)
	}
	return holder == "", name(holder), nil
}

// Holder returns who holds the lease, without trying to take it. It is empty if nobody does.
func (s *Store) Holder(ctx context.Context) (string, error) {
	holder, err := s.client.Get(ctx, s.leaseKey).Result()
	if errors.Is(err, goredis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", classify("read the lease", err)
	}
	text := name(holder)
	if s.identity.gone(holder) {
		text += ", which no longer runs"
	}
	return text, nil
}

// name is a holder's token in a form for operators.
func name(holder string) string {
	host, rest, _ := strings.Cut(holder, "|")
	if parts := strings.Split(rest, "|"); len(parts) == 4 {
		host += " (process " + parts[1] + ")"
	}
	return host
}

func (s *Store) acquire(ctx context.Context, dead string) (string, error) {
	return acquireScript.Run(ctx, s.client, []string{s.leaseKey}, s.identity.token, s.ttl.Milliseconds(), dead).Text()
}

var releaseScript = goredis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

// Release gives the lease back if it is ours.
func (s *Store) Release(ctx context.Context) error {
	if err := releaseScript.Run(ctx, s.client, []string{s.leaseKey}, s.identity.token).Err(); err != nil {
		return classify("give back the lease", err)
	}
	return nil
}
