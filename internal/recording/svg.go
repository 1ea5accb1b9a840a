package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	columnWidth = 7.8 // of the font below
	lineHeight  = 19
	margin      = 16
)

const style = `svg { background: #ffffff; border-radius: 8px; }
.frame { fill: #f6f8fa; stroke: #d0d7de; }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
.command { fill: #0969da; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  .frame { fill: #161b22; stroke: #30363d; }
  text { fill: #e6edf3; }
  .command { fill: #58a6ff; }
}
@media (prefers-reduced-motion: reduce) { text { animation: none !important; } }
`

// svg draws the screen. Each text of a line is an element with an animation of its own, which shows it for its time;
// without animations the last texts are seen.
func (s *screen) svg() []byte {
	var styles, texts bytes.Buffer
	columns, rows, end := 0, 0, s.end()
	for _, line := range s.lines {
		if len(line) == 0 {
			continue
		}
		rows++
		for i, t := range line {
			columns = max(columns, utf8.RuneCountInString(t.chars))
			name, until, last := fmt.Sprintf("t%d-%d", rows, i), end, i == len(line)-1
			if !last {
				until = line[i+1].from
			}
			animation(&styles, name, t.from, until, end, last)
			class := ""
			if strings.HasPrefix(t.chars, "$ ") {
				class = ` class="command"`
			}
			fmt.Fprintf(&texts, `<text id="%s"%s x="%d" y="%d" xml:space="preserve">`,
				name, class, margin, margin+rows*lineHeight-5)
			_ = xml.EscapeText(&texts, []byte(t.chars)) // a buffer takes everything
			texts.WriteString("</text>\n")
		}
	}
	width, height := int(float64(columns)*columnWidth)+2*margin, rows*lineHeight+2*margin
	var out bytes.Buffer
	fmt.Fprintf(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "+
		"role=\"img\">\n<title>A recording of a terminal</title>\n<style>\n%s%s</style>\n", width, height, width, height,
		style, styles.String())
	fmt.Fprintf(&out, "<rect class=\"frame\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
		width-1, height-1)
	out.Write(texts.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// animation shows an element from a time to another one, of all that the picture takes.
func animation(b *bytes.Buffer, name string, from, until, end time.Duration, last bool) {
	percent := func(d time.Duration) float64 { return 100 * d.Seconds() / end.Seconds() }
	still := 0
	if last {
		still = 1
	}
	fmt.Fprintf(b, "#%s { opacity: %d; animation: %s %.2fs step-end infinite; }\n@keyframes %s {", name, still, name,
		end.Seconds(), name)
	if from > 0 {
		b.WriteString(" 0% { opacity: 0 }")
	}
	fmt.Fprintf(b, " %.3f%% { opacity: 1 }", percent(from))
	if !last {
		fmt.Fprintf(b, " %.3f%% { opacity: 0 }", percent(until))
	}
	b.WriteString(" }\n")
}
