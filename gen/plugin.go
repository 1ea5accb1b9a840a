package gen

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/repliqate/repliqate/gen/emit"
	"github.com/repliqate/repliqate/gen/schema"
)

// Plugin answers sqlc: its request in, the Go files out.
func Plugin(in io.Reader, out io.Writer) error {
	tables, err := schema.Models(in)
	if err != nil {
		return err
	}
	var response schema.Response
	for _, t := range tables {
		files, err := emit.Go(t)
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
