package replicate

import (
	"context"
	"strconv"
	"time"
)

// SourceConfig is what a source needs to know besides the generated table.
type SourceConfig struct {
	URI string // in the style of SQLAlchemy, as the Python daemon had it
	// ReadURI, if set, is asked for the URI at each connection, since it may hold a password that is changed.
	ReadURI func() (string, error)

	Job    string // name of the job, for the connection's application name
	Settle Settle
	Warn   func(msg string) // told what is odd but no reason to stop; never nil
}

// Settle is what the operator vouches for where the settled horizon can't be proven from the catalog.
type Settle struct {
	Sequence    string        // every key comes from this sequence
	UnsafeDelay time.Duration // accept the risk: wait for table lock holders and so long
}

// Source reads one table. Its methods are called one at a time.
//
// Open connects and verifies, before a row is read: that the live table is the one the code was
// generated for, that the settled horizon can be proven (or is vouched for in the settings), and that
// the row at the offset, if it is still there, has the offset's checksum. What no retry can heal is a
// *StopError. Open after Close, or after a failed call, begins anew.
//
// Poll makes one round trip: it reads the fence, hands it to req.OnFence, and then reads the page in
// a snapshot newer than the fence's, using it up to the bound that OnFence returned. A row that can't
// be turned into a message is a *RowError; the rows before it are in the page and are good.
//
// Close ends the connection and is safe to call twice.
type Source[K Key] interface {
	Open(ctx context.Context, at Offset) error
	Poll(ctx context.Context, req PollRequest[K], page *Page[K]) (PollResult, error)
	Close() error
}

// PollRequest says which rows to read.
type PollRequest[K Key] struct {
	After    K    // rows with greater keys only
	HasAfter bool // false: from the table's first row on, negative keys too

	MaxRows         int // rows at most
	MaxBytes        int // bytes of messages at most; a page has at least one row, however large
	MaxMessageBytes int // a larger message is a *RowError; 0 for no limit

	// Idle is set when everything up to the last poll's fence was settled and read, and nothing was seen beyond it. A
	// source that can tell by less than a fence and a page that nothing has come since may answer Unchanged. It may
	// always look properly instead, and must where it has not answered a poll since it was opened.
	Idle bool

	// OnFence is called exactly once for each Poll that returns no error and does not answer Unchanged, before
	// the first row of the page is used, and returns the last key that may be used.
	OnFence func(Fence[K]) Bound[K]
}

// PollResult says what the page left behind.
type PollResult struct {
	// More is set when the page ended at a limit: settled rows may follow, so poll again at once.
	More bool
	// Unsettled is set when rows beyond the bound were seen and left for a later poll.
	Unsettled bool
	// Above is set when a row lies above the highest key drawn, so it was not keyed by the sequence.
	Above bool
	// Unchanged is set when an Idle poll has found that nothing has come, and has looked at nothing else.
	Unchanged bool
}

// Fence is a statement about the table's open transactions, read in two steps: the highest key drawn
// so far, and then, in a later statement, everyone who may have drawn a key and not yet ended.
type Fence[K Key] struct {
	High    K    // the highest key drawn so far
	HasHigh bool // false: no key was drawn yet
	// Counter is set where High is a counter that falls only where keys are used again, and not the highest key
	// of the rows. Where it fell, or is behind the offset, the source is opened anew, which verifies the offset.
	Counter bool
	// Exact is set by an engine whose committed rows are settled as soon as they can be seen, and
	// also says that High is the highest committed key.
	Exact bool
	// Holders names the transactions that may have drawn a key and not yet ended.
	Holders []string
	// Incarnation changes when identities of holders lose their meaning, as at a server's restart. The source is
	// then opened anew.
	Incarnation string
}

// Bound is how far a page may be used.
type Bound[K Key] struct {
	Key  K
	Kind BoundKind
}

// BoundKind tells the three cases of a Bound apart.
type BoundKind uint8

const (
	BoundNothing   BoundKind = iota // no row is settled yet
	BoundUpTo                       // rows up to and including Key
	BoundUnlimited                  // every row that can be seen
)

// Allows reports whether a row with key k may be used.
func (b Bound[K]) Allows(k K) bool {
	return b.Kind == BoundUnlimited || b.Kind == BoundUpTo && k <= b.Key
}

// HolderDescriber is a Source that can say who holds the horizon back. The loop asks when the horizon
// has been stuck for long.
type HolderDescriber interface {
	// DescribeHolders returns a line for each holder that is still there: process, application, age.
	DescribeHolders(ctx context.Context, holders []string) ([]string, error)
}

// Auditor is a Source that can look up single keys, for the late-row audit.
type Auditor[K Key] interface {
	// Lookup adds the rows that now exist among keys, which are ascending, to the page. more is set when
	// the page was full before all were looked up. A row that can't be published is a *RowError; the
	// rows before it are in the page.
	Lookup(ctx context.Context, keys []K, req PollRequest[K], page *Page[K]) (more bool, err error)
}

// StrandedFinder is a Source whose keys come from a sequence, and that can tell of rows above it: they were inserted
// with explicit keys, and wait until the sequence has passed them.
type StrandedFinder[K Key] interface {
	FindStranded(ctx context.Context) (Stranded[K], error)
}

// Stranded are rows above the highest key drawn.
type Stranded[K Key] struct {
	Rows        int
	More        bool // there are more than that
	First, Last K    // the lowest and the highest of their keys
	Table       string
	Sequence    string
	Drawn       string // the highest key drawn, or nothing
	Remedy      string // with the statement to give
}

func (s Stranded[K]) String() string {
	rows, drawn := strconv.Itoa(s.Rows)+" rows", "has drawn no key yet"
	if s.Rows == 1 {
		rows = "1 row"
	}
	if s.More {
		rows = "more than " + rows
	}
	if s.Drawn != "" {
		drawn = "is at " + s.Drawn
	}
	return rows + " of table " + s.Table + ", with keys from " + KeyText(s.First) + " to " + KeyText(s.Last) +
		", are above its sequence " + s.Sequence + ", which " + drawn +
		": they were inserted with explicit keys, and are published once the sequence has passed them"
}

// Rechecker is a Source that can verify again, while it runs, what Open verified.
type Rechecker interface {
	Recheck(ctx context.Context) error
}

// Counter is a Source that can count rows without reading them, for the operator's commands.
type Counter[K Key] interface {
	// Extent says how far the table and its keys go.
	Extent(ctx context.Context) (Extent[K], error)
	// CountRows counts the rows that can be seen in a range of keys, and stops at most.
	CountRows(ctx context.Context, r KeyRange[K], most int) (int, error)
}

// Extent is how far a table and its keys go.
type Extent[K Key] struct {
	Highest    K // the highest key of a row that can be seen
	HasHighest bool
	Drawn      K // the highest key that was drawn, as far as the database tells
	HasDrawn   bool
}

// KeyRange is the keys above After, up to and including UpTo; without one of them it has no such end.
type KeyRange[K Key] struct {
	After, UpTo       K
	HasAfter, HasUpTo bool
}
