package deps

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/repliqate/repliqate/generated/orders"
	"github.com/repliqate/repliqate/replicate"
	"github.com/repliqate/repliqate/replicate/codec/json"
)

// order is a row of orders as PostgreSQL sends it, in its binary format.
func order(id int64) [][]byte {
	bigint := func(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
	return [][]byte{
		bigint(id),
		bigint(4711),
		[]byte("ORD-2026-000000001"),
		[]byte("EUR"),
		{0, 2, 0, 0, 0, 0, 0, 2, 0, 12, 0x13, 0x88}, // 12.50: two digits of base 10,000, weight 0, scale 2
		{0, 0, 0, 3},
		nil,
		[]byte("Königstraße 1\n😀"),
		bigint(828_000_000_123_456), // microseconds since 2000
		[]byte("0123456789abcdef"),
	}
}

// TestRowAllocatesNothing drives a page of rows the way the source does: scan, encode, checksum (Promise 8).
func TestRowAllocatesNothing(t *testing.T) {
	const rows = 100
	codec := json.New("job", "orders", orders.AppendJSON)
	builder := replicate.NewBuilder(orders.Table(), codec, replicate.MessageKey{}, false)
	values := make([][][]byte, rows)
	for i := range values {
		values[i] = order(int64(i + 1))
	}
	var page replicate.Page[int64]
	var row orders.Row
	readPage := func() {
		builder.Begin(&page, replicate.PollRequest[int64]{MaxRows: rows, MaxBytes: 1 << 20})
		for i := range values {
			if err := orders.Scan(&row, values[i]); err != nil {
				t.Fatal(err)
			}
			if _, err := builder.Add(&row); err != nil {
				t.Fatal(err)
			}
		}
		page.Messages()
	}
	if n := testing.AllocsPerRun(100, readPage); n != 0 {
		t.Errorf("%v allocations for a page of %d rows, want none", n, rows)
	}

	const want = `{"address": "K\u00f6nigstra\u00dfe 1\n\ud83d\ude00", "currency": "EUR", ` +
		`"customer_id": 4711, "id": 100, "note": null, "placed_at": "2026-03-28T08:00:00.123456Z", ` +
		`"quantity": 3, "reference": "ORD-2026-000000001", "token": "30313233-3435-3637-3839-616263646566", "total": "12.50"}`
	if page.Len() != rows || page.LastChecksum != sha256.Sum256([]byte(want)) {
		t.Errorf("%d rows, the last with another checksum than that of %s", page.Len(), want)
	}
	if value := page.Messages()[rows-1].Value; !bytes.Contains(value, []byte(want)) {
		t.Errorf("the message %s does not hold %s", value, want)
	}
}
