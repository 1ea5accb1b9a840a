package replicate

import "context"

// Sink publishes batches. After an error the loop closes the sink and opens it again, since later records must not
// overtake one that failed (Promise 3).
//
// Open connects and verifies that the topic can be written. A sink that was closed can be opened again.
//
// Publish hands over a batch. It may block while the sink's buffers are full. done is called exactly once, from any
// goroutine: with nil when every message is durable, or with the first error. Messages of successive calls keep their
// order in each partition. After done the batch belongs to the caller again.
//
// Close gives up everything that is not yet acknowledged: done is called for each such batch, with an error, before
// Close returns.
type Sink interface {
	Open(ctx context.Context) (SinkInfo, error)
	Publish(ctx context.Context, batch *Batch, done func(error))
	Close() error
}

// SinkInfo is what a sink knows once it is open.
type SinkInfo struct {
	MaxMessageBytes int // the largest key and value that can be published; 0 for no limit
}
