// Command fetch-servers downloads the servers that the tests start, so that tests need not wait.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/repliqate/repliqate/internal/testserver"
)

func main() {
	if err := testserver.Prefetch(context.Background(), func(msg string) { fmt.Println(msg) }); err != nil {
		fmt.Fprintln(os.Stderr, "fetch-servers:", err)
		os.Exit(1)
	}
}
