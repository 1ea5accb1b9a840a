package page

import (
	"context"
	"embed"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"syscall"
	"time"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/internal/config"
	"github.com/repliqate/repliqate/replicate/progress"
)

//go:embed assets
var assets embed.FS

// Config says what is served, and of which job.
type Config struct {
	Addr      string // host:port; without a host, loopback
	TokenFile string // a file with the token that is needed for anything but health
	Pprof     bool
	Patience  time.Duration // how old the last poll and the last commit may be while the job is ready

	Job, Table, Topic, Engine, Version, Fingerprint string
	Metrics                                         http.Handler
	Warn                                            func(string)
}

// Server serves a job's page.
type Server struct {
	config  Config
	addr    string
	tracker *progress.Tracker
	history *history
	server  *http.Server
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// Listen begins to serve. The address is open when it returns, unless another process has it.
func Listen(c Config, tracker *progress.Tracker) (*Server, error) {
	if c.TokenFile != "" {
		if _, err := readToken(c.TokenFile); err != nil {
			return nil, &replicate.SettingError{Key: config.SettingHTTPToken, Err: err}
		}
	}
	listener, err := net.Listen("tcp", withHost(c.Addr))
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) {
		return nil, &replicate.SettingError{Key: config.SettingHTTPAddr, Err: err}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{config: c, addr: withHost(c.Addr), tracker: tracker, history: newHistory(c.Patience), stop: cancel}
	s.server = &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	if listener != nil {
		s.addr = listener.Addr().String()
	} else {
		c.Warn("http_addr is taken by another process: the page is served once it is free")
	}
	s.ended.Go(func() { s.history.run(ctx, tracker) })
	s.ended.Go(func() { s.serve(ctx, listener) })
	return s, nil
}

// listenAgain is the pause before an address that was taken is tried again.
const listenAgain = 2 * time.Second

// serve waits for an address that another process still has, such as the instance that this one takes over from: that
// is no reason to publish nothing.
func (s *Server) serve(ctx context.Context, listener net.Listener) {
	for listener == nil {
		select {
		case <-time.After(listenAgain):
			listener, _ = net.Listen("tcp", s.addr) // it is tried until it works
		case <-ctx.Done():
			return
		}
	}
	_ = s.server.Serve(listener) // it ends by Close alone, and then the error says just that
}

// withHost adds loopback to a port without a host.
func withHost(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return net.JoinHostPort("127.0.0.1", addr)
	case host == "":
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// IsLocal reports whether only this machine can reach the address.
func IsLocal(addr string) bool {
	host, _, _ := net.SplitHostPort(withHost(addr))
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.addr }

// Close ends the server at once: whoever is served sees the connection end.
func (s *Server) Close() error {
	s.stop()
	err := s.server.Close()
	s.ended.Wait()
	return err
}

func (s *Server) handler() http.Handler {
	open, guarded := http.NewServeMux(), http.NewServeMux()
	open.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "alive") })
	open.HandleFunc("GET /readyz", s.ready)
	open.Handle("/", s.guard(guarded))

	guarded.Handle("GET /metrics", s.config.Metrics)
	guarded.HandleFunc("GET /api/status", s.status)
	guarded.HandleFunc("GET /api/history", s.serveHistory)
	guarded.HandleFunc("GET /{$}", asset("index.html", "text/html; charset=utf-8"))
	guarded.HandleFunc("GET /page.css", asset("page.css", "text/css; charset=utf-8"))
	guarded.HandleFunc("GET /page.js", asset("page.js", "text/javascript; charset=utf-8"))
	guarded.HandleFunc("GET /plot.js", asset("plot.js", "text/javascript; charset=utf-8"))
	guarded.HandleFunc("GET /icon.svg", asset("icon.svg", "image/svg+xml"))
	if s.config.Pprof {
		guarded.HandleFunc("GET /debug/pprof/", pprof.Index)
		guarded.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		guarded.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		guarded.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		guarded.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return headers(open)
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	ok, why := s.tracker.Snapshot().Ready(s.config.Patience)
	if !ok {
		plain(w, http.StatusServiceUnavailable, why)
		return
	}
	plain(w, http.StatusOK, why)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // whoever asked has gone
}

func asset(name, kind string) http.HandlerFunc {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // embedded: a file that was renamed shows at the first start
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content) // whoever asked has gone
	}
}
