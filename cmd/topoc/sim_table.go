package main

import (
	"bufio"
	"strings"
	"unicode/utf8"
)

// textTable is rows of cells under a header.
type textTable struct {
	header []string   // nil: none
	rows   [][]string // all as long as the header, if there is one
}

// widths returns the width of each column, in characters.
func (t *textTable) widths() []int {
	var widths []int
	for _, row := range t.lines() {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// lines returns the header and the rows.
func (t *textTable) lines() [][]string {
	if t.header == nil {
		return t.rows
	}
	return append([][]string{t.header}, t.rows...)
}

// writeBoxed prints the table as calicoctl does: boxed, the header in the middle, the cells to the left.
func (t *textTable) writeBoxed(w *bufio.Writer) {
	widths := t.widths()
	rule := "+"
	for _, width := range widths {
		rule += strings.Repeat("-", width+2) + "+"
	}
	rule += "\n"
	w.WriteString(rule + "|")
	for i, cell := range t.header {
		left := (widths[i] - utf8.RuneCountInString(cell)) / 2
		w.WriteString(" " + padded(strings.Repeat(" ", left)+cell, widths[i]) + " |")
	}
	w.WriteString("\n" + rule)
	for _, row := range t.rows {
		w.WriteString("|")
		for i, cell := range row {
			w.WriteString(" " + padded(cell, widths[i]) + " |")
		}
		w.WriteString("\n")
	}
	w.WriteString(rule)
}

// writeColumns prints the table without lines: columns two blanks apart, no blanks at the ends of lines.
func (t *textTable) writeColumns(w *bufio.Writer) {
	widths := t.widths()
	for _, row := range t.lines() {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(padded(cell, widths[i]) + "  ")
		}
		w.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// padded fills s with blanks up to a width.
func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// textParts prints parts under headings, with an empty line between them.
type textParts struct {
	w      *bufio.Writer
	isNext bool // something was printed before
}

// heading begins a part.
func (t *textParts) heading(text string) {
	if t.isNext {
		t.w.WriteString("\n")
	}
	t.isNext = true
	t.w.WriteString(text + "\n")
}
