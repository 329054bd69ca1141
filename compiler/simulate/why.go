package simulate

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// Candidate is one route that a device has, was offered, or could have been: with what became of it and which rule decided.
type Candidate struct {
	Prefix    netip.Prefix
	From      string     // who has it to offer; the device itself: its own route
	NextHop   netip.Addr // as announced; as the neighbor has it where that keeps it back. The zero Addr: it is local, or Interface
	Interface string     // of a NextHop on an unnumbered link
	ASPath    []uint32
	LocalPref uint32
	Fate      Fate
	Rule      string      // that decided: a step of the decision process, a filter, a check of BGP
	At        source.Path // the declaration behind the rule, as far as known
}

// Fate is what became of a Candidate.
type Fate string

const (
	FateBest     Fate = "best"
	FateUsed     Fate = "used"      // beside the best one
	FateUnused   Fate = "unused"    // another one is preferred
	FateRefused  Fate = "refused"   // by the device: it does not take it
	FateKeptBack Fate = "kept back" // by the neighbor
)

// Why returns every route to the longest prefix that contains p which the device has, was offered or a neighbor keeps back: what it
// has first, best first; then what it refused, and what was kept back. It is empty where BGP knows nothing of p.
func (r *Result) Why(d fabric.Device, p netip.Prefix) []Candidate {
	var all []Candidate
	for _, at := range r.places(d) {
		of := at.part.domains[familyIndex(fabric.FamilyOf(p.Addr()))]
		if of == nil || at.part.speakers[familyIndex(of.family)] == nil {
			continue
		}
		if t, prefix, ok := of.indexes.every(of).around(p); ok {
			all = append(all, r.base.candidates(at, t.destination, owned{prefix, t.member})...)
		}
	}
	return all
}

// around returns the destination of the longest prefix that contains p.
func (x *prefixIndex) around(p netip.Prefix) (target, netip.Prefix, bool) {
	for _, bits := range x.lengths {
		if bits > p.Bits() {
			continue
		}
		prefix, _ := p.Addr().Prefix(bits)
		if t, ok := x.targets[prefix]; ok {
			return t, prefix, true
		}
	}
	return target{}, netip.Prefix{}, false
}

func (v *view) candidates(at place, d *destination, o owned) []Candidate {
	e := d.domain.spare.take(d.domain)
	defer d.domain.spare.put(e)
	e.begin(v)
	e.restart()
	messages := e.solver.Messages(d.Destination)
	s := e.solver.Solution()
	slot := d.slot(at.part, at.member, o.member)

	var all []Candidate
	for _, row := range v.pathRows(at, d, o, readRIB(s, slot)) {
		all = append(all, candidateOf(row))
	}
	x := &inquiry{view: v, at: at, dest: d, owned: o, solution: s}
	var refused, kept []Candidate
	for i := range messages {
		m := &messages[i]
		switch {
		case m.To != slot || m.Reason == bgp.Passed || m.Reason == bgp.SplitHorizon:
		case isReceivers(m.Reason):
			refused = append(refused, x.expand(m, FateRefused)...)
		default:
			kept = append(kept, x.expand(m, FateKeptBack)...)
		}
	}
	return slices.Concat(all, distinct(refused), distinct(kept))
}

// distinct returns candidates each once: with add-path a neighbor has several routes that differ in nothing that is shown.
func distinct(all []Candidate) []Candidate {
	var once []Candidate
	for _, c := range all {
		if !slices.ContainsFunc(once, c.equals) {
			once = append(once, c)
		}
	}
	return once
}

func (c Candidate) equals(other Candidate) bool {
	return c.From == other.From && c.NextHop == other.NextHop && c.Interface == other.Interface && c.LocalPref == other.LocalPref && c.Rule == other.Rule &&
		slices.Equal(c.ASPath, other.ASPath)
}

// candidateOf turns a path that the device has into a candidate.
func candidateOf(row RouteRow) Candidate {
	c := Candidate{Prefix: row.Prefix, From: row.From, ASPath: row.ASPath, LocalPref: row.LocalPref, Fate: FateUnused, Rule: row.Status}
	if row.From == "" {
		c.From = row.Device.DeviceName()
	}
	if len(row.NextHops) > 0 {
		c.NextHop = row.NextHops[0].Announced
		if !c.NextHop.IsValid() {
			c.Interface = row.NextHops[0].Interface
		}
	}
	switch {
	case row.Best:
		c.Fate = FateBest
	case row.Used:
		c.Fate = FateUsed
	}
	return c
}

// isReceivers reports whether it is the receiver whose rule stops a route.
func isReceivers(reason bgp.Reason) bool {
	switch reason {
	case bgp.DeniedImport, bgp.ASLoop, bgp.OriginatorLoop, bgp.ClusterLoop:
		return true
	}
	return false
}

// inquiry turns messages to one device about one prefix into candidates.
type inquiry struct {
	view     *view
	at       place
	dest     *destination
	owned    owned
	solution *bgp.Solution
}

// expand makes a candidate for each neighbor behind a message.
func (x *inquiry) expand(m *bgp.Message, fate Fate) []Candidate {
	network := x.dest.domain.network
	p := ribPath{Path: m.Path, asPath: slices.Clone(x.solution.ASPath(&m.Path)), sender: m.From}
	p.From, p.FromOwner = int32(m.End.Index^1), m.From == network.OwnerSlot()
	rule, at := x.rule(m)
	c := Candidate{Prefix: x.owned.prefix, ASPath: p.asPath, LocalPref: p.LocalPref, Fate: fate, Rule: rule, At: at}
	var all []Candidate
	if p.NextHop.Hop < 0 {
		part := x.dest.domain.parts[m.End.Speaker.Index]
		for _, sender := range x.view.senders(x.at, x.dest, x.owned, p) {
			c.From = part.Device(sender).DeviceName()
			all = append(all, c)
		}
		return all
	}
	for _, t := range x.view.tellings(x.at, x.dest, x.owned, p) {
		c.From, c.NextHop, c.Interface = t.from.DeviceName(), t.nextHop, t.iface
		all = append(all, c)
	}
	return all
}

// reasonText says why a route went no further, where no policy is to blame.
var reasonText = map[bgp.Reason]string{
	bgp.ASLoop:            "AS %d is in its path",
	bgp.OriginatorLoop:    "the device is its originator",
	bgp.ClusterLoop:       "the device's cluster ID is in its CLUSTER_LIST",
	bgp.NotReflected:      "it was learned by iBGP, and neither end is a reflector's client",
	bgp.NextHopIsReceiver: "its next hop is the device itself",
	bgp.HeldBack:          "a well-known community keeps it back",
	bgp.NotBest:           "the neighbor tells its best route alone",
	bgp.SessionDown:       "the session is not established",
	bgp.Unresolvable:      "the neighbor itself cannot reach its next hop",
}

// rule says what stopped a message, and where that is declared.
func (x *inquiry) rule(m *bgp.Message) (string, source.Path) {
	far := x.dest.domain.network.Ends[m.End.Index^1]
	switch m.Reason {
	case bgp.DeniedExport:
		return explainPolicy(m.End.Export, x.dest.Destination, x.route(m))
	case bgp.DeniedImport:
		return explainPolicy(far.Import, x.dest.Destination, x.route(m))
	case bgp.ASLoop:
		return fmt.Sprintf(reasonText[bgp.ASLoop], far.LocalASN), ""
	}
	return reasonText[m.Reason], ""
}

// route is a message's route as a policy sees it.
func (x *inquiry) route(m *bgp.Message) *bgp.Route {
	p := &m.Path
	r := &bgp.Route{Source: p.Source, ASPath: x.solution.ASPath(p), LocalPref: p.LocalPref,
		Communities: x.solution.Communities(p), Preference: int(p.Preference)}
	if p.Origination >= 0 {
		r.Interface = x.dest.Origins[p.Origination].Interface
	}
	return r
}
