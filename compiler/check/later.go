package check

import (
	"slices"

	"topoc/compiler/source"
)

// later reports whether what stands at a was written behind what stands at b; false where nobody knows. Of values that a line
// makes of the rows of a table the one of the later row counts as the later.
func (p *Pass) later(a, b source.Path) bool {
	in := p.shared.places
	if in == nil {
		return false
	}
	x, y := in.Made(a), in.Made(b)
	if row, other := firstBut(x.Of, y.Of), firstBut(y.Of, x.Of); row.IsValid() && other.IsValid() {
		return other.Less(row)
	}
	at, other := x.From, y.From
	if !at.IsValid() {
		at = in.Locate(a)
	}
	if !other.IsValid() {
		other = in.Locate(b)
	}
	return other.Less(at)
}

// firstBut returns the first place of a sorted list that another list lacks, nowhere where it lacks none.
func firstBut(places, but []source.Pos) source.Pos {
	for _, p := range places {
		if !slices.Contains(but, p) {
			return p
		}
	}
	return source.Pos{}
}

// latest returns the index of the item that was written last; where that is unknown, of the one that is told without knowing.
func latest[T any](p *Pass, items []T, otherwise int, at func(T) source.Path) int {
	last := otherwise
	for i := range items {
		if p.later(at(items[i]), at(items[last])) {
			last = i
		}
	}
	return last
}
