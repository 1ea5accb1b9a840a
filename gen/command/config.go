package command

import (
	"fmt"
	"os"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/repliqate/repliqate/gen"
)

// yamlLine finds where a parser's error happened. The rest of its text may repeat what is there, which
// may be a password.
var yamlLine = regexp.MustCompile(`line (\d+)`)

// fromConfig takes table, key and fields from a configuration, unless a flag gives them.
func fromConfig(name string, r *gen.Request) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read config: %w", err)
	}
	var config struct {
		Repliqate struct {
			Replication struct {
				Source struct {
					Table      string   `yaml:"table"`
					PrimaryKey string   `yaml:"primary_key"`
					Fields     []string `yaml:"fields"`
				} `yaml:"sql_source"`
			} `yaml:"replication"`
		} `yaml:"repliqate"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		at := name
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			at += ":" + m[1]
		}
		return fmt.Errorf("%s: this is not the YAML of a configuration: expected table, primary_key and fields, "+
			"a list, below repliqate.replication.sql_source", at)
	}
	source := config.Repliqate.Replication.Source
	if source.Table == "" {
		return fmt.Errorf("%s: repliqate.replication.sql_source.table is missing: expected the table to generate for", name)
	}
	if len(r.Tables) == 0 {
		r.Tables = []string{source.Table}
	}
	if source.PrimaryKey != "" && len(r.PrimaryKeys) == 0 {
		r.PrimaryKeys[source.Table] = source.PrimaryKey
	}
	if len(r.Fields) == 0 {
		r.Fields = source.Fields
	}
	return nil
}
