package file_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/file"
)

// A file keeps the offset of a job that runs on one machine.
func ExampleNew() {
	folder, err := os.MkdirTemp("", "offset")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	store := file.New(filepath.Join(folder, "orders.offset"))
	ctx := context.Background()
	held, _, err := store.Acquire(ctx)
	fmt.Println("held:", held, err)
	fmt.Println(store.Commit(ctx, replicate.Offset{Key: "42"}))
	fmt.Println(store.Commit(ctx, replicate.Offset{Key: "41"}))
	fmt.Println(store.Release(ctx))
	// Output:
	// held: true <nil>
	// <nil>
	// the stored offset 42 is already beyond the one to commit
	// <nil>
}
