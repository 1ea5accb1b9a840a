// Package suite sorts tests by what they need. A test that starts real servers or compiles programs says so in its
// first line, and go test -short leaves it out, with the reason; on CI it fails instead, so that nothing is left
// out there. What starts servers and builds programs asks Undeclared first: a test that did not say what it needs
// fails in the first short run, so a new test can't end up in the wrong class.
//
//	suite.go      the declarations
//	cmd/gotest    go test, with a summary of what passed, failed and was left out
package suite

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Servers declares that a test starts real servers, such as "PostgreSQL".
func Servers(t testing.TB, names ...string) {
	t.Helper()
	leaveOut(t, "needs "+strings.Join(names, ", "))
}

// Builds declares that a test compiles programs, which takes minutes when nothing is cached.
func Builds(t testing.TB) {
	t.Helper()
	leaveOut(t, "compiles programs")
}

// Slow declares that a test takes many seconds by itself, and why.
func Slow(t testing.TB, why string) {
	t.Helper()
	leaveOut(t, "slow: "+why)
}

// LongForm begins the reason for which a test is left out of make test too: it belongs to make soak.
const LongForm = "long form: "

// Unavailable begins the reason for which a test is left out on CI too: a server that no package provides today.
const Unavailable = "not to be had: "

// LeaveOutWithout leaves out a test whose server can't be had on this machine, for the reason in err. What it would
// have proved is proved on another server, and the summary of make test says so where nobody overlooks it.
func LeaveOutWithout(t testing.TB, err error) {
	t.Helper()
	t.Skip(Unavailable + strings.Join(strings.Fields(err.Error()), " ")) // the summary groups by one line
}

func leaveOut(t testing.TB, reason string) {
	t.Helper()
	switch {
	case !testing.Short():
	case os.Getenv("CI") != "":
		t.Fatalf("-short is not for CI, where every test runs: this one %s", reason)
	default:
		t.Skip(reason)
	}
}

// Undeclared is an error when a short test run gets to where something slow begins. declare is the call that the
// test lacks. Programs, and runs without -short, get nil.
func Undeclared(what, declare string) error {
	if !testing.Testing() || !testing.Short() {
		return nil
	}
	return fmt.Errorf("%s in a test under -short: begin the test with suite.%s", what, declare)
}
