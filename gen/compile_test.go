package gen_test

import (
	"strings"
	"testing"

	"github.com/repliqate/repliqate/gen/schema"
)

// What sqlc finds is reported under the names of the user's files, and does not end the program, though
// sqlc ends its own.
func TestSQLCErrorsAreExplained(t *testing.T) {
	wrong := map[string]string{"postgresql": "SELECT nothing\nFROM orders", "sqlite": "SELECT id FROM nowhere"}
	for name, query := range wrong {
		ddl := []schema.Text{{Name: "shop.sql", SQL: "CREATE TABLE orders (id bigint);"}}
		queries := []schema.Text{{Name: "orders/query.sql", SQL: "-- name: OrdersFirst :many\n" + query + ";\n"}}
		_, err := schema.Compile(name, ddl, queries, schema.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "compile the schema with sqlc: orders/query.sql:") ||
			!strings.Contains(err.Error(), "does not exist") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the plugin finds is reported too.
func TestPluginErrorsAreExplained(t *testing.T) {
	ddl := []schema.Text{{Name: "shop.sql", SQL: "CREATE TABLE orders (id bigint);"}}
	queries := []schema.Text{{Name: "orders/query.sql", SQL: "-- name: OrdersFirst :many\nSELECT id FROM orders;\n"}}
	for want, table := range map[string]schema.TableOptions{
		"has no table public.gone":                {Table: "gone", Key: "id", Package: "gone"},
		"has no column n to be its key":           {Table: "orders", Key: "n", Package: "orders"},
		"of table orders is missing in query.sql": {Table: "orders", Key: "id", Package: "orders"},
	} {
		_, err := schema.Compile("postgresql", ddl, queries, schema.Options{Tables: []schema.TableOptions{table}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}
