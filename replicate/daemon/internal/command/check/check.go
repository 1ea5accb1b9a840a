// Package check is the command that looks at everything that a job needs, and changes nothing.
package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/command"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/daemon/internal/job"
	"github.com/repliqate/repliqate/replicate/daemon/internal/joblog"
	"github.com/repliqate/repliqate/replicate/daemon/internal/terminal"
	"github.com/repliqate/repliqate/replicate/daemon/internal/topic"
)

// Usage is the command's arguments, for the program's help.
const Usage = "[--json]"

// Help is what --help prints: %[1]s is the program, %[2]s its table.
const Help = `%[1]s check looks at what the job of table %[2]s needs, and changes nothing.

Usage: %[1]s check [--config PATH] [--json]

It reads the configuration, opens the database as the job would (rights, live
schema, whether the settled horizon can be proven), asks for the offset, its copy
in Kafka and the lease's holder, and looks at the topic. A server that does not
answer does not keep it from asking the others. The job may run.

Options:
  --config PATH   configuration file (default config.yaml)
  --json          print the findings as JSON (docs/commands.md)
  --help          print this, and exit

Exit statuses:
  0   nothing to complain of
  1   warnings
  2   errors, or wrong options or configuration
`

// timeout bounds the questions to one server.
const timeout = 20 * time.Second

// The levels of a finding.
const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelError   = "error"
)

// Finding is one line.
type Finding struct {
	Level string `json:"level"` // ok, warning or error
	Part  string `json:"part"`
	Text  string `json:"text"` // with its remedy
}

// Report is the form of --json.
type Report struct {
	Version  int       `json:"version"`
	Job      string    `json:"job"`
	Table    string    `json:"table"`
	Findings []Finding `json:"findings"`
}

// doctor collects the findings of one part, each part from a goroutine of its own.
type doctor struct {
	part     string
	findings []Finding
}

func (d *doctor) say(level, format string, args ...any) {
	d.findings = append(d.findings, Finding{level, d.part, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")})
}

// failed reports an error, and whether there was one.
func (d *doctor) failed(err error) bool {
	if err != nil {
		d.say(levelError, "%s", config.Explain(err))
	}
	return err != nil
}

// Run runs the command and returns its exit status.
func Run[R any, K replicate.Key](ctx context.Context, p job.Program[R, K], call command.Call) int {
	o, asJSON := command.Defaults(), false
	words, err := o.Parse("check", call.Args, []command.Flag{{Name: "--json", On: &asJSON}})
	if err == nil && !o.IsHelp {
		err = command.NoWords("check", words)
	}
	switch {
	case err != nil:
		call.Complain(err)
		return command.Usage
	case o.IsHelp:
		fmt.Fprintf(call.Stdout, Help, call.Binary, p.Table.Name)
		return command.OK
	}
	c, log, err := command.Configure(o, config.Describe(p.Table), call.Stderr)
	if err != nil {
		return call.Exit(&command.StatusError{Err: err, Status: command.Usage})
	}
	parts := []*doctor{{part: "database"}, {part: "offset"}, {part: "witness"}, {part: "topic"}}
	var all sync.WaitGroup
	for i, examine := range []func(context.Context, *doctor){
		func(ctx context.Context, d *doctor) { database(ctx, p, c, log, d) },
		func(ctx context.Context, d *doctor) { store(ctx, c, d) },
		func(ctx context.Context, d *doctor) { witness(ctx, c, d) },
		func(ctx context.Context, d *doctor) { messages(ctx, c, d) },
	} {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			examine(ctx, parts[i])
		})
	}
	all.Wait()
	r := Report{Version: 1, Job: c.Name, Table: p.Table.Name,
		Findings: []Finding{{levelOK, "config", c.File() + " can be read and agrees with the generated code"}}}
	for _, d := range parts {
		r.Findings = append(r.Findings, d.findings...)
	}
	return r.print(call, asJSON)
}

// print writes the report and returns the exit status.
func (r *Report) print(call command.Call, asJSON bool) int {
	status := command.OK
	colours := map[string]terminal.Colour{levelOK: terminal.Good, levelWarning: terminal.Warning, levelError: terminal.Bad}
	for _, f := range r.Findings {
		status = max(status, slices.Index([]string{levelOK, levelWarning, levelError}, f.Level))
		if !asJSON {
			level := terminal.Paint(call.Stdout, colours[f.Level], fmt.Sprintf("%-8s", f.Level))
			fmt.Fprintf(call.Stdout, "%s %-9s %s\n", level, f.Part, f.Text)
		}
	}
	if asJSON {
		encoder := json.NewEncoder(call.Stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r); err != nil {
			return call.Exit(err)
		}
	}
	return status
}

// database opens the source as a job does, which verifies rights, schema and horizon.
func database[R any, K replicate.Key](
	ctx context.Context, p job.Program[R, K], c *config.Config, log *joblog.Logger, d *doctor,
) {
	source, err := job.NewSource(p, c, log)
	if d.failed(err) {
		return
	}
	defer source.Close() // it was only read
	if d.failed(source.Open(ctx, replicate.Offset{})) {
		return
	}
	d.say(levelOK, "it can be read, and the live table is the one that the code was generated for")
	if c.Settle.UnsafeDelay > 0 {
		d.say(levelWarning, "the settled horizon is not proven: settle.unsafe_delay_sec accepts that rows are lost")
	} else {
		d.say(levelOK, "the settled horizon can be proven")
	}
	if counter, ok := source.(replicate.Counter[K]); ok {
		e, err := counter.Extent(ctx)
		if !d.failed(err) {
			d.say(levelOK, "highest key %s, highest key drawn %s", shown(e.Highest, e.HasHighest), shown(e.Drawn, e.HasDrawn))
		}
	}
}

func shown[K replicate.Key](key K, has bool) string {
	if !has {
		return "none"
	}
	return replicate.KeyText(key)
}

// store asks for the offset and who holds the lease.
func store(ctx context.Context, c *config.Config, d *doctor) {
	s, err := job.NewStore(c)
	if errors.Is(err, job.ErrNoStore) {
		d.say(levelWarning, "it is kept in memory alone, so each start publishes all rows: set redis_addr or offset_file")
		return
	}
	if d.failed(err) {
		return
	}
	defer s.Close() // it was only read
	offset, err := s.Offsets.Load(ctx)
	if d.failed(err) {
		return
	}
	d.say(levelOK, "%s, in %s", named(offset), s.Offsets.Where())
	holder, err := s.Offsets.Holder(ctx)
	switch {
	case d.failed(err):
	case s.Lease == nil:
		d.say(levelWarning, "the lease is off: two instances would publish each row twice; set lease: on")
	case holder == "":
		d.say(levelOK, "nobody holds the lease")
	default:
		d.say(levelOK, "the lease is held by %s", holder)
	}
}

func named(o replicate.Offset) string {
	if o.IsZero() {
		return "no offset: the job would begin at the copy in Kafka, or at the first row"
	}
	return "offset " + o.Key
}

// witness reads the second copy of the offset, which needs rights on the job's group.
func witness(ctx context.Context, c *config.Config, d *doctor) {
	if c.Redis.Addr == "" {
		return
	}
	w, err := job.NewWitness(c)
	if d.failed(err) {
		return
	}
	defer w.Close() // it was only read
	o, err := w.Load(ctx)
	switch {
	case err != nil:
		d.say(levelWarning, "the second copy of the offset can't be read: %s", config.Explain(err))
	case o.IsZero():
		d.say(levelOK, "no second copy of the offset yet, in %s", w.Where())
	default:
		d.say(levelOK, "second copy of the offset %s, in %s", o.Key, w.Where())
	}
}

// settings are those of a topic that matter.
var settings = []string{"min.insync.replicas", "max.message.bytes", "retention.ms", "cleanup.policy",
	"unclean.leader.election.enable"}

// messages looks at the topic.
func messages(ctx context.Context, c *config.Config, d *doctor) {
	t, err := topic.Open(c.Kafka)
	if d.failed(err) {
		return
	}
	defer t.Close()
	parts, err := t.Partitions(ctx, time.Time{})
	if d.failed(err) {
		return
	}
	var n int64
	for _, p := range parts {
		n += p.End - p.Start
	}
	d.say(levelOK, "%s has %d partitions and about %d messages", t.Name(), len(parts), n)
	found, err := t.Admin().DescribeTopicConfigs(ctx, t.Name())
	if err != nil || len(found) == 0 || found[0].Err != nil {
		d.say(levelWarning, "its settings can't be read: allow the user DescribeConfigs on the topic")
		return
	}
	var values []string
	for _, s := range found[0].Configs {
		if !slices.Contains(settings, s.Key) {
			continue
		}
		values = append(values, s.Key+" "+s.MaybeValue())
		switch {
		case s.Key == "unclean.leader.election.enable" && s.MaybeValue() == "true":
			d.say(levelWarning, "a replica that lags may become leader and lose messages: set %s to false", s.Key)
		case s.Key == "cleanup.policy" && strings.Contains(s.MaybeValue(), "compact") && c.Kafka.NoKey:
			d.say(levelError, "it is compacted and takes no message without a key: set kafka_target.key, or cleanup.policy")
		}
	}
	slices.Sort(values)
	d.say(levelOK, "%s", strings.Join(values, ", "))
}
