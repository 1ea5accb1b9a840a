package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/source/mysql/internal/wire"
)

// setting is a session's setting that decides what a value looks like, what a snapshot sees, or how long the
// server waits. Server, user and init_connect may have set it to anything.
type setting struct {
	name, value string // value in SQL
	want        string // as it is read back; empty: as value
	optional    bool   // where the server has it
}

var settings = []setting{
	{name: "sql_mode", value: "''"}, // also: ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PAD_CHAR_TO_FULL_LENGTH off
	{name: "time_zone", value: "'+00:00'", want: "+00:00"},
	{name: "character_set_client", value: "utf8mb4"},
	{name: "character_set_connection", value: "utf8mb4"},
	{name: "character_set_results", value: "utf8mb4"},
	{name: "autocommit", value: "1"},
	{name: "completion_type", value: "'NO_CHAIN'", want: "NO_CHAIN"}, // what COMMIT does besides
	{name: "sql_select_limit", value: "18446744073709551615"},
	{name: "sql_auto_is_null", value: "0"},
	{name: "sql_big_selects", value: "1"},
	{name: "net_write_timeout", value: "600"},
	{name: "net_read_timeout", value: "600"},
	{name: "wait_timeout", value: "86400"},
	{name: "information_schema_stats_expiry", value: "0", optional: true}, // MySQL: the counter as it is now
	{name: "max_execution_time", value: "0", optional: true},
	{name: "max_statement_time", value: "0", want: "0.000000", optional: true},
	{name: "system_versioning_asof", value: "DEFAULT", want: "DEFAULT", optional: true},
	{name: "idle_transaction_timeout", value: "0", optional: true},
}

// unknownVariable is the error of a setting that the server does not have.
const unknownVariable = 1193

// set sets the session's settings and reads them back, since what stands between may swallow them.
func (s *source[R, K]) set(ctx context.Context) error {
	var names, wants []string
	for _, setting := range settings {
		_, err := s.conn.Query(ctx, "SET SESSION "+setting.name+" = "+setting.value)
		var server *wire.ServerError
		if setting.optional && errors.As(err, &server) && server.Code == unknownVariable {
			continue
		}
		if err != nil {
			return s.classify("set "+setting.name, err)
		}
		want := setting.want
		if want == "" {
			want = strings.Trim(setting.value, "'")
		}
		names, wants = append(names, setting.name), append(wants, want)
	}
	if _, err := s.rows(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"); err != nil {
		return err
	}
	isolation := "transaction_isolation"
	if _, err := s.conn.Query(ctx, "SELECT @@transaction_isolation"); err != nil {
		isolation = "tx_isolation" // MariaDB before 11.1
	}
	names, wants = append(names, isolation), append(wants, "READ-COMMITTED")
	got, err := s.row(ctx, "SELECT @@SESSION."+strings.Join(names, ", @@SESSION."))
	if err != nil {
		return err
	}
	for i, name := range names {
		if got[i] != wants[i] {
			return replicate.Stop(fmt.Errorf("the setting %s is %q and not %q, as it was just set", name, got[i], wants[i]),
				"connect to the server directly, without a proxy between")
		}
	}
	return nil
}
