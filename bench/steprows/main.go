// Command steprows steps through a table of SQLite, looks at each value, and throws it away: no program that reads
// rows with this library can be faster.
package main

import (
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
)

func main() {
	if err := step(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "steprows:", err)
		os.Exit(1)
	}
}

func step(path, table string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	rows, err := conn.Prepare("SELECT * FROM " + table)
	if err != nil {
		return err
	}
	buffer := make([]byte, 64<<10)
	for {
		more, err := rows.Step()
		if err != nil || !more {
			return err
		}
		for i := range rows.ColumnCount() {
			switch rows.ColumnType(i) {
			case sqlite.TypeInteger:
				rows.ColumnInt64(i)
			case sqlite.TypeFloat:
				rows.ColumnFloat(i)
			case sqlite.TypeText, sqlite.TypeBlob:
				rows.ColumnBytes(i, buffer)
			}
		}
	}
}
