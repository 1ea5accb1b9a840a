package replicate

import (
	"context"
	"encoding/hex"
	"errors"
)

// Checksum identifies the content of a row: the SHA-256 of its canonical JSON (docs/message.md).
type Checksum [32]byte

// String returns the checksum in lower-case hexadecimal, as the message's hash has it.
func (s Checksum) String() string { return hex.EncodeToString(s[:]) }

// IsChecksumText reports whether s is a checksum in hexadecimal. Stores use it to check what they read.
func IsChecksumText(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 2*len(Checksum{})
}

// Offset is the durable position of a job: the key of the last row that the sink has acknowledged. The key is decimal
// text, so that stores need not know its type.
type Offset struct {
	Key      string // decimal; empty when there is no offset yet
	Checksum string // hex checksum of that row; empty if unknown: the Python daemon's offset, or one set by hand
}

// IsZero reports whether there is no offset, so that the job starts at the table's first row.
func (o Offset) IsZero() bool { return o.Key == "" }

// OffsetStore keeps the offset of one job. Implementations are safe for one caller at a time.
//
// Load returns the zero Offset if nothing is stored, and an error if that can't be known. After an error the loop
// waits: it never starts at the first row because a store did not answer.
//
// Commit stores o durably and atomically, and never moves the offset backwards (Promise 4). It returns an
// *OffsetAheadError if the stored offset is already beyond o, ErrLeaseLost (wrapped) if this instance has lost its
// lease, and any other error if it is unknown whether o was stored.
type OffsetStore interface {
	Load(ctx context.Context) (Offset, error)
	Commit(ctx context.Context, o Offset) error
}

// Lease keeps two instances of one job from publishing at the same time.
//
// Acquire takes or renews the lease, and does not wait for it. If held is true, the lease is this instance's until it
// expires; otherwise holder names the instance that has it. An error means that the lease service could not be asked.
// Release gives the lease back, so that a standby takes over at once. It does nothing if another instance has it.
//
// An expiring lease ends after 90% of its TTL (Config.LeaseTTL of package loop), so that a standby can take over within
// the TTL.
type Lease interface {
	Acquire(ctx context.Context) (held bool, holder string, err error)
	Release(ctx context.Context) error
}

// Witness keeps a second copy of the offset next to the messages, so that a store that has lost its data does not send
// the job back to the table's first row. It is written when the job starts, at intervals, and when it stops. So it may
// lag behind the store, but it is never ahead of an acknowledged row.
//
// Load is like that of OffsetStore. Save stores o even if the stored offset is greater: unlike an OffsetStore, a
// witness follows an offset that an operator has set back. Both return ErrWitnessDenied (wrapped) if the user lacks the
// rights. A witness is safe for concurrent use.
type Witness interface {
	Load(ctx context.Context) (Offset, error)
	Save(ctx context.Context, o Offset) error
}

// ErrLeaseLost says that a commit was refused because the lease has expired or another instance holds it.
var ErrLeaseLost = errors.New("this instance no longer holds the lease of this job")

// ErrWitnessDenied says that the job's user lacks the rights to keep a witness. The job goes on without one.
var ErrWitnessDenied = errors.New("not allowed")

// OffsetAheadError says that a commit was refused because the stored offset is already greater.
type OffsetAheadError struct{ Stored string }

func (e *OffsetAheadError) Error() string {
	return "the stored offset " + e.Stored + " is already beyond the one to commit"
}
