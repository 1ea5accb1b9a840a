package replicate

import (
	"context"
	"encoding/hex"
	"errors"
)

// Sum is the checksum of a row: the SHA-256 of its canonical JSON (docs/message.md).
type Checksum [32]byte

// String returns the checksum in lower-case hexadecimal, as the message's hash has it.
func (s Checksum) String() string { return hex.EncodeToString(s[:]) }

// IsSumText reports whether s is a checksum in hexadecimal. Stores check with it what they find.
func IsChecksumText(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 2*len(Checksum{})
}

// Offset is the durable position of a job: the key of the last row that the sink has acknowledged,
// as decimal text, so that stores need not know the key's type.
type Offset struct {
	Key      string // decimal; empty when there is no offset yet
	Checksum string // hex checksum of that row; empty if unknown: the Python daemon's offset, or one set by hand
}

// IsZero reports whether there is no offset: the job begins at the table's first row.
func (o Offset) IsZero() bool { return o.Key == "" }

// OffsetStore keeps the offset of one job. Implementations are safe for one caller at a time.
//
// Load returns the zero Offset where nothing is stored, and an error where that can't be known: the
// loop then waits, it never begins at the first row because a store did not answer.
//
// Commit stores o durably, atomically, and never moves the offset backwards (Promise 4). It returns
// an *OffsetAheadError when the stored offset is already beyond o, ErrLeaseLost (wrapped) when this
// instance's lease is gone, and any other error when it is not known whether o was stored.
type OffsetStore interface {
	Load(ctx context.Context) (Offset, error)
	Commit(ctx context.Context, o Offset) error
}

// Lease keeps two instances of one job from publishing at the same time.
//
// Acquire takes the lease or renews it, and returns at once: held is true when it is this instance's
// until its time to live has passed again; else holder says who has it. An error means that the lease
// service could not be asked. Release gives the lease back, so that a standby takes over at once; it
// does nothing when the lease is not this instance's. Where the lease lives for a time, that is a tenth
// shorter than Config.LeaseTTL, so that a standby has taken over within the latter.
type Lease interface {
	Acquire(ctx context.Context) (held bool, holder string, err error)
	Release(ctx context.Context) error
}

// Witness keeps a second copy of the offset where the messages are, so that a store that lost its data does not send
// the job back to the table's first row. It is written at the start, now and then, and at the stop, so it may be behind
// the store, but is never ahead of an acknowledged row.
//
// Load is OffsetStore's. Save stores o wherever the last one was: unlike an OffsetStore, a witness follows an offset
// that an operator has set back. Both return ErrWitnessDenied (wrapped) if the user lacks the rights. A witness is safe
// for concurrent use.
type Witness interface {
	Load(ctx context.Context) (Offset, error)
	Save(ctx context.Context, o Offset) error
}

// ErrLeaseLost says that a commit was refused because another instance holds the lease or the lease
// has expired.
var ErrLeaseLost = errors.New("the lease of this job is no longer ours")

// ErrWitnessDenied says that this job's user may not keep a witness. The job goes on without one.
var ErrWitnessDenied = errors.New("not allowed")

// OffsetAheadError says that a commit was refused because the stored offset is already further on.
type OffsetAheadError struct{ Stored string }

func (e *OffsetAheadError) Error() string {
	return "the stored offset " + e.Stored + " is already beyond the one to commit"
}
