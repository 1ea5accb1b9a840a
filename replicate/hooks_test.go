package replicate

import (
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// hooksThatSay sets every hook there is to one that notes its name, so that a hook which is added later
// is part of this test.
func hooksThatSay(t *testing.T, who string, said *[]string) (h Hooks) {
	t.Helper()
	v := reflect.ValueOf(&h).Elem()
	for i := range v.NumField() {
		name := who + " " + v.Type().Field(i).Name
		v.Field(i).Set(reflect.MakeFunc(v.Field(i).Type(), func([]reflect.Value) []reflect.Value {
			*said = append(*said, name)
			return nil
		}))
	}
	return h
}

// Merged hooks call each one's, in order, and forget none.
func TestMergeHooks(t *testing.T) {
	var said []string
	merged := reflect.ValueOf(MergeHooks(hooksThatSay(t, "first", &said), Hooks{}, hooksThatSay(t, "second", &said)))
	if merged.NumField() < 9 {
		t.Fatalf("only %d hooks", merged.NumField())
	}
	for i := range merged.NumField() {
		said = nil
		name := merged.Type().Field(i).Name
		if merged.Field(i).IsNil() {
			t.Errorf("%s is forgotten", name)
			continue
		}
		merged.Field(i).Call([]reflect.Value{reflect.Zero(merged.Field(i).Type().In(0))})
		if want := []string{"first " + name, "second " + name}; !slices.Equal(said, want) {
			t.Errorf("%s called %q, want %q", name, said, want)
		}
	}
	if !reflect.ValueOf(MergeHooks(Hooks{}, Hooks{})).IsZero() {
		t.Error("merged hooks of none are not none")
	}
}

// A poll says how many keys were drawn beyond its last row, and a position counts where there is no row.
func TestPollsSayHowFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var behind []uint64
		parts := Parts[int64]{Config: Config{BatchRows: 4}, Source: &fakeSource{rows: upTo(10), exact: true},
			Sink: &fakeSink{}, Store: &fakeStore{offset: Offset{Key: "1"}}}
		parts.Hooks.OnPoll = func(i PollInfo) { behind = append(behind, i.Behind) }
		if err := run(t, 1500*time.Millisecond, parts); err != nil {
			t.Fatal(err)
		}
		if want := []uint64{5, 1, 0, 0}; !slices.Equal(behind, want) {
			t.Errorf("behind by %d, want %d", behind, want)
		}
		held := Parts[int64]{Source: &fakeSource{rows: upTo(10), high: 10, holders: []string{"h"}}, Sink: &fakeSink{},
			Store: &fakeStore{offset: Offset{Key: "3"}}}
		held.Hooks.OnPoll = func(i PollInfo) { behind = []uint64{i.Behind} }
		if err := run(t, 500*time.Millisecond, held); err != nil {
			t.Fatal(err)
		}
		if want := []uint64{7}; !slices.Equal(behind, want) {
			t.Errorf("behind by %d while rows are held back, want %d", behind, want)
		}
	})
}

// Every part of a replicator knows that a source without lookups has no audit.
func TestNewTurnsTheAuditOff(t *testing.T) {
	parts := Parts[int64]{Source: &fakeSource{}, Sink: &fakeSink{}, Store: &fakeStore{}}
	parts.Config.PollInterval = time.Second
	r, err := New(parts)
	if err != nil {
		t.Fatal(err)
	}
	if !r.parts.Config.AuditOff || !r.machine.cfg.AuditOff || r.machine.watch.max != 0 {
		t.Errorf("the audit is on: %+v", r.parts.Config)
	}
}
