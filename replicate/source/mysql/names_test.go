package mysql_test

import (
	"testing"

	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/loop"
)

// TestNamesInLowerCase reads a table whose name the server keeps in lower case, while a writer holds rows back.
func TestNamesInLowerCase(t *testing.T) {
	setting := []string{"lower_case_table_names=1"}
	onOwn(t, map[string][]string{"MariaDB": setting, "MySQL": setting}, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, "CREATE TABLE Events (id bigint AUTO_INCREMENT PRIMARY KEY, `text` longtext NOT NULL)")
		low := d.session()
		low.exec("BEGIN")
		insert(low, "EVENTS")
		insert(d.session(), "events")
		r := run(t, d.source("Events", options{}), loop.Config{})
		r.holds()
		low.exec("COMMIT")
		r.awaits(1, 2)
	})
}

// TestNamesApart reads the one of two tables whose names differ in case alone.
func TestNamesApart(t *testing.T) {
	onEach(t, func(t *testing.T, m *testserver.MySQL) {
		d := create(t, m, plain+"; CREATE TABLE Events (id int PRIMARY KEY); INSERT INTO events (`text`) VALUES ('a')")
		source := d.source("events", options{})
		if err := open(t, source, replicate.Offset{}); err != nil {
			t.Fatal(err)
		}
		if page, err := poll(t, source, nil); err != nil || page.Len() != 1 {
			t.Errorf("%d rows, %v", page.Len(), err)
		}
	})
}
