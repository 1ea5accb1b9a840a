package schema

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sqlc-dev/sqlc/pkg/cli"
)

// PluginMethod is the argument with which sqlc runs its process plugin, which is repliqate-gen itself.
const PluginMethod = "/plugin.CodegenService/Generate"

// Options is what repliqate-gen tells itself through sqlc, since a plugin gets neither the DDL nor an
// environment. In sqlc.yaml it is written by hand, or copied from what --sqlc-options prints.
type Options struct {
	Module  string            `json:"module"` // import path of the output folder
	Domains map[string]string `json:"domains,omitempty"`
	Tables  []TableOptions    `json:"tables"`
}

// TableOptions is what the catalog lacks of one table.
type TableOptions struct {
	Table         string   `json:"table"` // qualified where it is not in the default schema
	Key           string   `json:"key"`
	Fields        []string `json:"fields,omitempty"` // empty: all
	Package       string   `json:"package"`
	Source        string   `json:"source"`
	Regenerate    string   `json:"regenerate"`
	AutoIncrement bool     `json:"auto_increment,omitempty"`
}

// Compile has sqlc compile the DDL and the queries and run the plugin on the result. It returns the
// plugin's files by their path below the output folder.
func Compile(engine, ddl string, queries map[string]string, options Options) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "repliqate-gen-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for sqlc: %w", err)
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to run it as sqlc's plugin: %w", err)
	}
	type object = map[string]any
	config, err := json.Marshal(object{
		"version": "2",
		"plugins": []object{{"name": "repliqate", "process": object{"cmd": self, "format": "json"}}},
		"sql": []object{{
			"engine": engine, "schema": "schema.sql", "queries": "queries",
			"codegen": []object{{"plugin": "repliqate", "out": "out", "options": options}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("write sqlc's configuration: %w", err)
	}
	files := map[string]string{"sqlc.json": string(config), "schema.sql": ddl}
	for name, sql := range queries {
		files[filepath.Join("queries", name+".sql")] = sql
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("prepare sqlc's input: %w", err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return nil, fmt.Errorf("prepare sqlc's input: %w", err)
		}
	}
	if err := runSQLC(dir); err != nil {
		return nil, err
	}
	return readTree(filepath.Join(dir, "out"))
}

// runSQLC runs sqlc in this process. It prints its errors, so standard error is a file meanwhile.
func runSQLC(dir string) error {
	log, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		return fmt.Errorf("prepare sqlc's output: %w", err)
	}
	defer log.Close()
	stderr := os.Stderr
	os.Stderr = log
	status := cli.Run([]string{"generate", "--no-remote", "-f", filepath.Join(dir, "sqlc.json")})
	os.Stderr = stderr
	if status == 0 {
		return nil
	}
	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read what sqlc printed: %w", err)
	}
	said, err := io.ReadAll(log)
	if err != nil {
		return fmt.Errorf("read what sqlc printed: %w", err)
	}
	text := strings.TrimSpace(strings.ReplaceAll(string(said), dir+string(filepath.Separator), ""))
	return fmt.Errorf("compile the schema with sqlc: %s", strings.Join(strings.Fields(text), " "))
}

func readTree(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what sqlc wrote: %w", err)
	}
	return files, nil
}
