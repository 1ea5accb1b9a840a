package wire_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	driversql "github.com/go-sql-driver/mysql"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

const (
	benchRows  = 100_000
	benchQuery = "SELECT id, customer_id, reference, currency, total, quantity, note, placed_at FROM orders" +
		" WHERE id > ? ORDER BY id LIMIT ?"
)

// BenchmarkRows reads a table of orders, page by page, with this package and with a driver's own interfaces. The
// figures are in docs/dev/decisions/09-mysql-client.md.
func BenchmarkRows(b *testing.B) {
	m, err := testserver.StartMariaDB(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = m.Stop() }()
	err = m.Exec(b.Context(), "CREATE DATABASE d; "+
		"CREATE TABLE d.orders (id bigint AUTO_INCREMENT PRIMARY KEY, customer_id bigint NOT NULL, "+
		" reference varchar(40) NOT NULL, currency char(3) NOT NULL, total decimal(12,2) NOT NULL, quantity int NOT NULL,"+
		" note text, placed_at timestamp(6) NULL);"+
		" INSERT INTO d.orders (customer_id, reference, currency, total, quantity, note, placed_at)"+
		fmt.Sprintf(" SELECT seq %% 1000, CONCAT('order-', seq), 'EUR', seq / 7, seq %% 9,"+
			" IF(seq %% 3, NULL, 'as always'), NOW(6) FROM d.seq_1_to_%d", benchRows))
	if err != nil {
		b.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", m.Port)
	b.Run("wire", func(b *testing.B) { benchWire(b, address) })
	b.Run("go-sql-driver", func(b *testing.B) { benchDriver(b, address) })
}

const page = 5000

func benchWire(b *testing.B, address string) {
	conn, err := wire.Connect(b.Context(), &wire.Config{Network: "tcp", Address: address, User: "root", Database: "d",
		PacketMax: 1 << 24})
	if err != nil {
		b.Fatal(err)
	}
	statement, err := conn.Prepare(b.Context(), benchQuery)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for done := 0; done < b.N; {
		for after := 0; after < benchRows && done < b.N; after += page {
			first, limit := wire.Integer{Bits: uint64(after)}, wire.Integer{Bits: page}
			err := errors.Join(conn.SendExecute(statement, first, limit), conn.Flush())
			if err != nil {
				b.Fatal(err)
			}
			conn.Await()
			rows, err := conn.AnswerBinary()
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				done++
			}
			if rows.Err() != nil {
				b.Fatal(rows.Err())
			}
		}
	}
}

func benchDriver(b *testing.B, address string) {
	config := driversql.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = "root", "tcp", address, "d"
	connector, err := driversql.NewConnector(config)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := connector.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	statement, err := conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), benchQuery)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for done := 0; done < b.N; {
		for after := 0; after < benchRows && done < b.N; after += page {
			rows, err := statement.(driver.StmtQueryContext).QueryContext(context.Background(),
				[]driver.NamedValue{{Ordinal: 1, Value: int64(after)}, {Ordinal: 2, Value: int64(page)}})
			if err != nil {
				b.Fatal(err)
			}
			values := make([]driver.Value, len(rows.Columns()))
			for {
				if err := rows.Next(values); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				done++
			}
			if err := rows.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
