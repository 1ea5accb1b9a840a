package witness_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/witness"
	"github.com/repliqate/repliqate/replicate/replicatetest"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

const (
	topic    = "events"
	group    = "repliqate.job.t"
	checksum = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
)

func open(t *testing.T, addr, group string) *witness.Store {
	t.Helper()
	w, err := witness.New(witness.Config{Kafka: kafka.Config{Brokers: []string{addr}, Topic: topic}, Group: group})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// cluster is a broker in this process, with the topic.
func cluster(t *testing.T) (c *kfake.Cluster, addr string) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	addr = c.ListenAddrs()[0]
	create(t, addr)
	return c, addr
}

func create(t *testing.T, addr string) {
	t.Helper()
	if _, err := admin(t, addr).CreateTopic(t.Context(), 3, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

func admin(t *testing.T, addr string) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

func TestInProcess(t *testing.T) {
	_, addr := cluster(t)
	exercise(t, addr)
}

func TestReal(t *testing.T) {
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
	create(t, k.Addr)
	exercise(t, k.Addr)
}

// exercise runs the contract, each time with another group, and then what operators do.
func exercise(t *testing.T, addr string) {
	awaitCoordinator(t, open(t, addr, group))
	n := 0
	replicatetest.ExerciseWitness(t, func(t *testing.T) func() replicate.Witness {
		n++
		own := group + strconv.Itoa(n)
		return func() replicate.Witness { return open(t, addr, own) }
	})
	t.Run("operators", func(t *testing.T) { exerciseOperator(t, addr) })
}

// TestNeedsAGroup refuses settings that name no group.
func TestNeedsAGroup(t *testing.T) {
	if _, err := witness.New(witness.Config{Kafka: kafka.Config{Topic: topic}}); err == nil {
		t.Error("no group, and no error")
	}
}

// exerciseOperator moves and deletes a witness as the offset command does, beside a job.
func exerciseOperator(t *testing.T, addr string) {
	w, job := open(t, addr, group), open(t, addr, group)
	check := func(want replicate.Offset) {
		t.Helper()
		if got, err := w.Load(t.Context()); err != nil || got != want {
			t.Fatalf("witness: %+v, %v, want %+v", got, err, want)
		}
	}
	check(replicate.Offset{})
	remove := func() {
		t.Helper()
		if err := w.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(replicate.Offset{})
	}
	remove() // there is none
	for range 2 {
		if err := job.Save(t.Context(), replicate.Offset{Key: "7", Checksum: checksum}); err != nil {
			t.Fatal(err)
		}
		check(replicate.Offset{Key: "7", Checksum: checksum})
		if err := w.Save(t.Context(), replicate.Offset{Key: "-3"}); err != nil {
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
		_, err = w.Load(t.Context())
		if !replicate.IsStop(err) || !errors.Is(err, witness.ErrForeign) {
			t.Errorf("metadata %q: %v, want a stop", metadata, err)
		}
	}
	remove()
	consumersKeepTheGroup(t, addr, w)
}

// awaitCoordinator waits for a broker that has just started, which has no coordinator yet.
func awaitCoordinator(t *testing.T, w *witness.Store) {
	t.Helper()
	for deadline, tick := time.After(time.Minute), time.Tick(100*time.Millisecond); ; <-tick {
		_, err := w.Load(t.Context())
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
func consumersKeepTheGroup(t *testing.T, addr string, w *witness.Store) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	consumer, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic))
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
	if err := consumer.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("row")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	<-assigned
	if err := consumer.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(ctx); !replicate.IsStop(err) {
		t.Errorf("with consumers in the group: %v, want a stop", err)
	}
}

// TestWitnessRights names the rights that are missing, which publishing does not need.
func TestWitnessRights(t *testing.T) {
	c, addr := cluster(t)
	w := open(t, addr, group)
	awaitCoordinator(t, w)
	c.ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		answer := r.ResponseKind().(*kmsg.OffsetFetchResponse)
		refused := kmsg.NewOffsetFetchResponseGroup()
		refused.Group, refused.ErrorCode = group, kerr.GroupAuthorizationFailed.Code
		answer.ErrorCode, answer.Groups = refused.ErrorCode, append(answer.Groups, refused)
		return answer, nil, true
	})
	c.ControlKey(int16(kmsg.OffsetDelete), func(r kmsg.Request) (kmsg.Response, error, bool) {
		answer := r.ResponseKind().(*kmsg.OffsetDeleteResponse)
		answer.ErrorCode = kerr.GroupAuthorizationFailed.Code
		return answer, nil, true
	})
	_, err := w.Load(t.Context())
	for want, err := range map[string]error{
		"allow the user READ on topic " + topic + " and on group repliqate.job.t":        err,
		"allow the user READ on topic " + topic + " and DELETE on group repliqate.job.t": w.Delete(t.Context()),
	} {
		if !replicate.IsStop(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want a stop that says: %s", err, want)
		}
	}
}
