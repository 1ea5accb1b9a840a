package gen

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/repliqate/repliqate/gen/emit"
	"github.com/repliqate/repliqate/gen/schema"
)

// Inner runs what the generator runs its own program for. A main that calls command.Run calls it first;
// if it reports true, the status is the program's.
func Inner(args []string) (status int, inner bool) {
	return schema.Inner(args, func() error { return plugin(os.Stdin, os.Stdout) })
}

// plugin answers sqlc: its request in, the Go files out.
func plugin(in io.Reader, out io.Writer) error {
	tables, e, err := schema.Models(in, Engines)
	if err != nil {
		return err
	}
	var response schema.Response
	for _, t := range tables {
		files, err := emit.Go(t, e)
		if err != nil {
			return err
		}
		for _, f := range files {
			response.Files = append(response.Files, schema.ResponseFile{Name: f.Name, Contents: f.Content})
		}
	}
	if err := json.NewEncoder(out).Encode(response); err != nil {
		return fmt.Errorf("answer sqlc: %w", err)
	}
	return nil
}
