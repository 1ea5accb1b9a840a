package config

import (
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/daemon/configkeys"
)

// secrets reads the database's URI from its file, and refuses two homes for one secret. The parts read the files of
// passwords themselves.
func (c *Config) secrets() error {
	for _, k := range configkeys.All() {
		if k.InPlaceOf != "" && c.doc.Has(k.Name) && c.doc.Has(k.InPlaceOf) {
			return c.doc.Fault(k.Name, "expected either this or %s", configkeys.Short(k.InPlaceOf))
		}
	}
	if c.URIFile == "" {
		return nil
	}
	var err error
	if c.URI, err = replicate.ReadSecret(c.URIFile); err != nil {
		return c.doc.Fault(sourceKey+"uri_file", "%v", err)
	}
	return nil
}

// ReadURI reads the database's URI again, for the source. It is nil if the configuration itself has the URI.
func (c *Config) ReadURI() func() (string, error) {
	if c.URIFile == "" {
		return nil
	}
	return func() (string, error) { return replicate.ReadSecret(c.URIFile) }
}
