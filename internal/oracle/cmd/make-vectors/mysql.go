package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/repliqate/repliqate/internal/oracle"
	"github.com/repliqate/repliqate/internal/testserver"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
	"github.com/repliqate/repliqate/replicate/source/mysql"
	"github.com/repliqate/repliqate/replicate/source/mysql/mybin"
)

// mysqlVectors are the vectors of both products: what both have must be the same on both.
func mysqlVectors(ctx context.Context, python string) (*oracle.Vectors, error) {
	v, err := mysqlProduct(ctx, python, testserver.StartMySQL)
	if err != nil {
		return nil, err
	}
	maria, err := mysqlProduct(ctx, python, testserver.StartMariaDB)
	if err != nil {
		return nil, err
	}
	for i := range v.Tables {
		t := &v.Tables[i]
		if theirs := maria.Of(t.Name); theirs == nil {
			t.Product = "MySQL"
		} else if !reflect.DeepEqual(v.Of(t.Name), theirs) {
			return nil, fmt.Errorf("table %s: MySQL and MariaDB give different vectors: leave out the rows that differ", t.Name)
		}
	}
	for _, t := range maria.Tables {
		if v.Of(t.Name) == nil {
			t.Product = "MariaDB"
			v.Tables = append(v.Tables, t)
			v.Rows = append(v.Rows, maria.Of(t.Name)...)
		}
	}
	return v, nil
}

// mysqlProduct asks the oracle and adds what the server sends for each row.
func mysqlProduct(
	ctx context.Context, python string, start func(context.Context, ...string) (*testserver.MySQL, error),
) (v *oracle.Vectors, err error) {
	m, err := start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Stop()) }()
	if err := m.Exec(ctx, "CREATE DATABASE vectors CHARACTER SET utf8mb4"); err != nil {
		return nil, err
	}
	uri := m.URI("vectors")
	if v, err = ask(ctx, python, strings.Replace(uri, "mysql://", "mysql+pymysql://", 1), "mysql"); err != nil {
		return nil, err
	}
	for i := range v.Tables {
		if err := addColumns(ctx, m, &v.Tables[i]); err != nil {
			return nil, err
		}
		if err := addSent(ctx, uri, v, &v.Tables[i]); err != nil {
			return nil, fmt.Errorf("table %s: %w", v.Tables[i].Name, err)
		}
	}
	return v, nil
}

// addColumns reads the columns with their types as generated code names them.
func addColumns(ctx context.Context, m *testserver.MySQL, t *oracle.Table) (err error) {
	db, err := m.Open("vectors")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `SELECT COLUMN_NAME, CONCAT(REPLACE(DATA_TYPE, 'geomcoll', 'geometrycoll'),
			IF(COLUMN_TYPE LIKE '%int%unsigned%', ' unsigned', ''))
		FROM information_schema.columns WHERE TABLE_SCHEMA = 'vectors' AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`, t.Name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	for rows.Next() {
		var c oracle.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return err
		}
		if c.Name == "j" {
			c.Type = "json" // MariaDB's is a longtext that a CHECK belongs to
		}
		t.Columns = append(t.Columns, c)
	}
	return nil
}

// sent is a row as the server has sent it.
type sent struct {
	id     int64
	values map[string][]byte
}

// addSent reads a table as a replicator does, and keeps the bytes of each value.
func addSent(ctx context.Context, uri string, v *oracle.Vectors, t *oracle.Table) (err error) {
	var rows []map[string][]byte
	source, err := raw(uri, t, func(values map[string][]byte) { rows = append(rows, values) })
	if err != nil {
		return err
	}
	if err := source.Open(ctx, replicate.Offset{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	req := replicate.PollRequest[int64]{MaxRows: 1 << 20, MaxBytes: 1 << 30,
		OnFence: func(replicate.Fence[int64]) replicate.Bound[int64] {
			return replicate.Bound[int64]{Kind: replicate.BoundUnlimited}
		}}
	page := &replicate.Page[int64]{}
	for more := true; more; {
		result, err := source.Poll(ctx, req, page)
		if err != nil {
			return err
		}
		more, req.After, req.HasAfter = result.More, page.Last, true
	}
	inserted := v.Of(t.Name)
	if len(rows) != len(inserted) {
		return fmt.Errorf("it has %d rows, %d were inserted", len(rows), len(inserted))
	}
	for i, values := range rows {
		inserted[i].Wire = values
	}
	return nil
}

// raw is a source that hands each row to keep.
func raw(uri string, t *oracle.Table, keep func(map[string][]byte)) (replicate.Source[int64], error) {
	columns := make([]replicate.Column, len(t.Columns))
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], columns[i] = c.Name, replicate.Column{Name: c.Name, Type: c.Type, Nullable: c.Name != "id"}
	}
	list := "SELECT " + strings.Join(names, ", ") + " FROM " + t.Name
	table := &mysql.Table[sent, int64]{
		Table: replicate.Table[sent, int64]{
			Name: t.Name, KeyColumn: "id", Fields: names, Columns: columns, Regenerate: "make oracle",
			Key:        func(r *sent) int64 { return r.id },
			AppendJSON: func(b []byte, _ *sent) []byte { return append(b, "{}"...) },
		},
		Unqualified: t.Name, Relation: t.Name,
		First: list + " ORDER BY id LIMIT ?", Next: list + " WHERE id > ? ORDER BY id LIMIT ?",
		At: list + " WHERE id = ?", Lookup: list + " WHERE id IN (" + mysql.KeysParameter + ") ORDER BY id",
		Scan: func(r *sent, values [][]byte) (err error) {
			r.values = map[string][]byte{}
			for i, value := range values {
				if value != nil {
					r.values[names[i]] = append([]byte{}, value...)
				}
			}
			r.id, err = mybin.DecodeBigint(values[0])
			keep(r.values)
			return err
		},
		ScanKey: func(values [][]byte) (int64, error) { return mybin.DecodeBigint(values[0]) },
	}
	builder := replicate.NewBuilder(&table.Table, json.New("oracle", t.Name, table.AppendJSON),
		replicate.MessageKey{}, false)
	return table.NewSource(builder, replicate.SourceConfig{URI: uri, Job: "oracle", Warn: func(string) {}})
}
