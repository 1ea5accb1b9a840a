package replicate

// Message is one row ready to be published. All slices are views into the batch's slab.
type Message struct {
	RowKey     []byte // the row's key in decimal; decides the partition if there is no message key
	Key        []byte // the message's key; nil for none
	Value      []byte
	DeadLetter bool // goes to the dead-letter topic instead of the topic
}

// Batch holds the rows of one poll as messages, in ascending key order. It is reused from poll to poll: the sink owns
// it until it has called done.
type Batch struct {
	messages []Message
	slab     []byte
	spans    []span
	sealed   bool
}

// span marks a message in the slab. The slab may move while it grows, so slices are made in seal.
type span struct {
	rowKey, key, value, end int
	kind                    spanKind
	dead                    bool
}

type spanKind uint8

const (
	noKey      spanKind = iota // published without a key
	rowKeyIs                   // the key is the row key
	ownKeySpan                 // the key has bytes of its own
)

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.messages, b.slab, b.spans, b.sealed = b.messages[:0], b.slab[:0], b.spans[:0], false
}

// Len is the number of messages.
func (b *Batch) Len() int { return len(b.spans) }

// Bytes is the size of the slab, which every bound on memory is about.
func (b *Batch) Bytes() int { return len(b.slab) }

// Messages returns the messages in key order. The first call seals the batch.
func (b *Batch) Messages() []Message {
	if !b.sealed {
		b.seal()
	}
	return b.messages
}

func (b *Batch) seal() {
	for _, s := range b.spans {
		m := Message{RowKey: b.slab[s.rowKey:s.key:s.key], Value: b.slab[s.value:s.end:s.end], DeadLetter: s.dead}
		switch s.kind {
		case rowKeyIs:
			m.Key = m.RowKey
		case ownKeySpan:
			m.Key = b.slab[s.key:s.value:s.value]
		}
		b.messages = append(b.messages, m)
	}
	b.sealed = true
}

// Page is what one poll has read: the batch for the sink, and the keys that the loop needs.
type Page[K Key] struct {
	Batch
	First, Last  K        // the first and the last key of the page, if Len() > 0
	LastChecksum Checksum // checksum of the last row
	Keys         []K      // all keys, ascending
	BadRows      int64    // rows that went to the dead-letter topic
}

// Reset empties the page and keeps its memory.
func (p *Page[K]) Reset() {
	p.Batch.Reset()
	var zero K
	p.First, p.Last, p.LastChecksum, p.Keys, p.BadRows = zero, zero, Checksum{}, p.Keys[:0], 0
}
