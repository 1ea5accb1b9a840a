package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// connectTimeout bounds an attempt to connect where the URI names no other time.
const connectTimeout = 10 * time.Second

// options are those of a URI, under the names that SQLAlchemy's drivers have for them.
type options struct {
	socket, name    string
	timeout         time.Duration
	mode            string // of ssl_mode; empty: by what else is given
	ca, cert, key   string // files
	verify, checked string // ssl_verify_cert, ssl_check_hostname: "true", "false", or empty
}

// Modes of TLS, as MySQL's own clients name them.
const (
	modeDisabled  = "DISABLED"
	modePreferred = "PREFERRED"
	modeRequired  = "REQUIRED"
	modeCA        = "VERIFY_CA"
	modeIdentity  = "VERIFY_IDENTITY"
)

// fixed are options that decide what a driver does which this one does anyway, with the values that agree.
var fixed = map[string][]string{
	"charset":       {"utf8mb4", "utf8"},
	"use_unicode":   {"1", "true", "0", "false"},
	"binary_prefix": {"1", "true", "0", "false"},
	"local_infile":  {"0", "false"},
	"compress":      {"0", "false"},
	"autocommit":    {"1", "true", "0", "false"},
}

// supported are the options, for those who look for one.
const supported = "unix_socket, program_name, connect_timeout, read_timeout, write_timeout, charset, ssl, " +
	"ssl_disabled, ssl_mode, ssl_ca, ssl_cert, ssl_key, ssl_verify_cert, ssl_check_hostname"

func parseOptions(query string) (options, error) {
	o := options{timeout: connectTimeout}
	values, err := url.ParseQuery(query)
	if err != nil {
		return o, errors.New("the options behind the question mark can't be read")
	}
	for name, all := range values {
		value := all[len(all)-1]
		if err := o.set(name, value); err != nil {
			return o, fmt.Errorf("option %s: %w", name, err)
		}
	}
	if (o.cert == "") != (o.key == "") {
		return o, errors.New("expected ssl_cert and ssl_key, or neither")
	}
	if o.mode == modeDisabled && o.ca+o.cert != "" {
		return o, errors.New("TLS is switched off, but certificates are named")
	}
	return o, nil
}

func (o *options) set(name, value string) (err error) {
	switch name {
	case "unix_socket":
		o.socket = value
	case "program_name":
		o.name = value
	case "connect_timeout":
		o.timeout, err = seconds(value)
	case "read_timeout", "write_timeout":
		_, err = seconds(value) // a silence is bounded here whatever they say
	case "ssl_ca":
		o.ca = value
	case "ssl_cert":
		o.cert = value
	case "ssl_key":
		o.key = value
	case "ssl_mode":
		o.mode = strings.ToUpper(strings.ReplaceAll(value, "-", "_"))
		if !slices.Contains([]string{modeDisabled, modePreferred, modeRequired, modeCA, modeIdentity}, o.mode) {
			err = errors.New("expected DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY")
		}
	case "ssl", "ssl_disabled":
		var on bool
		if on, err = boolean(value); on == (name == "ssl") {
			o.mode = modeRequired
		} else {
			o.mode = modeDisabled
		}
	case "ssl_verify_cert":
		_, err = boolean(value)
		o.verify = strings.ToLower(value)
	case "ssl_check_hostname", "ssl_verify_identity":
		_, err = boolean(value)
		o.checked = strings.ToLower(value)
	default:
		agreed, known := fixed[name]
		switch {
		case !known:
			err = errors.New("it is not supported; expected one of " + supported)
		case !slices.Contains(agreed, strings.ToLower(value)):
			err = errors.New("expected one of " + strings.Join(agreed, ", ") + ", which is what is done here")
		}
	}
	return err
}

func boolean(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, errors.New("expected true or false")
}

func seconds(value string) (time.Duration, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 86_400 {
		return 0, errors.New("expected a number of seconds from 1 to 86400")
	}
	return time.Duration(n) * time.Second, nil
}

func (o *options) program(job string) string {
	if o.name != "" {
		return o.name
	}
	return "repliqate " + job
}

// tls decides how the line to a host is encrypted. A certificate authority is named to be used: with one, the
// server's certificate and its name are verified unless the URI says otherwise. Without anything, the line is
// encrypted where the server can, as MySQL's own clients do.
func (o *options) tls(host string) (config *tls.Config, optional bool, err error) {
	mode := o.mode
	switch {
	case o.verify == "false" && mode == "":
		mode = modeRequired
	case o.checked == "false" && (o.ca != "" || o.verify != "") && mode == "":
		mode = modeCA
	case mode == "" && (o.ca != "" || o.verify != "" || o.checked != "" && o.checked != "false" && o.checked != "0"):
		mode = modeIdentity
	case mode == "" && o.cert != "":
		mode = modeRequired
	case mode == "":
		mode = modePreferred
	}
	if mode == modeDisabled {
		return nil, false, nil
	}
	config = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, false, fmt.Errorf("ssl_ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, false, errors.New("ssl_ca: the file holds no certificate in PEM form")
		}
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, false, fmt.Errorf("ssl_cert, ssl_key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	switch mode {
	case modePreferred, modeRequired:
		config.InsecureSkipVerify = true
	case modeCA:
		config.InsecureSkipVerify = true // the name alone is not verified: the chain is, below
		config.VerifyConnection = verifyChain(config.RootCAs)
	}
	return config, mode == modePreferred, nil
}

// verifyChain verifies a server's certificate, but not that it is this server's.
func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		further := x509.NewCertPool()
		for _, c := range state.PeerCertificates[1:] {
			further.AddCert(c)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: further})
		if err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
		return nil
	}
}
