package mysql

import "slices"

// xaPrefix begins the identity of a prepared XA transaction.
const xaPrefix = "XA "

// prepared follows XA transactions from their session's lock to the list of prepared ones. When the session ends,
// a transaction that it has prepared lives on, but its lock is gone from the list, or is there under another
// identity. An epoch that waits for the lock must then wait for the prepared transaction.
//
// Which lock it was is not told. But it was there in the list before the one in which the transaction turned up
// among the prepared, or in that one: so all of these count as there for as long as the transaction is. That
// can only delay settling, and is bounded by the number of sessions (Promise 7).
type prepared struct {
	last  []string            // the locks of the last list
	known map[string][]string // by transaction: the locks that may have been its own
}

// holders returns everyone who may still commit.
func (p *prepared) holders(locks, transactions []string) []string {
	now := make(map[string][]string, len(transactions))
	all := slices.Concat(locks, transactions)
	for _, x := range transactions {
		own, known := p.known[x]
		if !known {
			own = slices.Concat(p.last, locks)
		}
		now[x] = own
		all = append(all, own...)
	}
	p.known, p.last = now, locks
	slices.Sort(all)
	return slices.Compact(all)
}

// after returns the prepared transactions that a lock may have become.
func (p *prepared) after(lock string) (transactions []string) {
	for x, own := range p.known {
		if slices.Contains(own, lock) {
			transactions = append(transactions, x)
		}
	}
	return transactions
}
