package diag

import (
	"slices"

	"topoc/compiler/source"
)

// maxStanding is for how many values a line may stand so that its findings are still traced.
const maxStanding = 2000

// Trace moves findings to where their value would be mended, if that is not where it stands. In a comprehension one line stands
// for many values: where all are wrong the line is, where some are it is the row of a table that they are made of. All that
// follows from one such row becomes one finding. isAboutName tells the checks of names that lead nowhere: a line that takes a wrong
// name from elsewhere is wrong itself. The findings must have their positions.
func (l List) Trace(in source.Tracer, isAboutName func(check string) bool) List {
	t := &tracing{in: in, standing: map[source.Pos][]source.Path{}, made: map[source.Path]source.Made{}}
	var kept List
	moved := map[source.Pos]List{}
	for _, same := range l.byLine() {
		at := t.origin(same, isAboutName(same[0].Check))
		if !at.IsValid() {
			kept = append(kept, same...)
			continue
		}
		for _, d := range same {
			t.move(d, at, len(same) == 1)
		}
		moved[at] = append(moved[at], same...)
	}
	for _, same := range moved {
		kept = append(kept, same.foldOrigin())
	}
	return kept
}

// byLine groups the findings of one check on one line, in the order of the first of each.
func (l List) byLine() []List {
	type key struct {
		check string
		at    source.Pos
	}
	index := map[key]int{}
	var groups []List
	for _, d := range l {
		k := key{d.Check, d.Pos}
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], d)
	}
	return groups
}

// tracing is what a Trace has asked already.
type tracing struct {
	in       source.Tracer
	standing map[source.Pos][]source.Path
	made     map[source.Path]source.Made
}

// origin returns the one place where all findings of a line would be mended, nowhere if that is the line, or cannot be told.
func (t *tracing) origin(same List, isAboutName bool) source.Pos {
	if !same[0].Pos.IsValid() || len(same) > maxStanding {
		return source.Pos{}
	}
	var found []source.Path
	for _, d := range same {
		if m := t.madeOf(d.Path); !m.From.IsValid() && len(m.Of) == 0 {
			return source.Pos{}
		}
		found = append(found, d.Path)
	}
	standing := t.standingAt(same[0].Pos)
	if len(standing) > maxStanding {
		return source.Pos{}
	}
	right := slices.DeleteFunc(slices.Clone(standing), func(p source.Path) bool { return slices.Contains(found, p) })
	if len(right) == 0 && isAboutName {
		return source.Pos{}
	}
	at := t.originOf(same[0], right)
	for _, d := range same[1:] {
		if t.originOf(d, right) != at {
			return source.Pos{}
		}
	}
	return at
}

// originOf returns where one value of a line is written to which it only refers, or else the one literal that it is made of and
// the right ones are not.
func (t *tracing) originOf(d *Diagnostic, right []source.Path) source.Pos {
	m := t.madeOf(d.Path)
	if m.From.IsValid() {
		isFrom := func(p source.Path) bool { return t.madeOf(p).From == m.From }
		if slices.ContainsFunc(d.Notes, func(n Note) bool { return isFrom(n.Path) }) {
			return source.Pos{} // the other side refers to the same value: one of the two references is wrong
		}
		if !slices.ContainsFunc(right, isFrom) {
			return m.From
		}
	}
	for _, n := range d.Notes {
		if n.Pos == d.Pos && n.Path != d.Path {
			if only := without(m.Of, t.madeOf(n.Path).Of); len(only) == 1 {
				return only[0]
			}
		}
	}
	only := m.Of
	for _, p := range right {
		only = without(only, t.madeOf(p).Of)
	}
	if len(right) == 0 || len(only) != 1 {
		return source.Pos{}
	}
	return only[0]
}

// without returns the places that are not in others.
func without(places, others []source.Pos) []source.Pos {
	return slices.DeleteFunc(slices.Clone(places), func(p source.Pos) bool { return slices.Contains(others, p) })
}

// move tells a finding where its value is made of what is wrong.
func (t *tracing) move(d *Diagnostic, to source.Pos, isAlone bool) {
	if !slices.ContainsFunc(d.Notes, func(n Note) bool { return n.Pos == d.Pos }) {
		d.Notes = append(d.Notes, Note{Message: "it stands here", Path: d.Path, Pos: d.Pos})
	}
	if !isAlone || t.madeOf(d.Path).From != to {
		d.WithHint("write another value here: %s is made of it", d.Path)
	}
	d.Pos = to
}

func (t *tracing) madeOf(p source.Path) source.Made {
	m, ok := t.made[p]
	if !ok {
		m = t.in.Made(p)
		t.made[p] = m
	}
	return m
}

func (t *tracing) standingAt(p source.Pos) []source.Path {
	s, ok := t.standing[p]
	if !ok {
		s = t.in.Standing(p)
		t.standing[p] = s
	}
	return s
}

// foldOrigin makes one finding of those of one origin: the worst, with a note that names what else is made of it.
func (l List) foldOrigin() *Diagnostic {
	slices.SortStableFunc(l, func(a, b *Diagnostic) int { return int(a.Severity) - int(b.Severity) })
	first := l[0]
	var also []source.Path
	for _, d := range l[1:] {
		if d.Path != first.Path && !slices.Contains(also, d.Path) {
			also = append(also, d.Path)
		}
	}
	switch len(also) {
	case 0:
	case 1:
		first.Notes = append(first.Notes, Note{Message: string(also[0]) + " is made of it too", Path: first.Path, Pos: first.Pos})
	default:
		first.Notes = append(first.Notes, Note{Message: some(also) + " are made of it too", Path: first.Path, Pos: first.Pos})
	}
	return first
}
