package oracle

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// statement is the INSERT of a row, and the columns whose values are its parameters. mark writes the n-th parameter.
func (r *Row) statement(mark func(n int) string) (sql string, columns []string) {
	columns = slices.Sorted(maps.Keys(r.Row))
	if len(columns) == 0 {
		return "INSERT INTO " + r.Table + " DEFAULT VALUES", nil
	}
	marks := make([]string, len(columns))
	for i := range columns {
		marks[i] = mark(i + 1)
	}
	return "INSERT INTO " + r.Table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")",
		columns
}

// FillPostgres creates the tables and inserts all rows.
func (v *Vectors) FillPostgres(ctx context.Context, conn *pgconn.PgConn) error {
	if _, err := conn.Exec(ctx, v.Schema).ReadAll(); err != nil {
		return err
	}
	batch := &pgconn.Batch{}
	for _, r := range v.Rows {
		sql, columns := r.statement(func(n int) string { return "$" + strconv.Itoa(n) })
		values := make([][]byte, len(columns))
		for i, c := range columns {
			values[i] = []byte(r.Row[c])
		}
		batch.ExecParams(sql, values, nil, nil, nil)
	}
	_, err := conn.ExecBatch(ctx, batch).ReadAll()
	return err
}

// FillSQLite creates the tables and inserts all rows.
func (v *Vectors) FillSQLite(conn *sqlite.Conn) (err error) {
	if err := sqlitex.ExecuteScript(conn, v.Schema, nil); err != nil {
		return err
	}
	defer sqlitex.Save(conn)(&err)
	for _, r := range v.Rows {
		sql, columns := r.statement(func(int) string { return "?" })
		values := make([]any, len(columns))
		for i, c := range columns {
			if values[i], err = cell(r.Row[c]); err != nil {
				return fmt.Errorf("column %s: %w", c, err)
			}
		}
		if err := sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{Args: values}); err != nil {
			return err
		}
	}
	return nil
}

// alone begins what a product alone has, in the schema of MySQL, up to the end or the next one.
var alone = regexp.MustCompile(`(?m)^-- (\w+) alone\n`)

// FillMySQL creates the tables that a product has and inserts all rows.
func (v *Vectors) FillMySQL(ctx context.Context, db *sql.DB, product string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	sections := alone.Split(v.Schema, -1)
	statements := []string{"SET sql_mode = ''", sections[0]}
	for i, name := range alone.FindAllStringSubmatch(v.Schema, -1) {
		if name[1] == product {
			statements = append(statements, sections[i+1])
		}
	}
	for _, r := range v.On(product).Rows {
		columns, values := slices.Sorted(maps.Keys(r.Row)), []string{}
		for _, c := range columns {
			values = append(values, r.Row[c])
		}
		statements = append(statements, "INSERT INTO "+r.Table+" ("+strings.Join(columns, ", ")+") VALUES ("+
			strings.Join(values, ", ")+")")
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.200s: %w", s, err)
		}
	}
	return nil
}

// cell reads a value of SQLite.
func cell(text string) (any, error) {
	class, value, _ := strings.Cut(text, ":")
	switch class {
	case "integer":
		return strconv.ParseInt(value, 10, 64)
	case "real":
		bits, err := hex.DecodeString(value)
		if err != nil || len(bits) != 8 {
			return nil, fmt.Errorf("%q are not the bits of a real", value)
		}
		return math.Float64frombits(binary.BigEndian.Uint64(bits)), nil
	case "text":
		return value, nil
	case "blob":
		return base64.StdEncoding.DecodeString(value)
	}
	return nil, fmt.Errorf("%q is not a storage class", class)
}
