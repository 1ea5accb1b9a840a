package kafka_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// Whoever builds a sink without a configuration file gets the defaults that the table of keys documents.
func TestDefaultsAreThoseOfTheKeys(t *testing.T) {
	documented := func(key string) string {
		k, ok := configkeys.Find("replication.kafka_target." + key)
		if !ok {
			t.Fatalf("there is no key %s", key)
		}
		return k.Default
	}
	duration := func(d, unit time.Duration) string {
		return strconv.FormatFloat(float64(d)/float64(unit), 'f', -1, 64)
	}
	c := kafka.Config{}.WithDefaults()
	for key, got := range map[string]string{
		"brokers":              strings.Join(c.Brokers, ","),
		"create_topic":         strconv.FormatBool(c.CreateTopic),
		"tls.enabled":          strconv.FormatBool(c.TLS.Enabled),
		"linger_ms":            duration(c.Linger, time.Millisecond),
		"compression":          c.Compression,
		"buffered_bytes":       strconv.Itoa(c.BufferedBytes),
		"delivery_timeout_sec": duration(c.Timeout, time.Second),
	} {
		if want := documented(key); got != want {
			t.Errorf("the default of %s is %q, and the table of keys says %q", key, got, want)
		}
	}
	// "The broker's" is no number that a file could hold.
	for key, got := range map[string]int{"partitions": c.Partitions, "replication_factor": c.ReplicationFactor} {
		if want := documented(key); want != "" || got != -1 {
			t.Errorf("the default of %s is %d, and the table of keys says %q", key, got, want)
		}
	}
}
