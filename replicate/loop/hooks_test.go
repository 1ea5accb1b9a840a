package loop

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// A poll reports how many keys were drawn beyond its last row. It counts key positions, whether or not they have
// rows.
func TestPollsSayHowFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var behind []uint64
		parts := Parts[int64]{Config: Config{PageRows: 4}, Source: &fakeSource{rows: upTo(10), exact: true},
			Sink: &fakeSink{}, Store: &fakeStore{offset: replicate.Offset{Key: "1"}}}
		parts.Hooks.OnPoll = func(i replicate.PollInfo) { behind = append(behind, i.Behind) }
		if err := run(t, 1500*time.Millisecond, parts); err != nil {
			t.Fatal(err)
		}
		if want := []uint64{5, 1, 0, 0}; !slices.Equal(behind[:4], want) || slices.Max(behind[4:]) > 0 {
			t.Errorf("behind by %d, want %d and zeros", behind, want)
		}
		held := Parts[int64]{Source: &fakeSource{rows: upTo(10), high: 10, holders: []string{"h"}}, Sink: &fakeSink{},
			Store: &fakeStore{offset: replicate.Offset{Key: "3"}}}
		held.Hooks.OnPoll = func(i replicate.PollInfo) { behind = []uint64{i.Behind} }
		if err := run(t, 500*time.Millisecond, held); err != nil {
			t.Fatal(err)
		}
		if want := []uint64{7}; !slices.Equal(behind, want) {
			t.Errorf("behind by %d while rows are held back, want %d", behind, want)
		}
	})
}

// A source that can't look up keys has no audit, even if there are gaps.
func TestNewTurnsTheAuditOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lookups := 0
		parts := Parts[int64]{Config: Config{PollInterval: time.Second},
			Source: &fakeSource{rows: []int64{1, 5, 9}, exact: true}, Sink: &fakeSink{}, Store: &fakeStore{}}
		parts.Hooks.OnAudit = func(replicate.AuditInfo) { lookups++ }
		r, err := New(parts)
		if err != nil {
			t.Fatal(err)
		}
		if !r.parts.Config.AuditOff {
			t.Errorf("the audit is on: %+v", r.parts.Config)
		}
		if err := run(t, time.Minute, parts); err != nil || lookups > 0 {
			t.Errorf("%d lookups, %v", lookups, err)
		}
	})
}
