package kafka

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/repliqate/repliqate/replicate"
)

// witnessPrefix begins the metadata of the committed offset that holds the witness.
const witnessPrefix = "repliqate:1:"

// SaveWitness commits the job's offset as metadata of a group offset of the topic's first partition.
func (s *Sink) SaveWitness(ctx context.Context, o replicate.Offset) error {
	if s.config.Group == "" || s.client == nil {
		return errors.New("save the witness of the offset: the sink is closed")
	}
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: s.config.Topic, Partition: 0, At: 0, LeaderEpoch: -1, Metadata: witnessPrefix + o.Key + ":" + o.Sum})
	answer, err := kadm.NewClient(s.client).CommitOffsets(ctx, s.config.Group, offsets)
	if err == nil {
		err = answer.Error()
	}
	if err != nil {
		return classify("save the witness of the offset", err)
	}
	return nil
}

// LoadWitness reads the witness, and returns a zero offset where there is none.
func (s *Sink) LoadWitness(ctx context.Context) (replicate.Offset, error) {
	if s.client == nil {
		return replicate.Offset{}, errors.New("load the witness of the offset: the sink is closed")
	}
	answer, err := kadm.NewClient(s.client).FetchOffsets(ctx, s.config.Group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return replicate.Offset{}, nil
	}
	if err != nil {
		return replicate.Offset{}, classify("load the witness of the offset", err)
	}
	found, ok := answer.Lookup(s.config.Topic, 0)
	if !ok || errors.Is(found.Err, kerr.GroupIDNotFound) {
		return replicate.Offset{}, nil
	}
	if found.Err != nil {
		return replicate.Offset{}, classify("load the witness of the offset", found.Err)
	}
	text, ours := strings.CutPrefix(found.Metadata, witnessPrefix)
	key, sum, _ := strings.Cut(text, ":")
	if !ours || !replicate.IsKeyText(key) {
		return replicate.Offset{}, nil
	}
	return replicate.Offset{Key: key, Sum: sum}, nil
}
