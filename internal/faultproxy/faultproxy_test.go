package faultproxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/faultproxy"
)

// TestFaults sees each fault, and its end, from the side of a client of a server that echoes lines.
func TestFaults(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer server.Close()
	go echo(server)
	proxy, err := faultproxy.New("echo", server.Addr().String())
	must(t, err)
	defer proxy.Close()
	if err := ask(proxy.Addr()); err != nil {
		t.Fatalf("through the untouched proxy: %v", err)
	}

	proxy.Cut()
	if err := ask(proxy.Addr()); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("while cut: %v", err)
	}
	must(t, proxy.Heal())

	must(t, proxy.BlackHole())
	if err := ask(proxy.Addr()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("in the black hole: %v, want no answer", err)
	}
	must(t, proxy.Heal())

	must(t, proxy.Slow(50, 100))
	begin := time.Now()
	must(t, ask(proxy.Addr()))
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("an answer of the slow proxy took %v", took)
	}
	must(t, proxy.Heal())
	must(t, ask(proxy.Addr()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func echo(server net.Listener) {
	for {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(conn, conn) // the client decides how it ends
		}()
	}
}

func ask(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("ping\n")); err != nil {
		return err
	}
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}
