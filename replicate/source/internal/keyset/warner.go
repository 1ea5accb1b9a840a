package keyset

// Warner gives each warning once. What they are about is verified again with each connection, and now and then.
type Warner struct {
	warn  func(msg string)
	given map[string]bool
}

// NewWarner returns a Warner that has not given any warning yet.
func NewWarner(warn func(msg string)) *Warner { return &Warner{warn: warn, given: map[string]bool{}} }

// Warn gives the warning, unless it was given before.
func (w *Warner) Warn(msg string) {
	if !w.given[msg] {
		w.given[msg] = true
		w.warn(msg)
	}
}
