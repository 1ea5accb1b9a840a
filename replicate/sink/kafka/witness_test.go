package kafka_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

func newWitness(t *testing.T, addr, group string) *kafka.Witness {
	t.Helper()
	w, err := kafka.NewWitness(kafka.Config{Brokers: []string{addr}, Topic: topic, Group: group})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func TestOperatorsWitness(t *testing.T) {
	c := cluster(t)
	create(t, c.ListenAddrs()[0], 3)
	exerciseOperator(t, c.ListenAddrs()[0])
}

func TestOperatorsWitnessReal(t *testing.T) {
	suite.Servers(t, "Kafka")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	k, err := testserver.StartKafka(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	create(t, k.Addr, 3)
	exerciseOperator(t, k.Addr)
}

// exerciseOperator moves and deletes a witness as the offset command does, beside a job's sink.
func exerciseOperator(t *testing.T, addr string) {
	const group = "repliqate.job.t"
	w := newWitness(t, addr, group)
	awaitCoordinator(t, w)
	check := func(want replicate.Offset) {
		t.Helper()
		if got, err := w.LoadWitness(t.Context()); err != nil || got != want {
			t.Fatalf("witness: %+v, %v, want %+v", got, err, want)
		}
	}
	check(replicate.Offset{})
	remove := func() {
		t.Helper()
		if err := w.DeleteWitness(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(replicate.Offset{})
	}
	remove() // there is none
	sink := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic, Group: group})
	for range 2 {
		if err := sink.SaveWitness(t.Context(), replicate.Offset{Key: "7", Checksum: sum}); err != nil {
			t.Fatal(err)
		}
		check(replicate.Offset{Key: "7", Checksum: sum})
		if err := w.SaveWitness(t.Context(), replicate.Offset{Key: "-3"}); err != nil {
			t.Fatal(err)
		}
		check(replicate.Offset{Key: "-3"})
		remove()
		remove()
	}
	// What another program commits to the group is not taken for a job that has never run.
	for _, metadata := range []string{"", "repliqate:2:5:", "repliqate:1:05:", "repliqate:1:5:zz", "repliqate:1:x"} {
		var offsets kadm.Offsets
		offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 5, LeaderEpoch: -1, Metadata: metadata})
		answer, err := admin(t, addr).CommitOffsets(t.Context(), group, offsets)
		if err = errors.Join(err, answer.Error()); err != nil {
			t.Fatal(err)
		}
		_, err = w.LoadWitness(t.Context())
		if !replicate.IsStop(err) || !errors.Is(err, kafka.ErrForeignWitness) {
			t.Errorf("metadata %q: %v, want a stop", metadata, err)
		}
	}
	remove()
	consumersKeepTheGroup(t, addr, w)
}

const sum = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"

// awaitCoordinator waits for a broker that has just started, which has no coordinator yet.
func awaitCoordinator(t *testing.T, w *kafka.Witness) {
	t.Helper()
	for deadline, tick := time.After(time.Minute), time.Tick(100*time.Millisecond); ; <-tick {
		_, err := w.LoadWitness(t.Context())
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatal(err)
		default:
		}
	}
}

// consumersKeepTheGroup lets consumers use the job's group: Kafka then keeps the offsets for them, and the
// error names the group.
func consumersKeepTheGroup(t *testing.T, addr string, w *kafka.Witness) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	consumer, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumerGroup("repliqate.job.t"), kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	assigned := make(chan struct{})
	go func() {
		for ctx.Err() == nil && len(consumer.UncommittedOffsets()) == 0 {
			consumer.PollFetches(ctx)
		}
		close(assigned)
	}()
	page := page(t, 1, 5)
	sink := openSink(t, kafka.Config{Brokers: []string{addr}, Topic: topic})
	if err := publish(t, sink, page)[0]; err != nil {
		t.Fatal(err)
	}
	<-assigned
	if err := consumer.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteWitness(ctx); !replicate.IsStop(err) {
		t.Errorf("with consumers in the group: %v, want a stop", err)
	}
}

// TestWitnessRights names the rights that are missing, which publishing does not need.
func TestWitnessRights(t *testing.T) {
	c := cluster(t)
	create(t, c.ListenAddrs()[0], 1)
	w := newWitness(t, c.ListenAddrs()[0], "repliqate.job.t")
	awaitCoordinator(t, w)
	c.ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		answer := r.ResponseKind().(*kmsg.OffsetFetchResponse)
		group := kmsg.NewOffsetFetchResponseGroup()
		group.Group, group.ErrorCode = "repliqate.job.t", kerr.GroupAuthorizationFailed.Code
		answer.ErrorCode, answer.Groups = group.ErrorCode, append(answer.Groups, group)
		return answer, nil, true
	})
	c.ControlKey(int16(kmsg.OffsetDelete), func(r kmsg.Request) (kmsg.Response, error, bool) {
		answer := r.ResponseKind().(*kmsg.OffsetDeleteResponse)
		answer.ErrorCode = kerr.GroupAuthorizationFailed.Code
		return answer, nil, true
	})
	_, err := w.LoadWitness(t.Context())
	for want, err := range map[string]error{
		"allow the user READ on topic " + topic + " and on group repliqate.job.t":        err,
		"allow the user READ on topic " + topic + " and DELETE on group repliqate.job.t": w.DeleteWitness(t.Context()),
	} {
		if !replicate.IsStop(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a stop that says: %s", err, want)
		}
	}
}
