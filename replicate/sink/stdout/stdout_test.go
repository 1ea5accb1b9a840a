package stdout_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/sink/stdout"
)

func TestSink(t *testing.T) {
	replicatetest.ExerciseSink(t, func(*testing.T) replicatetest.SinkHarness {
		var printed bytes.Buffer
		return replicatetest.SinkHarness{
			New:    func() replicate.Sink { return stdout.New(&printed) },
			NoKeys: true,
			Read: func(int) []replicatetest.Published {
				var all []replicatetest.Published
				for line := range bytes.Lines(printed.Bytes()) {
					all = append(all, replicatetest.Published{Value: bytes.TrimSuffix(line, []byte{'\n'})})
				}
				return all
			},
		}
	})
}

func publish(t *testing.T, s *stdout.Sink) (err error) {
	t.Helper()
	calls := 0
	page := replicatetest.NewPage(t, replicatetest.RowKeys, 1, 3)
	s.Publish(t.Context(), &page.Batch, func(e error) { calls, err = calls+1, e })
	if calls != 1 {
		t.Fatalf("done was called %d times", calls)
	}
	return err
}

// TestReaderGone is the end of a pipe into head.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := publish(t, stdout.New(w)); !replicate.IsStop(err) {
		t.Fatalf("got %v, want a stop", err)
	}
}

type broken struct{}

var errFull = errors.New("no space left")

func (broken) Write([]byte) (int, error) { return 0, errFull }

func TestWriteError(t *testing.T) {
	s := stdout.New(broken{})
	if _, err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := publish(t, s); !replicate.IsStop(err) || !errors.Is(err, errFull) {
		t.Fatalf("got %v, want a stop with the cause", err)
	}
}
