// Package faultproxy stands between a program and a server, for tests: it cuts, slows or swallows what
// passes. It is Toxiproxy run inside this process.
package faultproxy

import (
	"fmt"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy forwards connections to one server until it is told to do worse.
type Proxy struct {
	api   *toxiproxy.ApiServer
	proxy *toxiproxy.Proxy
}

// Some of Toxiproxy's faults write to a log of their own, which nobody has asked for.
func init() { zerolog.SetGlobalLevel(zerolog.Disabled) }

// New starts a proxy on a free port of loopback.
func New(name, server string) (*Proxy, error) {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &Proxy{api: api, proxy: toxiproxy.NewProxy(api, name, "127.0.0.1:0", server)}
	if err := p.proxy.Start(); err != nil {
		return nil, fmt.Errorf("start the proxy of %s: %w", name, err)
	}
	return p, nil
}

// Addr is where the program connects in place of the server.
func (p *Proxy) Addr() string { return p.proxy.Listen }

// Cut ends every connection; new ones are refused until Heal.
func (p *Proxy) Cut() { p.proxy.Stop() }

// Slow delays every packet by milliseconds and lets kilobytes a second through, until Heal, which ends the
// connections.
func (p *Proxy) Slow(milliseconds, kilobytes int) error {
	return p.add(fmt.Sprintf(`{"name": "latency", "type": "latency", "attributes": {"latency": %d}}`, milliseconds),
		fmt.Sprintf(`{"name": "bandwidth", "type": "bandwidth", "attributes": {"rate": %d}}`, kilobytes),
		fmt.Sprintf(`{"name": "up", "type": "bandwidth", "stream": "upstream", "attributes": {"rate": %d}}`, kilobytes))
}

// BlackHole swallows everything in both directions until Heal, which ends the connections. Connecting
// goes on to succeed: the program must find out by itself that nobody answers.
func (p *Proxy) BlackHole() error {
	return p.add(`{"name": "hole", "type": "timeout", "attributes": {"timeout": 0}}`,
		`{"name": "up", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`)
}

func (p *Proxy) add(toxics ...string) error {
	proxy, failed := p.proxy, make(chan error, 1)
	go func() {
		for _, toxic := range toxics {
			if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
				failed <- fmt.Errorf("break the connection to %s: %w", proxy.Name, err)
				return
			}
		}
		failed <- nil
	}()
	select {
	case err := <-failed:
		return err
	case <-time.After(patience):
		return nil // a proxy that hangs swallows everything, which is a fault too
	}
}

// patience is how long Toxiproxy may take for what takes it a moment, when it does not wait for itself.
const patience = 5 * time.Second

// Heal ends every connection, and lets through what comes then. A new proxy takes the place of the old one:
// Toxiproxy can deadlock with itself when it removes a fault from a connection that is just ending.
func (p *Proxy) Heal() error {
	stopped := make(chan struct{})
	go func(old *toxiproxy.Proxy) {
		defer close(stopped)
		old.Stop()
	}(p.proxy)
	select {
	case <-stopped:
	case <-time.After(patience):
	}
	p.proxy = toxiproxy.NewProxy(p.api, p.proxy.Name, p.proxy.Listen, p.proxy.Upstream)
	if err := p.proxy.Start(); err != nil {
		return fmt.Errorf("start the proxy of %s again: %w", p.proxy.Name, err)
	}
	return nil
}

// Close ends every connection and the proxy.
func (p *Proxy) Close() { p.proxy.Stop() }
