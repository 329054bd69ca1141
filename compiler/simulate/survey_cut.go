package simulate

import "topoc/compiler/source"

// Cut is what falls apart when one device or link fails.
type Cut struct {
	Name  string // of the device or link
	At    source.Path
	Alike int    // how many others have the same effect
	Pairs []Pair // of clusters of whose other pods some no longer reach each other, sorted
}

// Cuts returns the devices and links without which pods of some pair of clusters, or of one and itself, no longer reach each other
// that do now; by name, of those that are alike the first. It tries each, and where the work is above the bound none: it then
// returns nothing and false. A unit of work takes some microseconds; a bound of 0 is none.
func (r *Result) Cuts(bound int) (cuts []Cut, isComplete bool) {
	if bound > 0 && r.cutWork() > bound {
		return nil, false
	}
	p := newProver(r)
	s := &survey{prover: p, report: &FailureReport{K: 1}, pairs: p.reaching()}
	classes := p.classify()
	found := make([]effect, len(classes))
	inParallel(len(classes), func(i int) { found[i] = s.effect(classes[i].elements[:1]) })
	for i, c := range classes {
		if first := c.elements[0]; len(found[i].pairs) > 0 {
			cuts = append(cuts, Cut{first.name, first.at, len(c.elements) - 1, found[i].pairs})
		}
	}
	return cuts, true
}

// cutWork is about how much work Cuts is: each part and link once, times what there is to look at again. That is everything a
// little, and in the region that it is in the routes of all parts to all parts.
func (r *Result) cutWork() int {
	region := regions(r)
	size := map[int]int{}
	for _, id := range region {
		size[id]++
	}
	work := 0
	try := func(p *Part) { work += len(r.Parts) + size[region[p.Index]]*size[region[p.Index]] }
	for _, p := range r.Parts {
		if p.Nodes != nil || p.Switch != nil {
			try(p)
		}
	}
	for _, l := range r.Fabric.Links {
		if at := r.places(l.Ends[0].Switch); len(at) > 0 {
			try(at[0].part)
		}
	}
	return work
}
