// Package stdout prints messages, one per line, instead of publishing them, to show what would be published.
package stdout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/repliqate/repliqate/replicate"
)

// Sink implements replicate.Sink.
type Sink struct{ w *bufio.Writer }

var _ replicate.Sink = (*Sink)(nil)

// New returns a sink that prints to w.
func New(w io.Writer) *Sink { return &Sink{w: bufio.NewWriterSize(w, 64<<10)} }

// Open does nothing: there is nothing to connect to.
func (s *Sink) Open(context.Context) (replicate.SinkInfo, error) { return replicate.SinkInfo{}, nil }

// Publish prints the batch and flushes it. A retry would print rows twice, so every error ends the job.
func (s *Sink) Publish(_ context.Context, batch *replicate.Batch, done func(error)) {
	err := s.print(batch)
	switch {
	case errors.Is(err, syscall.EPIPE):
		err = replicate.Stop(errors.New("print messages: the reader of standard output is gone"), "")
	case err != nil:
		err = replicate.Stop(fmt.Errorf("print messages: %w", err), "")
	}
	done(err)
}

func (s *Sink) print(batch *replicate.Batch) error {
	for _, m := range batch.Messages() {
		if _, err := s.w.Write(m.Value); err != nil {
			return err
		}
		if err := s.w.WriteByte('\n'); err != nil {
			return err
		}
	}
	return s.w.Flush()
}

// Close does nothing: every batch was flushed.
func (s *Sink) Close() error { return nil }
