package mysql

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/repliqate/repliqate/replicate"
)

// others are servers that speak MySQL's protocol and have no locks of its kind.
var others = regexp.MustCompile(`(?i)tidb|vitess|oceanbase|singlestore|memsql|doris|starrocks|clickhouse|dolt|` +
	`polardb-x|crate|planetscale|spider|columnstore|seekdb|matrixone|manticore|databend|greptime`)

// unprovable refuses to begin, and says what takes the responsibility.
func (s *source[R, K]) unprovable(reason, remedy string) error {
	return replicate.Stop(fmt.Errorf("it can't be proven that no row of table %s is lost: %s", s.table.Name, reason),
		replicate.Verbatim(remedy)+"; to accept the risk of losing rows of transactions that stay open longer than N "+
			"seconds, set %s to N", replicate.SettingSettleDelay)
}

// unsafe reports whether the operator has accepted the risk.
func (s *source[R, K]) unsafe() bool { return s.settle.UnsafeDelay > 0 }

// verifyProduct checks that the server is MySQL or MariaDB, before anything is asked of it that others don't know.
func (s *source[R, K]) verifyProduct(ctx context.Context) error {
	rows, err := s.rows(ctx, "SELECT @@version, @@version_comment")
	told := s.conn.Version
	for _, r := range rows {
		told += " " + strings.Join(r, " ")
	}
	if found := others.FindString(told); found != "" {
		return replicate.Stop(fmt.Errorf("the server is %s (%q), which only speaks MySQL's protocol", found, told),
			"read from MySQL or MariaDB itself")
	}
	return err
}

// verifyPrimary checks that keys are drawn on this server, and on no other one. It is asked in the transaction that
// verifies the table: what stands between may send other queries to another server.
func (s *source[R, K]) verifyPrimary(ctx context.Context) error {
	got, err := s.row(ctx, "SELECT @@global.read_only, @@global.innodb_read_only, @@global.auto_increment_increment")
	if err != nil {
		return err
	}
	for i, name := range []string{"read_only", "innodb_read_only"} {
		if got[i] != "0" && got[i] != "OFF" {
			return replicate.Stop(errors.New("the server is "+name+": it is a replica, where open transactions can't be seen"),
				"connect to the primary")
		}
	}
	if err := s.verifyCluster(ctx); err != nil || s.unsafe() {
		return err
	}
	if got[2] != "1" {
		return s.unprovable("auto_increment_increment is "+got[2]+" and not 1, so other servers draw keys too",
			"SET GLOBAL auto_increment_increment = 1 if this is the only server that is written to")
	}
	return nil
}

// verifyGalera refuses a node of a Galera cluster. Percona's has wsrep_on as a session's setting alone, and the setting
// may be off for a while on a node that the others still write to.
func (s *source[R, K]) verifyGalera(ctx context.Context) error {
	for _, show := range []string{"SHOW VARIABLES LIKE 'wsrep\\_on'", "SHOW GLOBAL STATUS LIKE 'wsrep\\_connected'"} {
		rows, err := s.rows(ctx, show)
		if err != nil {
			return err
		}
		if len(rows) > 0 && rows[0][1] == "ON" && !s.unsafe() {
			return s.unprovable(rows[0][0]+" is ON: in a Galera cluster other nodes draw keys too",
				"read from a server that is not in the cluster")
		}
	}
	return nil
}

// verifyCluster refuses servers to which others write too.
func (s *source[R, K]) verifyCluster(ctx context.Context) error {
	if err := s.verifyGalera(ctx); err != nil {
		return err
	}
	replica := replicate.Stop(errors.New("the server is a replica: its applier is running, whose source draws the keys"),
		"connect to the primary")
	if s.maria {
		running, err := s.rows(ctx, "SHOW GLOBAL STATUS LIKE 'Slaves\\_running'")
		if err == nil && len(running) > 0 && running[0][1] != "0" {
			return replica
		}
		return err
	}
	// Without performance_schema nothing is proven anyway; that is said elsewhere.
	readable, err := s.row(ctx, "SELECT @@performance_schema")
	if err != nil || readable[0] != "1" {
		return err
	}
	members, err := s.rows(ctx, "SELECT MEMBER_ID = @@server_uuid, MEMBER_ROLE"+
		" FROM performance_schema.replication_group_members WHERE MEMBER_STATE <> 'OFFLINE'")
	if err != nil {
		return s.denied(err)
	}
	primaries := 0
	for _, m := range members {
		if m[1] == "PRIMARY" {
			primaries++
		} else if m[0] == "1" {
			return replica
		}
	}
	if primaries > 1 && !s.unsafe() {
		return s.unprovable(fmt.Sprintf("%d members of the replication group are primaries, which all draw keys", primaries),
			"switch the group to a single primary")
	}
	running, err := s.row(ctx, "SELECT COUNT(*) FROM performance_schema.replication_applier_status"+
		" WHERE SERVICE_STATE = 'ON' AND CHANNEL_NAME NOT LIKE 'group\\_replication\\_%'")
	if err != nil {
		return s.denied(err)
	}
	if running[0] != "0" {
		return replica
	}
	return nil
}

// denied adds the remedy where performance_schema may not be read.
func (s *source[R, K]) denied(err error) error {
	if s.unsafe() {
		return nil
	}
	var stop *replicate.StopError
	if errors.As(err, &stop) {
		return replicate.Stop(stop.Err, "GRANT SELECT ON performance_schema.* to the user of %s",
			replicate.SettingURI)
	}
	return err
}

// The instrument records metadata locks. The consumer is what numbers the statements of a session, and with them
// its locks: without it the locks of two transactions of one session look the same.
const (
	instrument = "wait/lock/metadata/sql/mdl"
	consumer   = "events_statements_current"
)

// startWith is what must be set where a server, as MariaDB, does not have it by itself.
const startWith = "start the server with performance_schema=ON, performance-schema-instrument='" + instrument +
	"=ON' and performance-schema-consumer-events-statements-current=ON"

// verifyInstrument checks that the server records metadata locks and has lost none.
func (s *source[R, K]) verifyInstrument(ctx context.Context) error {
	on, err := s.row(ctx, "SELECT @@performance_schema")
	if err != nil {
		return err
	}
	if on[0] != "1" {
		return s.unprovable("performance_schema is OFF, so open transactions can't be seen", startWith)
	}
	enabled, err := s.rows(ctx, "SELECT ENABLED, NAME FROM performance_schema.setup_instruments"+
		" WHERE NAME = "+literal(instrument)+
		" UNION ALL SELECT ENABLED, NAME FROM performance_schema.setup_consumers"+
		" WHERE NAME IN ('global_instrumentation', "+literal(consumer)+")")
	if err != nil {
		return s.denied(err)
	}
	for _, r := range enabled {
		switch {
		case r[0] == "YES":
		case r[1] == consumer:
			s.warner.Warn("the server does not number statements (the consumer " + consumer + " is off), so a session's " +
				"next transaction can't be told from the one before: rows of busy sessions may be read seconds late, and " +
				"none is lost; to read them at once, " + startWith)
		default:
			return s.unprovable("the instrument "+instrument+" is off, so open transactions can't be seen", startWith)
		}
	}
	lost, err := s.rows(ctx, s.lostQuery())
	if err != nil {
		return s.denied(err)
	}
	if len(lost) != 1 || lost[0][len(lost[0])-1] != "0" {
		return s.lost(lost)
	}
	return nil
}

// lost says that the server had no room to record all locks.
func (s *source[R, K]) lost(answer [][]string) error {
	count := "not told"
	if len(answer) == 1 {
		count = answer[0][len(answer[0])-1]
	}
	return s.unprovable("the server had no room for all metadata locks: Performance_schema_metadata_lock_lost is "+
		count,
		"start the server with performance_schema_max_metadata_locks=-1 or a larger number")
}

// lostQuery reads how many locks were not recorded, in the last column.
func (s *source[R, K]) lostQuery() string {
	return s.status("global", "Performance_schema_metadata_lock_lost")
}

// status reads a counter of the server, by the shorter way of each.
func (s *source[R, K]) status(scope, name string) string {
	if s.maria {
		return "SHOW " + strings.ToUpper(scope) + " STATUS LIKE " + literal(strings.ReplaceAll(name, "_", `\_`))
	}
	return "SELECT VARIABLE_VALUE FROM performance_schema." + scope + "_status WHERE VARIABLE_NAME = " + literal(name)
}
