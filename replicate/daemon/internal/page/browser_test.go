package page_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/repliqate/repliqate/internal/suite"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/page"
	"github.com/repliqate/repliqate/replicate/progress"
)

// chromium starts a browser without a window. Where REPLIQATE_CHROMIUM does not name one, the test is left out.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program := os.Getenv("REPLIQATE_CHROMIUM")
	if program == "" {
		t.Skip(suite.LongForm + "REPLIQATE_CHROMIUM names no Chromium")
	}
	suite.Servers(t, "Chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancelTab := chromedp.NewContext(ctx)
	t.Cleanup(cancelTab)
	chromedp.ListenTarget(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page throws %v", ev.ExceptionDetails)
		case *log.EventEntryAdded:
			if !strings.Contains(ev.Entry.Text, "ERR_CONNECTION_REFUSED") { // the test ends the server
				t.Errorf("the browser complains: %s", ev.Entry.Text)
			}
		}
	})
	return ctx
}

// busy serves a job that has done and suffered a lot.
func busy(t *testing.T) (*page.Server, replicate.Hooks, string) {
	t.Helper()
	tracker := progress.New(error.Error)
	s, err := page.Listen(page.Config{Addr: "0", Job: "shop", Table: "orders", Topic: "orders", Engine: "postgres",
		Version: "v1.0.0", Fingerprint: "9f2c41d0", Patience: time.Minute, Metrics: http.NotFoundHandler()}, tracker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := tracker.Hooks()
	h.OnLease(replicate.LeaseInfo{Held: true})
	h.OnState(replicate.StateInfo{State: replicate.StateRunning})
	h.OnRetry(replicate.RetryInfo{Op: replicate.OpCommit,
		Err: errors.New("redis: dial tcp 10.0.0.7:6379: connection refused")})
	h.OnRetry(replicate.RetryInfo{Op: replicate.OpSink, Err: errors.New("kafka: NOT_ENOUGH_REPLICAS: 1 of 2 in sync")})
	h.OnHorizon(replicate.HorizonInfo{Age: 83 * time.Second,
		Holders: []string{"process 4711, application nightly-report, user report, open for 1m23s"}})
	for n := range 8 {
		last := strconv.Itoa(81200417 + 2953*n)
		h.OnPoll(replicate.PollInfo{Rows: 10000 - 900*n, Bytes: 2_100_000 - 190_000*n, Behind: 44,
			HorizonAge: 83 * time.Second})
		h.OnPublish(replicate.PublishInfo{Rows: 10000 - 900*n, Bytes: 2_100_000 - 190_000*n, Last: last,
			Duration: time.Duration(11300-900*n) * time.Microsecond})
		if n%3 == 1 || n == 6 {
			h.OnCommit(replicate.CommitInfo{Offset: replicate.Offset{Key: last,
				Checksum: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"}})
		}
	}
	s.Fill(time.Now())
	return s, h, "http://" + s.Addr()
}

// text waits until a script's result holds a text.
func text(script, want string) chromedp.Action {
	var result any
	quoted := "`" + want + "`"
	return chromedp.Poll("String("+script+").includes("+quoted+")", &result, chromedp.WithPollingTimeout(time.Minute))
}

// TestInBrowser uses the page as people do: by sight, on a phone, by keyboard; and sees what it says when the process
// is gone. REPLIQATE_SCREENSHOTS is a folder for what it looked like.
func TestInBrowser(t *testing.T) {
	ctx := chromium(t)
	server, hooks, url := busy(t)
	const wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
	var overflow, narrow int
	var title, light, dark, before, after, focused string
	background := func(into *string) chromedp.Action {
		return chromedp.Evaluate("getComputedStyle(document.body).backgroundColor", into)
	}
	scheme := func(value string) chromedp.Action {
		return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: value}})
	}
	value := "document.querySelector('#plots svg').getAttribute('aria-valuetext')"
	err := chromedp.Run(ctx, log.Enable(), runtime.Enable(), chromedp.EmulateViewport(1200, 1400), scheme("light"),
		chromedp.Navigate(url), text("document.documentElement.dataset.loaded", "yes"),
		text("document.querySelector('#badge').textContent", "running"),
		text("document.querySelector('#events').textContent", "What to do: repair Kafka"),
		text("document.querySelector('#holders').textContent", "nightly-report"),
		text("document.querySelector('#batches').textContent", "81221088"),
		background(&light), keep("page-light.png"),
		scheme("dark"), background(&dark), keep("page-dark.png"),
		chromedp.Evaluate(wide, &overflow),
		chromedp.EmulateViewport(360, 740), keep("page-phone.png"), chromedp.Evaluate(wide, &narrow),
		chromedp.Evaluate(value, &before), chromedp.Focus("#plots svg", chromedp.ByQuery),
		chromedp.KeyEvent(kb.Home), chromedp.Evaluate(value, &after),
		chromedp.KeyEvent(kb.Tab), chromedp.Evaluate("document.activeElement.getAttribute('aria-label')", &focused))
	if err != nil {
		t.Fatal(err)
	}
	hooks.OnRetry(replicate.RetryInfo{Op: replicate.OpSource,
		Err: errors.New("<img src=x onerror=document.title='owned'>")})
	err = chromedp.Run(ctx, text("document.querySelector('#events').textContent", "<img src=x"), chromedp.Title(&title))
	if err != nil {
		t.Fatal(err)
	}
	if title != "shop: running" || overflow > 0 || narrow > 0 || light == dark {
		t.Errorf("title %q, %d and %d pixels too wide, background %s and %s", title, overflow, narrow, light, dark)
	}
	if before == after || after == "" || focused != "Rows behind" {
		t.Errorf("by keyboard a plot says %q and then %q, and Tab goes to %q", before, after, focused)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	err = chromedp.Run(ctx, text("document.querySelector('#stale').textContent", "The process does not answer"),
		text("document.querySelector('#badge').textContent", "not known"), text("document.title", "stale"))
	if err != nil {
		t.Fatal(err)
	}
}

// keep writes a screenshot, if somebody wants it.
func keep(name string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		folder := os.Getenv("REPLIQATE_SCREENSHOTS")
		if folder == "" {
			return nil
		}
		var content []byte
		if err := chromedp.CaptureScreenshot(&content).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, name), content, 0o644)
	})
}
