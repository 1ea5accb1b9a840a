package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// try makes a source with a URI that may be wrong.
func try(uri string) error {
	table := events("public.events", "bigint")
	_, err := table.NewSource(nil, replicate.SourceConfig{URI: uri, Job: "test", Warn: func(string) {}})
	if err == nil {
		return nil
	}
	return errors.New(replicate.Explain(err, func(replicate.Setting) string { return "sql_source.uri" }))
}

// TestParametersOfOthers has URIs as other drivers take them. What is unknown is named, with what to write, before
// anything connects; a value is never shown.
func TestParametersOfOthers(t *testing.T) {
	for query, want := range map[string]string{
		"schema=public":                         "sql_source.uri: it has the parameter schema, which PostgreSQL",
		"pgbouncer=true&connection_limit=1":     "has the parameters connection_limit, pgbouncer, which",
		"pool_timeout=3&sslaccept=strict":       "for sslaccept write sslmode",
		"currentSchema=secret":                  "the parameter currentSchema, which PostgreSQL does not know",
		"ApplicationName=secret":                "for ApplicationName write application_name",
		"targetServerType=primary":              "for targetServerType write target_session_attrs",
		"tcpKeepAlive=true&loginTimeout=3":      "for loginTimeout write connect_timeout; for tcpKeepAlive write keepalives",
		"ssl=require":                           "for ssl write sslmode",
		"sslmod=require":                        "for sslmod write sslmode",
		"statement_timeout=5000":                "options=-c%20statement_timeout%3DVALUE",
		"search_path=secret":                    "options=-c%20search_path%3DVALUE",
		"prepared_statement_cache_size=0":       "the parameter prepared_statement_cache_size",
		"async_fallback=true":                   "the parameter async_fallback",
		"pool=5&reaping_frequency=1":            "the parameters pool, reaping_frequency",
		"binary_parameters=yes":                 "the parameter binary_parameters",
		"pool_max_conns=2":                      "the parameter pool_max_conns",
		"sslmode=secret":                        "sql_source.uri: sslmode: expected disable, allow",
		"sslmode=verify-ca&sslrootcert=/secret": "sql_source.uri: sslrootcert: the file can't be read: no such file",
		"sslcert=/secret":                       "sql_source.uri: sslcert and sslkey: expected both or neither",
		"sslcrl=/secret":                        "sql_source.uri: sslcrl: the file can't be read: no such file",
		"gssencmode=require":                    "sql_source.uri: gssencmode: require is not supported",
		"keepalives=secret":                     "sql_source.uri: keepalives: expected a whole number",
		"load_balance_hosts=secret":             "sql_source.uri: load_balance_hosts: expected disable or random",
		"target_session_attrs=secret":           "sql_source.uri: target_session_attrs: expected any, read-write",
		"channel_binding=secret":                "sql_source.uri: channel_binding: expected disable",
		"connect_timeout=secret":                "sql_source.uri: connect_timeout: expected a number of seconds",
		"ssl_min_protocol_version=secret":       "sql_source.uri: ssl_min_protocol_version: expected TLSv1",
		"replication=database":                  "sql_source.uri: replication: tables can't be read",
		"service=secret":                        "sql_source.uri: service: ",
		"hostaddr=127.0.0.1,127.0.0.2":          "sql_source.uri: hostaddr: expected as many addresses as hosts, 1",
		"scram_client_key=secret":               "sql_source.uri: scram_client_key: it is not supported",
		"word/secret@h/d":                       "special characters in user and password must be percent-encoded",
		"%73ecret%20x=1":                        "special characters in user and password must be percent-encoded",
	} {
		err := try("postgresql://u@h/d?" + query)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q and no value", query, err, want)
		}
	}
}

// TestParametersOfLibpq connects with every parameter that libpq has and that fits the server, and looks at what
// became of them.
func TestParametersOfLibpq(t *testing.T) {
	d := create(t, newest(t), identity)
	service := filepath.Join(t.TempDir(), "pg_service.conf")
	if err := os.WriteFile(service, []byte("[mine]\nkeepalives=1\nconnect_timeout=7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGSERVICEFILE", service)
	t.Setenv("PGTZ", "Asia/Tokyo")
	base := d.uri("postgres")
	named := strings.Replace(base, "127.0.0.1", "database.invalid", 1)
	two := strings.Replace(base, "@127.0.0.1", "@127.0.0.1:1,127.0.0.1", 1)
	for _, uri := range []string{
		base + "?keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=20000",
		base + "?keepalives=0&keepalives_idle=0",
		base + "?sslmode=disable&gssencmode=disable&sslcompression=0&sslnegotiation=postgres&sslsni=1&sslcertmode=allow",
		base + "?sslmode=prefer&ssl_min_protocol_version=TLSv1.2&ssl_max_protocol_version=TLSv1.3&channel_binding=prefer",
		base + "?requiressl=0&gssencmode=prefer&krbsrvname=postgres&gsslib=gssapi&gssdelegation=0&requirepeer=postgres",
		base + "?target_session_attrs=read-write&load_balance_hosts=disable&connect_timeout=5&client_encoding=LATIN1",
		base + "?fallback_application_name=repliqate%20test&passfile=/none&replication=false&require_auth=none",
		base + "?options=-c%20statement_timeout%3D5000%20-c%20TimeZone%3DAsia/Tokyo",
		base + "?service=mine",
		base + "?sslkeylogfile=" + filepath.Join(t.TempDir(), "keys") + "&min_protocol_version=3.0&max_protocol_version=3.0",
		base + "?dbname=" + d.name + "&user=postgres",
		named + "?hostaddr=127.0.0.1",
		strings.Replace(base, "127.0.0.1", "", 1) + "?host=127.0.0.1",
		two + "?load_balance_hosts=random",
		two + "?hostaddr=127.0.0.1,127.0.0.1&target_session_attrs=primary",
		strings.Replace(base, "postgresql://", "postgresql+psycopg2://", 1) + "?application_name=repliqate%20test",
	} {
		s := d.source("public.events", options{uri: uri})
		if err := open(t, s, replicate.Offset{}); err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		got := d.query("SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'repliqate%'")
		if !slices.Equal(got, []string{"repliqate test"}) {
			t.Errorf("%s: connected as %q", uri, got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		gone(d)
	}
	s := d.source("public.events", options{uri: base + "?application_name=mine"})
	if err := open(t, s, replicate.Offset{}); err != nil {
		t.Fatal(err)
	}
	if got := d.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'mine'"); len(got) != 1 {
		t.Error("application_name has no effect")
	}
}

// gone waits until the server has ended the last connection, which it does a moment after it was closed.
func gone(d database) {
	d.t.Helper()
	s := d.session()
	defer s.close()
	s.exec(`DO $$ BEGIN
		WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'repliqate%') LOOP
			PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
		END LOOP; END $$`)
}
