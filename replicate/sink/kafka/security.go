package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/repliqate/repliqate/replicate"
)

// TLSConfig says how to encrypt.
type TLSConfig struct {
	Enabled                   bool
	CAFile, CertFile, KeyFile string
	ServerName                string
}

// SASLConfig says how to authenticate. Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
type SASLConfig struct {
	Mechanism, Username, Password string
	PasswordFile                  string // holds the password, and is read at each connection; wins over Password
}

// dialer makes a connection.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// dialTimeout bounds connecting, including the handshake.
const dialTimeout = 5 * time.Second

// dialer returns a function that connects as the settings say.
func (t TLSConfig) dialer() (dialer, error) {
	plain := &net.Dialer{Timeout: dialTimeout}
	if !t.Enabled {
		return plain.DialContext, nil
	}
	config, err := t.load()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{NetDialer: plain, Config: config}).DialContext, nil
}

func (t TLSConfig) load() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, wrongSetting(SettingTLSCAFile, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, wrongSetting(SettingTLSCAFile, fmt.Errorf("%s holds no certificate in PEM form", t.CAFile))
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, wrongSetting(SettingTLS, errors.New("expected both a certificate and its key, or neither"))
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, wrongSetting(SettingTLSCertFile, fmt.Errorf("with its key file: %w", err))
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func (c SASLConfig) load() (sasl.Mechanism, error) {
	if c.Mechanism != "" && c.PasswordFile != "" {
		if _, err := replicate.ReadSecret(c.PasswordFile); err != nil {
			return nil, wrongSetting(SettingSASLPasswordFile, err)
		}
	}
	scrambled := func(context.Context) (scram.Auth, error) {
		password, err := c.password()
		return scram.Auth{User: c.Username, Pass: password}, err
	}
	switch c.Mechanism {
	case "":
		return nil, nil
	case "PLAIN":
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			password, err := c.password()
			return plain.Auth{User: c.Username, Pass: password}, err
		}), nil
	case "SCRAM-SHA-256":
		return scram.Sha256(scrambled), nil
	case "SCRAM-SHA-512":
		return scram.Sha512(scrambled), nil
	}
	return nil, wrongSetting(SettingSASLMechanism,
		fmt.Errorf("expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, got %q", c.Mechanism))
}

// password is asked for at each connection.
func (c SASLConfig) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	return replicate.ReadSecret(c.PasswordFile)
}
