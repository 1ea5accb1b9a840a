package replicate

import (
	"encoding/base64"
	"errors"
	"strconv"
	"time"
)

// Codec writes the value of a row's message.
type Codec[R any] interface {
	// Begin starts a page: at is the publication time of its messages.
	Begin(at time.Time)
	// AppendValue appends the message's value and returns the row's checksum.
	AppendValue(b []byte, r *R) ([]byte, Checksum)
	// AppendDeadLetter appends the value of a dead-letter message.
	AppendDeadLetter(b []byte, d DeadLetter) []byte
}

// DeadLetter is what is published in place of a row that can't be published.
type DeadLetter struct {
	Key     string // the row's key in decimal
	Reason  string
	Excerpt []byte // as much of the row as could be read, cut to excerptBytesMax
}

// excerptBytesMax bounds how much of a bad row a dead letter repeats.
const excerptBytesMax = 64 << 10

// MessageKey says what the message key is.
type MessageKey struct {
	None    bool  // no message key, as the Python daemon had it
	Columns []int // indexes into Table.Columns; empty with None false: the row key
}

// Builder turns the rows of a poll into the messages of a page. Every source drives it in the same way: Begin, then Add
// for each row until it reports that the page is full.
type Builder[R any, K Key] struct {
	table       *Table[R, K]
	codec       Codec[R]
	messageKey  MessageKey
	deadLetters bool
	now         func() time.Time
	explain     func(error) string

	page *Page[K]
	req  PollRequest[K]
}

// NewBuilder returns a builder for table. With deadLetters, bad rows become dead-letter messages
// instead of errors.
func NewBuilder[R any, K Key](table *Table[R, K], codec Codec[R], key MessageKey, deadLetters bool) *Builder[R, K] {
	return &Builder[R, K]{table: table, codec: codec, messageKey: key, deadLetters: deadLetters, now: time.Now,
		explain: error.Error}
}

// ExplainWith sets the function that words the errors in dead letters, in place of error.Error. It usually calls
// Explain, so that settings have the names that the reader knows.
func (b *Builder[R, K]) ExplainWith(explain func(error) string) { b.explain = explain }

// Begin starts to fill page as req asks.
func (b *Builder[R, K]) Begin(page *Page[K], req PollRequest[K]) {
	page.Reset()
	b.page, b.req = page, req
	b.codec.Begin(b.now())
}

// Add appends the row's message. full reports that the page has reached a limit of the request.
func (b *Builder[R, K]) Add(r *R) (full bool, err error) {
	p := b.page
	key := b.table.Key(r)
	s := span{rowKey: len(p.slab), kind: rowKeyIs}
	p.slab = AppendKey(p.slab, key)
	s.key = len(p.slab)
	switch {
	case b.messageKey.None:
		s.kind = noKey
	case len(b.messageKey.Columns) > 0:
		s.kind = ownKeySpan
		p.slab = b.appendMessageKey(p.slab, r)
	}
	s.value = len(p.slab)
	var checksum Checksum
	p.slab, checksum = b.codec.AppendValue(p.slab, r)
	s.end = len(p.slab)
	if size := s.end - s.key; b.req.MaxMessageBytes > 0 && size > b.req.MaxMessageBytes {
		excerpt := append([]byte(nil), p.slab[s.value:min(s.end, s.value+excerptBytesMax)]...)
		p.slab = p.slab[:s.rowKey]
		p.Shrink(b.req.MaxBytes)
		return b.Bad(key, "", tooLarge(size, b.req.MaxMessageBytes), excerpt)
	}
	p.append(key, checksum, s)
	return b.full(), nil
}

// Bad handles a row that can't be published: it returns an error that names the row, or appends a dead letter. column
// is empty if the row as a whole is at fault; excerpt is as much of the row as could be read.
func (b *Builder[R, K]) Bad(key K, column string, reason error, excerpt []byte) (full bool, err error) {
	rowErr := &RowError{Key: KeyText(key), Column: column, Err: reason}
	if !b.deadLetters {
		return false, rowErr
	}
	p := b.page
	s := span{rowKey: len(p.slab), kind: rowKeyIs, dead: true}
	p.slab = AppendKey(p.slab, key)
	s.key, s.value = len(p.slab), len(p.slab)
	limit := excerptBytesMax
	if b.req.MaxMessageBytes > 0 {
		limit = min(limit, b.req.MaxMessageBytes/4)
	}
	p.slab = b.codec.AppendDeadLetter(p.slab, DeadLetter{
		Key: rowErr.Key, Reason: b.explain(rowErr), Excerpt: excerpt[:min(len(excerpt), limit)],
	})
	s.end = len(p.slab)
	p.append(key, Checksum{}, s)
	p.BadRows++
	return b.full(), nil
}

// BadScan is Bad for a row whose Scan failed with err. raw returns what the database sent for a column.
func (b *Builder[R, K]) BadScan(key K, err error, raw func(column int) []byte) (full bool, _ error) {
	var column *ColumnError
	if !errors.As(err, &column) {
		return false, err
	}
	var excerpt []byte
	for i, c := range b.table.Columns {
		if c.Name == column.Column {
			excerpt = raw(i)
		}
	}
	return b.Bad(key, column.Column, column.Err, excerpt)
}

func (b *Builder[R, K]) full() bool {
	return b.page.Len() >= b.req.MaxRows || b.page.Bytes() >= b.req.MaxBytes
}

// appendMessageKey writes a single column as its bare text and several as a JSON array, so that in the common case, one
// column, the key looks like that of any other producer.
func (b *Builder[R, K]) appendMessageKey(dst []byte, r *R) []byte {
	columns := b.messageKey.Columns
	if len(columns) == 1 {
		start := len(dst)
		dst = b.table.AppendColumn(dst, r, columns[0])
		if value := dst[start:]; len(value) >= 2 && value[0] == '"' {
			copy(value, value[1:len(value)-1])
			dst = dst[:len(dst)-2]
		}
		return dst
	}
	for i, column := range columns {
		if i == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',', ' ')
		}
		dst = b.table.AppendColumn(dst, r, column)
	}
	return append(dst, ']')
}

// append adds a finished message.
func (p *Page[K]) append(key K, checksum Checksum, s span) {
	if len(p.spans) == 0 {
		p.First = key
	}
	p.Last, p.LastChecksum = key, checksum
	p.Keys = append(p.Keys, key)
	p.spans = append(p.spans, s)
}

// Shrink reallocates a slab that one oversized row has made too large, so that it does not stay that large for the life
// of the page (Promise 7).
func (p *Page[K]) Shrink(maxBytes int) {
	if maxBytes > 0 && cap(p.slab) > 4*maxBytes {
		p.slab = append(make([]byte, 0, len(p.slab)), p.slab...)
	}
}

func tooLarge(size, limit int) error {
	return Hint(errors.New("the message has "+strconv.Itoa(size)+" bytes, "+strconv.Itoa(limit)+
		" is the most that can be published"), "the limits are the topic's max.message.bytes and %s", SettingMaxMessageBytes)
}

// AppendExcerpt appends an excerpt as a quoted base64 string, the form in which dead letters carry it.
func AppendExcerpt(b, excerpt []byte) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, excerpt)
	return append(b, '"')
}
