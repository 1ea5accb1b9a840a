package postgres_test

import (
	"fmt"
	"testing"

	"github.com/repliqate/repliqate/replicate"
)

// BenchmarkPoll polls a table without new rows: the fence, the stamp and an empty page.
func BenchmarkPoll(b *testing.B) {
	leaves := `CREATE TABLE events (id bigserial, text text NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);`
	for i := range 200 {
		leaves += fmt.Sprintf("CREATE TABLE leaf%d PARTITION OF events FOR VALUES FROM (%d) TO (%d);", i, i*10, (i+1)*10)
	}
	pg := newest(b)
	for name, ddl := range map[string]string{"plain": identity, "200 leaves": leaves} {
		b.Run(name, func(b *testing.B) {
			d := create(b, pg, ddl+"INSERT INTO events (text) SELECT 'x' FROM generate_series(1, 1000)")
			s := d.source("public.events", options{})
			if err := open(b, s, replicate.Offset{}); err != nil {
				b.Fatal(err)
			}
			last := int64(1000)
			for b.Loop() {
				if _, err := poll(b, s, &last); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
