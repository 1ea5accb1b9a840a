package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// hosts groups the ways to connect by their server, each with TLS and without where both are tried.
func hosts(config *pgconn.Config) (groups [][]*pgconn.FallbackConfig) {
	all := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}},
		config.Fallbacks...)
	for i, way := range all {
		// With sslmode=prefer and allow, one way of two is without TLS.
		again := i > 0 && way.Host == all[i-1].Host && way.Port == all[i-1].Port &&
			(way.TLSConfig == nil) != (all[i-1].TLSConfig == nil)
		if again && len(groups[len(groups)-1]) == 1 {
			groups[len(groups)-1] = append(groups[len(groups)-1], way)
			continue
		}
		groups = append(groups, []*pgconn.FallbackConfig{way})
	}
	return groups
}

// apply makes the client connect as was asked.
func (a *asked) apply(config *pgconn.Config) {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout // for each server
	}
	if config.RuntimeParams["application_name"] == "" && a.application != "" {
		config.RuntimeParams["application_name"] = a.application
	}
	if a.dialing {
		d := &net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: a.keepAlive, Control: a.control}
		config.DialFunc = d.DialContext
	}
	if a.peer != "" {
		config.DialFunc = withPeer(config.DialFunc, a.peer)
	}
	groups := hosts(config)
	config.LookupFunc = a.lookup(config.LookupFunc, groups)
	if a.shuffle {
		rand.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		ways := slices.Concat(groups...)
		config.Host, config.Port, config.TLSConfig, config.Fallbacks = ways[0].Host, ways[0].Port, ways[0].TLSConfig,
			ways[1:]
	}
	a.secure(config.TLSConfig)
	for _, way := range config.Fallbacks {
		a.secure(way.TLSConfig)
	}
}

// lookup gives the addresses of hostaddr in place of those that the names have.
func (a *asked) lookup(inner pgconn.LookupFunc, groups [][]*pgconn.FallbackConfig) pgconn.LookupFunc {
	given := map[string][]string{}
	for i, address := range a.addresses {
		if host := groups[i][0].Host; address != "" {
			given[host] = append(given[host], address)
		}
	}
	return func(ctx context.Context, host string) ([]string, error) {
		if addresses := given[host]; addresses != nil {
			return addresses, nil
		}
		found, err := inner(ctx, host)
		if a.shuffle {
			rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
		}
		return found, err
	}
}

// control sets what a connection's socket has to know before it connects.
func (a *asked) control(network, _ string, conn syscall.RawConn) (err error) {
	if a.userTimeout <= 0 || network == "unix" {
		return nil
	}
	failed := conn.Control(func(socket uintptr) { err = setUserTimeout(socket, a.userTimeout) })
	return errors.Join(failed, err)
}

// secure adds to a configuration of TLS what the client does not know.
func (a *asked) secure(config *tls.Config) {
	if config == nil {
		return
	}
	config.MinVersion, config.MaxVersion = a.minTLS, a.maxTLS
	if a.keyLog != nil {
		config.KeyLogWriter = a.keyLog
	}
	if verifies := !config.InsecureSkipVerify || config.VerifyPeerCertificate != nil; verifies && a.revoked != nil {
		config.VerifyConnection = a.revoked.verify
	}
}

// withPeer ends connections over a Unix socket to a server that runs as another user.
func withPeer(dial pgconn.DialFunc, user string) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		local, ok := conn.(*net.UnixConn)
		if !ok {
			return conn, nil // as in libpq it says nothing about other connections
		}
		if peer, err := peerName(local); err != nil || peer != user {
			_ = conn.Close() // it was not used
			return nil, errors.Join(fmt.Errorf("requirepeer: the server does not run as the user asked for"), err)
		}
		return conn, nil
	}
}
