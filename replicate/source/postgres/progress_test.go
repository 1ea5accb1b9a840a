package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// pipe is a connection whose silence is an error, and the server's end of it.
func pipe(t *testing.T) (client, server net.Conn) {
	near, far := net.Pipe()
	dial := dialer(func(context.Context, string, string) (net.Conn, error) { return near, nil }, silenceMax)
	client, err := dial(t.Context(), "tcp", "server")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() }) // the test is over
	return client, far
}

// TestSilenceEnds: a server that says nothing is given up in 30 s, for reading and for writing.
func TestSilenceEnds(t *testing.T) {
	for name, operation := range map[string]func(net.Conn) error{
		"read":  func(c net.Conn) error { _, err := c.Read(make([]byte, 8)); return err },
		"write": func(c net.Conn) error { _, err := c.Write(make([]byte, 8)); return err },
	} {
		synctest.Test(t, func(t *testing.T) {
			client, _ := pipe(t)
			begin := time.Now()
			err := operation(client)
			var silence *silenceError
			if took := time.Since(begin); !errors.As(err, &silence) || took != silenceMax {
				t.Errorf("%s: %v after %v", name, err, took)
			}
			var timeout net.Error
			if errors.As(err, &timeout) {
				t.Errorf("%s: %v looks like a deadline of the client's own", name, err)
			}
		})
	}
}

// TestSlowIsNotSilent: an answer that takes longer as a whole is read to its end.
func TestSlowIsNotSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pipe(t)
		go func() {
			for range 10 {
				time.Sleep(silenceMax * 9 / 10)
				_, _ = server.Write([]byte("byte")) // the reader tells whether it arrived
			}
			_ = server.Close() // the reader sees the end
		}()
		if got, err := io.ReadAll(client); err != nil || len(got) != 40 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

// TestOuterDeadline: the client's own deadlines go on to work, and to be told apart.
func TestOuterDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := pipe(t)
		begin := time.Now()
		time.AfterFunc(time.Second, func() { _ = client.SetDeadline(begin) }) // as pgconn does when a context ends
		_, err := client.Read(make([]byte, 8))
		if took := time.Since(begin); !errors.Is(err, os.ErrDeadlineExceeded) || took != time.Second {
			t.Errorf("interrupted: %v after %v", err, took)
		}
		if err := client.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		begin = time.Now()
		_, err = client.Read(make([]byte, 8))
		var silence *silenceError
		if took := time.Since(begin); !errors.As(err, &silence) || took != silenceMax {
			t.Errorf("afterwards: %v after %v", err, took)
		}
	})
}

// TestEveryConnectionIsWatched: what ParseURI returns dials so.
func TestEveryConnectionIsWatched(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	config, err := ParseURI("postgresql://u@"+listener.Addr().String()+"/d", "job")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := config.DialFunc(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, watched := conn.(*progressConn); !watched {
		t.Errorf("the connection is a %T", conn)
	}
}
