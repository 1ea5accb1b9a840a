package keyset

import "github.com/repliqate/repliqate/replicate"

// Limit is the number of rows to ask for.
type Limit int

// FirstLimit is the number before it is known what a row weighs: rows that do not fit a page are read and thrown away,
// so a first page of huge rows should be a short one.
const FirstLimit Limit = 256

// Rows is the number to ask for in a poll that may read up to maxRows.
func (l Limit) Rows(maxRows int) int { return min(int(l), maxRows) }

// Adapt sizes the next page by what this page's rows have weighed (Promise 7). While rows are held back it asks for
// few: those beyond the bound are read and thrown away, with each poll until they are settled.
func (l *Limit) Adapt(page *replicate.Batch, maxBytes int, unsettled bool) {
	if unsettled {
		*l = min(*l, max(FirstLimit, Limit(2*page.Len())))
		return
	}
	if page.Len() == 0 {
		return
	}
	fits := Limit(maxBytes / max(page.Bytes()/page.Len(), 1))
	*l = max(1, min(fits+fits/8+1, 8**l)) // a poll takes no more than its request allows
}
