package main

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
	"net/netip"
	"strings"
)

// jsonList is a named list whose rows come one by one.
type jsonList struct {
	name string
	rows iter.Seq[any]
}

// writeLists prints {"name": [row, …], …}, a row to a line, as the rows come: a large topology has more of them than fit in memory.
func writeLists(w io.Writer, lists ...jsonList) error {
	b := bufio.NewWriter(w)
	for i, list := range lists {
		b.WriteString([]string{"{", ", "}[min(i, 1)] + `"` + list.name + `": [`)
		before, after := "\n  ", "]"
		for row := range list.rows {
			line, err := compact(row)
			if err != nil {
				return err
			}
			if _, err := b.WriteString(before + line); err != nil {
				return err // nobody reads any more
			}
			before, after = ",\n  ", "\n]"
		}
		b.WriteString(after)
	}
	b.WriteString("}\n")
	return b.Flush()
}

// compact returns v as JSON on one line. Names such as a->b stay readable.
func compact(v any) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// writeIndented prints v as JSON over several lines.
func writeIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// addressText returns an address as it is printed; "" where there is none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// listOf returns a list that JSON prints as [] where it is empty.
func listOf[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
