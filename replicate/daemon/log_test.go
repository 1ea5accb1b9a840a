package daemon_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/generated/ledger"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon"
)

// heldBack is a source in which a transaction stays open forever.
type heldBack struct{ warn func(string) }

func (s heldBack) Open(context.Context, replicate.Offset) error {
	for range 3 {
		s.warn("a column is new")
	}
	return nil
}

func (heldBack) Poll(_ context.Context, req replicate.PollRequest[int64], _ *replicate.Page[int64]) (
	replicate.PollResult, error,
) {
	req.OnFence(replicate.Fence[int64]{High: 7, HasHigh: true, Holders: []string{"5/123"}})
	return replicate.PollResult{Unsettled: true}, nil
}

func (heldBack) Close() error { return nil }

func (heldBack) DescribeHolders(context.Context, []string) ([]string, error) {
	return []string{"process 4711, application psql, for 1m"}, nil
}

func heldBackProgram() daemon.Program[ledger.Row, int64] {
	p := program()
	p.NewSource = func(_ *replicate.Builder[ledger.Row, int64], c replicate.SourceConfig) (
		replicate.Source[int64], error,
	) {
		return heldBack{c.Warn}, nil
	}
	return p
}

// --once gives up after its time, says so by its exit status, and names who held it up.
func TestOnceGivesUp(t *testing.T) {
	j := newJob(t)
	root := j.atRedis() + "\n  once_wait_sec: 0.2\n  stuck_after_sec: 0.05"
	o := newOutput()
	config := j.config(t, root, "settle: {unsafe_delay_sec: 0.01}", "")
	args := []string{"--config", config, "--once", "-v"}
	if status := daemon.Run(t.Context(), heldBackProgram(), args, o, o); status != 3 {
		t.Fatalf("exit status %d, want 3\n%s", status, o)
	}
	lines := o.lines(t)
	held := find(t, lines, "open transactions hold rows back")
	if holders, _ := held.all["holders"].(string); !strings.Contains(holders, "process 4711, application psql") {
		t.Errorf("who holds rows back is not said: %v", held.all)
	}
	if l := find(t, lines, "transactions that were open at the start are still open"); l.Level != "ERROR" {
		t.Errorf("giving up is of level %s", l.Level)
	}
	if l := find(t, lines, "settle.unsafe_delay_sec is set"); l.Level != "WARN" || l.all["unsafe_delay_s"] != 0.01 {
		t.Errorf("the unsafe delay is said as %v", l.all)
	}
	if n := strings.Count(o.String(), "a column is new"); n != 1 {
		t.Errorf("the same warning is repeated %d times within a minute", n)
	}
}

// Each -v adds a level, as with the Python daemon, and every line has the job.
func TestVerbosity(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{nil, []string{}},
		{[]string{"-v"}, []string{"WARN"}},
		{[]string{"--verbose"}, []string{"WARN"}},
		{[]string{"-vv"}, []string{"INFO", "WARN"}},
		{[]string{"-v", "-v"}, []string{"INFO", "WARN"}},
		{[]string{"-vvv"}, []string{"DEBUG", "INFO", "WARN"}},
		{[]string{"-vvvvv"}, []string{"DEBUG", "INFO", "WARN"}},
	} {
		j := newJob(t, 1)
		o := newOutput()
		args := append([]string{"--config", j.config(t, "unknown: 1", "", ""), "--once"}, tt.args...)
		if status := daemon.Run(t.Context(), program(), args, o, o); status != 0 {
			t.Fatalf("exit status %d\n%s", status, o)
		}
		levels := []string{}
		for _, l := range o.lines(t) {
			levels = append(levels, l.Level)
			if l.Job != "shop" {
				t.Errorf("a line without the job: %v", l.all)
			}
		}
		slices.Sort(levels)
		if got := slices.Compact(levels); !slices.Equal(got, tt.want) {
			t.Errorf("%q logs %q, want %q", tt.args, got, tt.want)
		}
	}
}

// The first line says what runs, from where to where, without a password.
func TestBeginning(t *testing.T) {
	j := newJob(t, 1)
	for root, offset := range map[string]string{
		j.atRedis(): "redis at " + j.redis.Addr(),
		"redis_addr: redis://:hunter2@" + j.redis.Addr() + "/0": "redis at " + j.redis.Addr() + "/0",
		"offset_file: " + j.dir + "/offset\n  lease: strict":    "file " + j.dir + "/offset",
		"drain_timeout_sec: 1":                                  "memory",
	} {
		if strings.Contains(root, "hunter2") {
			j.redis.RequireAuth("hunter2")
		}
		o := newOutput()
		args := []string{"--config", j.config(t, root, "", ""), "--once", "-vv"}
		if status := daemon.Run(t.Context(), program(), args, o, o); status != 0 {
			t.Fatalf("exit status %d\n%s", status, o)
		}
		j.redis.RequireAuth("")
		first := find(t, o.lines(t), "repliqate starts").all
		for name, want := range map[string]string{"table": "ledger", "schema": ledger.Table().Fingerprint, "source": j.db,
			"topic": "ledger", "brokers": j.kafka.ListenAddrs()[0], "offset": offset, "audit": "report"} {
			if first[name] != want {
				t.Errorf("%s is %v, want %q", name, first[name], want)
			}
		}
		if strings.Contains(o.String(), "hunter2") {
			t.Errorf("a password is logged:\n%s", o)
		}
	}
}

// Rows that turn up below the offset are logged with their keys, and published where that is asked for.
func TestAudit(t *testing.T) {
	for mode, published := range map[string]bool{"report": false, "publish": true} {
		j := newJob(t, 1, 4)
		r := start(t, "--config", j.config(t, j.atRedis(), "audit: {mode: "+mode+", interval_sec: 0.01}", ""), "-vvv")
		r.stderr.wait(t, `"msg":"committed"`)
		j.insert(t, 3)
		r.stderr.wait(t, `"msg":"late rows`)
		if published {
			if got := j.ids(t, "ledger", 3); !slices.Equal(got, []int64{1, 4, 3}) {
				t.Errorf("published %v, want 3 in the end", got)
			}
		}
		r.stop(t)
		late := find(t, r.stderr.lines(t), "late rows").all
		if late["keys"] != "3" || late["rows"] != 1.0 || late["published"] != published || late["level"] != "WARN" {
			t.Errorf("%s: logged %v", mode, late)
		}
		if n := j.published("ledger"); (n == 3) != published {
			t.Errorf("%s: %d messages", mode, n)
		}
		if got, err := j.redis.Get(redisKey); err != nil || got != "4" {
			t.Errorf("the offset is %q, want 4: %v", got, err)
		}
	}
}

// A failure is said once, its repetitions only with -vvv, and its end too.
func TestFailuresAreSaidOnce(t *testing.T) {
	j := newJob(t, 1)
	r := start(t, "--config", j.config(t, j.atRedis(), "", ""), "-vvv")
	r.stderr.wait(t, `"msg":"committed"`)
	j.redis.SetError("LOADING")
	j.insert(t, 2)
	r.stderr.wait(t, `"attempt":3`)
	j.redis.SetError("")
	r.stderr.wait(t, "the offset is stored again")
	r.stop(t)
	levels := map[string]int{}
	for _, l := range r.stderr.lines(t) {
		if strings.HasPrefix(l.Msg, "the offset can't be stored") {
			levels[l.Level]++
		}
	}
	if levels["WARN"] != 1 || levels["DEBUG"] < 1 {
		t.Errorf("said with levels %v, want WARN once", levels)
	}
}

// Dead letters are configured, counted in the log, and the rows after them follow.
func TestDeadLetters(t *testing.T) {
	j := newJob(t, 1)
	j.sql(t, "INSERT INTO ledger (id, account, amount) VALUES (2, CAST(x'ff' AS TEXT), 1), (3, 'a', 1)")
	config := j.config(t, j.atRedis(), "", "on_bad_row: dead_letter\n      dead_letter_topic: bad")
	r := start(t, "--config", config, "--once", "-v")
	r.end(t, 0)
	if got := j.ids(t, "ledger", 2); !slices.Equal(got, []int64{1, 3}) {
		t.Errorf("published %v, want 1 and 3", got)
	}
	if bad := j.records(t, "bad", 1); !bytes.Contains(bad[0].Value, []byte("account")) {
		t.Errorf("the dead letter %q does not name the column", bad[0].Value)
	}
	if l := find(t, r.stderr.lines(t), "rows went to the dead-letter topic"); l.all["rows"] != 1.0 {
		t.Errorf("logged %v", l.all)
	}
}
