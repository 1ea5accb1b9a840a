package kafka_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/witness"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

const secret = "hunter2-secret"

// openBound is how long it may take to find out that the settings are wrong.
const openBound = 20 * time.Second

// fort is a broker with security, and what goes with it. ann may do with the topics and the group what
// docs/configure.md asks for, the certificate's owner may write, dan may write and nothing else, cid may look,
// bob may do nothing.
type fort struct {
	*testserver.SecureKafka
	stranger *testserver.Authority // of whom the broker knows nothing
	foreign  testserver.Certificate
}

func startFort(t *testing.T) fort {
	t.Helper()
	suite.Servers(t, "Kafka")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	k, err := testserver.StartSecureKafka(ctx, secret, "ann", "bob", "cid", "dan")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	f := fort{SecureKafka: k}
	f.stranger, err = testserver.NewAuthority(t.TempDir(), "stranger")
	if err != nil {
		t.Fatal(err)
	}
	f.foreign, err = f.stranger.Issue("foreign")
	for _, err := range []error{
		err,
		k.CreateTopic(ctx, topic, 3),
		k.CreateTopic(ctx, "dead", 1),
		k.Allow(ctx, "ann", topic, kadm.OpWrite, kadm.OpRead, kadm.OpDescribeConfigs),
		k.Allow(ctx, "ann", "repliqate.", kadm.OpRead),
		k.Allow(ctx, "ann", "absent", kadm.OpWrite),
		k.Allow(ctx, "ann", "made", kadm.OpWrite, kadm.OpCreate),
		k.Allow(ctx, "CN=client", topic, kadm.OpWrite),
		k.Allow(ctx, "cid", topic, kadm.OpDescribe),
		k.Allow(ctx, "dan", topic, kadm.OpWrite),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// at is a configuration for one of the broker's addresses.
func at(addr string, more ...func(*kafka.Config)) kafka.Config {
	c := kafka.Config{Brokers: []string{addr}, Topic: topic, Timeout: openBound}
	for _, m := range more {
		m(&c)
	}
	return c
}

func as(mechanism, user, password string) func(*kafka.Config) {
	return func(c *kafka.Config) {
		c.SASL = kafka.SASLConfig{Mechanism: mechanism, Username: user, Password: password}
	}
}

func to(topic string) func(*kafka.Config) { return func(c *kafka.Config) { c.Topic = topic } }

// trusting encrypts, and trusts an authority, or whom the system trusts.
func trusting(ca string) func(*kafka.Config) {
	return func(c *kafka.Config) { c.TLS.Enabled, c.TLS.CAFile = true, ca }
}

func showing(pair testserver.Certificate) func(*kafka.Config) {
	return func(c *kafka.Config) { c.TLS.CertFile, c.TLS.KeyFile = pair.Cert, pair.Key }
}

func named(server string) func(*kafka.Config) {
	return func(c *kafka.Config) { c.TLS.ServerName = server }
}

func creating(c *kafka.Config) { c.CreateTopic = true }

func TestSecurity(t *testing.T) {
	k := startFort(t)
	t.Run("what works", func(t *testing.T) { testAdmitted(t, k) })
	t.Run("what does not", func(t *testing.T) { testRefused(t, k) })
	t.Run("no limit to be read", func(t *testing.T) { testUnknownLimit(t, k) })
	t.Run("witness", func(t *testing.T) { testWitnessRights(t, k) })
	t.Run("a password that was right", func(t *testing.T) { testChangedPassword(t, k) })
}

func testAdmitted(t *testing.T, k fort) {
	ca := trusting(k.Authority.File)
	var published int
	for name, c := range map[string]kafka.Config{
		"PLAIN":                 at(k.SASL, as("PLAIN", "ann", secret)),
		"SCRAM-SHA-256":         at(k.SASL, as("SCRAM-SHA-256", "ann", secret)),
		"TLS and PLAIN":         at(k.SASLTLS, as("PLAIN", "ann", secret), ca),
		"TLS and SCRAM-SHA-256": at(k.SASLTLS, as("SCRAM-SHA-256", "dan", secret), ca),
		"TLS and SCRAM-SHA-512": at(k.SASLTLS, as("SCRAM-SHA-512", "ann", secret), ca),
		"another name":          at(k.SASLTLS, as("PLAIN", "ann", secret), ca, named(testserver.Host)),
		"mutual TLS":            at(k.Mutual, ca, showing(k.Client)),
		"a missing topic":       at(k.SASL, as("PLAIN", "ann", secret), to("made"), creating),
	} {
		if c.Topic == topic {
			published += 10
		}
		if err := publish(t, openSink(t, c), page(t, 1, 10))[0]; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(consume(t, k.Addr, topic, 0)); n != published {
		t.Errorf("%d messages arrived, want %d", n, published)
	}
}

func testRefused(t *testing.T, k fort) {
	ca, ann := trusting(k.Authority.File), as("PLAIN", "ann", secret)
	const user, write = "kafka.Config.SASL: user, password", "allow the user to write to the topic"
	const made, create = "kafka.Config.CreateTopic: true", "allow the user to create it"
	for name, c := range map[string]struct {
		config kafka.Config
		says   string // words of the error, separated by |
	}{
		"wrong password":           {at(k.SASL, as("PLAIN", "ann", secret+"x")), "SASL_AUTHENTICATION_FAILED|" + user},
		"wrong password, SCRAM":    {at(k.SASL, as("SCRAM-SHA-256", "ann", secret+"x")), user},
		"no such user":             {at(k.SASLTLS, as("SCRAM-SHA-512", "eve", secret), ca), user},
		"mechanism not enabled":    {at(k.SASL, as("SCRAM-SHA-512", "ann", secret)), "SASL.Mechanism"},
		"no SASL":                  {at(k.SASL), "kafka.Config.SASL"},
		"no SASL, TLS":             {at(k.SASLTLS, ca), "kafka.Config.SASL"},
		"SASL where none is":       {at(k.Addr, ann), "remove kafka.Config.SASL"},
		"SASL where TLS alone is":  {at(k.TLS, ann, ca), "remove kafka.Config.SASL"},
		"unknown authority":        {at(k.TLS, trusting(k.stranger.File)), "x509|kafka.Config.TLS.CAFile"},
		"authority of the system":  {at(k.TLS, trusting("")), "x509|kafka.Config.TLS.CAFile"},
		"wrong name":               {at(k.TLS, ca, named("other.test")), "other.test|kafka.Config.TLS.ServerName"},
		"no client certificate":    {at(k.Mutual, ca), "kafka.Config.TLS.CertFile"},
		"a stranger's certificate": {at(k.Mutual, ca, showing(k.foreign)), "kafka.Config.TLS.CertFile"},
		"plain to TLS":             {at(k.TLS), "kafka.Config.TLS.Enabled: true"},
		"plain SASL to TLS":        {at(k.SASLTLS, ann), "kafka.Config.TLS.Enabled: true"},
		"TLS to plain":             {at(k.Addr, ca), "kafka.Config.SASL and kafka.Config.TLS"},
		"TLS to plain SASL":        {at(k.SASL, ann, ca), "kafka.Config.SASL and kafka.Config.TLS"},
		"nothing allowed":          {at(k.SASL, as("PLAIN", "bob", secret)), "find topic events|" + write},
		"looking allowed":          {at(k.SASL, as("PLAIN", "cid", secret)), "publish to topic events|" + write},
		"another topic allowed":    {at(k.SASL, ann, to("other")), "find topic other|" + write},
		"no such topic":            {at(k.SASL, ann, to("absent")), "absent|create the topic|" + made},
		"creation not allowed":     {at(k.SASL, ann, to("absent"), creating), "create topic absent|" + create},
		"no topic's name":          {at(k.Addr, to("no/slash"), creating), "no/slash|correct kafka.Config.Topic"},
		"too many partitions": {at(k.Addr, to("wide"), creating, func(c *kafka.Config) { c.Partitions = 1 << 20 }),
			"wide|kafka.Config.Partitions"},
		"dead letters not allowed": {at(k.SASL, ann, func(c *kafka.Config) { c.DeadLetterTopic = "dead" }),
			"find topic dead|" + write},
	} {
		t.Run(name, func(t *testing.T) {
			begun, s := time.Now(), newSink(t, c.config)
			s.Impatient()
			_, err := s.Open(t.Context())
			if err == nil {
				err = publish(t, s, page(t, 1, 10))[0]
			}
			if !replicate.IsStop(err) {
				t.Fatalf("got %v, want a stop", err)
			}
			text := err.Error()
			for _, words := range strings.Split(c.says, "|") {
				if !strings.Contains(text, words) {
					t.Errorf("%q does not say %q", text, words)
				}
			}
			if strings.Contains(text, secret) || strings.Contains(text, "\n") {
				t.Errorf("%q holds the password, or several lines", text)
			}
			if took := time.Since(begun); took > openBound {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// testUnknownLimit has a user who may write, but not read how large messages may be.
func testUnknownLimit(t *testing.T, k fort) {
	const small = topic + "-small"
	makeTopic(t, k.Addr, small, map[string]string{"max.message.bytes": "5000"})
	s := openSink(t, at(k.SASL, as("PLAIN", "dan", secret), to(small)))
	err := publish(t, s, replicatetest.Sized(t, 77, 50_000))[0]
	var row *replicate.RowError
	if !errors.As(err, &row) || row.Key != "77" || !replicate.IsStop(err) ||
		!strings.Contains(err.Error(), "DescribeConfigs") {
		t.Fatalf("got %v, want a stop that names the row and the right that is missing", err)
	}
}

func testWitnessRights(t *testing.T, k fort) {
	connect := func(user string) *witness.Store {
		w, err := witness.New(witness.Config{Kafka: at(k.SASL, as("PLAIN", user, secret)), Group: "repliqate.job.t"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Close() })
		return w
	}
	ann, dan := connect("ann"), connect("dan")
	// A broker that has just started has no coordinator yet, which the loop retries too.
	for ctx, tick := deadline(t), time.Tick(100*time.Millisecond); ; {
		_, err := ann.Load(ctx)
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick:
		}
	}
	if err := ann.Save(t.Context(), replicate.Offset{Key: "5"}); err != nil {
		t.Error(err)
	}
	_, load := dan.Load(t.Context())
	for _, err := range []error{load, dan.Save(t.Context(), replicate.Offset{Key: "6"})} {
		if !errors.Is(err, replicate.ErrWitnessDenied) ||
			!strings.Contains(err.Error(), "READ on topic events and on group repliqate.job.t") {
			t.Errorf("got %v, want a denial that names what to allow", err)
		}
	}
	if got, err := ann.Load(t.Context()); err != nil || got.Key != "5" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := publish(t, openSink(t, at(k.SASL, as("PLAIN", "dan", secret))), page(t, 1, 10))[0]; err != nil {
		t.Errorf("who may not keep a witness can publish no more: %v", err)
	}
}

// testChangedPassword meets a refusal at a later opening: it is a stop as at the first.
func testChangedPassword(t *testing.T, k fort) {
	s := openSink(t, at(k.SASL, as("SCRAM-SHA-256", "cid", secret)))
	if err := k.SetPassword(t.Context(), "another", "cid"); err != nil {
		t.Fatal(err)
	}
	for ctx, tick := deadline(t), time.Tick(50*time.Millisecond); ; {
		_, err := s.Open(ctx)
		if replicate.IsStop(err) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("got %v, want a stop", err)
		case <-tick:
		}
	}
}

// deadline bounds what a test waits for.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
