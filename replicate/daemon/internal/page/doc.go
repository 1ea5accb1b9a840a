// Package page shows a running job over HTTP: health, metrics, its status as JSON, and a page for people.
//
//	page.go     the addresses that are served, and the life of the server
//	guard.go    who may see what: tokens, host names, headers
//	status.go   /api/status, whose form is documented in docs/operate.md
//	history.go  samples of the last hour, for the plots: /api/history
//	assets/     the page: HTML, CSS and JavaScript as they are served, without a build step
//
// Everything comes from a progress.Tracker. Nothing here can stop the job or change it.
package page
