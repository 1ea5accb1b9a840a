package mysql

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

const uriShape = "mysql://user:password@host:3306/database"

// silenceMax is how long the server may be silent while an answer is awaited. It bounds the wait for a server
// that is gone, as after a power cut, and not the time that an answer takes as a whole.
const silenceMax = 30 * time.Second

// packetMax bounds a row, as the protocol does (Promise 7).
const packetMax = 1 << 30

// target is what a URI says: where the server is, in the order to try, and how to connect.
type target struct {
	servers  []wire.Config
	database string
	timeout  time.Duration // to connect
}

// parseURI reads a SQLAlchemy-style URI: mysql://, mysql+pymysql://, mariadb://, with the options of SQLAlchemy's
// drivers. An error never holds the password, nor the value of an option.
func parseURI(uri, job string) (*target, error) {
	t, err := readURI(uri, job)
	if err != nil {
		return nil, &replicate.SettingError{Key: replicate.SettingURI, Err: err}
	}
	return t, nil
}

func readURI(uri, job string) (*target, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	dialect, _, _ := strings.Cut(scheme, "+")
	if !ok || dialect != "mysql" && dialect != "mariadb" {
		return nil, errors.New("expected " + uriShape + " for this table")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if strings.Contains(query, "@") && !strings.Contains(rest, "@") {
		return nil, errors.New("a question mark in user or password must be percent-encoded, as %3F")
	}
	userInfo, place := "", rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		userInfo, place = rest[:at], rest[at+1:]
	}
	hosts, database, _ := strings.Cut(place, "/")
	user, password, _ := strings.Cut(userInfo, ":")
	for name, part := range map[string]*string{"user": &user, "password": &password, "database": &database} {
		plain, err := url.PathUnescape(*part)
		if err != nil {
			return nil, errors.New("the percent-encoding of the " + name + " is wrong")
		}
		*part = plain
	}
	if database == "" {
		return nil, errors.New("the database is missing: expected " + uriShape)
	}
	options, err := parseOptions(query)
	if err != nil {
		return nil, err
	}
	base := wire.Config{
		User: user, Password: password, Database: database, PacketMax: packetMax, Silence: silenceMax,
		Attributes: [][2]string{{"program_name", options.program(job)}, {"_client_name", "repliqate"}},
	}
	t := &target{database: database, timeout: options.timeout}
	if options.socket != "" {
		base.Network, base.Address = "unix", options.socket
		t.servers = []wire.Config{base}
		return t, nil
	}
	for _, host := range strings.Split(hosts, ",") {
		server := base
		name, port, err := splitHost(host)
		if err != nil {
			return nil, err
		}
		server.Network, server.Address = "tcp", net.JoinHostPort(name, port)
		if server.TLS, server.TLSOptional, err = options.tls(name); err != nil {
			return nil, err
		}
		t.servers = append(t.servers, server)
	}
	return t, nil
}

func splitHost(host string) (name, port string, err error) {
	if host == "" {
		return "localhost", "3306", nil
	}
	if strings.HasSuffix(host, "]") || !strings.Contains(host, ":") {
		host += ":3306"
	}
	name, port, err = net.SplitHostPort(host)
	if err != nil || port == "" || strings.Trim(port, "0123456789") != "" {
		return "", "", errors.New("expected host or host:port; special characters in user and " +
			"password must be percent-encoded")
	}
	return name, port, nil
}
