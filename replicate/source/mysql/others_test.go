package mysql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// through is the URI of the database as an interpreter shows it.
func (d database) through(t *testing.T, i interpreter) string {
	t.Helper()
	address := i.start(t, fmt.Sprintf("127.0.0.1:%d", d.m.Port))
	return "mysql://root@" + address + "/" + d.name + "?ssl_mode=DISABLED"
}

// product is what a server says it is: its greeting, and its version and comment, as its makers document them.
func product(greeting, version, comment string) interpreter {
	return interpreter{version: greeting, answers: []answer{
		{query: "@@version_comment", rows: [][]string{{version, comment}}},
	}}
}

// TestOtherProducts opens servers that only speak MySQL's protocol: they are named, whatever part of what they tell
// says it, and no setting accepts them, since no delay stands in for locks that are not there.
func TestOtherProducts(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		for name, i := range map[string]interpreter{
			"TiDB": product("8.0.11-TiDB-v8.5.1", "8.0.11-TiDB-v8.5.1",
				"TiDB Server (Apache License 2.0) Community Edition, MySQL 8.0 compatible"),
			"Vitess":      product("8.0.40-Vitess", "8.0.40-Vitess", "Version: 22.0.0 (Git revision 0 branch 'heads/v22')"),
			"OceanBase":   product("5.7.25", "5.7.25-OceanBase-v4.3.5.0", "OceanBase_CE 4.3.5.0"),
			"SingleStore": product("5.7.32", "5.7.32", "SingleStoreDB source distribution (compatible; MySQL Enterprise)"),
			"Doris":       product("5.7.99", "5.7.99", "Doris version doris-3.0.3-rc03"),
			"StarRocks":   product("8.0.33", "8.0.33", "StarRocks version 3.3.5"),
			"Dolt":        product("8.0.33", "8.0.33", "Dolt"),
			"ClickHouse": {version: "24.8.4.13-ClickHouse", answers: []answer{
				{query: "@@version_comment", err: "Unknown identifier @@version_comment"},
				{query: "SET SESSION", err: "Syntax error"}}},
			"seekdb": {version: "5.7.25-seekdb", answers: []answer{
				{query: "SET SESSION", err: "Unknown system variable 'completion_type'"}}},
		} {
			t.Run(name, func(t *testing.T) {
				for _, settle := range []replicate.Settle{{}, {UnsafeDelay: time.Second}} {
					source := d.source("events", options{uri: d.through(t, i), settle: settle})
					if err := open(t, source, replicate.Offset{}); stops(t, err, "only speaks MySQL's protocol") &&
						!strings.Contains(strings.ToLower(err.Error()), "the server is "+strings.ToLower(name)) {
						t.Errorf("%s is not named: %v", name, err)
					}
				}
			})
		}
	})
}

// TestClusters opens servers that other servers are written to beside, or that only copy one, as their own variables
// and tables tell it. What a delay can stand in for is accepted with one.
func TestClusters(t *testing.T) {
	const members = "performance_schema.replication_group_members"
	writable := []string{"0", "0", "1"}
	for _, c := range []struct {
		name, product, want string
		acceptable          bool
		answers             []answer
	}{
		{name: "Galera", want: "wsrep_on is ON", acceptable: true, answers: []answer{
			{query: `LIKE 'wsrep\_on'`, rows: [][]string{{"wsrep_on", "ON"}}}}},
		{name: "Galera with wsrep_on switched off for now", want: "wsrep_connected is ON", acceptable: true,
			answers: []answer{{query: `LIKE 'wsrep\_on'`, rows: [][]string{{"wsrep_on", "OFF"}}},
				{query: `LIKE 'wsrep\_connected'`, rows: [][]string{{"wsrep_connected", "ON"}}}}},
		{name: "a cluster of three that has raised the increment", want: "auto_increment_increment is 3", acceptable: true,
			answers: []answer{{query: "@@global.read_only", rows: [][]string{{"0", "0", "3"}}}}},
		{name: "a reader of Aurora", want: "the server is innodb_read_only", answers: []answer{
			{query: "@@global.read_only", rows: [][]string{{"0", "1", "1"}}}}},
		{name: "a read_only of MariaDB 12", want: "the server is read_only", answers: []answer{
			{query: "@@global.read_only", rows: [][]string{{"NO_LOCK_NO_ADMIN", "OFF", "1"}}}}},
		{name: "several primaries", product: "MySQL", want: "2 members of the replication group are primaries",
			acceptable: true, answers: []answer{{query: members, rows: [][]string{{"1", "PRIMARY"}, {"0", "PRIMARY"}}},
				{query: "@@global.read_only", rows: [][]string{writable}}}},
		{name: "a secondary", product: "MySQL", want: "the server is a replica", answers: []answer{
			{query: members, rows: [][]string{{"0", "PRIMARY"}, {"1", "SECONDARY"}}}}},
		{name: "the primary of a group", product: "MySQL", answers: []answer{
			{query: members, rows: [][]string{{"1", "PRIMARY"}, {"0", "SECONDARY"}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, m *testserver.MySQL) {
				if c.product != "" && c.product != m.Product {
					return // the other product has no such thing
				}
				d := create(t, m, plain)
				uri := d.through(t, interpreter{answers: c.answers})
				err := open(t, d.source("events", options{uri: uri}), replicate.Offset{})
				if c.want == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				stops(t, err, c.want)
				accepted := d.source("events", options{uri: uri, settle: replicate.Settle{UnsafeDelay: time.Second}})
				if err := open(t, accepted, replicate.Offset{}); (err == nil) != c.acceptable {
					t.Errorf("with unsafe_delay_sec: %v", err)
				}
			})
		})
	}
}

// TestApplier starts the applier of a replica, before the source is opened and while it runs.
func TestApplier(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		point, begin, end := "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1", "START SLAVE SQL_THREAD",
			"STOP SLAVE; RESET SLAVE ALL"
		if m.Product == "MySQL" {
			point, begin, end = "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1",
				"START REPLICA SQL_THREAD", "STOP REPLICA; RESET REPLICA ALL"
		}
		d.exec(point)
		t.Cleanup(func() { d.exec(end) })
		source := d.source("events", options{})
		if err := open(t, source, replicate.Offset{}); err != nil {
			t.Fatalf("while the applier does not run: %v", err)
		}
		d.exec(begin)
		stops(t, source.(replicate.Rechecker).Recheck(t.Context()), "the server is a replica")
		stops(t, open(t, d.source("events", options{}), replicate.Offset{}), "the server is a replica")
	})
}
