package wire_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// TestEd25519 logs in to a server that asks for MariaDB's proof, and checks the proof with the key that MariaDB's
// documentation gives for the password "secret".
func TestEd25519(t *testing.T) {
	public, err := base64.StdEncoding.DecodeString("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY=")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]bool{"secret": true, "Secret": false} {
		near, far := net.Pipe()
		proven := make(chan bool, 1)
		go func() { proven <- serveEd25519(far, public) }()
		conn, err := wire.Connect(t.Context(), &wire.Config{
			Network: "tcp", User: "ann", Password: password, PacketMax: 1 << 20,
			Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil },
		})
		if got := <-proven; got != want || (err == nil) != want {
			t.Errorf("%s: proven %t, %v", password, got, err)
		}
		if err == nil {
			_ = conn.Close(0) // nobody is there to hear the farewell
		}
	}
}

// serveEd25519 is a server that lets in who has the key's password.
func serveEd25519(conn net.Conn, public ed25519.PublicKey) bool {
	defer conn.Close()
	nonce := bytes.Repeat([]byte{7}, 32)
	greeting := append([]byte{10}, "11.4\x00\x01\x00\x00\x0012345678\x00"...)
	const caps = 1<<2 | 1<<9 | 1<<13 | 1<<15 | 1<<16 | 1<<17 | 1<<19
	greeting = append(greeting, byte(caps&0xff), byte(caps>>8&0xff), 45, 2, 0, byte(caps>>16&0xff), byte(caps>>24), 21)
	greeting = append(append(greeting, make([]byte, 10)...), "901234567890\x00mysql_native_password\x00"...)
	send(conn, 0, greeting)
	receive(conn)
	send(conn, 2, append(append([]byte("\xfeclient_ed25519\x00"), nonce...), 0))
	if !ed25519.Verify(public, nonce, receive(conn)) {
		send(conn, 4, []byte("\xff\x15\x04#28000Access denied"))
		return false
	}
	send(conn, 4, []byte{0, 0, 0, 2, 0, 0, 0})
	return true
}

func send(conn net.Conn, sequence byte, payload []byte) {
	header := binary.LittleEndian.AppendUint32(nil, uint32(len(payload))|uint32(sequence)<<24)
	_, _ = conn.Write(append(header, payload...)) // the client tells what it has received
}

func receive(conn net.Conn) []byte {
	var header [4]byte
	if _, err := io.ReadFull(conn, header[:]); err != nil {
		return nil
	}
	payload := make([]byte, binary.LittleEndian.Uint32(header[:])&0xffffff)
	_, _ = io.ReadFull(conn, payload) // what is missing is no proof
	return payload
}
