package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"topoc/compiler/source"
)

// Changes is what became of the findings of one run in a later one. The lists are sorted.
type Changes struct {
	New  List // located where they are
	Gone List // located where they were
	Left List // all of the later run, the new ones included
	Held int  // how many earlier findings nobody looked for in the later run, because errors stopped it; they are in no list
}

// Since returns what became of the findings of an earlier run. Two are the same where check, file, path and message agree, as for
// the fingerprints of reports: a finding whose line moved has not changed. Both lists are sorted.
func (l List) Since(before List) Changes {
	matched := make([]bool, len(l))
	gone := before
	for _, key := range []func(*Diagnostic) finding{placed, (*Diagnostic).finding} { // of several alike, those that stayed where they were
		at := map[finding][]int{}
		for i, d := range l {
			if !matched[i] {
				at[key(d)] = append(at[key(d)], i)
			}
		}
		var missing List
		for _, d := range gone {
			k := key(d)
			if len(at[k]) == 0 {
				missing = append(missing, d)
				continue
			}
			matched[at[k][0]], at[k] = true, at[k][1:]
		}
		gone = missing
	}
	c := Changes{Gone: gone, Left: l}
	for i, d := range l {
		if !matched[i] {
			c.New = append(c.New, d)
		}
	}
	return c
}

// finding is what makes a diagnostic the same as one of an earlier run.
type finding struct {
	check, file string
	path        source.Path
	message     string
	pos         source.Pos // the zero Pos unless the line counts too
}

func (d *Diagnostic) finding() finding {
	return finding{check: d.Check, file: d.Pos.File, path: d.Path, message: d.Message}
}

func placed(d *Diagnostic) finding {
	f := d.finding()
	f.pos = d.Pos
	return f
}

// PrintChanges prints what changed below a title, which says when and why:
//
//	12:04:05 lab.cue
//	gone: lab.cue:6:14: error: pod range 10.10.0.0/16 of cluster blue overlaps … [overlap-clusters]
//	new: lab.cue:7:3: error: a cluster has no field podCIDR [unknown-field]
//	     7 | 		podCIDR: ["10.10.0.0/16"]
//	       | 		^~~~~~~
//	    hint: did you mean podCIDRs?
//	1 new, 1 gone: 1 error
//
// Where nothing did, the title and the count are one line. As many findings of a check are printed as by Print.
func (t Text) PrintChanges(w io.Writer, title string, c Changes) error {
	out := &textWriter{Writer: bufio.NewWriter(w), opts: t}
	fresh, gone := t.shown(c.New), t.shown(c.Gone)
	count := c.Left.Summary(t.Verbose)
	if c.Held > 0 {
		count += fmt.Sprintf("; %s not looked for", plural(c.Held, "earlier finding"))
	}
	if len(fresh)+len(gone) == 0 {
		fmt.Fprintf(out, "%s: no finding changed: %s\n", printable(title), count)
		return out.Flush()
	}
	fmt.Fprintln(out, out.paint(bold, printable(title)))
	out.list(gone, func(d *Diagnostic) {
		fmt.Fprint(out, out.paint(green, "gone:"), " ")
		out.line(d)
	})
	out.list(fresh, func(d *Diagnostic) {
		fmt.Fprint(out, out.paint(red, "new:"), " ")
		out.diagnostic(d)
	})
	var parts []string
	if len(fresh) > 0 {
		parts = append(parts, fmt.Sprintf("%d new", len(fresh)))
	}
	if len(gone) > 0 {
		parts = append(parts, fmt.Sprintf("%d gone", len(gone)))
	}
	fmt.Fprintln(out, out.paint(bold, strings.Join(parts, ", ")+": "+count))
	return out.Flush()
}
