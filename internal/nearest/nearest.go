// Package nearest finds what a person probably meant: the names that differ least from what was written.
package nearest

import "slices"

// longest is how much of a name is compared, in bytes: what is longer is no mistyped name.
const longest = 80

// Of returns the known name that differs least from name, or nothing where none is known.
func Of(name string, known []string) string {
	for _, k := range Some(name, known, 1) {
		return k
	}
	return ""
}

// Some returns up to n known names, those that differ least from name first.
func Some(name string, known []string, n int) []string {
	known = slices.Clone(known)
	slices.SortStableFunc(known, func(a, b string) int { return Distance(name, a) - Distance(name, b) })
	return known[:min(n, len(known))]
}

// Distance is the Levenshtein distance in bytes, of the beginning of a where that is long.
func Distance(a, b string) int {
	a = a[:min(len(a), longest)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
