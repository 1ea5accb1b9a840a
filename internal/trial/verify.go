package trial

import (
	"slices"
	"time"
)

// Fault is something that was done to a replicator or a server, from its begin until it was undone.
type Fault struct {
	Kind     string
	From, To time.Time
	Repeats  Repeats
}

// Repeats says which rows may be published again because of a fault, the rarer the greater.
type Repeats uint8

const (
	RepeatNothing  Repeats = iota // a graceful stop
	RepeatInFlight                // rows that were in flight, or acknowledged within the commit interval
	RepeatUnstored                // rows since the fault began, as the offset could not be stored
	RepeatAll                     // rows since the copy of the offset in Kafka, if there is one yet
)

const (
	// slack is the commit interval, and how long a loaded machine may take over it.
	slack = 2 * time.Second
	// lingering is how long the longest pause between two attempts prolongs a fault.
	lingering = 20 * time.Second
)

// reach is since when rows may be repeated that were first published before from, given a fault that
// ended no earlier than since.
func (f Fault) reach(since, from time.Time) (earliest time.Time, explains bool) {
	end := f.To.Add(slack)
	if f.Repeats >= RepeatUnstored {
		end = f.To.Add(lingering)
	}
	switch {
	case f.Repeats == RepeatNothing, f.From.After(from), end.Before(since):
		return time.Time{}, false
	case f.Repeats == RepeatAll:
		return time.Time{}, true
	}
	return f.From.Add(-slack), true
}

// Verdict is what Verify found.
type Verdict struct {
	Rows, Messages, Sessions int
	Lost                     int
	Duplicates               map[string]int // by the mildest fault that explains them
	Problems                 []string
}

// AllDuplicates is how many messages repeat a row.
func (v Verdict) AllDuplicates() (n int) {
	for _, d := range v.Duplicates {
		n += d
	}
	return n
}

// Verify judges everything that was read, given the rows of the table and the faults that there were:
//
//   - every row was published, with its values as the database has them, and nothing else was;
//   - first publications ascend in each partition, and a row stays in its partition;
//   - each session publishes, in each partition, an ascending run of rows without a hole;
//   - a session repeats rows of another only after a fault, and only as far back as that fault explains.
func (h *History) Verify(rows map[int64]RowSum, faults []Fault) Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := checker{rows: rows, problems: slices.Clone(h.problems),
		first: make(map[int64]*Message, len(rows)), last: map[int32]int64{}}
	for i := range h.messages {
		c.message(&h.messages[i])
	}
	c.runs()
	v := Verdict{Rows: len(rows), Messages: len(h.messages), Sessions: len(c.sessions), Duplicates: map[string]int{}}
	for key := range rows {
		if c.first[key] == nil {
			v.Lost++
			c.problems.add("row %d is lost", key)
		}
	}
	for _, r := range c.repeated {
		c.repeat(r, faults, v.Duplicates)
	}
	v.Problems = c.problems
	return v
}

type checker struct {
	rows     map[int64]RowSum
	first    map[int64]*Message // of each row, its first publication
	last     map[int32]int64    // of each partition, the last row that was new
	sessions []*session
	repeated []repeated
	problems problems
}

// session is what one producer wrote.
type session struct {
	id         int64
	begin, end time.Time
	runs       map[int32][]int64 // what it wrote to each partition
}

// repeated is a message that repeats a row.
type repeated struct {
	first *Message
	by    *session
	again time.Time
}

func (c *checker) message(m *Message) {
	sum, known := c.rows[m.Key]
	switch {
	case !known:
		c.problems.add("row %d was published and is not in the table: it was rolled back", m.Key)
		return
	case sum != m.Row:
		c.problems.add("row %d was published with other values than the table has", m.Key)
	}
	s := c.session(m)
	first := c.first[m.Key]
	switch {
	case first == nil:
		c.first[m.Key] = m
		if last, seen := c.last[m.Partition]; seen && m.Key < last {
			c.problems.add("row %d was first published after row %d", m.Key, last)
		}
		c.last[m.Partition] = m.Key
	case first.Partition != m.Partition:
		c.problems.add("row %d was published to partitions %d and %d", m.Key, first.Partition, m.Partition)
	case first.Session == m.Session:
		c.problems.add("row %d was published twice by one session", m.Key)
	default:
		c.repeated = append(c.repeated, repeated{first, s, m.At})
	}
	s.runs[m.Partition] = append(s.runs[m.Partition], m.Key)
}

func (c *checker) session(m *Message) *session {
	for i := len(c.sessions) - 1; i >= 0; i-- {
		if s := c.sessions[i]; s.id == m.Session {
			s.begin, s.end = earlier(s.begin, m.At), later(s.end, m.At)
			return s
		}
	}
	s := &session{id: m.Session, begin: m.At, end: m.At, runs: map[int32][]int64{}}
	c.sessions = append(c.sessions, s)
	return s
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// runs checks that no session passed over a row of a partition that it wrote.
func (c *checker) runs() {
	place := make(map[int64]int, len(c.rows)) // of each row among those of its partition
	keys := make([]int64, 0, len(c.rows))
	for key := range c.first {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	count := map[int32]int{}
	for _, key := range keys {
		p := c.first[key].Partition
		place[key] = count[p]
		count[p]++
	}
	for _, s := range c.sessions {
		for partition, run := range s.runs {
			for i := 1; i < len(run); i++ {
				if place[run[i]] != place[run[i-1]]+1 {
					c.problems.add("partition %d: one session published row %d right after row %d", partition, run[i], run[i-1])
				}
			}
		}
	}
}

// repeat looks for the mildest faults that explain why a message repeats a row.
func (c *checker) repeat(r repeated, faults []Fault, duplicates map[string]int) {
	quiet := time.Time{} // the last sign of life of any other session
	for _, s := range c.sessions {
		if s != r.by && !s.begin.After(r.again) {
			quiet = later(quiet, earlier(s.end, r.again))
		}
	}
	blamed := ""
	for gravest := RepeatInFlight; gravest <= RepeatAll; gravest++ {
		kind, since := explain(r, quiet.Add(-slack), faults, gravest)
		if kind != "" && !r.first.At.Before(since) {
			duplicates[kind]++
			return
		}
		if kind != "" {
			blamed = kind
		}
	}
	if blamed == "" {
		c.problems.add("row %d was repeated at %v, and nothing had happened", r.first.Key, r.again)
		return
	}
	c.problems.add("row %d was repeated after %s, though it was published long before, at %v",
		r.first.Key, blamed, r.first.At)
}

// explain returns how far back the faults reach that are no graver than asked for, each one taking up where
// the one before has ended, and names the last of the gravest.
func explain(r repeated, since time.Time, faults []Fault, gravest Repeats) (kind string, earliest time.Time) {
	var last Fault
	for extended := true; extended; {
		extended = false
		for _, f := range faults {
			reach, explains := f.reach(since, r.again)
			if f.Repeats > gravest || !explains {
				continue
			}
			if reach.Before(since) {
				extended, since = true, reach
			}
			if f.Repeats > last.Repeats || f.Repeats == last.Repeats && f.From.After(last.From) {
				last = f
			}
		}
	}
	return last.Kind, since
}
