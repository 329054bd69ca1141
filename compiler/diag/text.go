package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"topoc/compiler/source"
)

// PerCheck is how many diagnostics of one check the text form prints unless it is asked for all: the eleventh finding of a
// check says nothing that the first ten did not.
const PerCheck = 10

// Text is how diagnostics are printed for people:
//
//	lab.cue:41:14: error: node-1 expects AS 64513 from tor-1, which is AS 64512 [session-as-mismatch]
//	    41 |     asNumber: 64513
//	       |               ^~~~~
//	lab.cue:9:8: note: AS 64512 is set here
//	    hint: delete asNumber: it defaults to the switch's own AS
//
// The zero Text prints without colour, without source lines, at most PerCheck of each check, and no information.
type Text struct {
	Source  source.Locator // where the quoted lines come from; nil: none are quoted
	Color   bool           // ANSI colours: only for a terminal
	All     bool           // print every diagnostic, however many a check found
	Verbose bool           // print those of severity Info too
}

// Print prints l, which the caller has located and sorted, and a closing line that counts what was found. It prints nothing
// where there is nothing to tell.
func (t Text) Print(w io.Writer, l List) error {
	out := &textWriter{Writer: bufio.NewWriter(w), opts: t}
	if shown := t.shown(l); len(shown) > 0 {
		out.list(shown, out.diagnostic)
		fmt.Fprintln(out, out.paint(bold, l.Summary(t.Verbose)))
	}
	return out.Flush()
}

// shown returns those of a list that are printed, were there no limit to their number.
func (t Text) shown(l List) List {
	var shown List
	for _, d := range l {
		if d.Severity != Info || t.Verbose {
			shown = append(shown, d)
		}
	}
	return shown
}

// Summary counts the diagnostics of a list by severity: "1 error, 2 warnings". Information that is not printed is named as
// such.
func (l List) Summary(verbose bool) string {
	var parts []string
	for _, s := range []Severity{Error, Warning} {
		if n := l.Count(s); n > 0 {
			parts = append(parts, plural(n, s.String()))
		}
	}
	switch n := l.Count(Info); {
	case n > 0 && verbose:
		parts = append(parts, fmt.Sprintf("%d info", n))
	case n > 0:
		parts = append(parts, fmt.Sprintf("%d info (-v prints it)", n))
	}
	if len(parts) == 0 {
		return "nothing found"
	}
	return strings.Join(parts, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// ANSI attributes.
const (
	bold    = "1"
	red     = "1;31"
	green   = "1;32"
	magenta = "1;35"
	cyan    = "1;36"
)

var severityColor = [...]string{Error: red, Warning: magenta, Info: cyan}

type textWriter struct {
	*bufio.Writer // keeps the first error until Flush
	opts          Text
}

func (w *textWriter) paint(color, s string) string {
	if !w.opts.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// list has print print as many of the diagnostics as are allowed, and says how many more there are.
func (w *textWriter) list(l List, print func(*Diagnostic)) {
	seen := make(map[string]int)
	var cut []string // checks with more findings than were printed, in the order of their first
	for _, d := range l {
		seen[d.Check]++
		switch {
		case w.opts.All || seen[d.Check] <= PerCheck:
			print(d)
		case seen[d.Check] == PerCheck+1:
			cut = append(cut, d.Check)
		}
	}
	for _, check := range cut {
		fmt.Fprintf(w, "%d more of %s: --all prints them\n", seen[check]-PerCheck, check)
	}
}

func (w *textWriter) diagnostic(d *Diagnostic) {
	w.line(d)
	w.quote(d.Pos)
	for _, n := range d.Notes {
		w.place(n.Pos)
		fmt.Fprintf(w, "%s %s\n", w.paint(cyan, "note:"), printable(n.Message))
	}
	if d.Hint != "" {
		fmt.Fprintf(w, "    %s %s\n", w.paint(green, "hint:"), printable(d.Hint))
	}
}

// line prints the first line of a diagnostic: where it is, and what was found.
func (w *textWriter) line(d *Diagnostic) {
	w.place(d.Pos)
	fmt.Fprintf(w, "%s %s [%s]\n", w.paint(severityColor[d.Severity], d.Severity.String()+":"), printable(d.Message), d.Check)
}

func (w *textWriter) place(p source.Pos) {
	if p.File != "" {
		fmt.Fprint(w, w.paint(bold, printable(p.String())+":"), " ")
	}
}

// quote prints the source line of p with its value marked below it.
func (w *textWriter) quote(p source.Pos) {
	if w.opts.Source == nil || !p.IsValid() {
		return
	}
	line, ok := w.opts.Source.Line(p.File, p.Line)
	if !ok {
		return
	}
	text, mark := excerpt(line, p.Column)
	fmt.Fprintf(w, "%6d | %s\n", p.Line, text)
	if mark != "" {
		indent, marker := splitMark(mark)
		fmt.Fprintf(w, "%6s | %s%s\n", "", indent, w.paint(green, marker))
	}
}

func splitMark(mark string) (indent, marker string) {
	i := strings.IndexByte(mark, '^')
	return mark[:i], mark[i:]
}
