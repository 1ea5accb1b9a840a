package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var start = time.UnixMilli(1e12)

// at is a message of the row key, with the row's own values, the given number of seconds after the start.
func at(second float64, session int64, partition int32, key int64) Message {
	after := time.Duration(second * float64(time.Second))
	return Message{Key: key, Partition: partition, Session: session, At: start.Add(after), Row: sumOf(fmt.Sprint(key))}
}

func fault(kind string, from, to float64, repeats Repeats) Fault {
	return Fault{Kind: kind, From: at(from, 0, 0, 0).At, To: at(to, 0, 0, 0).At, Repeats: repeats}
}

// TestVerify shows the checker a good history and one of each kind that it must reject.
func TestVerify(t *testing.T) {
	good := []Message{at(1, 7, 0, 1), at(1, 7, 1, 2), at(2, 7, 0, 3), at(2, 7, 1, 4),
		at(9, 8, 0, 3), at(9, 8, 1, 4), at(9, 8, 0, 5)}
	kill := []Fault{fault("kill", 2.1, 2.2, RepeatInFlight)}
	with := func(change func(m []Message)) []Message {
		m := slices.Clone(good)
		change(m)
		return m
	}
	more := func(m ...Message) []Message { return slices.Concat(good, m) }
	early := with(func(m []Message) { m[2].At = start.Add(-time.Minute) })
	tests := map[string]struct {
		messages []Message
		faults   []Fault
		problem  string
	}{
		"good":         {good, kill, ""},
		"mildest":      {good, append(kill, fault("redis", -9, -8, RepeatUnstored), fault("flush", 2, 2, RepeatAll)), ""},
		"lost":         {good[:6], kill, "row 5 is lost"},
		"rolled back":  {more(at(9, 8, 1, 6)), kill, "row 6 was published and is not in the table"},
		"other values": {with(func(m []Message) { m[6].Row = RowSum{} }), kill, "row 5 was published with other values"},
		"order":        {with(func(m []Message) { m[0], m[2] = m[2], m[0] }), kill, "row 1 was first published after row 3"},
		"partition":    {with(func(m []Message) { m[5].Partition = 0 }), kill, "row 4 was published to partitions 1 and 0"},
		"twice":        {with(func(m []Message) { m[4].Session = 7 }), kill, "row 3 was published twice by one session"},
		"hole": {more(at(10, 9, 0, 1), at(10, 9, 0, 5)), kill,
			"one session published row 5 right after row 1"},
		"no fault":           {good, nil, "row 3 was repeated"},
		"graceful stop":      {good, []Fault{fault("stop", 2.1, 2.2, RepeatNothing)}, "nothing had happened"},
		"fault long before":  {good, []Fault{fault("kill", -9, -8, RepeatInFlight)}, "nothing had happened"},
		"fault afterwards":   {good, []Fault{fault("kill", 9.1, 9.2, RepeatInFlight)}, "nothing had happened"},
		"far back":           {early, kill, "row 3 was repeated after kill"},
		"far back, unstored": {early, []Fault{fault("redis", -90, 2, RepeatUnstored)}, ""},
		"far back, flushed":  {early, []Fault{fault("flush", 2, 2, RepeatAll)}, ""},
	}
	rows := map[int64]RowSum{}
	for key := range int64(5) {
		rows[key+1] = sumOf(fmt.Sprint(key + 1))
	}
	for name, c := range tests {
		h := &History{messages: c.messages}
		v := h.Verify(rows, c.faults)
		found := strings.Join(v.Problems, "\n")
		if c.problem == "" && found != "" || !strings.Contains(found, c.problem) {
			t.Errorf("%s: problems %q, want %q", name, v.Problems, c.problem)
		}
		if (name == "good" || name == "mildest") &&
			(v.Messages != 7 || v.Sessions != 2 || v.Duplicates["kill"] != 2 || v.AllDuplicates() != 2) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestRecord shows the reader good messages and some that it must reject.
func TestRecord(t *testing.T) {
	const data = `{"address": null, "currency": "EUR", "customer_id": 1, "id": 5, "note": "n", ` +
		`"placed_at": "2024-01-03T07:20:17Z", "quantity": 1, "reference": "r", "token": "t", "total": "1.25"}`
	message := func(key, data, hashed string) *kgo.Record {
		sum := sha256.Sum256([]byte(hashed))
		value := `{"data": ` + data + `, "hash": "` + hex.EncodeToString(sum[:]) + `"}`
		return &kgo.Record{Key: []byte(key), Value: []byte(value)}
	}
	for name, c := range map[string]struct {
		record  *kgo.Record
		problem string
	}{
		"good":        {message("5", data, data), ""},
		"hash":        {message("5", data, "x"), "the hash is not that of its data"},
		"key":         {message("6", data, data), `key "6", row "5"`},
		"other field": {message("5", strings.Replace(data, "note", "n0te", 1), "x"), "unknown field"},
		"not JSON":    {&kgo.Record{Value: []byte("{")}, "is not JSON"},
		"gap":         {&kgo.Record{Offset: 3, Value: []byte("{")}, "message 3 follows message -1"},
	} {
		h := &History{next: map[int32]int64{}, keys: map[int64]bool{}}
		h.record(c.record)
		if found := strings.Join(h.problems, "\n"); c.problem == "" && found != "" || !strings.Contains(found, c.problem) {
			t.Errorf("%s: problems %q, want %q", name, found, c.problem)
		}
		if (name == "good" || name == "mildest") && (!h.keys[5] || h.Len() != 1) {
			t.Error("a good message was not noted")
		}
	}
}
