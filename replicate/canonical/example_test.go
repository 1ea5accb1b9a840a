package canonical_test

import (
	"fmt"

	"github.com/repliqate/repliqate/replicate/canonical"
)

// Only printable ASCII stays as it is.
func ExampleAppendString() {
	fmt.Println(string(canonical.AppendString(nil, "Königstraße 😀")))
	// Output: "K\u00f6nigstra\u00dfe \ud83d\ude00"
}

// A json column is embedded in the same form at every level: keys in order, the last of duplicates.
func ExampleAppendJSON() {
	b, err := canonical.AppendJSON(nil, `{"b":1.10,"a":[1,2],"b":2}`)
	fmt.Println(string(b), err)
	// Output: {"a": [1, 2], "b": 2} <nil>
}

// Microseconds since 1970, in UTC.
func ExampleAppendTimestamp() {
	fmt.Println(string(canonical.AppendTimestamp(nil, 1_774_684_800_123_000, true)))
	// Output: "2026-03-28T08:00:00.123Z"
}
