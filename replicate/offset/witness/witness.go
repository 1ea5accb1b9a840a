// Package witness keeps the second copy of a job's offset where its messages are: in Kafka, as the metadata of an
// offset that the job's consumer group has committed for the topic's first partition. A store that has lost its data
// then does not send the job back to the table's first row.
//
// Store has its own connection, so it can be used while the sink is closed, and by operators' commands.
package witness

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/sink/kafka"
)

// prefix starts the metadata of a committed offset that is a witness.
const prefix = "repliqate:1:"

// Config says where the witness is kept.
type Config struct {
	Kafka kafka.Config // how to connect, and the topic
	Group string       // the job's consumer group
}

// Store implements replicate.Witness. It is safe for concurrent use.
type Store struct {
	client       *kadm.Client
	topic, group string
}

var _ replicate.Witness = (*Store)(nil)

// New checks the settings. The store connects when it is first used.
func New(c Config) (*Store, error) {
	if c.Group == "" {
		return nil, errors.New("the witness of the offset needs a consumer group")
	}
	options, err := c.Kafka.ClientOptions()
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct %s",
			kafka.SettingConfig)
	}
	return &Store{client: kadm.NewClient(client), topic: c.Kafka.Topic, group: c.Group}, nil
}

// Load reads the witness, and returns a zero offset if there is none. What another program has written in its place
// is not a reason to start at the table's first row: it is an error (Promise 5).
func (s *Store) Load(ctx context.Context) (replicate.Offset, error) {
	answer, err := s.client.FetchOffsets(ctx, s.group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return replicate.Offset{}, nil
	}
	if err != nil {
		return replicate.Offset{}, s.classify("load", err)
	}
	found, ok := answer.Lookup(s.topic, 0)
	if !ok || errors.Is(found.Err, kerr.GroupIDNotFound) || found.Err == nil && found.At < 0 {
		return replicate.Offset{}, nil
	}
	if found.Err != nil {
		return replicate.Offset{}, s.classify("load", found.Err)
	}
	text, ours := strings.CutPrefix(found.Metadata, prefix)
	key, checksum, _ := strings.Cut(text, ":")
	if !ours || !replicate.IsKeyText(key) || checksum != "" && !replicate.IsChecksumText(checksum) {
		return replicate.Offset{}, replicate.Stop(
			fmt.Errorf("%w: the committed offset of group %s holds %.40q", ErrForeign, s.group, found.Metadata),
			"another program has written to this group: keep it away, and set the job's offset with "+
				"the command offset set KEY or offset reset")
	}
	return replicate.Offset{Key: key, Checksum: checksum}, nil
}

// ErrForeign says that there is something other than a witness in its place.
var ErrForeign = errors.New("the witness of the offset can't be read")

// Save writes the witness, even if the last one was greater. Writing it again keeps Kafka from expiring it.
func (s *Store) Save(ctx context.Context, o replicate.Offset) error {
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: s.topic, Partition: 0, At: 0, LeaderEpoch: -1,
		Metadata: prefix + o.Key + ":" + o.Checksum})
	answer, err := s.client.CommitOffsets(ctx, s.group, offsets)
	if err == nil {
		err = answer.Error()
	}
	if err != nil {
		return s.classify("save", err)
	}
	return nil
}

// Delete deletes the witness, if there is one: a job without an offset then starts at the table's first row.
func (s *Store) Delete(ctx context.Context) error {
	var topics kadm.TopicsSet
	topics.Add(s.topic, 0)
	answer, err := s.client.DeleteOffsets(ctx, s.group, topics)
	if err == nil {
		err, _ = answer.Lookup(s.topic, 0)
	}
	switch {
	case err == nil, errors.Is(err, kerr.GroupIDNotFound):
		return nil
	case errors.Is(err, kerr.NonEmptyGroup), errors.Is(err, kerr.GroupSubscribedToTopic):
		return replicate.Stop(fmt.Errorf("delete the witness of the offset: consumers use the job's group %s: %w",
			s.group, err), "give them another group")
	}
	return s.classify("delete", err)
}

// classify distinguishes a group that the user may not use, which costs only the witness, from errors that the sink
// would meet too. It names the rights that a witness needs in addition to those for publishing.
func (s *Store) classify(verb string, err error) error {
	what := verb + " the witness of the offset"
	if !errors.Is(err, kerr.GroupAuthorizationFailed) && !errors.Is(err, kerr.TopicAuthorizationFailed) {
		return kafka.Classify(what, err)
	}
	rights := "READ on topic " + s.topic + " and on group " + s.group
	if verb == "delete" {
		rights = "READ on topic " + s.topic + " and DELETE on group " + s.group
	}
	return replicate.Stop(fmt.Errorf("%s: %w: %w", what, replicate.ErrWitnessDenied, err), "allow the user "+rights)
}

// Where says where the witness is kept.
func (s *Store) Where() string { return "Kafka, consumer group " + s.group }

// Close ends the connection.
func (s *Store) Close() error {
	s.client.Close()
	return nil
}
