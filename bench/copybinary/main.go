// Command copybinary reads a table with COPY ... (FORMAT binary) and throws it away: no program that reads
// rows from this server can be faster than one backend that sends them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	if err := copyOut(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "copybinary:", err)
		os.Exit(1)
	}
}

func copyOut(ctx context.Context, uri, table string) error {
	conn, err := pgconn.Connect(ctx, uri)
	if err != nil {
		return err
	}
	if _, err := conn.CopyTo(ctx, io.Discard, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
		return err
	}
	return conn.Close(ctx)
}
