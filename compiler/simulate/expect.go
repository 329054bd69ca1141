package simulate

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// Prove proves what must hold: what is written under expect, by name, then, unless implied is false, that the pods of each
// cluster reach each other and that each peering reaches both ways. Expectations with an unknown name are left out: Link told.
//
// To reach means there and back, over every equal-cost branch. Not to reach means that over no branch anything gets there and
// back. Survives is asked of every set of at most that many nodes, switches and links.
func (r *Result) Prove() []Proof {
	p := newProver(r)
	proofs := make([]Proof, len(p.claims))
	groups := p.groups()
	inParallel(len(groups), func(g int) {
		t := p.base
		if len(groups) > 1 {
			t = newTraffic(r.base, p.census) // what is remembered is of no use to other groups
		}
		for _, i := range groups[g] {
			proofs[i] = p.proveStanding(p.claims[i], t)
		}
	})
	p.proveFailures(proofs)
	return proofs
}

// claim is an expectation, with its ends found.
type claim struct {
	expected *fabric.Expectation
	at       source.Path
	implied  bool
	from     party
	to       []party
	places   [2][]Place // as written, in the order of from and to
	regions  []int      // of the network that it is about
}

// prover proves claims about one Result.
type prover struct {
	r      *Result
	census *census
	region []int // by Part.Index: what fails in one region is of no matter in another
	claims []*claim
	base   *traffic

	classes   []*class   // of what can fail; nil: not asked for yet
	precedent *precedent // likewise
}

func newProver(r *Result) *prover {
	p := &prover{r: r, census: newCensus(r), region: regions(r)}
	p.base = newTraffic(r.base, p.census)
	for _, e := range r.Fabric.Expected {
		if isKnown(e.From) && isKnown(e.To) {
			p.claims = append(p.claims, p.claim(e, e.At()))
		}
	}
	if m := r.Fabric.Model; m == nil || m.Implied == nil || *m.Implied {
		p.imply()
	}
	return p
}

// groups returns the claims, by index, that are about the same regions of the network or about some that others join. Where
// failures are asked about all claims are one group, since the traffic that they are proved by is gone back to.
func (p *prover) groups() [][]int {
	sets := newUnion(len(p.r.Parts))
	isOne := false
	for _, c := range p.claims {
		isOne = isOne || c.expected.Survives > 0
		for _, id := range c.regions {
			sets.join(id, c.regions[0])
		}
	}
	var groups [][]int
	number := map[int]int{} // in groups, by region
	for i, c := range p.claims {
		id := -1
		if !isOne && len(c.regions) > 0 {
			id = sets.root(c.regions[0])
		}
		at, known := number[id]
		if !known {
			at = len(groups)
			number[id] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], i)
	}
	return groups
}

func isKnown(e fabric.Endpoint) bool { return e != fabric.Endpoint{} }

// imply adds what nobody has to write. Where a peering doesn't exchange pods, no answer can get to one: nodes ask for services.
func (p *prover) imply() {
	add := func(e *fabric.Expectation, at source.Path) {
		c := p.claim(e, at)
		c.implied = true
		if e.From != e.To && !e.Pods {
			c.from = party{kind: partyDevice, devices: p.census.nodesOf(e.From.Cluster)}
		}
		p.claims = append(p.claims, c)
	}
	for _, c := range p.r.Fabric.Clusters {
		ends := fabric.Endpoint{Cluster: c}
		add(&fabric.Expectation{Name: "the pods of " + c.Name + " reach each other", From: ends, To: ends, Pods: true, Reach: true, Paths: 1}, c.At())
	}
	for _, peering := range p.r.Fabric.Peerings {
		for _, c := range peering.Clusters {
			e := &fabric.Expectation{From: fabric.Endpoint{Cluster: c}, To: fabric.Endpoint{Cluster: peering.Other(c)},
				Pods: peering.Pods, Services: peering.Takes(c), Reach: true, Paths: 1}
			if what := trafficOf(e); what != "" {
				who := c.Name + " reaches"
				if !e.Pods {
					who = "nodes of " + c.Name + " reach"
				}
				e.Name = fmt.Sprintf("peering %s: %s the %s of %s", peering.Name, who, what, peering.Other(c).Name)
				add(e, peering.At())
			}
		}
	}
}

// trafficOf names what is exchanged; empty: nothing.
func trafficOf(e *fabric.Expectation) string {
	switch {
	case e.Pods && e.Services:
		return "pods and services"
	case e.Pods:
		return "pods"
	case e.Services:
		return "services"
	}
	return ""
}

func (p *prover) claim(e *fabric.Expectation, at source.Path) *claim {
	from, to := placesOf(e)
	c := &claim{expected: e, at: at, from: p.census.partyOf(from), places: [2][]Place{{from}, to}}
	for i := range to {
		if n := to[i].Node; n != nil && !hasBlocks(p.r.places(n)) {
			to[i].Pods = false // the node itself is what a bare name means then
		}
		c.to = append(c.to, p.census.partyOf(to[i]))
	}
	for _, end := range append(slices.Clone(c.to), c.from) {
		for _, part := range p.census.partsOf(end) {
			if id := p.region[part.Index]; !slices.Contains(c.regions, id) {
				c.regions = append(c.regions, id)
			}
		}
	}
	return c
}

// partsOf returns the parts that a party is of.
func (c *census) partsOf(p party) []*Part {
	if p.devices == nil {
		return c.parts[p.cluster]
	}
	var all []*Part
	for _, at := range p.devices {
		all = append(all, at.part)
	}
	return all
}

// contradiction returns the exchange that a claim does not allow in one state of the network, and which of its targets it is
// with; nil where the claim holds.
func (c *claim) contradiction(t *traffic) (*exchange, int) {
	for i, to := range c.to {
		var x *exchange
		if c.expected.Reach {
			x = t.lost(c.from, to)
		} else {
			x = t.found(c.from, to)
		}
		if x != nil {
			return x, i
		}
	}
	return nil, 0
}

// proveStanding proves a claim while nothing has failed, by traffic of that state.
func (p *prover) proveStanding(c *claim, t *traffic) Proof {
	proof := Proof{Name: c.expected.Name, At: c.at, Implied: c.implied, Expectation: c.expected, Holds: true}
	if why := c.absence(t); why != "" {
		proof.Holds, proof.Vacuous, proof.Reason = false, true, why
		return proof
	}
	if x, i := c.contradiction(t); x != nil {
		p.refute(&proof, c, t, x, i)
		return proof
	}
	if !c.expected.Reach || c.expected.Paths < 2 {
		return proof
	}
	if few := t.fewest(c); few != nil && few.count < c.expected.Paths {
		proof.Holds = false
		proof.Reason = fmt.Sprintf("%s has %s to %s, and %d are expected", nameOf(few.at), count(few.count, "equal-cost next hop"),
			few.to.prefix, c.expected.Paths)
	}
	return proof
}

// absence says why a claim that somebody wrote is about nothing; empty: it is about something, or nobody wrote it. That nothing
// is reached may be true of one kind of traffic and about another.
func (c *claim) absence(t *traffic) string {
	if c.implied {
		return ""
	}
	for _, to := range c.to {
		why := t.absence(c.from, to)
		if (why != "") == c.expected.Reach {
			return why
		}
	}
	if c.expected.Reach {
		return ""
	}
	return t.absence(c.from, c.to[0])
}

// refute says why a claim doesn't hold.
func (p *prover) refute(proof *Proof, c *claim, t *traffic, x *exchange, to int) {
	proof.Holds = false
	tr := newTracer(t, c.places[0][0], c.places[1][to], c.from, c.to[to])
	if c.expected.Reach {
		proof.Trace = tr.failed(x)
		proof.Reason = proof.Trace.Verdict
		return
	}
	proof.Trace = tr.succeeded(x)
	proof.Reason = fmt.Sprintf("packets from %s get to %s, and are expected not to", c.places[0][0], c.places[1][to])
}

// fan is how many equal-cost next hops a device has to a target.
type fan struct {
	at    place
	to    *course
	count int
}

// fewest returns the device of a claim's from that has the fewest next hops to one of its targets; nil where none needs any.
func (t *traffic) fewest(c *claim) *fan {
	var least *fan
	for _, to := range c.to {
		if to.kind == partyServices && to.cluster == c.from.cluster {
			continue // answered on the spot
		}
		for f := range families {
			targets := t.targets(to, c.from, f)
			for _, s := range t.sources(c.from, to, f) {
				for _, w := range targets {
					s := t.sender(c.from, s, w)
					if s.part == nil || w.isHere(s) {
						continue
					}
					if n := w.width(s); least == nil || n < least.count {
						least = &fan{s, w, n}
					}
				}
			}
		}
	}
	return least
}

// width is how many next hops a device uses at once towards the course's target.
func (w *course) width(at place) int {
	listed := *w.t
	listed.listsAll = true
	all := *w
	all.t = &listed
	var vias []netip.Addr
	for _, b := range all.branches(nil, at) {
		if !slices.Contains(vias, b.via) || !b.via.IsValid() {
			vias = append(vias, b.via)
		}
	}
	return len(vias)
}
