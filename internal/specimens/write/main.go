// Command write rewrites the examples of docs/types.md. Run it in the root of the repository.
package main

import (
	"fmt"
	"os"

	"github.com/repliqate/repliqate/internal/specimens"
)

const name = "docs/types.md"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func run() error {
	page, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := specimens.Page(string(page))
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}
