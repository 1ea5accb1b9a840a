package replicate

import (
	"context"
	"strconv"
	"time"
)

// SourceConfig is what a source needs to know in addition to the generated table.
type SourceConfig struct {
	URI string // in the style of SQLAlchemy, which the Python daemon used
	// ReadURI, if set, is called for the URI at each connection, since the password in it may change.
	ReadURI func() (string, error)

	Job    string // name of the job, for the connection's application name
	Settle Settle
	Warn   func(msg string) // called with what is odd but no reason to stop; never nil
}

// Settle is what the operator vouches for if the catalog can't prove the settled horizon.
type Settle struct {
	Sequence    string        // every key comes from this sequence
	UnsafeDelay time.Duration // accept a risk: wait for holders of table locks, and for this long
}

// Source reads one table. Its methods are called one at a time.
//
// Open connects and verifies, before any row is read, that the live table is the one the code was generated for, that
// the settled horizon can be proven (or is vouched for in the settings), and that the row at the offset, if it still
// exists, has the offset's checksum. What no retry can heal is a *StopError. Open can be called again after Close or
// after a failed call.
//
// Poll makes one round trip: it reads the fence, passes it to req.OnFence, and reads the page in a snapshot newer than
// the fence's. It uses the page up to the bound that OnFence returned. A row that can't be turned into a message is a
// *RowError; the rows before it are in the page and are good.
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
	HasAfter bool // false: start at the table's first row, which may have a negative key

	MaxRows         int // most rows of the page
	MaxBytes        int // the page ends with the row that reaches this many bytes of messages
	MaxMessageBytes int // a larger message is a *RowError; 0 for no limit

	// Idle is set if everything up to the last poll's fence was settled and read, and nothing was seen beyond it. A
	// source that can find out with less than a fence and a page that nothing has come since may answer Unchanged. It
	// may always read both instead, and must do so in the first poll after it was opened.
	Idle bool

	// OnFence is called exactly once in each Poll that returns no error and does not answer Unchanged, before the first
	// row of the page is used. It returns how far the page may be used.
	OnFence func(Fence[K]) Bound[K]
}

// PollResult says what the poll left for later ones.
type PollResult struct {
	// More is set if the page ended at a limit: settled rows may follow, so poll again at once.
	More bool
	// Unsettled is set if rows beyond the bound were seen and left for a later poll.
	Unsettled bool
	// Above is set if a row lies above the highest key drawn, so its key did not come from the sequence.
	Above bool
	// Unchanged is set if an Idle poll found that nothing has come, and looked at nothing else.
	Unchanged bool
}

// Fence describes the table's open transactions. It is read in two steps: first the highest key drawn so far, and then,
// in a later statement, every transaction that may have drawn a key and has not yet ended.
type Fence[K Key] struct {
	High    K    // the highest key drawn so far
	HasHigh bool // false: no key has been drawn yet
	// Counter is set if High is a counter, which falls only if keys are used again, and not the highest key of the
	// rows. If it has fallen, or is below the offset, the source is opened again, which verifies the offset.
	Counter bool
	// Exact is set by an engine whose committed rows are settled as soon as they can be seen. High is then the
	// highest committed key.
	Exact bool
	// Holders names the transactions that may have drawn a key and have not yet ended.
	Holders []string
	// Incarnation changes when the names of holders lose their meaning, as they do when a server restarts. The source
	// is then opened again.
	Incarnation string
}

// Bound is how far a page may be used.
type Bound[K Key] struct {
	Key  K
	Kind BoundKind
}

// BoundKind distinguishes the three cases of a Bound.
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

// HolderDescriber is a Source that can say who holds the horizon back. The loop asks when the horizon has been stuck
// for a while.
type HolderDescriber interface {
	// DescribeHolders returns a line for each holder that still exists: process, application, age.
	DescribeHolders(ctx context.Context, holders []string) ([]string, error)
}

// Auditor is a Source that can look up single keys, for the late-row audit.
type Auditor[K Key] interface {
	// Lookup adds to the page the rows with these keys that now exist. The keys are in ascending order. more reports
	// that the page was full before all of them were looked up. A row that can't be published is a *RowError; the rows
	// before it are in the page.
	Lookup(ctx context.Context, keys []K, req PollRequest[K], page *Page[K]) (more bool, err error)
}

// StrandedFinder is a Source whose keys come from a sequence, and that can find rows above it. They were inserted with
// explicit keys, and wait until the sequence has passed them.
type StrandedFinder[K Key] interface {
	FindStranded(ctx context.Context) (Stranded[K], error)
}

// Stranded are rows above the highest key drawn.
type Stranded[K Key] struct {
	Rows        int
	More        bool // there are more than Rows
	First, Last K    // the lowest and the highest of their keys
	Table       string
	Sequence    string
	Drawn       string // the highest key drawn; empty if none was
	Remedy      string // with the SQL statement to run
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

// Counter is a Source that can count rows without reading them, for an operator's commands.
type Counter[K Key] interface {
	// Extent returns the highest keys of the table.
	Extent(ctx context.Context) (Extent[K], error)
	// CountRows counts the visible rows in a range of keys. It stops counting at most.
	CountRows(ctx context.Context, r KeyRange[K], most int) (int, error)
}

// Extent says which keys a table has reached.
type Extent[K Key] struct {
	Highest    K // the highest key of a visible row
	HasHighest bool
	Drawn      K // the highest key that was drawn, as far as the database knows
	HasDrawn   bool
}

// KeyRange is the keys above After, up to and including UpTo. A bound that is not set does not limit it.
type KeyRange[K Key] struct {
	After, UpTo       K
	HasAfter, HasUpTo bool
}
