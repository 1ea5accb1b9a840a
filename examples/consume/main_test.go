package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate/codec/json"
)

// message is what a replicator publishes of a row with this key.
func message(key int) *kgo.Record {
	codec := json.New("shop", "orders", func(b []byte, key *int) []byte {
		return fmt.Appendf(b, `{"id": %d, "note": "caf\u00e9"}`, *key)
	})
	codec.Begin(time.Unix(1_700_000_000, 0))
	value, _ := codec.AppendValue(nil, &key)
	return &kgo.Record{Topic: "orders", Key: fmt.Append(nil, key), Value: value}
}

// Messages that came twice, as after a crash, are passed on once and in order; one whose data was changed ends
// the reading.
func TestConsume(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	changed := message(4)
	changed.Value = bytes.Replace(changed.Value, []byte("caf"), []byte("Caf"), 1)
	records := []*kgo.Record{message(1), message(2), message(3), message(2), message(3), message(10), changed}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out strings.Builder
	err = consume(ctx, cluster.ListenAddrs(), "orders", &out)
	if err == nil || !strings.Contains(err.Error(), "partition 0, offset 6: its hash is not that of its data") {
		t.Errorf("it ended with %v", err)
	}
	var want strings.Builder
	for _, key := range []int{1, 2, 3, 10} {
		fmt.Fprintf(&want, "{\"id\": %d, \"note\": \"caf\\u00e9\"}\n", key)
	}
	if out.String() != want.String() {
		t.Errorf("it passed on\n%swant\n%s", out.String(), want.String())
	}
}
