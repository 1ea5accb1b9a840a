package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/replicate"
)

const (
	adminTimeout    = 15 * time.Second
	batchMaxDefault = 1_000_012 // the producer's own default, below the broker's of 1,048,588
	batchMaxLimit   = 100 << 20 // what the client puts into a request
	batchMaxLeast   = 1024      // below it there is no room for a row
)

// limits are the largest batches that topics take, in bytes.
type limits map[string]int32

func (l limits) of(topic string) int32 {
	if n, ok := l[topic]; ok {
		return n
	}
	return batchMaxDefault
}

// verifyTopics checks that the topics can be found, and returns the largest batches that they take.
func (s *Sink) verifyTopics(ctx context.Context) (limits, error) {
	options, err := s.connection()
	if err != nil {
		return nil, err
	}
	// The client keeps what it was told about topics for so long: each look must be a new one.
	client, err := kgo.NewClient(append(options, kgo.MetadataMinAge(missingPause/2))...)
	if err != nil {
		return nil, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct kafka_target")
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	admin := kadm.NewClient(client)
	topics := []string{s.config.Topic}
	if s.config.DeadLetterTopic != "" {
		topics = append(topics, s.config.DeadLetterTopic)
	}
	if err := s.findTopics(ctx, admin, topics); err != nil {
		return nil, err
	}
	return batchMax(ctx, admin, topics)
}

// missingPause is how long a topic that can't be found is given to appear: a broker that has just
// started, or has just been told to create it, may not know it yet.
const (
	missingPause = 200 * time.Millisecond
	missingLooks = 5
)

func (s *Sink) findTopics(ctx context.Context, admin *kadm.Client, topics []string) error {
	for look := 1; ; look++ {
		found, err := admin.ListTopics(ctx, topics...)
		if err != nil {
			return classify("connect to Kafka", err)
		}
		err = nil
		for _, topic := range topics {
			e := found[topic].Err
			if errors.Is(e, kerr.UnknownTopicOrPartition) && s.config.CreateTopic && look == 1 {
				if created := s.create(ctx, admin, topic); created != nil {
					return classify("create topic "+topic, created)
				}
			}
			if e != nil && err == nil {
				err = classify("find topic "+topic, e)
			}
		}
		if err == nil || look == missingLooks || !errors.Is(err, kerr.UnknownTopicOrPartition) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(missingPause):
		}
	}
}

func (s *Sink) create(ctx context.Context, admin *kadm.Client, topic string) error {
	answer, err := admin.CreateTopic(ctx, int32(s.config.Partitions), int16(s.config.ReplicationFactor), nil, topic)
	if err == nil {
		err = answer.Err
	}
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return nil // another instance was faster
	}
	return err
}

// batchMax asks for each topic's max.message.bytes. Who may write need not be allowed to read settings,
// so the usual limit serves where it can't be asked for.
func batchMax(ctx context.Context, admin *kadm.Client, topics []string) (limits, error) {
	found := limits{}
	for _, topic := range topics {
		found[topic] = batchMaxDefault
	}
	configs, err := admin.DescribeTopicConfigs(ctx, topics...)
	if err != nil {
		return found, nil
	}
	for _, topic := range configs {
		for _, c := range topic.Configs {
			if c.Key != "max.message.bytes" || c.Value == nil {
				continue
			}
			n, err := strconv.Atoi(*c.Value)
			if err == nil && n < batchMaxLeast {
				return nil, replicate.Stop(fmt.Errorf("topic %s takes messages of %d bytes at most", topic.Name, n),
					"raise its max.message.bytes to "+strconv.Itoa(batchMaxLeast)+" at least")
			}
			if err == nil {
				found[topic.Name] = int32(min(n, batchMaxLimit))
			}
		}
	}
	return found, nil
}
