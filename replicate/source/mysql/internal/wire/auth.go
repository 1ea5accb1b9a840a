package wire

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"filippo.io/edwards25519"
)

// Names of the ways to prove a password.
const (
	pluginNative  = "mysql_native_password"
	pluginSHA2    = "caching_sha2_password"
	pluginEd25519 = "client_ed25519"
	pluginClear   = "mysql_clear_password"
)

// ErrUnknownPlugin says that the server asks for a proof that is not made here.
var ErrUnknownPlugin = errors.New("the user's way to log in is not known here")

// prove answers a nonce by the way that the server names.
func (c *Conn) prove(plugin string, nonce []byte) ([]byte, error) {
	password := []byte(c.config.Password)
	switch plugin {
	case pluginNative:
		return proveNative(password, nonce), nil
	case pluginSHA2:
		return proveSHA2(password, nonce), nil
	case pluginEd25519:
		return proveEd25519(password, nonce)
	case pluginClear:
		if !c.secret {
			return nil, errors.New("the server asks for the password in clear text on a line that is not encrypted")
		}
		return append(password, 0), nil
	}
	return nil, fmt.Errorf("%w: %q; %s, %s, %s, and %s on an encrypted line are", ErrUnknownPlugin, plugin,
		pluginNative, pluginSHA2, pluginEd25519, pluginClear)
}

func proveNative(password, nonce []byte) []byte {
	if len(password) == 0 {
		return nil
	}
	once := sha1.Sum(password)
	twice := sha1.Sum(once[:])
	mask := sha1.Sum(append(bytes.Clone(nonce[:min(20, len(nonce))]), twice[:]...))
	return xor(once[:], mask[:])
}

func proveSHA2(password, nonce []byte) []byte {
	if len(password) == 0 {
		return nil
	}
	once := sha256.Sum256(password)
	twice := sha256.Sum256(once[:])
	mask := sha256.Sum256(append(twice[:], nonce[:min(20, len(nonce))]...))
	return xor(once[:], mask[:])
}

// proveEd25519 signs the nonce with the key that MariaDB makes of the password: Ed25519 with the password in
// place of the seed, which crypto/ed25519 does not take at any length.
func proveEd25519(password, nonce []byte) ([]byte, error) {
	if len(nonce) < 32 {
		return nil, errProtocol("a short nonce")
	}
	nonce = nonce[:32]
	hash := sha512.Sum512(password)
	secret, err := edwards25519.NewScalar().SetBytesWithClamping(hash[:32])
	if err != nil {
		return nil, err
	}
	public := new(edwards25519.Point).ScalarBaseMult(secret).Bytes()
	digest := sha512.Sum512(append(bytes.Clone(hash[32:]), nonce...))
	r, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
	if err != nil {
		return nil, err
	}
	commitment := new(edwards25519.Point).ScalarBaseMult(r).Bytes()
	digest = sha512.Sum512(append(append(bytes.Clone(commitment), public...), nonce...))
	k, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
	if err != nil {
		return nil, err
	}
	return append(commitment, k.MultiplyAdd(k, secret, r).Bytes()...), nil
}

func xor(a, b []byte) []byte {
	for i := range a {
		a[i] ^= b[i%len(b)]
	}
	return a
}

// finishLogin answers what the server asks until it lets the user in or not.
func (c *Conn) finishLogin(plugin string, nonce []byte) error {
	for {
		p, err := c.read()
		if err != nil {
			return err
		}
		if len(p) == 0 {
			return errProtocol("an empty answer to a log-in")
		}
		switch p[0] {
		case 0x00:
			return nil
		case 0xff:
			return parseError(p)
		case 0xfe:
			name, rest, ok := bytes.Cut(p[1:], []byte{0})
			if !ok {
				return errors.New("the server asks for passwords of before MySQL 4.1")
			}
			plugin, nonce = string(name), bytes.Clone(bytes.TrimSuffix(rest, []byte{0}))
			proof, err := c.prove(plugin, nonce)
			if err != nil {
				return err
			}
			if err := c.reply(proof); err != nil {
				return err
			}
		case 0x01:
			if err := c.moreSHA2(plugin, nonce, p[1:]); err != nil {
				return err
			}
		default:
			return errProtocol("an unknown answer to a log-in")
		}
	}
}

func (c *Conn) reply(payload []byte) error {
	c.open()
	c.out = append(c.out, payload...)
	return errors.Join(c.end(), c.flush())
}

// moreSHA2 goes on where the server has no proof of this password in its cache: it takes the password itself,
// encrypted by the line or for the server's key.
func (c *Conn) moreSHA2(plugin string, nonce, p []byte) error {
	const (
		requestKey = 2
		fastOK     = 3
		fullProof  = 4
	)
	switch {
	case plugin != pluginSHA2 || len(p) == 0:
		return errProtocol("a question of a log-in that nobody has asked for")
	case p[0] == fastOK:
		return nil
	case p[0] == fullProof && c.secret:
		return c.reply(append([]byte(c.config.Password), 0))
	case p[0] == fullProof:
		return c.reply([]byte{requestKey})
	}
	block, _ := pem.Decode(p)
	if block == nil {
		return errProtocol("no key to encrypt the password for")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return errProtocol("a key that is not of RSA")
	}
	plain := xor(append([]byte(c.config.Password), 0), nonce[:min(20, len(nonce))])
	hidden, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key, plain, nil)
	if err != nil {
		return err
	}
	return c.reply(hidden)
}
