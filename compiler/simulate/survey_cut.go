package simulate

import (
	"topoc/compiler/source"
)

// Cut is what falls apart when one device or link fails.
type Cut struct {
	Name  string // of the device or link
	At    source.Path
	Alike int    // how many others have the same effect
	Pairs []Pair // of clusters of whose other pods some no longer reach each other, sorted
}

// Cuts returns the devices and links without which pods of some pair of clusters, or of one and itself, no longer reach each other
// that do now; by name, of those that are alike the first. It tries each, which takes time in proportion to the number of things
// that fail differently, times that of parts: where this is above the bound it returns nothing and false. A bound of 0 is none.
func (r *Result) Cuts(bound int) (cuts []Cut, isComplete bool) {
	if bound > 0 && (len(r.Parts)+len(r.Fabric.Links))*len(r.Parts) > bound {
		return nil, false
	}
	p := newProver(r)
	s := &survey{prover: p, report: &FailureReport{K: 1}, pairs: p.reaching()}
	for _, c := range p.classify() {
		first := c.elements[0]
		if found := s.effect(c.elements[:1]); len(found.pairs) > 0 {
			cuts = append(cuts, Cut{first.name, first.at, len(c.elements) - 1, found.pairs})
		}
	}
	return cuts, true
}
