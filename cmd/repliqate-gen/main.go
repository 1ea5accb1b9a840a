// Command repliqate-gen writes a replicator for each table of a schema: see repliqate-gen --help.
package main

import (
	"os"

	"github.com/repliqate/repliqate/gen"
	"github.com/repliqate/repliqate/gen/command"
)

func main() {
	if status, inner := gen.Inner(os.Args); inner {
		os.Exit(status)
	}
	os.Exit(command.Run(os.Args, os.Stdout, os.Stderr))
}
