package loop_test

import (
	"context"
	"fmt"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
	"github.com/repliqate/repliqate/replicate/offset/memory"
	"github.com/repliqate/repliqate/replicate/replicatetest"
)

// keys is a source of rows that are bare keys. Real sources read a database.
type keys []int64

func (keys) Open(context.Context, replicate.Offset) error { return nil }

func (rows keys) Poll(_ context.Context, req replicate.PollRequest[int64], page *replicate.Page[int64]) (
	replicate.PollResult, error,
) {
	// Every row is settled as soon as it is visible, and the last one has the highest key.
	bound := req.OnFence(replicate.Fence[int64]{High: rows[len(rows)-1], HasHigh: true, Exact: true})
	builder := replicatetest.KeyBuilder(func(int64) replicate.Checksum { return replicate.Checksum{1} })
	builder.Begin(page, req)
	for _, k := range rows {
		if req.HasAfter && k <= req.After || !bound.Allows(k) {
			continue
		}
		if full, err := builder.Add(&k); full || err != nil {
			return replicate.PollResult{More: full}, err
		}
	}
	return replicate.PollResult{}, nil
}

func (keys) Close() error { return nil }

// printed is a sink that prints. Real sinks publish.
type printed struct{}

func (printed) Open(context.Context) (replicate.SinkInfo, error) { return replicate.SinkInfo{}, nil }

func (printed) Publish(_ context.Context, batch *replicate.Batch, done func(error)) {
	for _, m := range batch.Messages() {
		fmt.Println("row", string(m.RowKey))
	}
	done(nil)
}

func (printed) Close() error { return nil }

// A job with Once publishes the rows that are there when it starts, commits the offset and ends.
func ExampleNew() {
	store := memory.New()
	replicator, err := loop.New(loop.Parts[int64]{
		Config: loop.Config{PollInterval: time.Second, Once: true},
		Source: keys{3, 5, 8}, Sink: printed{}, Store: store,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ended with", replicator.Run(context.Background()))
	offset, err := store.Load(context.Background())
	fmt.Println("offset", offset.Key, err)
	// Output:
	// row 3
	// row 5
	// row 8
	// ended with <nil>
	// offset 8 <nil>
}
