package replicate

import (
	"reflect"
	"slices"
	"testing"
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
