package replicate_test

import (
	"fmt"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/canonical"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

// Order stands for a row type that repliqate-gen generates.
type Order struct {
	ID   int64
	Note string
}

// orders is what the generated package supplies beside it.
var orders = replicate.Table[Order, int64]{
	Name: "orders", KeyColumn: "id",
	Columns: []replicate.Column{{Name: "id", Type: "bigint"}, {Name: "note", Type: "text"}},
	Fields:  []string{"id", "note"},
	Key:     func(o *Order) int64 { return o.ID },
	AppendJSON: func(b []byte, o *Order) []byte {
		b = append(b, `{"id": `...)
		b = canonical.AppendInt(b, o.ID)
		b = append(b, `, "note": `...)
		return append(canonical.AppendString(b, o.Note), '}')
	},
}

// A source turns rows into the messages of a page with a Builder.
func ExampleNewBuilder() {
	builder := replicate.NewBuilder(&orders, json.New("shop", "orders", orders.AppendJSON), replicate.MessageKey{}, false)
	var page replicate.Page[int64]
	builder.Begin(&page, replicate.PollRequest[int64]{MaxRows: 10, MaxBytes: 1 << 20})
	for _, o := range []Order{{7, "first"}, {9, "second"}} {
		if full, err := builder.Add(&o); full || err != nil {
			return
		}
	}
	fmt.Println(page.Len(), "messages, keys", page.First, "to", page.Last)
	fmt.Println("key of the last:", string(page.Messages()[1].Key))
	// Output:
	// 2 messages, keys 7 to 9
	// key of the last: 9
}

// Several observers can watch one job.
func ExampleMergeHooks() {
	log := replicate.Hooks{OnPublish: func(i replicate.PublishInfo) { fmt.Println("published", i.Rows, "rows") }}
	metrics := replicate.Hooks{OnPublish: func(i replicate.PublishInfo) { fmt.Println("took", i.Duration) }}
	replicate.MergeHooks(log, metrics).OnPublish(replicate.PublishInfo{Rows: 3, Duration: time.Millisecond})
	// Output:
	// published 3 rows
	// took 1ms
}

// Stores compare keys as text, whatever integer type holds them.
func ExampleCompareKeys() {
	fmt.Println(replicate.CompareKeys("18446744073709551615", "9223372036854775807") > 0)
	fmt.Println(replicate.CompareKeys("-10", "-9") < 0)
	// Output:
	// true
	// true
}
