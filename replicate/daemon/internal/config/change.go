package config

import (
	"reflect"
	"slices"

	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// live are the keys that a running job takes from a configuration that is read again (loop.Replicator.Retune).
var live = []string{
	"drain_timeout_sec", "stuck_after_sec", "replication.poll_interval_sec", sourceKey + "limit",
	sourceKey + "batch_bytes", sourceKey + "audit.interval_sec",
}

// Changes compares two configurations of one job. It returns the keys whose values differ, apart for those that a
// running job takes and those that need a restart. Values are not shown: some are secrets.
func Changes(before, after *Config) (applied, restart []string) {
	was, is := targets(before), targets(after)
	for _, k := range configkeys.All() {
		if k.Kind == configkeys.Group || reflect.DeepEqual(was[k.Name], is[k.Name]) {
			continue
		}
		if k.Name == sourceKey+"uri" && before.URIFile != "" && before.URIFile == after.URIFile {
			continue // what a file of a secret holds is read at each connection
		}
		if slices.Contains(live, k.Name) {
			applied = append(applied, k.Short())
		} else {
			restart = append(restart, k.Short())
		}
	}
	return applied, restart
}

// Tuned is the configuration that a job runs with once it has taken what it can of another.
func Tuned(running, read *Config) *Config {
	c := *running
	into, from := targets(&c), targets(read)
	for _, key := range live {
		reflect.ValueOf(into[key]).Elem().Set(reflect.ValueOf(from[key]).Elem())
	}
	return &c
}
