package postgres

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/nearest"
)

// asked is what the URI, or a service, asks for by parameters of libpq that the client does not know.
type asked struct {
	application string
	addresses   []string // hostaddr
	shuffle     bool     // load_balance_hosts=random

	dialing     bool // one of the following was given
	keepAlive   net.KeepAliveConfig
	userTimeout time.Duration // tcp_user_timeout

	peer           string // requirepeer
	minTLS, maxTLS uint16
	revoked        revocations
	keyLog         *os.File
}

// parameters read those parameters. The client takes what it does not know for settings of the server, where
// libpq has none of that.
var parameters = map[string]func(a *asked, value string) error{
	"fallback_application_name": func(a *asked, value string) error {
		a.application = value
		return nil
	},
	"hostaddr": func(a *asked, value string) error {
		a.addresses = strings.Split(value, ",")
		return nil
	},
	"load_balance_hosts": func(a *asked, value string) error {
		a.shuffle = value == "random"
		return oneOf(value, "disable", "random")
	},
	"keepalives": func(a *asked, value string) error {
		n, err := whole(value)
		a.dialing, a.keepAlive.Enable = true, n != 0
		return err
	},
	"keepalives_idle":     seconds(func(a *asked) *time.Duration { return &a.keepAlive.Idle }),
	"keepalives_interval": seconds(func(a *asked) *time.Duration { return &a.keepAlive.Interval }),
	"keepalives_count": func(a *asked, value string) error {
		n, err := whole(value)
		if a.dialing = true; n > 0 {
			a.keepAlive.Count = n
		}
		return err
	},
	"tcp_user_timeout": func(a *asked, value string) error {
		n, err := whole(value)
		a.dialing, a.userTimeout = true, time.Duration(n)*time.Millisecond
		return err
	},
	"requirepeer": func(a *asked, value string) error {
		a.peer = value
		return nil
	},
	"ssl_min_protocol_version": version(func(a *asked) *uint16 { return &a.minTLS }),
	"ssl_max_protocol_version": version(func(a *asked) *uint16 { return &a.maxTLS }),
	"sslcrl":                   func(a *asked, value string) error { return a.revoked.addFile(value) },
	"sslcrldir":                func(a *asked, value string) error { return a.revoked.addFolder(value) },
	"sslkeylogfile": func(a *asked, value string) (err error) {
		a.keyLog, err = os.OpenFile(value, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		return innermost(err)
	},
	"gssencmode": func(_ *asked, value string) error {
		if value == "require" {
			return errors.New("require is not supported: use TLS, with sslmode=require")
		}
		return oneOf(value, "disable", "prefer")
	},
	"replication": func(_ *asked, value string) error {
		if slices.Contains([]string{"", "0", "false", "off", "no"}, value) {
			return nil
		}
		return errors.New("tables can't be read over a connection for replication: remove it")
	},
	// These say how to do what is not done: compress, or authenticate with GSSAPI and OAuth.
	"sslcompression":      ignored,
	"gsslib":              ignored,
	"gssdelegation":       ignored,
	"oauth_issuer":        ignored,
	"oauth_client_id":     ignored,
	"oauth_client_secret": ignored,
	"oauth_scope":         ignored,
	"scram_client_key":    unsupported,
	"scram_server_key":    unsupported,
}

func ignored(*asked, string) error { return nil }

func unsupported(*asked, string) error {
	return errors.New("it is not supported: give the password, in the URI or with passfile")
}

func oneOf(value string, expected ...string) error {
	if slices.Contains(expected, value) {
		return nil
	}
	return errors.New("expected " + strings.Join(expected, " or "))
}

func whole(value string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil {
		return 0, errors.New("expected a whole number")
	}
	return n, nil
}

// seconds reads a time, of which 0 means the system's default.
func seconds(field func(*asked) *time.Duration) func(*asked, string) error {
	return func(a *asked, value string) error {
		n, err := whole(value)
		if a.dialing = true; n > 0 {
			*field(a) = time.Duration(n) * time.Second
		}
		return err
	}
}

func version(field func(*asked) *uint16) func(*asked, string) error {
	known := map[string]uint16{"": 0, "tlsv1": tls.VersionTLS10, "tlsv1.1": tls.VersionTLS11, "tlsv1.2": tls.VersionTLS12,
		"tlsv1.3": tls.VersionTLS13}
	return func(a *asked, value string) error {
		v, ok := known[strings.ToLower(value)]
		if !ok {
			return errors.New("expected TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3")
		}
		*field(a) = v
		return nil
	}
}

// takeParameters takes the parameters of libpq out of what would be sent to the server as its settings, and
// refuses those that libpq does not know, as libpq does: the server would end every connection because of them.
// It is not certain that they are parameters where they may be part of the password.
func takeParameters(config *pgconn.Config, certain bool) (*asked, error) {
	// Where the URI names no times, the system's own apply.
	a := &asked{keepAlive: net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: -1}}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(config.RuntimeParams)) {
		value := config.RuntimeParams[name]
		read, ok := parameters[name]
		switch {
		case ok:
			if err := read(a, value); err != nil {
				return nil, wrongURI(fmt.Errorf("%s: %w", name, err))
			}
		case name == "application_name", name == "options":
			continue
		case name == "client_encoding", name == "timezone": // the latter is PGTZ; both are pinned
		default:
			unknown = append(unknown, name)
		}
		delete(config.RuntimeParams, name)
	}
	switch {
	case len(unknown) > 0 && !certain:
		return nil, unreadable("")
	case len(unknown) > 0:
		return nil, unknownParameters(unknown)
	}
	if n := len(hosts(config)); a.addresses != nil && len(a.addresses) != n {
		return nil, wrongURI(fmt.Errorf("hostaddr: expected as many addresses as hosts, %d", n))
	}
	return a, nil
}

// otherNames are parameters of other drivers, in lower case, that libpq has under a name of its own.
var otherNames = map[string]string{
	"applicationname": "application_name", "targetservertype": "target_session_attrs", "logintimeout": "connect_timeout",
	"connecttimeout": "connect_timeout", "timeout": "connect_timeout", "tcpkeepalive": "keepalives",
	"keepalive": "keepalives", "sslrootcertificate": "sslrootcert", "loadbalancehosts": "load_balance_hosts",
	"ssl": "sslmode", "ssl_mode": "sslmode", "sslaccept": "sslmode", "encoding": "client_encoding",
	"charset": "client_encoding", "username": "user", "pass": "password", "server_settings": "options",
}

// settingNames are settings of the server that other drivers take as parameters.
var settingNames = regexp.MustCompile(`^(?i:(statement|lock|transaction|idle_session|` +
	`idle_in_transaction_session)_timeout|search_path|work_mem|datestyle|intervalstyle|role|lc_[a-z]+|[a-z_]+\.[a-z_.]+)$`)

// shown is what a parameter's name may look like for an error to repeat it: anything else may be part of a password
// that was not encoded.
var shown = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)

func unknownParameters(names []string) error {
	var list, advice []string
	for _, name := range names {
		if !shown.MatchString(name) {
			return wrongURI(errors.New("a parameter has a name that can't be one; special characters in user" +
				" and password must be percent-encoded"))
		}
		list = append(list, name)
		known := otherNames[strings.ToLower(name)]
		if near := nearest.Of(strings.ToLower(name), libpqNames()); known == "" && nearest.Distance(name, near) <= 2 {
			known = near
		}
		switch {
		case known != "":
			advice = append(advice, "for "+name+" write "+known)
		case settingNames.MatchString(name):
			advice = append(advice, "a setting of the server is written options=-c%20"+name+"%3DVALUE")
		}
	}
	what, them := "the parameter "+list[0]+", which PostgreSQL does not know", "it"
	if len(list) > 1 {
		what, them = "the parameters "+strings.Join(list, ", ")+", which PostgreSQL does not know", "them"
	}
	return wrongURI(errors.New("it has " + what + " (other drivers do): " +
		strings.Join(append([]string{"remove " + them}, advice...), "; ")))
}

// libpqNames are the parameters that a name may have been meant to be.
func libpqNames() []string {
	return append(slices.Sorted(maps.Keys(parameters)), clientNames...)
}

// clientNames are the parameters of libpq that the client knows by itself.
var clientNames = []string{"host", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding",
	"connect_timeout", "options", "application_name", "sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword",
	"sslcertmode", "sslrootcert", "sslsni", "krbsrvname", "min_protocol_version", "max_protocol_version", "service",
	"target_session_attrs", "client_encoding"}
