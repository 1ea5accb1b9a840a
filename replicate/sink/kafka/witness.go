package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/repliqate/repliqate/replicate"
)

// witnessPrefix begins the metadata of the committed offset that holds the witness.
const witnessPrefix = "repliqate:1:"

func (s *Sink) witnessReady() error {
	switch {
	case s.config.Group == "":
		return errors.New("no consumer group is configured for it")
	case s.session == nil:
		return errors.New("the sink is closed")
	}
	return nil
}

// SaveWitness commits the job's offset as metadata of a group offset of the topic's first partition.
func (s *Sink) SaveWitness(ctx context.Context, o replicate.Offset) error {
	if err := s.witnessReady(); err != nil {
		return fmt.Errorf("save the witness of the offset: %w", err)
	}
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: s.config.Topic, Partition: 0, At: 0, LeaderEpoch: -1,
		Metadata: witnessPrefix + o.Key + ":" + o.Sum})
	answer, err := kadm.NewClient(s.session.client).CommitOffsets(ctx, s.config.Group, offsets)
	if err == nil {
		err = answer.Error()
	}
	if err != nil {
		return s.witnessError("save the witness of the offset", err)
	}
	return nil
}

// witnessError tells a group that the user may not use, which only costs the witness, from what the sink itself
// would meet too. A committed offset wants the right to read the topic as well.
func (s *Sink) witnessError(what string, err error) error {
	if errors.Is(err, kerr.GroupAuthorizationFailed) || errors.Is(err, kerr.TopicAuthorizationFailed) {
		return fmt.Errorf("%s: %w: allow the user to read group %s and topic %s (Kafka's ACL Read): %w", what,
			replicate.ErrWitnessDenied, s.config.Group, s.config.Topic, err)
	}
	return classify(what, err)
}

// LoadWitness reads the witness, and returns a zero offset where there is none.
func (s *Sink) LoadWitness(ctx context.Context) (replicate.Offset, error) {
	if err := s.witnessReady(); err != nil {
		return replicate.Offset{}, fmt.Errorf("load the witness of the offset: %w", err)
	}
	answer, err := kadm.NewClient(s.session.client).FetchOffsets(ctx, s.config.Group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return replicate.Offset{}, nil
	}
	if err != nil {
		return replicate.Offset{}, s.witnessError("load the witness of the offset", err)
	}
	found, ok := answer.Lookup(s.config.Topic, 0)
	if !ok || errors.Is(found.Err, kerr.GroupIDNotFound) {
		return replicate.Offset{}, nil
	}
	if found.Err != nil {
		return replicate.Offset{}, s.witnessError("load the witness of the offset", found.Err)
	}
	text, ours := strings.CutPrefix(found.Metadata, witnessPrefix)
	key, sum, _ := strings.Cut(text, ":")
	if !ours || !replicate.IsKeyText(key) {
		return replicate.Offset{}, nil
	}
	return replicate.Offset{Key: key, Sum: sum}, nil
}
