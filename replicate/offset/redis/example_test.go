package redis_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/offset/redis"
)

// Two instances of one job share a key in Redis: only the one with the lease commits.
func ExampleNew() {
	server, err := miniredis.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	instance := func() *redis.Store {
		store, err := redis.New(redis.Config{Addr: server.Addr(), Job: "shop", Table: "orders", Topic: "orders",
			Lease: true, LeaseTTL: 10 * time.Second})
		if err != nil {
			panic(err)
		}
		return store
	}
	first, second := instance(), instance()
	defer first.Close()
	defer second.Close()
	ctx := context.Background()
	held, _, err := first.Acquire(ctx)
	fmt.Println("first holds the lease:", held, err)
	held, _, err = second.Acquire(ctx)
	fmt.Println("second holds the lease:", held, err)
	fmt.Println(first.Commit(ctx, replicate.Offset{Key: "42"}))
	// Output:
	// first holds the lease: true <nil>
	// second holds the lease: false <nil>
	// <nil>
}
