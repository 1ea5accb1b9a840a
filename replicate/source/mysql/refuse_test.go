package mysql_test

import (
	"testing"
	"time"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
)

// TestRefused opens tables and servers that can't be read exactly. Each is refused with what was found and a
// remedy; what a delay can stand in for is accepted with one.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, ddl, set, reset, product, want string
		acceptable                           bool
	}{
		{name: "a view", want: "is a view",
			ddl: "CREATE TABLE base (id bigint AUTO_INCREMENT PRIMARY KEY, `text` longtext NOT NULL);" +
				" CREATE VIEW events AS SELECT * FROM base"},
		{name: "MyISAM", ddl: plain + " ENGINE=MyISAM", want: "its engine is MyISAM", acceptable: true},
		{name: "keys of the application", want: "is not AUTO_INCREMENT", acceptable: true,
			ddl: "CREATE TABLE events (id bigint PRIMARY KEY, `text` longtext NOT NULL)"},
		{name: "no unique index", want: "has no unique index",
			ddl: "CREATE TABLE events (id bigint NOT NULL AUTO_INCREMENT, `text` longtext NOT NULL, KEY (id))"},
		{name: "a trigger that sets the key", want: "trigger t sets key id", acceptable: true,
			ddl: plain + "; CREATE TRIGGER t BEFORE INSERT ON events FOR EACH ROW SET NEW.`text` = 'x', NEW.id = 7"},
		{name: "a column that may be null", want: "may be null",
			ddl: "CREATE TABLE events (id bigint AUTO_INCREMENT PRIMARY KEY, `text` longtext)"},
		{name: "a column that is gone", want: "has no column text any more",
			ddl: "CREATE TABLE events (id bigint AUTO_INCREMENT PRIMARY KEY)"},
		{name: "a key of another sign", want: "is of type bigint unsigned",
			ddl: "CREATE TABLE events (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, `text` longtext NOT NULL)"},
		{name: "no table", ddl: "SELECT 1", want: "check that the table"},
		{name: "history", product: "MariaDB", ddl: plain + " WITH SYSTEM VERSIONING", want: "system-versioned"},
		{name: "an increment", ddl: plain, want: "auto_increment_increment is 3", acceptable: true,
			set: "SET GLOBAL auto_increment_increment = 3", reset: "SET GLOBAL auto_increment_increment = 1"},
		{name: "read_only", ddl: plain, want: "read_only",
			set: "SET GLOBAL read_only = 1", reset: "SET GLOBAL read_only = 0"},
		{name: "the instrument is off", ddl: plain, want: "is off", acceptable: true,
			set:   "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME = 'wait/lock/metadata/sql/mdl'",
			reset: "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'"},
		{name: "no instrumentation at all", ddl: plain, want: "is off", acceptable: true,
			set:   "UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'global_instrumentation'",
			reset: "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME = 'global_instrumentation'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, m *testserver.MySQL) {
				if c.product != "" && c.product != m.Product {
					return // the other product's server does not know this DDL
				}
				d := create(t, m, c.ddl)
				if c.set != "" {
					t.Cleanup(func() { d.exec(c.reset) })
					d.exec(c.set)
				}
				stops(t, open(t, d.source("events", options{}), replicate.Offset{}), c.want)
				if c.acceptable {
					accepted := d.source("events", options{settle: replicate.Settle{UnsafeDelay: time.Second}})
					if err := open(t, accepted, replicate.Offset{}); err != nil {
						t.Errorf("with unsafe_delay_sec: %v", err)
					}
				}
			})
		})
	}
}

// TestSwitchedOff switches the instrument off while the job runs: the next poll stops it.
func TestSwitchedOff(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain+"; INSERT INTO events (`text`) VALUES ('a')")
		source := d.source("events", options{})
		if err := open(t, source, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		const set = "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME = 'wait/lock/metadata/sql/mdl'"
		t.Cleanup(func() {
			d.exec("UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'")
		})
		d.exec(set)
		_, err := poll(t, source, nil)
		stops(t, err, "own lock")
	})
}

// TestPrivileges opens with a user that lacks one of what is needed.
func TestPrivileges(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain)
		user := d.name + "@'127.0.0.1'"
		d.exec("CREATE USER " + user)
		t.Cleanup(func() { d.exec("DROP USER " + user) })
		opens := func() error { return open(t, d.source("events", options{user: d.name}), replicate.Offset{}) }
		stops(t, opens(), "GRANT SELECT")
		d.exec("GRANT SELECT ON " + d.name + ".events TO " + user)
		stops(t, opens(), "performance_schema")
		d.exec("GRANT SELECT ON performance_schema.* TO " + user)
		if m.Product == "MySQL" {
			stops(t, opens(), "XA_RECOVER_ADMIN")
			d.exec("GRANT XA_RECOVER_ADMIN ON *.* TO " + user)
		}
		if err := opens(); err != nil {
			t.Error(err)
		}
	})
}
