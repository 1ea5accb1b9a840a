package suite_test

import (
	"flag"
	"runtime"
	"strings"
	"testing"

	"github.com/repliqate/repliqate/internal/suite"
)

// recorder is a test that notes how it would have ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(args ...any) {
	r.skipped = args[0].(string)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = format
	runtime.Goexit()
}

// declare runs a declaration as a test of its own.
func declare(f func(testing.TB)) *recorder {
	r, done := &recorder{}, make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

func setShort(t *testing.T, on string) {
	t.Helper()
	before := flag.Lookup("test.short").Value.String()
	if err := flag.Set("test.short", on); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("test.short", before) }) // it was this before
}

// A declared test is left out under -short, with its reason; on CI it fails; without -short it runs.
func TestDeclarations(t *testing.T) {
	for want, f := range map[string]func(testing.TB){
		"needs PostgreSQL, Redis":  func(t testing.TB) { suite.Servers(t, "PostgreSQL", "Redis") },
		"compiles programs":        suite.Builds,
		"slow: it counts to a lot": func(t testing.TB) { suite.Slow(t, "it counts to a lot") },
	} {
		t.Setenv("CI", "")
		setShort(t, "true")
		if r := declare(f); r.skipped != want || r.failed != "" {
			t.Errorf("under -short: skipped %q, failed %q, want to skip: %q", r.skipped, r.failed, want)
		}
		t.Setenv("CI", "true")
		if r := declare(f); r.skipped != "" || !strings.Contains(r.failed, "not for CI") {
			t.Errorf("under -short on CI: skipped %q, failed %q", r.skipped, r.failed)
		}
		setShort(t, "false")
		if r := declare(f); r.skipped != "" || r.failed != "" {
			t.Errorf("without -short: skipped %q, failed %q", r.skipped, r.failed)
		}
	}
}

// What is slow refuses to begin in a short run, and says which declaration the test lacks.
func TestUndeclared(t *testing.T) {
	setShort(t, "true")
	err := suite.Undeclared("start Redis", `Servers(t, "Redis")`)
	if err == nil || !strings.Contains(err.Error(), `begin the test with suite.Servers(t, "Redis")`) {
		t.Errorf("under -short: %v", err)
	}
	setShort(t, "false")
	if err := suite.Undeclared("start Redis", `Servers(t, "Redis")`); err != nil {
		t.Errorf("without -short: %v", err)
	}
}
