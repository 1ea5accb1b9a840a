// Command write writes what docs says of configuration keys: the tables of configure.md, and config.schema.json.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/repliqate/repliqate/gen/configfile"
)

func main() {
	if err := write("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	name := filepath.Join(dir, "configure.md")
	old, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("%w: run this at the root of the repository", err)
	}
	page, err := configfile.Markdown(string(old))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	schema, err := configfile.Schema()
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.schema.json"), schema, 0o644)
}
