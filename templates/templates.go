// Package templates holds every emitted text that is not Go: the keyset queries for sqlc, and the files that --with
// writes beside the code. gen/render fills them in.
package templates

import "embed"

// Files are the templates.
//
//go:embed *.tmpl
var Files embed.FS
