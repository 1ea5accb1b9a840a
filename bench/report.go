package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// report is the table of a database's medians, in Markdown and aligned. Ratios are medians of each round's own ratio,
// so that a machine which is slow for a while is slow for both.
func report(db *database, contenders []contender, results [][]figures, rows int) string {
	place := func(name string) int {
		return slices.IndexFunc(contenders, func(c contender) bool { return c.db == db && c.name == name })
	}
	base, dump := place(generic), place(db.dumpName)
	lines := [][]string{{db.product, "rows/s", "range", "CPU-s per M rows", "peak RSS", "rows/s to the dump",
		"rows/s to generic", "CPU to generic"}}
	for i, c := range contenders {
		if c.db != db {
			continue
		}
		runs := results[i]
		speed := func(k int) float64 { return runs[k].rowsPerSecond(rows) }
		faster := median(len(runs), func(k int) float64 { return speed(k) / results[base][k].rowsPerSecond(rows) })
		bounded := median(len(runs), func(k int) float64 { return speed(k) / results[dump][k].rowsPerSecond(rows) })
		lighter := median(len(runs), func(k int) float64 { return results[base][k].cpu.Seconds() / runs[k].cpu.Seconds() })
		lines = append(lines, []string{
			c.name,
			thousands(median(len(runs), speed)),
			thousands(least(len(runs), speed)) + " to " + thousands(-least(len(runs), func(k int) float64 { return -speed(k) })),
			fmt.Sprintf("%.2f", median(len(runs), func(k int) float64 { return runs[k].cpuPerMillion(rows) })),
			fmt.Sprintf("%.0f MB", median(len(runs), func(k int) float64 { return float64(runs[k].peak) / (1 << 20) })),
			fmt.Sprintf("%.2f", bounded),
			fmt.Sprintf("%.1f x", faster),
			fmt.Sprintf("1/%.1f", lighter),
		})
	}
	return "\n" + aligned(lines)
}

func median(n int, of func(int) float64) float64 {
	values := collect(n, of)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func least(n int, of func(int) float64) float64 { return collect(n, of)[0] }

func collect(n int, of func(int) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = of(i)
	}
	slices.Sort(values)
	return values
}

// thousands rounds to three digits and sets commas: more digits would be noise.
func thousands(v float64) string {
	unit := 1.0
	for v/unit >= 1000 {
		unit *= 10
	}
	s := fmt.Sprintf("%.0f", float64(int(v/unit+0.5))*unit)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// aligned writes a Markdown table that can be read as it is.
func aligned(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, cell := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("| " + cell + pad + " |")
			} else {
				b.WriteString(" " + pad + cell + " |")
			}
		}
		b.WriteString("\n")
		if n == 0 {
			b.WriteString("|" + strings.Repeat("-", widths[0]+2) + "|")
			for _, w := range widths[1:] {
				b.WriteString(strings.Repeat("-", w+1) + ":|")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
