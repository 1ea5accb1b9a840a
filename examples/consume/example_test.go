package main

import (
	"fmt"
)

// A message is checked with its own bytes: the hash is that of its data as it is written.
func ExampleRead() {
	const value = `{"timestamp": 1700000000.25, "name": "shop", "table": "orders", ` +
		`"data": {"id": 7, "note": "caf\u00e9"}, ` +
		`"hash": "eb2c78c95161cf2b6ab0a14de1139971a169d8ae6c27aea141ea73a2d9ba0e07"}`
	m, err := Read([]byte(value))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s of job %s: %s\n", m.Table, m.Name, m.Data)
	// Output:
	// orders of job shop: {"id": 7, "note": "caf\u00e9"}
}

// After a crash rows come again. One number a partition tells them from new ones.
func ExampleSeen_Repeated() {
	var seen Seen
	for _, key := range []string{"1", "2", "2", "3"} {
		repeated, err := seen.Repeated(0, []byte(key))
		fmt.Println(key, repeated, err)
	}
	// Output:
	// 1 false <nil>
	// 2 false <nil>
	// 2 true <nil>
	// 3 false <nil>
}
