package keyset

import (
	"strconv"
	"strings"

	"github.com/repliqate/repliqate/replicate"
)

// CountQuery counts the rows in a range of keys by the key's index, and no further than most. relation and column are
// quoted; literal writes a key in SQL.
func CountQuery[K replicate.Key](
	relation, column string, r replicate.KeyRange[K], most int, literal func(K) string,
) string {
	var bounds []string
	if r.HasAfter {
		bounds = append(bounds, column+" > "+literal(r.After))
	}
	if r.HasUpTo {
		bounds = append(bounds, column+" <= "+literal(r.UpTo))
	}
	where := ""
	if len(bounds) > 0 {
		where = " WHERE " + strings.Join(bounds, " AND ")
	}
	return "SELECT count(*) FROM (SELECT 1 FROM " + relation + where +
		" ORDER BY " + column + " LIMIT " + strconv.Itoa(most) + ") AS counted"
}
