package page

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
)

// headers are for browsers: nothing but the page's own files is loaded, nothing is kept, and nobody may frame it.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// guard lets in who has the token. Without a token file, it lets in who asks this machine by its address: a page of
// another site, whose name was made to resolve to loopback, asks by that name.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.config.TokenFile == "" {
			if IsLocal(s.config.Addr) && !isAddress(r.Host) {
				plain(w, http.StatusForbidden, "ask by an IP address or as localhost")
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		token, err := readToken(s.config.TokenFile)
		switch {
		case err != nil:
			plain(w, http.StatusInternalServerError, "the token can't be read: see http_token_file")
		case !same(given(r), token):
			w.Header().Set("WWW-Authenticate", `Basic realm="repliqate: any user, the token as the password"`)
			plain(w, http.StatusUnauthorized, "give the token: Authorization: Bearer TOKEN, or as the password of any user")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isAddress(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}

// given is the token of a request: Bearer for programs, the password for browsers.
func given(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	_, password, _ := r.BasicAuth()
	return password
}

// same compares in a time that tells nothing, not even the length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// tokenMax bounds what is read of a file that may be the wrong one.
const tokenMax = 4096

// readToken reads the token at every request, so that a new one needs no restart.
func readToken(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("the token can't be read: %w", err)
	}
	token := strings.TrimSpace(string(content))
	switch {
	case token == "":
		return "", fmt.Errorf("%s is empty: expected a token, such as openssl rand -hex 32 makes", name)
	case len(content) > tokenMax:
		return "", errors.New(name + " is too long for a token")
	}
	return token, nil
}
