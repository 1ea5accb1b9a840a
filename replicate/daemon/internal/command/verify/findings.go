package verify

import (
	"slices"

	"github.com/repliqate/repliqate/replicate"
)

// rangesMax bounds what is kept of each kind of finding; everything is counted.
const rangesMax = 10_000

// KeyRange is a range of keys, as decimal text.
type KeyRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Finding is what was found of one kind.
type Finding struct {
	Count  int        `json:"count"`
	Ranges []KeyRange `json:"ranges,omitempty"` // rows next to each other are one range
	More   bool       `json:"more,omitempty"`   // there are more ranges than are listed
}

// add adds a key. joins says that it is the next after the one before.
func (f *Finding) add(key string, joins bool) {
	f.Count++
	switch n := len(f.Ranges); {
	case joins && n > 0 && !f.More:
		f.Ranges[n-1].To = key
	case n >= rangesMax:
		f.More = true
	default:
		f.Ranges = append(f.Ranges, KeyRange{key, key})
	}
}

// keySet is a bounded number of keys, in any order.
type keySet[K replicate.Key] struct {
	keys  []K
	count int
}

func (s *keySet[K]) add(key K) {
	if s.count++; len(s.keys) < 10*rangesMax {
		s.keys = append(s.keys, key)
	}
}

// into adds the keys to a finding.
func (s *keySet[K]) into(f *Finding) {
	slices.Sort(s.keys)
	for i, key := range s.keys {
		if i > 0 && key == s.keys[i-1] {
			continue
		}
		f.add(replicate.KeyText(key), i > 0 && key == s.keys[i-1]+1)
	}
	if s.count > len(s.keys) {
		f.Count, f.More = f.Count+s.count-len(s.keys), true
	}
	s.keys, s.count = s.keys[:0], 0
}
