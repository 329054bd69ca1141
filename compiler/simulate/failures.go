package simulate

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// Failures tells what every set of at most k failures of nodes, switches and links breaks. What has failed is no longer asked
// about: its own pods, and the expectations that name it.
func (r *Result) Failures(k int) *FailureReport {
	p := newProver(r)
	s := &survey{prover: p, report: &FailureReport{K: k}, claims: map[int][]*claim{}, pairs: p.reaching()}
	for _, c := range p.claims {
		if x, _ := c.contradiction(p.base); x == nil {
			for _, id := range c.regions {
				s.claims[id] = append(s.claims[id], c)
			}
		}
	}
	p.prepareToFail()
	for size := 1; size <= k; size++ {
		for chosen := range chunks(picks(p.classes, size)) {
			effects := make([]effect, len(chosen))
			inParallel(len(chosen), func(i int) { effects[i] = s.effect(firstOf(chosen[i])) })
			for i, picks := range chosen {
				s.tell(picks, effects[i])
			}
		}
	}
	s.finish()
	return s.report
}

// chunks gathers choices, so that several can be tried at once and few are held.
func chunks(all iter.Seq[[]pick]) iter.Seq[[][]pick] {
	const most = 128
	return func(yield func([][]pick) bool) {
		var chunk [][]pick
		for picks := range all {
			if chunk = append(chunk, slices.Clone(picks)); len(chunk) == most {
				if !yield(chunk) {
					return
				}
				chunk = nil
			}
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}

// element is one thing that can fail.
type element struct {
	name   string
	at     source.Path
	places []place // of a device: one for each VRF of a switch
	link   *fabric.SwitchLink
	region int
}

// class is elements whose failure has the same effect: the first stands for the others. They are sorted by name.
type class struct{ elements []element }

// prepareToFail finds out what can fail, and what that may concern, once the traffic while nothing has failed has been followed.
func (p *prover) prepareToFail() {
	p.classes = p.classify()
	p.precedent = newPrecedent(p.base)
}

// classify finds everything that can fail: nodes by part, switches, links. A node that a claim names is a class of its own.
func (p *prover) classify() []*class {
	var all []*class
	named := map[place]bool{}
	for _, c := range p.claims {
		for _, at := range c.named() {
			named[at] = true
		}
	}
	for _, part := range p.r.Parts {
		if part.Nodes == nil {
			continue
		}
		alike := &class{}
		for member, n := range part.Nodes {
			at := place{part, member}
			e := element{name: n.DeviceName(), at: n.At(), places: []place{at}, region: p.region[part.Index]}
			if named[at] {
				all = append(all, &class{[]element{e}})
				continue
			}
			alike.elements = append(alike.elements, e)
		}
		slices.SortFunc(alike.elements, func(a, b element) int { return strings.Compare(a.name, b.name) })
		if len(alike.elements) > 0 {
			all = append(all, alike)
		}
	}
	for _, sw := range p.r.Fabric.Switches {
		if at := p.r.places(sw); len(at) > 0 {
			all = append(all, &class{[]element{{name: sw.Name, at: sw.At(), places: at, region: p.region[at[0].part.Index]}}})
		}
	}
	for _, l := range p.r.Fabric.Links {
		if at := p.r.places(l.Ends[0].Switch); len(at) > 0 {
			all = append(all, &class{[]element{{name: l.Name, at: l.At(), link: l, region: p.region[at[0].part.Index]}}})
		}
	}
	slices.SortStableFunc(all, func(a, b *class) int { return strings.Compare(a.elements[0].name, b.elements[0].name) })
	return all
}

// pick is how many elements of a class fail.
type pick struct {
	of *class
	n  int
}

// picks yields every way to choose a number of elements, as far as their classes tell them apart. The slice is used again.
func picks(classes []*class, size int) iter.Seq[[]pick] {
	return func(yield func([]pick) bool) {
		var chosen []pick
		var choose func(from, left int) bool
		choose = func(from, left int) bool {
			if left == 0 {
				return yield(chosen)
			}
			for i := from; i < len(classes); i++ {
				for n := 1; n <= min(left, len(classes[i].elements)); n++ {
					chosen = append(chosen, pick{classes[i], n})
					goesOn := choose(i+1, left-n)
					chosen = chosen[:len(chosen)-1]
					if !goesOn {
						return false
					}
				}
			}
			return true
		}
		choose(0, size)
	}
}

// firstOf is the set that stands for a choice.
func firstOf(picks []pick) []element {
	var failed []element
	for _, k := range picks {
		failed = append(failed, k.of.elements[:k.n]...)
	}
	return failed
}

// failureOf is the failure of elements.
func failureOf(failed []element) *failure {
	f := &failure{members: map[*Part][]int{}, links: map[*fabric.SwitchLink]bool{}}
	for _, e := range failed {
		for _, at := range e.places {
			f.members[at.part] = append(f.members[at.part], at.member)
		}
		if e.link != nil {
			f.links[e.link] = true
		}
	}
	for _, members := range f.members {
		slices.Sort(members)
	}
	return f
}

// namesOf are the names of elements, sorted.
func namesOf(failed []element) []string {
	names := make([]string, len(failed))
	for i, e := range failed {
		names[i] = e.name
	}
	slices.Sort(names)
	return names
}

// regions numbers the parts of the network that have to do with each other: those of one domain, on one network, behind a
// gateway that is one of them, or linked. What fails in one region changes nothing in another.
func regions(r *Result) []int {
	u := newUnion(len(r.Parts))
	var on firsts[segment]
	var of firsts[any] // clusters, switches, domains and links
	for _, p := range r.Parts {
		if p.Cluster != nil {
			u.join(p.Index, of.first(p.Cluster, p))
		}
		if p.Switch != nil {
			u.join(p.Index, of.first(p.Switch, p))
		}
		for f, g := range p.ground {
			if p.domains[f] != nil && p.domains[f].network != nil {
				u.join(p.Index, of.first(p.domains[f], p))
			}
			if g == nil {
				continue
			}
			for i := range g.attached {
				u.join(p.Index, on.first(g.attached[i].segment, p))
			}
			for _, to := range r.owner(g.gateway, p) {
				u.join(p.Index, to.part.Index)
			}
		}
	}
	for _, l := range r.Fabric.Links {
		for _, end := range l.Ends {
			for _, at := range r.places(end.Switch) {
				u.join(at.part.Index, of.first(l, at.part))
			}
		}
	}
	region := make([]int, len(r.Parts))
	for i := range region {
		region[i] = u.root(i)
	}
	return region
}

// firsts is the first part that has something in common with others, by what it is. The zero value knows none.
type firsts[K comparable] struct {
	known map[K]int // Part.Index
	last  K         // most parts have in common what the one before had
	at    int
}

// first returns the first part that was asked for with a key.
func (f *firsts[K]) first(key K, p *Part) int {
	if f.known == nil {
		f.known = map[K]int{}
	} else if key == f.last {
		return f.at
	}
	i, isKnown := f.known[key]
	if !isKnown {
		i = p.Index
		f.known[key] = i
	}
	f.last, f.at = key, i
	return i
}

// clusterPair is two clusters, or one and itself.
type clusterPair struct{ from, to *fabric.Cluster }

// reaching returns the pairs of clusters whose pods reach each other while nothing has failed, by region, in the order of
// clusters. Clusters of different regions are left out: nothing that fails changes what is between them.
func (p *prover) reaching() map[int][]clusterPair {
	byRegion := map[int][]*fabric.Cluster{}
	for _, c := range p.r.Fabric.Clusters {
		if parts := p.census.parts[c]; len(parts) > 0 {
			id := p.region[parts[0].Index]
			byRegion[id] = append(byRegion[id], c)
		}
	}
	pairs := map[int][]clusterPair{}
	for id, clusters := range byRegion {
		for _, from := range clusters {
			for _, to := range clusters {
				if p.base.lost(party{kind: partyPods, cluster: from}, party{kind: partyPods, cluster: to}) == nil {
					pairs[id] = append(pairs[id], clusterPair{from, to})
				}
			}
		}
	}
	return pairs
}

// compareRows orders by size, then names.
func compareRows(a, b FailureRow) int {
	return cmp.Or(len(a.Failed)-len(b.Failed), slices.Compare(a.Failed, b.Failed))
}
