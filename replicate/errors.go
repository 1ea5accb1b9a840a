package replicate

import "errors"

// StopError ends the job, since no retry can heal it. Hint says what the operator should do. As in HintError, it is a
// template if there are Settings.
type StopError struct {
	Err      error
	Hint     string
	Settings []Setting
}

// Stop wraps err as a *StopError with a remedy.
func Stop(err error, hint string, settings ...Setting) error {
	return &StopError{Err: err, Hint: hint, Settings: settings}
}

func (e *StopError) Error() string { return e.explain(ownName) }

func (e *StopError) explain(name func(Setting) string) string {
	return advise(e.Err, e.Hint, e.Settings, name)
}

func (e *StopError) Unwrap() error { return e.Err }

// IsStop reports whether err says that retrying is useless.
func IsStop(err error) bool {
	var stop *StopError
	return errors.As(err, &stop)
}

// RowError says that a row can't be turned into a message that can be published.
type RowError struct {
	Key    string // the row's key in decimal
	Column string // the column at fault; empty if it is the row as a whole
	Err    error
}

func (e *RowError) Error() string {
	where := "row with key " + e.Key
	if e.Column != "" {
		where += ", column " + e.Column
	}
	return where + ": " + e.Err.Error()
}

func (e *RowError) Unwrap() error { return e.Err }

// ColumnError says that the value of a column can't be decoded. Generated Scan functions return it;
// the source adds the row's key and makes it a *RowError.
type ColumnError struct {
	Column string
	Err    error
}

func (e *ColumnError) Error() string { return "column " + e.Column + ": " + e.Err.Error() }

func (e *ColumnError) Unwrap() error { return e.Err }

// ErrOnceGaveUp matches, with errors.Is, every error that ends a Once run before all rows that were committed when it
// started are published: transactions stayed open, something could not be reached, or rows wait above the sequence.
var ErrOnceGaveUp = errors.New("not everything that was committed at the start was published")

// GaveUp makes an error that matches ErrOnceGaveUp. It takes a hint as Stop does.
func GaveUp(err error, hint string, settings ...Setting) error {
	return &gaveUpError{StopError{Err: err, Hint: hint, Settings: settings}}
}

type gaveUpError struct{ StopError }

func (*gaveUpError) Is(target error) bool { return target == ErrOnceGaveUp }

// ErrDrainTimeout ends a graceful stop that could not publish and commit in time.
var ErrDrainTimeout = errors.New("not everything was acknowledged and committed before the stop's deadline")
