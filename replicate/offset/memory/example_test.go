package memory_test

import (
	"context"
	"fmt"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/memory"
)

// A store in memory is for tests and dry runs.
func ExampleNew() {
	store := memory.New()
	ctx := context.Background()
	fmt.Println(store.Commit(ctx, replicate.Offset{Key: "42"}))
	offset, err := store.Load(ctx)
	fmt.Println(offset.Key, err)
	// Output:
	// <nil>
	// 42 <nil>
}
