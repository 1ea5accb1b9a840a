package daemon_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/repliqate/repliqate/generated/orders"
	"github.com/repliqate/repliqate/replicate/daemon"
)

// marks are the secrets of TestNoSecretIsLogged, one for each place. None is a part of another.
var marks = map[string]string{
	"uri": "mark-uri-1", "redis": "mark-redis-2", "address": "mark-address-3", "sasl": "mark-sasl-4", "env": "mark-env-5",
}

// serve calls handle for each connection to the address that it returns.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	return l.Addr().String()
}

// greet speaks first and in the clear, as no server with TLS does.
func greet(conn net.Conn) {
	defer conn.Close()
	_, _ = conn.Write([]byte("220 hello\r\n")) // the other side may be gone
	_, _ = conn.Read(make([]byte, 1000))
}

// refuse is a PostgreSQL that refuses every password.
func refuse(conn net.Conn) {
	defer conn.Close()
	backend := pgproto3.NewBackend(conn, conn)
	for {
		first, err := backend.ReceiveStartupMessage()
		if err != nil {
			return
		}
		if _, ok := first.(*pgproto3.SSLRequest); !ok {
			break
		}
		if _, err := conn.Write([]byte("N")); err != nil {
			return
		}
	}
	backend.Send(&pgproto3.AuthenticationCleartextPassword{})
	if backend.Flush() != nil || backend.SetAuthType(pgproto3.AuthTypeCleartextPassword) != nil {
		return
	}
	if _, err := backend.Receive(); err != nil {
		return
	}
	backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01",
		Message: `password authentication failed for user "u"`})
	_ = backend.Flush() // it refuses in any case
}

// selfSigned is a certificate that nobody trusts.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// stand are the servers that a scenario of TestNoSecretIsLogged meets.
type stand struct{ pg, redis, kafka, saslKafka, tlsKafka, authRedis, tlsRedis, plain string }

func newStand(t *testing.T) stand {
	t.Helper()
	broker := func(opts ...kfake.Opt) string {
		c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c.ListenAddrs()[0]
	}
	encrypted := &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	auth := miniredis.RunT(t)
	auth.RequireUserAuth("u", "other")
	tlsRedis, err := miniredis.RunTLS(encrypted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tlsRedis.Close)
	return stand{
		pg: serve(t, refuse), plain: serve(t, greet), redis: miniredis.RunT(t).Addr(), kafka: broker(),
		saslKafka: broker(kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "u", "other"),
			kfake.Superuser("PLAIN", "u", "other")),
		tlsKafka: broker(kfake.TLS(encrypted)), authRedis: auth.Addr(), tlsRedis: tlsRedis.Addr(),
	}
}

// scenario is a configuration that fails, and what is said of it.
type scenario struct{ root, uri, kafka, said string }

// scenarios are failures of every kind, with a secret in each.
func scenarios(s stand, nowhere string) map[string]scenario {
	const scram = "sasl: {mechanism: SCRAM-SHA-512, username: u, password: %SASL%}"
	const encrypted = "tls: {enabled: true}\n      "
	plain := strings.Replace(scram, "SCRAM-SHA-512", "PLAIN", 1)
	at := func(broker, more string) string { return "brokers: [" + broker + "]\n      " + more }
	uri, good := "postgresql://u:%URI%@"+s.pg+"/d", at(s.kafka, "")
	redis, url := "redis_addr: "+s.redis, "redis_addr: redis://u:%ADDRESS%@"
	refused := s.authRedis + "\n  redis: {username: u, password: \"${REDIS_PASSWORD}\"}"
	return map[string]scenario{
		"database refuses":             {redis, uri, good, "password authentication failed"},
		"database is away":             {redis, "postgresql://u:%URI%@" + nowhere + "/d", good, "the database can't be read"},
		"database by host name":        {redis, "postgresql://u:%URI%@name.invalid/d", good, "the database can't be read"},
		"database with a bad port":     {"", "postgresql://u:%URI%@h:x/d", good, "sql_source.uri"},
		"database with a bad password": {"", "postgresql://u:%URI%/%zz@h/d", good, "sql_source.uri"},
		"database with a bad setting":  {"", "postgresql://u:%URI%@h/d?sslmode=%URI%", good, "sql_source.uri"},
		"database of another kind":     {"", "mysql://u:%URI%@h/d", good, "sql_source.uri"},
		"database without a scheme":    {"", "u:%URI%@h/d", good, "sql_source.uri"},

		"redis refuses":             {"redis_addr: " + refused, uri, good, "check redis.username and redis.password"},
		"redis wants none":          {redis + "\n  redis: {password: %REDIS%}", uri, good, "password authentication failed"},
		"redis by URL":              {url + s.authRedis, uri, good, "WRONGPASS"},
		"redis by URL that is away": {url + nowhere, uri, good, "the lease can't be checked"},
		"redis by a bad URL":        {url + "h:1/%ADDRESS%", uri, good, "repliqate.redis_addr: expected"},
		"redis by another URL":      {"redis_addr: u:%ADDRESS%@h:1", uri, good, "repliqate.redis_addr: expected"},
		"redis wants no TLS":        {"redis_addr: rediss://u:%ADDRESS%@" + s.plain, uri, good, "check redis.tls"},
		"redis is not trusted":      {"redis_addr: rediss://u:%ADDRESS%@" + s.tlsRedis, uri, good, "check redis.tls"},
		"redis wants TLS":           {url + s.tlsRedis, uri, good, "the lease can't be checked"},

		"kafka refuses SCRAM":  {"", uri, at(s.saslKafka, scram), "connect to Kafka: "},
		"kafka refuses PLAIN":  {"", uri, at(s.saslKafka, plain), "connect to Kafka: "},
		"kafka is away":        {"", uri, at(nowhere, scram), "connect to Kafka: "},
		"kafka is not trusted": {"", uri, at(s.tlsKafka, encrypted+scram), "set kafka_target.tls"},
		"kafka wants no TLS":   {"", uri, at(s.plain, encrypted+scram), "remove kafka_target.tls"},
		"kafka wants TLS":      {"", uri, at(s.tlsKafka, scram), "connect to Kafka: "},

		"variable as a number":  {"once_wait_sec: ${SECRET}", uri, good, "once_wait_sec: expected"},
		"variable as a choice":  {"lease: ${SECRET}", uri, good, "lease: expected"},
		"variable as an option": {"statsd_addr: ${SECRET}", uri, good, "statsd_addr: expected"},
		"variable as a broker":  {"", uri, at(`"${SECRET}:x"`, ""), "brokers: expected"},
		"variable as a key":     {"", uri, good + `key: "${SECRET}"`, "kafka_target.key: "},
		"variable as a topic":   {"", uri, good + "on_bad_row: stop\n      dead_letter_topic: ${SECRET}/", "topic: "},
	}
}

// TestNoSecretIsLogged puts a secret into each place that can have one, provokes failures of every kind,
// and looks for the secrets in all that is written at the highest level.
func TestNoSecretIsLogged(t *testing.T) {
	s := newStand(t)
	t.Setenv("SECRET", marks["env"])
	t.Setenv("REDIS_PASSWORD", marks["redis"])
	for name, tt := range scenarios(s, closed(t)) {
		t.Run(name, func(t *testing.T) {
			config := fill("repliqate:\n  name: shop\n  " + tt.root + "\n  replication:\n    poll_interval_sec: 1\n" +
				"    sql_source:\n      uri: '" + tt.uri + "'\n      table: orders\n      primary_key: id\n" +
				"    kafka_target:\n      topic: orders\n      " + tt.kafka + "\n")
			ctx, cancel := context.WithCancel(t.Context())
			o := newOutput()
			status := make(chan int, 1)
			go func() {
				status <- daemon.Run(ctx, daemon.Program[orders.Row, int64]{Engine: "postgres", Table: orders.Table(),
					NewSource: orders.NewSource}, []string{"--config", write(t, config), "-vvv"}, o, o)
			}()
			o.wait(t, tt.said)
			cancel()
			<-status
			for place, mark := range marks {
				if strings.Contains(o.String(), mark) {
					t.Errorf("the secret of %s is written:\n%s", place, o)
				}
			}
			if strings.Contains(o.String(), "goroutine ") {
				t.Errorf("a stack trace is written:\n%s", o)
			}
		})
	}
}

func fill(config string) string {
	return strings.NewReplacer("%URI%", marks["uri"], "%REDIS%", marks["redis"], "%ADDRESS%", marks["address"],
		"%SASL%", marks["sasl"]).Replace(config)
}
