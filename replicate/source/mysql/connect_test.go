package mysql_test

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

// TestPasswords logs in by each proof that a server has, with the right password and with a wrong one, on an
// encrypted line and on one that is not.
func TestPasswords(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		plugins := map[string]string{"mysql_native_password": "IDENTIFIED VIA mysql_native_password USING PASSWORD(%s)"}
		if m.Product == "MySQL" {
			plugins = map[string]string{"caching_sha2_password": "IDENTIFIED WITH caching_sha2_password BY %s"}
		}
		for plugin, identified := range plugins {
			for _, mode := range []string{"DISABLED", "REQUIRED"} {
				t.Run(plugin+"/"+mode, func(t *testing.T) {
					const password = "p@ss:w/r?d é" // each of these has a meaning in a URI
					user := d.name + strings.ToLower(mode[:3])
					d.exec("CREATE USER " + user + "@'127.0.0.1' " + fmt.Sprintf(identified, "'"+password+"'") +
						"; GRANT SELECT ON " + d.name + ".* TO " + user + "@'127.0.0.1';" +
						" GRANT SELECT ON performance_schema.* TO " + user + "@'127.0.0.1'")
					if m.Product == "MySQL" {
						d.exec("GRANT XA_RECOVER_ADMIN ON *.* TO " + user + "@'127.0.0.1'")
					}
					t.Cleanup(func() { d.exec("DROP USER " + user + "@'127.0.0.1'") })
					uri := func(password string) string {
						return fmt.Sprintf("mysql://%s:%s@127.0.0.1:%d/%s?ssl_mode=%s", user, url.PathEscape(password),
							m.Port, d.name, mode)
					}
					// A second time the server has the proof in its cache.
					for range 2 {
						if err := open(t, d.source("events", options{uri: uri(password)}), replicate.Offset{}); err != nil {
							t.Error(err)
						}
					}
					err := open(t, d.source("events", options{uri: uri("wrong")}), replicate.Offset{})
					if stops(t, err, "check user and password") && strings.Contains(err.Error(), "wrong") {
						t.Errorf("the error repeats the password: %v", err)
					}
				})
			}
		}
	})
}

// TestTLS verifies the server's certificate and name, as the URI asks.
func TestTLS(t *testing.T) {
	suite.Servers(t, "MariaDB")
	authority, err := testserver.NewAuthority(t.TempDir(), "mysql")
	if err != nil {
		t.Fatal(err)
	}
	other, err := testserver.NewAuthority(t.TempDir(), "other")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("server", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	m, err := testserver.StartMariaDB(t.Context(), "ssl_cert="+certificate.Cert, "ssl_key="+certificate.Key,
		"ssl_ca="+authority.File)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
	})
	d := create(t, m, plain)
	for _, c := range []struct{ host, query, want string }{
		{"127.0.0.1", "?ssl_ca=" + authority.File, ""},
		{"127.0.0.1", "?ssl_mode=VERIFY_IDENTITY&ssl_ca=" + authority.File, ""},
		{"127.0.0.1", "?ssl_mode=REQUIRED", ""},
		{"127.0.0.1", "", ""},
		{"127.0.0.1", "?ssl_ca=" + other.File, "unknown authority"},
		{"127.0.0.1", "?ssl_mode=VERIFY_CA&ssl_ca=" + other.File, "unknown authority"},
		{"127.0.0.1", "?ssl_verify_cert=true", "unknown authority"},
		{"localhost", "?ssl_ca=" + authority.File, "localhost"},
		{"localhost", "?ssl_check_hostname=false&ssl_ca=" + authority.File, ""},
	} {
		t.Run(c.host+c.query, func(t *testing.T) {
			uri := fmt.Sprintf("mysql+pymysql://root@%s/%s%s", net.JoinHostPort(c.host, strconv.Itoa(m.Port)), d.name, c.query)
			err := open(t, d.source("events", options{uri: uri}), replicate.Offset{})
			if c.want == "" && err != nil {
				t.Error(err)
			} else if c.want != "" {
				stops(t, err, c.want, "check ssl_ca")
			}
		})
	}
}

// TestURIs reads the shapes that SQLAlchemy has, and names what it can't read without telling a secret.
func TestURIs(t *testing.T) {
	for uri, want := range map[string]string{
		"mysql://us%3Aer:p%40s%3As%2Fw%3Fr%23d@127.0.0.1:3306/db":                        "",
		"mysql+pymysql://root@localhost/db?unix_socket=/run/mysqld.sock&charset=utf8mb4": "",
		"mysql+mysqldb://root@[::1]:3306/db?ssl_mode=REQUIRED":                           "",

		"mariadb://root@127.0.0.1/db":                               "",
		"mariadb+mariadbconnector://root:secret@a,b:3307,[::1]/db":  "",
		"mysql://root:secret@h/db?connect_timeout=5&read_timeout=9": "",
		"mysql://root:secret@h/db?charset=latin1":                   "option charset: expected one",
		"mysql://root:secret@h/db?colour=red":                       "option colour: it is not supported; expected",
		"mysql://root:secret@h/db?connect_timeout=soon":             "option connect_timeout: expected a number",
		"mysql://root:secret@h/db?ssl_ca=/nowhere.pem":              "ssl_ca",
		"mysql://root:secret@h/db?ssl_cert=/nowhere.pem":            "ssl_cert and ssl_key",
		"mysql://root:secret@h":                                     "the database is missing",
		"mysql://root:sec%ret@h/db":                                 "percent-encoding",
		"mysql://root:secret?@h/db":                                 "question mark",
		"mysql://root:secret@h:port/db":                             "expected host",
		"postgresql://root:secret@h/db":                             "expected mysql://",
	} {
		table := events("events", "bigint")
		builder := replicate.NewBuilder(&table.Table, json.New("job", table.Name, table.AppendJSON),
			replicate.MessageKey{}, false)
		_, err := table.NewSource(builder, replicate.SourceConfig{URI: uri, Job: "test", Warn: func(string) {}})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", uri, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", uri, err, want)
		case err != nil && strings.Contains(err.Error(), "sec"):
			if !strings.Contains(err.Error(), "number of seconds") {
				t.Errorf("%s: the error tells the password: %v", uri, err)
			}
		}
	}
}
