package simulate

import (
	"iter"
	"net/netip"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// Destination is prefixes that every device treats alike, such as the blocks of nodes that play the same part. It is how rules
// look at all routes at the cost of the different ones.
type Destination struct{ of *destination }

// Reason is why a route did not get from one device to another.
type Reason = bgp.Reason

// The reasons that rules ask for; the others are bgp's.
const (
	Passed       = bgp.Passed
	DeniedExport = bgp.DeniedExport
	DeniedImport = bgp.DeniedImport
	ASLoop       = bgp.ASLoop
	NotReflected = bgp.NotReflected
	HeldBack     = bgp.HeldBack
)

// Destinations yields every destination of every domain, in a stable order.
func (r *Result) Destinations() iter.Seq[Destination] {
	return func(yield func(Destination) bool) {
		for _, of := range r.domains {
			for _, d := range of.dests {
				if !yield(Destination{d}) {
					return
				}
			}
		}
	}
}

// Example is one prefix of the destination.
func (d Destination) Example() netip.Prefix { return d.of.Prefix }

// Family is the family of its prefixes.
func (d Destination) Family() fabric.Family { return d.of.domain.family }

// Cluster is whose pods or services these are; nil: none's.
func (d Destination) Cluster() *fabric.Cluster { return d.of.cluster }

// IsPods reports whether these are blocks or single addresses of pods.
func (d Destination) IsPods() bool { return d.of.kind == podBlock || d.of.kind == borrowed }

// IsServices reports whether these are services of a cluster.
func (d Destination) IsServices() bool { return d.of.kind == serviceWhole || d.of.kind == serviceHost }

// At is where it is declared, as far as known.
func (d Destination) At() source.Path { return d.of.at }

// OwnerPart is the part whose members each own a prefix of it; nil: it has one prefix, brought in by all of Origins.
func (d Destination) OwnerPart() *Part {
	if d.of.Owner == nil {
		return nil
	}
	return d.of.domain.parts[d.of.Owner.Index]
}

// OriginParts returns the parts that bring it in.
func (d Destination) OriginParts() []*Part {
	var all []*Part
	for _, o := range d.of.Origins {
		if o.Gateway != nil {
			continue // a route of Felix's to it
		}
		all = append(all, d.of.domain.parts[o.Speaker.Index])
	}
	return all
}

// Speakers returns the parts that routes to it can come to. Shared, do not modify.
func (d Destination) Speakers() []*Part { return d.of.domain.parts }

// Standing is what one part has of a destination: its members but for the owner of the prefix; of a part with one member, it.
type Standing struct {
	HasRoute bool      // packets go somewhere by it
	HasPath  bool      // BGP knows it, though the kernel may not
	IsOwn    bool      // it is here, or dropped here on purpose
	Refused  Reason    // where BGP does not know it: why the offer that got furthest did not arrive; Passed: there was none
	Over     *Session  // that offer's session, seen from this part
	NextHops []Towards // of HasRoute
}

// Towards is one next hop of a route.
type Towards struct {
	Part      *Part      // whose address it is; nil: a gateway's or shared one
	IsOwner   bool       // the very device that has the prefix
	Gateway   netip.Addr // that it is reached through; zero: it is on the link
	IsUnknown bool       // through a default gateway that nobody declared
	Tunnel    string     // tunl0, vxlan.calico; empty: none
}

// Standing returns what a part has of a destination while nothing has failed.
func (r *Result) Standing(d Destination, p *Part) Standing {
	slot := d.of.slot(p, 0, -1)
	if d.of.Owner != nil && p == d.OwnerPart() && p.Size() == 1 {
		slot = d.of.domain.network.OwnerSlot()
	}
	a := r.base.at(d.of, slot)
	if a == nil {
		return Standing{}
	}
	s := Standing{HasRoute: a.kind == forward, HasPath: a.best, IsOwn: a.kind == deliver || a.kind == discard}
	if a.kind == noRoute && !a.best && !s.IsOwn {
		refused := d.of.refusal(slot)
		s.Refused, s.Over = refused.reason, p.sessionAt(refused.end)
	}
	for i := range a.hops {
		h := &a.hops[i]
		t := Towards{IsOwner: h.Who == bgp.Owner, Gateway: h.gateway, IsUnknown: h.isUnknown, Tunnel: h.tunnel}
		if h.Hop >= 0 {
			if s := d.of.domain.network.Hops[h.Hop].Speaker; s != nil {
				t.Part = d.of.domain.parts[s.Index]
			}
		}
		s.NextHops = append(s.NextHops, t)
	}
	return s
}

// sessionAt returns the part's session behind one of its ends, nil where there is none.
func (p *Part) sessionAt(end *bgp.End) *Session {
	if end == nil {
		return nil
	}
	for _, s := range p.Sessions {
		for _, e := range s.ends {
			if e != nil && (e == end || s.Far == s && e.Index^1 == end.Index) {
				return s
			}
		}
	}
	return nil
}

// Offer is one route that a neighbor has to offer to a part, and what became of it.
type Offer struct {
	From    *Part
	ByOwner bool     // the owner of the prefix offers it, not the others of its part
	Over    *Session // seen from the part
	Reason  Reason   // Passed: the part has it
	Rule    string   // of a policy that denied it
	RuleAt  source.Path
	ASPath  []uint32
	NextHop netip.Addr // as it arrives: of the first of several alike; zero: on an unnumbered link
}

// Offers returns every route to a destination that the neighbors of a part have to offer. It computes the destination anew: for
// explanations.
func (r *Result) Offers(d Destination, p *Part) []Offer {
	e := d.of.domain.spare.take(d.of.domain)
	defer d.of.domain.spare.put(e)
	e.begin(r.base)
	e.restart()
	messages := e.solver.Messages(d.of.Destination)
	solution := e.solver.Solution()
	slot := d.of.slot(p, 0, -1)
	if d.of.Owner != nil && p == d.OwnerPart() && p.Size() == 1 {
		slot = d.of.domain.network.OwnerSlot()
	}
	x := &inquiry{view: r.base, dest: d.of, solution: solution}
	var all []Offer
	for i := range messages {
		m := &messages[i]
		if m.To != slot || m.Reason == bgp.SplitHorizon {
			continue
		}
		o := Offer{From: d.of.part(m.From), ByOwner: m.From == d.of.domain.network.OwnerSlot(), Reason: m.Reason,
			Over: p.sessionAt(d.of.domain.network.Ends[m.End.Index^1]), ASPath: append([]uint32(nil), solution.ASPath(&m.Path)...)}
		if h := m.Path.NextHop.Hop; h >= 0 {
			o.NextHop = d.of.domain.network.Hops[h].Addrs[0]
		}
		if m.Reason == DeniedExport || m.Reason == DeniedImport {
			o.Rule, o.RuleAt = x.rule(m)
		}
		all = append(all, o)
	}
	return all
}
