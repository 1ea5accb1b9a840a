package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// partitioner chooses by the message key, as Kafka's own clients do, or by the row's key if there is no message key. It
// never chooses by chance, so that two instances publish a row to the same partition (Promise 2).
func partitioner() kgo.Partitioner {
	keyed := kgo.StickyKeyPartitioner(nil)
	return kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
		byKey := keyed.ForTopic(topic)
		return func(r *kgo.Record, n int) int {
			if r.Key != nil {
				return byKey.Partition(r, n)
			}
			var key []byte
			if row, ok := r.Context.(*rowKey); ok {
				key = row.key
			}
			return int(fnv1a(key) % uint32(n))
		}
	})
}

// fnv1a is the 32-bit FNV-1a hash, without the allocation that hash/fnv makes.
func fnv1a(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}
