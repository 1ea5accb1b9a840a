package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/repliqate/repliqate/internal/trial"
)

// insertEach is the pause between two inserts, each a transaction of its own.
const insertEach = 2 * time.Millisecond

// idleFor is for how long an idle replicator is watched.
const idleFor = 5 * time.Second

// cadence is a poll interval that latency is measured at.
type cadence struct {
	name, interval string // interval is in seconds
}

var cadences = []cadence{
	{"default, interval 1 s", "1"}, {"interval 0.01 s", "0.01"}, {"interval 0.001 s", "0.001"},
}

// latency is what one run has measured.
type latency struct {
	rows       []time.Duration // from commit to consumer, ascending
	busy, idle float64         // of one core, while rows come and while none do
}

func (l latency) at(percent int) float64 {
	return float64(l.rows[min(len(l.rows)*percent/100, len(l.rows)-1)].Microseconds()) / 1000
}

// latencies measures all cadences in turn, rounds times, and prints the percentiles of all rounds together, each also
// as a ratio to the first cadence's.
func (a *arena) latencies(ctx context.Context, rounds int) error {
	results := make([]latency, len(cadences))
	for round := range rounds + 1 { // the first one warms the servers up and does not count
		for turn := range cadences {
			i := (round + turn) % len(cadences)
			l, err := a.latency(ctx, cadences[i], round)
			if err != nil {
				return fmt.Errorf("%s: %w", cadences[i].name, err)
			}
			progress("round %d of %d, %s: p50 %.1f ms, p99 %.1f ms", round, rounds, cadences[i].name, l.at(50), l.at(99))
			if round == 0 {
				continue
			}
			results[i].rows = append(results[i].rows, l.rows...)
			results[i].busy += l.busy / float64(rounds)
			results[i].idle += l.idle / float64(rounds)
		}
	}
	lines := [][]string{{"commit to consumer", "p50 ms", "p90 ms", "p99 ms", "p50 to the first", "core busy", "core idle"}}
	for i, c := range cadences {
		slices.Sort(results[i].rows)
		lines = append(lines, []string{c.name,
			fmt.Sprintf("%.1f", results[i].at(50)), fmt.Sprintf("%.1f", results[i].at(90)),
			fmt.Sprintf("%.1f", results[i].at(99)), fmt.Sprintf("%.2f x", results[i].at(50)/results[0].at(50)),
			fmt.Sprintf("%.1f%%", 100*results[i].busy), fmt.Sprintf("%.2f%%", 100*results[i].idle)})
	}
	fmt.Print(aligned(lines))
	return nil
}

// latency runs the replicator on an empty table, inserts rows one by one, and notes when each is consumed.
func (a *arena) latency(ctx context.Context, c cadence, round int) (l latency, err error) {
	topic := fmt.Sprintf("latency-%d-%s", round, c.interval)
	if err := a.kafka.CreateTopic(ctx, topic, 1); err != nil {
		return l, err
	}
	if err := a.pg.Exec(ctx, "TRUNCATE orders RESTART IDENTITY"); err != nil {
		return l, err
	}
	config := filepath.Join(a.dir, topic+".yaml")
	if err := a.writeConfig(config, a.databases[0], topic, c.interval); err != nil {
		return l, err
	}
	r, err := trial.Start(a.binary("repliqate-orders"), config, filepath.Join(a.dir, topic+".log"))
	if err != nil {
		return l, err
	}
	defer r.Kill()
	consumer, err := kgo.NewClient(kgo.SeedBrokers(a.kafka.Addr), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return l, err
	}
	defer consumer.Close()
	arrived := make([]time.Time, a.rows+1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var consuming sync.WaitGroup
	var consumed error
	first := make(chan struct{})
	consuming.Go(func() {
		if consumed = consume(ctx, consumer, arrived, first); consumed != nil {
			cancel() // nobody hears of further rows
		}
	})
	committed, busy, err := a.insert(ctx, r, first)
	if err != nil {
		cancel()
	}
	consuming.Wait()
	if err = errors.Join(err, consumed); err != nil {
		return l, err
	}
	l.busy = busy
	for key := 2; key <= a.rows; key++ {
		l.rows = append(l.rows, max(0, arrived[key].Sub(committed[key])))
	}
	slices.Sort(l.rows)
	select { // the pauses grow to the interval
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
		return l, ctx.Err()
	}
	before := cpuTime(r.Pid())
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return l, ctx.Err()
	}
	l.idle = (cpuTime(r.Pid()) - before).Seconds() / idleFor.Seconds()
	return l, r.Stop()
}

// insert inserts rows one by one and notes when each commit was answered. busy is what the replicator has used of a
// core meanwhile. It waits until the first row has arrived, which is not before the replicator has started.
func (a *arena) insert(ctx context.Context, r *trial.Replicator, first <-chan struct{}) (
	committed []time.Time, busy float64, err error,
) {
	conn, err := pgconn.Connect(ctx, a.pg.URI())
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	one := fmt.Sprintf(fillOrders, 1)
	if _, err := conn.Prepare(ctx, "one", one, nil); err != nil {
		return nil, 0, err
	}
	committed = make([]time.Time, a.rows+1)
	tick := time.NewTicker(insertEach)
	defer tick.Stop()
	var begin time.Time
	var before time.Duration
	for key := 1; key <= a.rows; key++ {
		if _, err := conn.ExecPrepared(ctx, "one", nil, nil, nil).Close(); err != nil {
			return nil, 0, err
		}
		committed[key] = time.Now()
		next := tick.C
		if key == 1 {
			next = nil
		}
		select {
		case <-next:
		case <-first:
			first = nil
			begin, before = time.Now(), cpuTime(r.Pid())
		case <-r.Ended():
			return nil, 0, fmt.Errorf("the replicator has ended: %w", r.Wait())
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	return committed, (cpuTime(r.Pid()) - before).Seconds() / time.Since(begin).Seconds(), nil
}

// consume notes when each row arrives, until all have.
func consume(ctx context.Context, consumer *kgo.Client, arrived []time.Time, first chan<- struct{}) error {
	for left := len(arrived) - 1; left > 0; {
		fetches := consumer.PollFetches(ctx)
		now := time.Now()
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, record := range fetches.Records() {
			key, err := strconv.Atoi(string(record.Key))
			if err != nil || key < 1 || key >= len(arrived) || !arrived[key].IsZero() {
				return fmt.Errorf("an unexpected message with key %q", record.Key)
			}
			if arrived[key] = now; key == 1 {
				close(first)
			}
			left--
		}
	}
	return nil
}

// cpuTime is the user and system time of a process so far.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // it has ended, and whoever waits for it hears so
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	const user, system, ticks = 11, 12, 100 // of the fields behind the name; a tick is 10 ms
	if len(fields) <= system {
		return 0
	}
	utime, _ := strconv.Atoi(fields[user])
	stime, _ := strconv.Atoi(fields[system])
	return time.Duration(utime+stime) * time.Second / ticks
}
