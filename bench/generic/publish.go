package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	goredis "github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

type publisher struct {
	client    *kgo.Client
	store     *goredis.Client
	offsetKey string
}

// offset is the key of the last row that was published, 0 at first.
func (p publisher) offset(ctx context.Context) (int64, error) {
	offset, err := p.store.Get(ctx, p.offsetKey).Int64()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return 0, fmt.Errorf("read the offset: %w", err)
	}
	return offset, nil
}

// publish sends a page, waits for its acknowledgements, and stores the offset.
func (p publisher) publish(ctx context.Context, page page) error {
	var once sync.Once
	var failed error
	for _, record := range page.records {
		p.client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { failed = err })
			}
		})
	}
	if err := p.client.Flush(ctx); err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("publish: %w", failed)
	}
	return p.store.Set(ctx, p.offsetKey, page.last, 0).Err()
}
