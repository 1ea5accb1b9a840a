// Package schema turns the DDL of tables into models, with the help of sqlc, which runs in this process.
//
//	sqlc.go      has sqlc compile DDL and queries, with this program as its plugin
//	catalog.go   what the plugin is handed: sqlc's catalog and the checked queries, and the models made of them
//	names.go     names packages and fields
package schema
