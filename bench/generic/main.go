// Command generic replicates a table as a competent team writes it by hand for any table: database/sql with
// maps of values, encoding/json, SHA-256, franz-go's asynchronous producer, and the offset in Redis after
// each page. It is what repliqate is measured against, so it has no needless slowness: pages are read with
// a keyset query while the page before is published, the producer batches, and the offset is one write a
// page. It keeps none of repliqate's promises on late commits, leases and exact text.
//
//	main.go     settings and the two halves
//	read.go     rows of any table to messages
//	publish.go  messages to Kafka, the offset to Redis
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"

	_ "github.com/go-sql-driver/mysql" // the drivers of database/sql
	_ "github.com/jackc/pgx/v5/stdlib"
	goredis "github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
	_ "modernc.org/sqlite"
)

type settings struct {
	driver, dsn, table, key, broker, topic, redis string
	page                                          int
}

func main() {
	var s settings
	flag.StringVar(&s.driver, "driver", "pgx", "driver of database/sql: pgx, mysql or sqlite")
	flag.StringVar(&s.dsn, "dsn", "", "database, as the driver wants it")
	flag.StringVar(&s.table, "table", "orders", "table")
	flag.StringVar(&s.key, "key", "id", "its increasing integer key")
	flag.StringVar(&s.broker, "broker", "localhost:9092", "Kafka")
	flag.StringVar(&s.topic, "topic", "orders", "topic")
	flag.StringVar(&s.redis, "redis", "localhost:6379", "Redis")
	flag.IntVar(&s.page, "page", 10000, "rows of a page")
	flag.Parse()
	if err := replicate(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "generic:", err)
		os.Exit(1)
	}
}

// replicate publishes the table from its offset to its end.
func replicate(ctx context.Context, s settings) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	db, err := sql.Open(s.driver, s.dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(s.broker), kgo.DefaultProduceTopic(s.topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(1<<20))
	if err != nil {
		return err
	}
	defer client.Close()
	store := goredis.NewClient(&goredis.Options{Addr: s.redis, Protocol: 2, DisableIdentity: true})
	defer store.Close()

	p := publisher{client: client, store: store, offsetKey: "generic:offset:" + s.topic}
	after, err := p.offset(ctx)
	if err != nil {
		return err
	}
	pages, reading := make(chan page), make(chan error, 1)
	go func() {
		defer close(pages)
		reading <- reader{db: db, settings: s}.read(ctx, after, pages)
	}()
	for page := range pages {
		if err := p.publish(ctx, page); err != nil {
			return err
		}
	}
	return <-reading
}
