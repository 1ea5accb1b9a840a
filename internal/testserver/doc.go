// Package testserver starts real PostgreSQL, MariaDB, MySQL, Apache Kafka and Redis on loopback, with free
// ports and in folders of their own, for tests, demos and benchmarks, and stops them again. The servers
// come from Maven Central as jars with pinned checksums, downloaded once into a cache: nothing but Go and,
// for Kafka, Java 17 is needed, and no root. MySQL alone comes from Debian's newest suite by apt; where
// that can't be had, MariaDB stands in for it.
//
//	jars.go      download, checksums, cache
//	process.go   child processes that end with this one
//	postgres.go, kafka.go, redis.go   one server each
//	mysql.go     MariaDB and MySQL: start, stop, templates of data folders
//	mariadb.go, debian.go   where the two come from
package testserver
