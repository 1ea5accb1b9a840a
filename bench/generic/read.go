package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// message is what is published of a row.
type message struct {
	Timestamp float64         `json:"timestamp"`
	Name      string          `json:"name"`
	Table     string          `json:"table"`
	Data      json.RawMessage `json:"data"`
	Hash      string          `json:"hash"`
}

// page is the records of one query.
type page struct {
	records []*kgo.Record
	last    int64
}

type reader struct {
	db *sql.DB
	settings
}

// read sends the table's pages until an empty one.
func (r reader) read(ctx context.Context, after int64, pages chan<- page) error {
	query := fmt.Sprintf("SELECT * FROM %s WHERE %s > ? ORDER BY %s LIMIT ?", r.table, r.key, r.key)
	if r.driver == "pgx" {
		query = fmt.Sprintf("SELECT * FROM %s WHERE %s > $1 ORDER BY %s LIMIT $2", r.table, r.key, r.key)
	}
	next, err := r.db.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer next.Close()
	for {
		p, err := r.readPage(ctx, next, after)
		if err != nil || len(p.records) == 0 {
			return err
		}
		select {
		case pages <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
		after = p.last
	}
}

func (r reader) readPage(ctx context.Context, next *sql.Stmt, after int64) (page, error) {
	rows, err := next.QueryContext(ctx, after, r.page)
	if err != nil {
		return page{}, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return page{}, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return page{}, err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	p := page{records: make([]*kgo.Record, 0, r.page)}
	row := make(map[string]any, len(columns))
	at := float64(time.Now().UnixMicro()) / 1e6
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return page{}, err
		}
		for i, name := range columns {
			row[name] = plain(values[i], types[i])
		}
		key, err := integer(row[r.key])
		if err != nil {
			return page{}, err
		}
		record, err := r.record(key, row, at)
		if err != nil {
			return page{}, err
		}
		p.records = append(p.records, record)
		p.last = key
	}
	return p, rows.Err()
}

// plain makes a string of text that the driver hands over as bytes.
func plain(value any, column *sql.ColumnType) any {
	bytes, ok := value.([]byte)
	if kind := column.DatabaseTypeName(); ok && (kind == "DECIMAL" || kind == "TEXT" || strings.HasSuffix(kind, "CHAR")) {
		return string(bytes)
	}
	return value
}

// integer is the key, which one driver hands over unsigned.
func integer(value any) (int64, error) {
	switch key := value.(type) {
	case int64:
		return key, nil
	case uint64:
		return int64(key), nil
	}
	return 0, fmt.Errorf("the key is a %T", value)
}

func (r reader) record(key int64, row map[string]any, at float64) (*kgo.Record, error) {
	data, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	value, err := json.Marshal(message{
		Timestamp: at, Name: "generic", Table: r.table, Data: data, Hash: hex.EncodeToString(sum[:]),
	})
	if err != nil {
		return nil, err
	}
	return &kgo.Record{Key: strconv.AppendInt(nil, key, 10), Value: value}, nil
}
