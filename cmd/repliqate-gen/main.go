// Command repliqate-gen writes a replicator for each table of a schema: see repliqate-gen --help.
package main

import (
	"fmt"
	"os"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/command"
	"github.com/repliqate/repliqate/gen/schema"
)

func main() {
	// sqlc runs this program again as its plugin.
	if len(os.Args) > 1 && os.Args[1] == schema.PluginMethod {
		if err := gen.Plugin(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(command.Run(os.Args, os.Stdout, os.Stderr))
}
