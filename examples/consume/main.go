// Command consume shows how to read what a replicator publishes: it checks every message with nothing but
// the standard library, and passes each row on once.
//
//	go run ./examples/consume -brokers localhost:9092 -topic orders
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	brokers := flag.String("brokers", "localhost:9092", "comma-separated host:port of brokers")
	topic := flag.String("topic", "orders", "topic to read, from its beginning")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := consume(ctx, strings.Split(*brokers, ","), *topic, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "consume:", err)
		os.Exit(1)
	}
}

// consume prints the data of every row once, until ctx ends.
func consume(ctx context.Context, brokers []string, topic string, out io.Writer) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer client.Close()
	var seen Seen
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		for records := fetches.RecordIter(); !records.Done(); {
			r := records.Next()
			m, err := Read(r.Value)
			if err != nil {
				return fmt.Errorf("partition %d, offset %d: %w", r.Partition, r.Offset, err)
			}
			repeated, err := seen.Repeated(r.Partition, r.Key)
			if err != nil {
				return fmt.Errorf("partition %d, offset %d: %w", r.Partition, r.Offset, err)
			}
			if repeated {
				continue
			}
			if _, err := fmt.Fprintf(out, "%s\n", m.Data); err != nil {
				return errors.Join(errors.New("print a row"), err)
			}
		}
	}
}
