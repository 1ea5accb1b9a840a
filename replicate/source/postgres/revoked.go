package postgres

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// revocations are the lists of revoked certificates that sslcrl and sslcrldir name.
type revocations []*x509.RevocationList

// addFile reads the lists of a file in PEM form.
func (r *revocations) addFile(name string) error {
	if name == "" {
		return nil
	}
	rest, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("the file can't be read: %w", innermost(err))
	}
	before := len(*r)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return errors.New("the file holds something that is not a list of revoked certificates")
		}
		*r = append(*r, list)
	}
	if len(*r) == before {
		return errors.New("the file holds no list of revoked certificates in PEM form")
	}
	return nil
}

// addFolder reads every file of a folder.
func (r *revocations) addFolder(name string) error {
	if name == "" {
		return nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return fmt.Errorf("the folder can't be read: %w", innermost(err))
	}
	for _, entry := range entries {
		if err := r.addFile(filepath.Join(name, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// verify refuses a server with a revoked certificate, or one of which no list knows whether it is.
func (r revocations) verify(state tls.ConnectionState) error {
	for _, certificate := range state.PeerCertificates {
		known := false
		for _, list := range r {
			if !bytes.Equal(list.RawIssuer, certificate.RawIssuer) {
				continue
			}
			known = known || list.NextUpdate.IsZero() || time.Now().Before(list.NextUpdate)
			for _, entry := range list.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
					return errors.New("the server's certificate was revoked")
				}
			}
		}
		if !known {
			return errors.New("no list of sslcrl that is still valid is of the authority of the server's certificate")
		}
	}
	return nil
}
