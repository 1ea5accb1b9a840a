package replicate

import (
	"errors"
	"io"
	"os"
	"strings"
)

// secretMax bounds what is read of a file that may be the wrong one.
const secretMax = 64 << 10

// ReadSecret returns the content of a file that holds nothing but a secret, without the end of its line. Parts read it
// at each connection, so that a new secret needs no restart. Its errors don't hold the secret.
func ReadSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", unreadable{err}
	}
	defer file.Close() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, secretMax+1))
	if err != nil {
		return "", unreadable{err}
	}
	secret := strings.TrimRight(string(content), "\r\n")
	switch {
	case len(content) > secretMax:
		return "", errors.New("the secret's file is too long: expected nothing but the secret")
	case secret == "":
		return "", errors.New("the secret's file is empty: expected nothing but the secret")
	case strings.ContainsAny(secret, "\r\n\x00"):
		return "", errors.New("the secret's file has several lines: expected nothing but the secret")
	}
	return secret, nil
}

// unreadable says what could not be read.
type unreadable struct{ err error }

func (e unreadable) Error() string { return "the secret can't be read: " + e.err.Error() }

func (e unreadable) Unwrap() error { return e.err }
