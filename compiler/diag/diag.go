// Package diag is what topoc has to say about a topology: diagnostics with a place, the other places that matter, and one
// hint; and their printed forms, one file each.
package diag

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/source"
)

// Severity says how bad a diagnostic is.
type Severity uint8

const (
	Error   Severity = iota // the topology would not work: build stops
	Warning                 // it would, with a risk: fails under --strict
	Info                    // worth knowing: printed with -v
)

func (s Severity) String() string { return [...]string{"error", "warning", "info"}[s] }

// Note is another place that a diagnostic is about: the other side.
type Note struct {
	Message string
	Path    source.Path
	Pos     source.Pos // filled by List.Locate where Path leads
}

// Diagnostic is one problem. It is reported against a path; its Pos follows from Locate, but mistakes found while reading a
// file (which has no paths yet) come with their Pos set.
type Diagnostic struct {
	Check    string // stable name: a check's, or a mistake of shape's
	Severity Severity
	Message  string // what was found and what was expected, with names and values; one line, no full stop
	Path     source.Path
	Pos      source.Pos
	Notes    []Note
	Hint     string // one edit that mends it
}

// Note adds another place.
func (d *Diagnostic) Note(at source.Path, format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Note{Path: at, Message: fmt.Sprintf(format, args...)})
	return d
}

// WithHint says the edit that mends it.
func (d *Diagnostic) WithHint(format string, args ...any) *Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// List is what a stage found. The zero List is empty and ready.
type List []*Diagnostic

// Add appends a diagnostic and returns it, so that notes and a hint can be chained.
func (l *List) Add(check string, severity Severity, at source.Path, format string, args ...any) *Diagnostic {
	d := &Diagnostic{Check: check, Severity: severity, Path: at, Message: fmt.Sprintf(format, args...)}
	*l = append(*l, d)
	return d
}

// Locate fills in every missing position.
func (l List) Locate(in source.Locator) {
	for _, d := range l {
		if !d.Pos.IsValid() {
			d.Pos = in.Locate(d.Path)
		}
		for i := range d.Notes {
			if !d.Notes[i].Pos.IsValid() {
				d.Notes[i].Pos = in.Locate(d.Notes[i].Path)
			}
		}
	}
}

// Sort orders by file, line, check, then column, path and message, so that equal input prints equally.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b *Diagnostic) int {
		if a.Pos.File != b.Pos.File {
			return strings.Compare(a.Pos.File, b.Pos.File)
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		if c := strings.Compare(a.Check, b.Check); c != 0 {
			return c
		}
		if a.Pos.Column != b.Pos.Column {
			return a.Pos.Column - b.Pos.Column
		}
		if c := strings.Compare(string(a.Path), string(b.Path)); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
}

// Fold returns a sorted list without what it says twice: the same finding again, and findings of one line that stands for many
// values, as a default or a comprehension does. Of those the first is kept, with a note that names the others.
func (l List) Fold() List {
	var folded List
	var also []source.Path
	flush := func() {
		if len(also) > 0 {
			first := folded[len(folded)-1]
			first.Notes = append(first.Notes, Note{Message: "this line stands for " + some(also) + " too", Path: first.Path, Pos: first.Pos})
			also = nil
		}
	}
	for _, d := range l {
		if len(folded) > 0 {
			if first := folded[len(folded)-1]; d.Check == first.Check && d.Pos == first.Pos && d.Severity == first.Severity {
				if d.Path == first.Path && d.Message == first.Message {
					continue
				}
				if d.Path != first.Path && d.Pos.IsValid() && lastLabel(d.Path) == lastLabel(first.Path) {
					also = append(also, d.Path)
					continue
				}
			}
		}
		flush()
		folded = append(folded, d)
	}
	flush()
	return folded
}

// some names a few of many paths.
func some(paths []source.Path) string {
	const few = 3
	text := ""
	for i, p := range paths[:min(few, len(paths))] {
		if i > 0 {
			text += ", "
		}
		text += string(p)
	}
	if more := len(paths) - few; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func lastLabel(p source.Path) string {
	labels := p.Labels()
	if len(labels) == 0 {
		return ""
	}
	return labels[len(labels)-1]
}

// Count returns how many diagnostics have the severity.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity == s {
			n++
		}
	}
	return n
}
