package crashloop

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// kind is what a step does.
type kind string

const (
	kill      kind = "kill"       // SIGKILL of one instance
	killBoth  kind = "kill both"  // SIGKILL of two instances at once
	takeover  kind = "takeover"   // SIGKILL of the instance that publishes while another stands by
	stop      kind = "stop"       // SIGTERM
	crash     kind = "crash"      // SIGKILL and restart of a server
	flush     kind = "flush"      // Redis loses all it has
	cut       kind = "cut"        // connections end, new ones are refused
	slow      kind = "slow"       // late and few bytes
	blackHole kind = "black hole" // no byte arrives, and nothing says so
)

// Servers stand behind the replicator's connections.
const (
	base  = "database"
	kafka = "Kafka"
	redis = "Redis"
)

// step is one thing that is done. wait comes before it, hold is how long it lasts.
type step struct {
	kind       kind
	server     string
	wait, hold time.Duration
	killAmid   bool // a SIGKILL of the replicator while it lasts
	second     bool // a second instance runs from here on
	settled    bool // it comes once rows are published again after what was before
}

// kills is how many moments of SIGKILL the step holds.
func (s step) kills() int {
	if s.killAmid || s.kind == kill || s.kind == killBoth || s.kind == takeover {
		return 1
	}
	return 0
}

// everything is each step once, and a kill more than once.
func everything() []step {
	all := []step{{kind: kill}, {kind: kill}, {kind: kill}, {kind: killBoth}, {kind: takeover}, {kind: stop},
		{kind: flush}}
	for _, server := range []string{base, kafka, redis} {
		all = append(all, step{kind: crash, server: server}, step{kind: cut, server: server},
			step{kind: slow, server: server}, step{kind: blackHole, server: server})
	}
	return all
}

// share is what falls to one of the engines in the short form: a kill, everything that befalls the database, and of
// the rest a part, so that all engines together have everything.
func share(engine int) (mine []step) {
	dealt := 0
	for i, s := range everything() {
		if s.server != base && i > 0 {
			dealt++
			if dealt%len(engines) != engine {
				continue
			}
		}
		mine = append(mine, s)
	}
	return mine
}

// plan chooses the steps, by the seed alone: rounds of everything once, in random order, until there were
// enough kills; if none are asked for, the short form. patient is how many of ten black holes last until the
// replicator has noticed by itself.
func plan(seed uint64, kills, patient int) []step {
	rng := rand.New(rand.NewPCG(seed, 4))
	if kills == 0 {
		return detailed(rng, share(int(seed%uint64(len(engines)))), patient)
	}
	var steps []step
	for planned := 0; planned < kills; {
		round := detailed(rng, everything(), patient)
		for _, s := range round {
			planned += s.kills()
		}
		steps = append(steps, round...)
	}
	return steps
}

// detailed shuffles the steps of a round, and chooses when each comes and what comes with it.
func detailed(rng *rand.Rand, round []step, patient int) []step {
	rng.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
	amid := rng.Perm(len(round))
	for i := range round {
		s := &round[i]
		s.wait = upTo(rng, 100, 800)
		s.hold = upTo(rng, 200, 1200)
		if s.kind == blackHole && rng.IntN(10) < patient {
			s.hold = upTo(rng, 35_000, 50_000)
		}
		s.killAmid = s.server != "" && amid[i] < len(round)*2/3
		s.second = rng.IntN(4) == 0
		s.settled = s.kind == takeover || s.kind == stop || rng.IntN(3) > 0
	}
	return round
}

func upTo(rng *rand.Rand, least, most int) time.Duration {
	return time.Duration(least+rng.IntN(most-least)) * time.Millisecond
}

// TestPlan: a seed gives one plan, another seed another, and even the shortest holds everything.
func TestPlan(t *testing.T) {
	long := plan(1, 12, 0)
	if !slices.Equal(long, plan(1, 12, 0)) || slices.Equal(long, plan(2, 12, 0)) {
		t.Error("the plan is not decided by the seed")
	}
	if kills := holdsEverything(t, long); kills < 12 {
		t.Errorf("%d kills, want 12", kills)
	}
	var short []step
	for seed := range uint64(len(engines)) {
		mine := plan(seed, 0, 0)
		short = append(short, mine...)
		for _, k := range []kind{kill, crash, cut, slow, blackHole} {
			befalls := func(s step) bool { return s.kind == k && (s.server == base || k == kill) }
			if !slices.ContainsFunc(mine, befalls) {
				t.Errorf("short form, %s: no %s", engineOf(seed).product, k)
			}
		}
	}
	holdsEverything(t, short)
}

// holdsEverything looks for each kind of step, and returns the moments of SIGKILL.
func holdsEverything(t *testing.T, steps []step) (kills int) {
	seen := map[kind]map[string]bool{}
	for _, s := range steps {
		kills += s.kills()
		if seen[s.kind] == nil {
			seen[s.kind] = map[string]bool{}
		}
		seen[s.kind][s.server] = true
	}
	for _, k := range []kind{kill, killBoth, takeover, stop, flush} {
		if !seen[k][""] {
			t.Errorf("no %s", k)
		}
	}
	for _, k := range []kind{crash, cut, slow, blackHole} {
		if len(seen[k]) != 3 {
			t.Errorf("%s of %v only", k, seen[k])
		}
	}
	return kills
}
