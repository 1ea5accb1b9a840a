package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
)

// witnessPrefix begins the metadata of the committed offset that holds the witness.
const witnessPrefix = "repliqate:1:"

// Witness is the second copy of a job's offset: metadata of a committed offset of the job's consumer group,
// for the topic's first partition. It has a connection of its own, for the operator's commands: they look at
// no topic and publish nothing. Running jobs use the one of the Sink.
type Witness struct {
	client       *kgo.Client
	topic, group string
}

var _ replicate.Witness = (*Witness)(nil)

// NewWitness checks the settings. It connects when it is first used.
func NewWitness(c Config) (*Witness, error) {
	options, err := (&Sink{config: c.withDefaults()}).connection(nil)
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct %s", SettingConfig)
	}
	return &Witness{client: client, topic: c.Topic, group: c.Group}, nil
}

// SaveWitness commits the job's offset as metadata of a group offset of the topic's first partition.
func (s *Sink) SaveWitness(ctx context.Context, o replicate.Offset) error {
	w, err := s.witness("save the witness of the offset")
	if err != nil {
		return err
	}
	return w.SaveWitness(ctx, o)
}

// LoadWitness reads the witness, and returns a zero offset where there is none.
func (s *Sink) LoadWitness(ctx context.Context) (replicate.Offset, error) {
	w, err := s.witness("load the witness of the offset")
	if err != nil {
		return replicate.Offset{}, err
	}
	return w.LoadWitness(ctx)
}

// witness uses the connection of the open sink.
func (s *Sink) witness(what string) (*Witness, error) {
	switch {
	case s.config.Group == "":
		return nil, errors.New(what + ": no consumer group is configured for it")
	case s.session == nil:
		return nil, errors.New(what + ": the sink is closed")
	}
	return &Witness{client: s.session.client, topic: s.config.Topic, group: s.config.Group}, nil
}

// SaveWitness writes the witness anew, which also keeps it from expiring.
func (w *Witness) SaveWitness(ctx context.Context, o replicate.Offset) error {
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: w.topic, Partition: 0, At: 0, LeaderEpoch: -1,
		Metadata: witnessPrefix + o.Key + ":" + o.Checksum})
	answer, err := kadm.NewClient(w.client).CommitOffsets(ctx, w.group, offsets)
	if err == nil {
		err = answer.Error()
	}
	if err != nil {
		return w.classify("save", err)
	}
	return nil
}

// LoadWitness reads the witness, and returns a zero offset where there is none. What another program has
// written in its place is no reason to begin at the table's first row: it is an error (Promise 5).
func (w *Witness) LoadWitness(ctx context.Context) (replicate.Offset, error) {
	answer, err := kadm.NewClient(w.client).FetchOffsets(ctx, w.group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return replicate.Offset{}, nil
	}
	if err != nil {
		return replicate.Offset{}, w.classify("load", err)
	}
	found, ok := answer.Lookup(w.topic, 0)
	if !ok || errors.Is(found.Err, kerr.GroupIDNotFound) || found.Err == nil && found.At < 0 {
		return replicate.Offset{}, nil
	}
	if found.Err != nil {
		return replicate.Offset{}, w.classify("load", found.Err)
	}
	text, ours := strings.CutPrefix(found.Metadata, witnessPrefix)
	key, sum, _ := strings.Cut(text, ":")
	if !ours || !replicate.IsKeyText(key) || sum != "" && !replicate.IsChecksumText(sum) {
		return replicate.Offset{}, replicate.Stop(
			fmt.Errorf("%w: the committed offset of group %s holds %.40q", ErrForeignWitness, w.group, found.Metadata),
			"another program has written to this group: keep it away, and set the job's offset with "+
				"the command offset set KEY or offset reset")
	}
	return replicate.Offset{Key: key, Checksum: sum}, nil
}

// ErrForeignWitness says that something else than a witness is where the witness should be.
var ErrForeignWitness = errors.New("the witness of the offset can't be read")

// DeleteWitness deletes the witness, where there is one: a job without offset begins at the first row.
func (w *Witness) DeleteWitness(ctx context.Context) error {
	var topics kadm.TopicsSet
	topics.Add(w.topic, 0)
	answer, err := kadm.NewClient(w.client).DeleteOffsets(ctx, w.group, topics)
	if err == nil {
		err, _ = answer.Lookup(w.topic, 0)
	}
	switch {
	case err == nil, errors.Is(err, kerr.GroupIDNotFound):
		return nil
	case errors.Is(err, kerr.NonEmptyGroup), errors.Is(err, kerr.GroupSubscribedToTopic):
		return replicate.Stop(fmt.Errorf("delete the witness of the offset: consumers use the job's group %s: %w",
			w.group, err), "give them a group of their own")
	}
	return w.classify("delete", err)
}

// classify tells a group that the user may not use, which only costs the witness, from what the sink itself
// would meet too, and names the rights that a witness needs besides those of publishing.
func (w *Witness) classify(verb string, err error) error {
	what := verb + " the witness of the offset"
	if !errors.Is(err, kerr.GroupAuthorizationFailed) && !errors.Is(err, kerr.TopicAuthorizationFailed) {
		return classify(what, err)
	}
	rights := "READ on topic " + w.topic + " and on group " + w.group
	if verb == "delete" {
		rights = "READ on topic " + w.topic + " and DELETE on group " + w.group
	}
	return replicate.Stop(fmt.Errorf("%s: %w: %w", what, replicate.ErrWitnessDenied, err), "allow the user "+rights)
}

// Where names the place of the witness to an operator.
func (w *Witness) Where() string { return "Kafka, consumer group " + w.group }

// Close ends the connection.
func (w *Witness) Close() { w.client.Close() }
