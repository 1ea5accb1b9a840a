package main

import (
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A screen keeps each text of a line with its time, and cuts pauses.
func TestScreen(t *testing.T) {
	const ms = time.Millisecond
	s := newScreen()
	s.print(0, "$ make\n")
	s.print(100*ms, "one")
	s.print(400*ms, "\r\x1b[Ktwo")
	s.print(450*ms, "\rtoo fast to see")
	s.print(time.Hour, "\rthree\r\nfour <&>\r\n")
	want := [][]text{
		{{0, "$ make"}},
		{{100 * ms, "one"}, {400 * ms, "too fast to see"}, {450*ms + pauseMax, "three"}},
		{{450*ms + pauseMax, "four <&>"}},
		nil,
	}
	if !reflect.DeepEqual(s.lines, want) {
		t.Errorf("the lines are\n%v\nexpected\n%v", s.lines, want)
	}
}

// The picture is XML, knows both themes, and shows the last text of each line where nothing moves.
func TestPicture(t *testing.T) {
	s := newScreen()
	s.print(0, "$ make\n")
	s.print(time.Second, "one")
	s.print(2*time.Second, "\rtwo <&>")
	picture := string(s.svg())
	decoder := xml.NewDecoder(strings.NewReader(picture))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
	}
	for _, want := range []string{
		"prefers-color-scheme: dark", "two &lt;&amp;&gt;", "#t2-0 { opacity: 0;", "#t2-1 { opacity: 1;",
		"@keyframes t2-0 { 0% { opacity: 0 } 12.500% { opacity: 1 } 25.000% { opacity: 0 } }",
	} {
		if !strings.Contains(picture, want) {
			t.Errorf("the picture lacks %q:\n%s", want, picture)
		}
	}
}
