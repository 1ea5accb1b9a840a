package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// Message is a message of version 1, as docs/message.md describes it.
type Message struct {
	Timestamp float64         `json:"timestamp"` // publication time in seconds
	Name      string          `json:"name"`      // the job
	Table     string          `json:"table"`
	Data      json.RawMessage `json:"data"` // the row, in canonical form: these bytes are what was hashed
	Hash      string          `json:"hash"` // SHA-256 of Data in hexadecimal
}

// Read parses a message and verifies its checksum.
func Read(value []byte) (Message, error) {
	var m Message
	if err := json.Unmarshal(value, &m); err != nil {
		return m, fmt.Errorf("it is not a message of a replicator: %w", err)
	}
	if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) != m.Hash {
		return m, fmt.Errorf("its hash is not that of its data: %s", m.Hash)
	}
	return m, nil
}

// Seen tells repeated rows from new ones by one number a partition: rows are first published in ascending
// key order in each partition, so a key that is not above the highest is a repetition. A consumer that
// stores its results keeps these numbers in the same transaction.
//
// It needs the default message key, the row's, and no sql_source.audit: publish, which publishes late rows
// with lower keys; there a set of keys takes its place.
type Seen struct{ highest map[int32]int64 }

// Repeated notes the key of a message and reports whether its row came before.
func (s *Seen) Repeated(partition int32, key []byte) (bool, error) {
	k, err := strconv.ParseInt(string(key), 10, 64)
	if err != nil {
		return false, fmt.Errorf("its key %q is not that of a row", key)
	}
	if last, known := s.highest[partition]; known && k <= last {
		return true, nil
	}
	if s.highest == nil {
		s.highest = map[int32]int64{}
	}
	s.highest[partition] = k
	return false, nil
}
