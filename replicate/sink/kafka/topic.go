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
	batchMaxLimit   = 100 << 20
)

// verifyTopics checks that the topics can be found, and returns the largest batch that they take.
func (s *Sink) verifyTopics(ctx context.Context) (int, error) {
	options, err := s.connection()
	if err != nil {
		return 0, err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return 0, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct kafka_target")
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	admin := kadm.NewClient(client)
	topics := []string{s.config.Topic}
	if s.config.DeadLetterTopic != "" {
		topics = append(topics, s.config.DeadLetterTopic)
	}
	found, err := admin.ListTopics(ctx, topics...)
	if err != nil {
		return 0, classify("connect to Kafka", err)
	}
	for _, topic := range topics {
		err := found[topic].Err
		if errors.Is(err, kerr.UnknownTopicOrPartition) && s.config.CreateTopic {
			err = s.create(ctx, admin, topic)
		}
		if err != nil {
			return 0, classify("find topic "+topic, err)
		}
	}
	return s.batchMax(ctx, admin), nil
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

// batchMax asks for the topic's max.message.bytes. Who may write need not be allowed to read settings,
// so the usual limit serves where it can't be asked for.
func (s *Sink) batchMax(ctx context.Context, admin *kadm.Client) int {
	configs, err := admin.DescribeTopicConfigs(ctx, s.config.Topic)
	if err != nil {
		return batchMaxDefault
	}
	for _, topic := range configs {
		for _, c := range topic.Configs {
			if c.Key != "max.message.bytes" || c.Value == nil {
				continue
			}
			if n, err := strconv.Atoi(*c.Value); err == nil && n > 2*recordOverhead {
				return min(n, batchMaxLimit)
			}
		}
	}
	return batchMaxDefault
}
