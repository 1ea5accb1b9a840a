package crashloop

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/internal/trial"
)

var postgres = engine{product: "PostgreSQL", table: "orders", start: startPostgres, words: words{
	insert: trial.InsertOrders,
	draw: func(rows int, pause string) []string {
		return []string{"SELECT nextval(pg_get_serial_sequence('orders', 'id'))", pause, trial.InsertOrders(rows)}
	},
	begin:   func(string) string { return "BEGIN" },
	prepare: func(id string) string { return "PREPARE TRANSACTION '" + id + "'" },
	end:     func(how, id string) string { return how + " PREPARED '" + id + "'" },
}}

func startPostgres(ctx context.Context, ddl string) (*database, error) {
	pg, err := testserver.StartPostgres(ctx, testserver.Newest)
	if err != nil {
		return nil, err
	}
	return &database{
		server: pg,
		addr:   "127.0.0.1:" + strconv.Itoa(pg.Port),
		uri:    func(addr string) string { return "postgresql://postgres@" + addr + "/postgres" },
		connect: func(ctx context.Context) (session, error) {
			conn, err := pgconn.Connect(ctx, pg.URI())
			return pgSession{conn}, err
		},
		keys: func(ctx context.Context) ([]int64, error) { return trial.KeysPostgres(ctx, pg.URI()) },
		rows: func(ctx context.Context) (map[int64]trial.RowSum, error) { return trial.RowsPostgres(ctx, pg.URI()) },
	}, pg.Exec(ctx, ddl)
}

type pgSession struct{ conn *pgconn.PgConn }

func (s pgSession) exec(ctx context.Context, statements string) error {
	_, err := s.conn.Exec(ctx, statements).ReadAll()
	return err
}

func (s pgSession) prepared(ctx context.Context) (ids []string, err error) {
	found := s.conn.ExecParams(ctx, "SELECT gid FROM pg_prepared_xacts", nil, nil, nil, nil).Read()
	for _, row := range found.Rows {
		ids = append(ids, string(row[0]))
	}
	return ids, found.Err
}

func (s pgSession) close() { _ = s.conn.Close(context.Background()) } // the server may be gone
