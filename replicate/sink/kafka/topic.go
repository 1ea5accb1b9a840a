package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
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

// limits are the largest batches that topics take, in bytes, if that could be read.
type limits map[string]int32

func (l limits) of(topic string) int32 {
	if n, ok := l[topic]; ok {
		return n
	}
	return batchMaxDefault
}

// verifyTopics checks that the topics can be found and written, and returns the largest batches that they take.
func (s *Sink) verifyTopics(ctx context.Context) (limits, error) {
	options, err := s.config.connection(nil)
	if err != nil {
		return nil, err
	}
	if !s.proven {
		if err := s.probe(ctx); err != nil {
			return nil, err
		}
	}
	// By default the client caches what it knows about topics for longer, but each look must be a new one.
	client, err := kgo.NewClient(append(options, kgo.MetadataMinAge(lookPause/2))...)
	if err != nil {
		return nil, replicate.Stop(fmt.Errorf("connect to Kafka: %w", err), "correct %s", SettingConfig)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	admin := kadm.NewClient(client)
	topics := []string{s.config.Topic}
	if s.config.DeadLetterTopic != "" {
		topics = append(topics, s.config.DeadLetterTopic)
	}
	found := map[string]kadm.TopicDetail{}
	for _, topic := range topics {
		if found[topic], err = s.find(ctx, admin, topic); err != nil {
			return nil, err
		}
	}
	if err := resolve(ctx, admin, found[s.config.Topic]); err != nil {
		return nil, err
	}
	return s.settings(ctx, admin, found)
}

// resolve looks up the names that the leaders of the topic's partitions advertise: the client would keep trying a name
// that does not resolve, and not report it.
func resolve(ctx context.Context, admin *kadm.Client, topic kadm.TopicDetail) error {
	known, err := admin.BrokerMetadata(ctx)
	if err != nil {
		return Classify("connect to Kafka", err)
	}
	leaders := map[int32]bool{}
	for _, p := range topic.Partitions {
		leaders[p.Leader] = true
	}
	for _, broker := range known.Brokers {
		if !leaders[broker.NodeID] {
			continue
		}
		_, err := net.DefaultResolver.LookupHost(ctx, broker.Host)
		var name *net.DNSError
		if errors.As(err, &name) && ctx.Err() == nil {
			addr := net.JoinHostPort(broker.Host, strconv.Itoa(int(broker.Port)))
			return fmt.Errorf("connect to Kafka: %w", unreachable(err, addr, false))
		}
	}
	return nil
}

// What may change in a moment is looked at several times: a broker that has just started, or has just been told to
// create a topic, may not know the topic yet, and one that is shutting down hangs up.
const (
	lookPause = 200 * time.Millisecond
	looksMax  = 5
)

// find looks for a topic, and creates a missing one if the settings ask for that.
func (s *Sink) find(ctx context.Context, admin *kadm.Client, topic string) (kadm.TopicDetail, error) {
	for look := 1; ; look++ {
		detail, err := metadata(ctx, admin, topic)
		if err == nil {
			return detail, nil
		}
		missing := errors.Is(err, kerr.UnknownTopicOrPartition)
		passing := missing || hungUp(err) || errors.Is(err, kerr.LeaderNotAvailable)
		if missing && s.config.CreateTopic && look == 1 {
			if err := s.create(ctx, admin, topic); err != nil {
				return detail, err
			}
		}
		if look == looksMax && hungUp(err) && !s.proven {
			return detail, s.hangUp(err)
		}
		if look == looksMax || !passing {
			return detail, err
		}
		select {
		case <-ctx.Done():
			return detail, err
		case <-time.After(lookPause):
		}
	}
}

// metadata asks for a single topic, so that an error is about that topic.
func metadata(ctx context.Context, admin *kadm.Client, topic string) (kadm.TopicDetail, error) {
	found, err := admin.ListTopics(ctx, topic)
	var denied *kadm.AuthError
	switch {
	case errors.As(err, &denied):
		return kadm.TopicDetail{}, Classify("find topic "+topic, denied.Err)
	case err != nil:
		return kadm.TopicDetail{}, Classify("connect to Kafka", err)
	case found[topic].Err != nil:
		return kadm.TopicDetail{}, Classify("find topic "+topic, found[topic].Err)
	}
	for _, p := range found[topic].Partitions.Sorted() {
		if p.Err != nil {
			return kadm.TopicDetail{}, fmt.Errorf("find topic %s: partition %d: %w", topic, p.Partition, p.Err)
		}
	}
	return found[topic], nil
}

// uncreatable are the errors of a topic's creation that no retry heals.
var uncreatable = []error{kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.PolicyViolation,
	kerr.InvalidPartitions, kerr.InvalidConfig, kerr.InvalidRequest}

func (s *Sink) create(ctx context.Context, admin *kadm.Client, topic string) error {
	answer, err := admin.CreateTopic(ctx, int32(s.config.Partitions), int16(s.config.ReplicationFactor), nil, topic)
	if err == nil {
		err = answer.Err
	}
	if err == nil || errors.Is(err, kerr.TopicAlreadyExists) { // another instance was faster
		return nil
	}
	what := "create topic " + topic
	for _, hopeless := range uncreatable {
		if errors.Is(err, hopeless) {
			return replicate.Stop(fmt.Errorf("%s: %w", what, err), "allow the user to create it (Kafka's ACL Create),"+
				" correct %s and %s, or create it yourself", SettingPartitions, SettingReplicationFactor)
		}
	}
	if errors.Is(err, kerr.InvalidReplicationFactor) { // missing brokers may still come
		return replicate.Hint(fmt.Errorf("%s: %w", what, err), "check %s", SettingReplicationFactor)
	}
	return Classify(what, err)
}

// settings reads what the topics take: their max.message.bytes, and whether there are enough replicas for a write. A
// user who may write need not be allowed to read settings, so the usual values serve if they can't be read.
func (s *Sink) settings(ctx context.Context, admin *kadm.Client, topics map[string]kadm.TopicDetail) (limits, error) {
	found := limits{}
	configs, err := admin.DescribeTopicConfigs(ctx, slices.Collect(maps.Keys(topics))...)
	if err != nil {
		return found, nil
	}
	for _, topic := range configs {
		for _, c := range topic.Configs {
			if c.Value == nil {
				continue
			}
			n, err := strconv.Atoi(*c.Value)
			switch {
			case c.Key == "cleanup.policy" && strings.Contains(*c.Value, "compact") && s.config.NoKey &&
				topic.Name == s.config.Topic:
				return nil, replicate.Stop(fmt.Errorf("topic %s is compacted (its cleanup.policy is %s), and takes no message"+
					" without a key", topic.Name, *c.Value), keyless, SettingNoKey)
			case err != nil:
			case c.Key == "min.insync.replicas":
				if err := inSync(topics[topic.Name], n); err != nil {
					return nil, err
				}
			case c.Key == "max.message.bytes" && n < batchMaxLeast:
				return nil, replicate.Stop(fmt.Errorf("topic %s takes messages of %d bytes at most", topic.Name, n),
					"raise its max.message.bytes to "+strconv.Itoa(batchMaxLeast)+" at least")
			case c.Key == "max.message.bytes":
				found[topic.Name] = int32(min(n, batchMaxLimit))
			}
		}
	}
	return found, nil
}

// inSync reports a partition that can't be written, rather than wait for an acknowledgement that never comes.
func inSync(topic kadm.TopicDetail, least int) error {
	for _, p := range topic.Partitions.Sorted() {
		if len(p.ISR) < least {
			return fmt.Errorf("topic %s can't be written: partition %d has %d replicas in sync, its"+
				" min.insync.replicas is %d: start the missing brokers, or lower it", topic.Topic, p.Partition, len(p.ISR), least)
		}
	}
	return nil
}
