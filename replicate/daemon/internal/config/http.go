package config

import (
	"net"
	"strconv"
	"time"

	"github.com/repliqate/repliqate/replicate"
)

// What errors call the settings of the page.
const (
	SettingHTTPAddr  replicate.Setting = "HTTPAddr"
	SettingHTTPToken replicate.Setting = "HTTPTokenFile"
)

// HTTP is what is served of the job.
type HTTP struct {
	Addr, TokenFile string
	Pprof           bool
	Ready           time.Duration
}

// Patience is how old the last poll and the last commit may be while the job is ready.
func (c *Config) Patience() time.Duration { return c.HTTP.Ready + c.Loop.PollInterval }

// http checks where the page is served.
func (c *Config) http(warn func(string)) error {
	if c.HTTP.Addr == "" {
		for _, key := range []string{"http_token_file", "http_pprof", "http_ready_sec"} {
			if c.doc.Has(key) {
				return c.doc.Fault(key, "it has no effect without http_addr")
			}
		}
		return nil
	}
	host, port, err := net.SplitHostPort(c.HTTP.Addr)
	if err != nil {
		host, port = "", c.HTTP.Addr // a port alone
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return c.doc.Fault("http_addr", "expected host:port, or a port of loopback, such as 127.0.0.1:9187")
	}
	ip := net.ParseIP(host)
	if local := host == "" || host == "localhost" || ip != nil && ip.IsLoopback(); !local && c.HTTP.TokenFile == "" {
		warn(c.doc.Fault("http_addr", "whoever reaches it can read the job's status: set http_token_file").Error())
	}
	return nil
}
