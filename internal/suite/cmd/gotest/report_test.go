package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// What go test -json prints of a run becomes lines and counts.
func TestReport(t *testing.T) {
	const events = `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"    a_test.go:7: needs Redis\n"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"    --- SKIP: TestA/x (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"ok  \tp\t(cached)\n"}
{"Action":"pass","Package":"p","Elapsed":0.5}
{"Action":"output","Package":"q","Test":"TestC","Output":"    c_test.go:1: wrong\n"}
{"Action":"fail","Package":"q","Test":"TestC"}
{"Action":"output","Package":"q","Test":"TestD","Output":"    d_test.go:1: long form: make soak\n"}
{"Action":"skip","Package":"q","Test":"TestD"}
{"Action":"output","Package":"q","Test":"TestE","Output":"    e_test.go:1: not to be had: no MySQL\n"}
{"Action":"skip","Package":"q","Test":"TestE"}
{"Action":"output","Package":"q","Output":"FAIL\n"}
{"Action":"fail","Package":"q","Elapsed":2}
{"Action":"build-output","ImportPath":"z","Output":"z.go:1: broken\n"}
{"Action":"build-fail","ImportPath":"z"}
`
	var out strings.Builder
	r := newReport(&out)
	if err := r.read(json.NewDecoder(strings.NewReader(events))); err != nil {
		t.Fatal(err)
	}
	r.summary(3 * time.Second)
	const want = `ok      0.5 s  p (cached)
    c_test.go:1: wrong
FAIL    2.0 s  q
FAIL
FAIL z does not build
z.go:1: broken
left out:
    1  long form: make soak: q
    1  needs Redis: p
    1  not to be had: no MySQL: q

!!! 1 TESTS DID NOT RUN, not to be had: no MySQL

in 3 s:
2 passed, 1 failed, 3 skipped
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	if err := r.strict(); err == nil || !strings.Contains(err.Error(), "(needs Redis): p TestA/x") {
		t.Errorf("on CI: %v", err)
	}
	delete(r.left, "needs Redis")
	if err := r.strict(); err != nil {
		t.Errorf("on CI the long form and what can't be had may be left out: %v", err)
	}
	if err := r.read(json.NewDecoder(strings.NewReader("go: no such thing"))); err == nil {
		t.Error("what is not JSON is taken for events")
	}
}
