package mysql_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// interpreter stands between the source and a real server as a server of another kind: it greets with another
// version, and answers some queries in the real server's place. All else the real server answers.
type interpreter struct {
	version string   // empty: the real server's
	answers []answer // the first one whose query is in what was asked is given
}

// answer is what another server gives for a query: rows, or an error where it does not know the query.
type answer struct {
	query string
	rows  [][]string
	err   string
}

// start returns the address to connect to. The line must not be encrypted.
func (i interpreter) start(t *testing.T, server string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // which ends the loop
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go i.serve(client, server)
		}
	}()
	return l.Addr().String()
}

func (i interpreter) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return // the client sees a connection that ends
	}
	defer server.Close()
	greeting, err := packet(server)
	if err != nil {
		return
	}
	if _, err := client.Write(i.greet(greeting)); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(client, server) // it ends with either of them
		_ = client.Close()
	}()
	for {
		p, err := packet(client)
		if err != nil {
			return
		}
		to := server
		if given := i.answer(p); given != nil {
			to, p = client, given // the client waits for this answer alone
		}
		if _, err := to.Write(p); err != nil {
			return
		}
	}
}

// packet reads a packet with its header.
func packet(r io.Reader) ([]byte, error) {
	p := make([]byte, 4)
	if _, err := io.ReadFull(r, p); err != nil {
		return nil, err
	}
	p = slices.Concat(p, make([]byte, binary.LittleEndian.Uint32(p)&0xffffff))
	_, err := io.ReadFull(r, p[4:])
	return p, err
}

func (i interpreter) greet(greeting []byte) []byte {
	_, rest, ok := bytes.Cut(greeting[5:], []byte{0})
	if i.version == "" || !ok {
		return greeting
	}
	return framed(nil, 0, "\x0a"+i.version+"\x00"+string(rest))
}

// answer returns the packets to answer with, or nothing where the real server answers.
func (i interpreter) answer(p []byte) []byte {
	if p[3] != 0 || len(p) < 5 || p[4] != 3 { // a query is the first packet of its command
		return nil
	}
	for _, a := range i.answers {
		if bytes.Contains(p[5:], []byte(a.query)) {
			return a.packets()
		}
	}
	return nil
}

func (a answer) packets() (b []byte) {
	if a.err != "" {
		return framed(nil, 1, "\xff\x28\x04#42000"+a.err) // 1064, a syntax error
	}
	const end = "\xfe\x00\x00\x02\x00"
	sequence := byte(1)
	add := func(payload string) {
		b = framed(b, sequence, payload)
		sequence++
	}
	columns := 0
	if len(a.rows) > 0 {
		columns = len(a.rows[0])
	}
	add(string([]byte{byte(columns)}))
	for n := range columns {
		add("\x03def\x00\x00\x00" + short(fmt.Sprint("c", n)) + "\x00\x0c\x2d\x00\x00\x04\x00\x00\xfd\x00\x00\x00\x00\x00")
	}
	add(end)
	for _, r := range a.rows {
		var values strings.Builder
		for _, v := range r {
			values.WriteString(short(v))
		}
		add(values.String())
	}
	add(end)
	return b
}

// short is a text of less than 251 bytes behind its length.
func short(text string) string { return string([]byte{byte(len(text))}) + text }

func framed(b []byte, sequence byte, payload string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload))|uint32(sequence)<<24)
	return append(b, payload...)
}
