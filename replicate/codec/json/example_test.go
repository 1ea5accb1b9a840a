package json_test

import (
	"fmt"
	"time"

	"github.com/repliqate/repliqate/replicate/codec/json"
)

// The hash is the SHA-256 of exactly the bytes of data, so that any consumer can verify a message.
func ExampleNew() {
	appendData := func(b []byte, id *int64) []byte { return fmt.Appendf(b, `{"id": %d}`, *id) }
	codec := json.New("shop", "orders", appendData)
	codec.Begin(time.Unix(1_774_684_800, 0))
	id := int64(7)
	message, checksum := codec.AppendValue(nil, &id)
	fmt.Println(string(message[:89]))
	fmt.Println(string(message[90:]) == `"`+checksum.String()+`"}`)
	// Output:
	// {"timestamp": 1774684800.0, "name": "shop", "table": "orders", "data": {"id": 7}, "hash":
	// true
}
