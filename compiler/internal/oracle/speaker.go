package oracle

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// attributes is the path attributes of a route (RFC 4271 section 5, RFC 4456, RFC 1997, RFC 8092). Immutable once it is sent.
type attributes struct {
	origin      uint8 // 0 IGP, 2 incomplete
	asPath      []uint32
	nextHop     netip.Addr
	localPref   uint32
	communities []community
	originator  uint32 // 0: none
	clusterList []uint32
}

func (a *attributes) equal(b *attributes) bool {
	return a.origin == b.origin && a.nextHop == b.nextHop && a.localPref == b.localPref && a.originator == b.originator &&
		slices.Equal(a.asPath, b.asPath) && slices.Equal(a.communities, b.communities) && slices.Equal(a.clusterList, b.clusterList)
}

// source is how a device came by a route.
type source uint8

const (
	fromBGP source = iota
	fromStatic
	fromDirect
	fromKernel // alien routes of the kernel: Felix' ones, the default route; of switches redistributed static routes
)

// destination is what a route of a device's own leads to.
type destination uint8

const (
	blackholed destination = iota
	device                 // an interface
	via                    // a gateway
)

// entry is all routes of a speaker to one prefix.
type entry struct {
	prefix   netip.Prefix
	routes   []*route
	received map[arrival]*route // those of routes that are not the device's own
	best     *route             // nil: none is usable
	felix    netip.Addr         // the node that Felix routes the prefix to; zero: none
}

// arrival is where a path comes in, and the number that the other end has for it.
type arrival struct {
	in *session
	id int
}

// route is one path to a prefix.
type route struct {
	id          int      // that it is sent with
	in          *session // nil: the device's own
	remoteID    int
	received    *attributes
	*attributes // after the import policy; nil: refused
	source      source
	preference  int // of BIRD
	isHidden    bool

	to           destination // of own routes
	gateway      netip.Addr  // likewise
	iface        string      // that it leads out of
	kernelMetric uint32      // of own routes
	resolution
}

// resolution is the way to a next hop.
type resolution struct {
	ok       bool
	gateways []netip.Addr // the next hop itself where it is on-link
	out      string       // interface
	metric   uint32
}

func (r resolution) equal(o resolution) bool {
	return r.ok == o.ok && r.out == o.out && r.metric == o.metric && slices.Equal(r.gateways, o.gateways)
}

// viaGateway is the metric of a next hop behind a gateway (BIRD, nest/route.h IGP_METRIC_UNKNOWN).
const viaGateway = 0x80000000

// hop is a next hop that some route of the speaker has or had.
type hop struct {
	address netip.Addr
	resolution
}

// entryOf returns the entry of a prefix, a new one where there is none.
func (sp *speaker) entryOf(p netip.Prefix) *entry {
	e := sp.table[p]
	if e == nil {
		e = &entry{prefix: p, received: map[arrival]*route{}}
		sp.table[p] = e
		sp.order = append(sp.order, e)
	}
	return e
}

// local returns the device's own route of a source, or nil.
func (e *entry) local(s source) *route {
	for _, r := range e.routes {
		if r.in == nil && r.source == s {
			return r
		}
	}
	return nil
}

// originate adds a route of the device's own.
func (sp *speaker) originate(p netip.Prefix, r *route) {
	e := sp.entryOf(p)
	if old := e.local(r.source); old != nil {
		return // said twice
	}
	sp.lastID++
	r.id = sp.lastID
	if r.attributes == nil {
		r.attributes = &attributes{}
	}
	r.ok = r.to != blackholed
	if r.to == via {
		r.gateways, r.metric = []netip.Addr{r.gateway}, viaGateway
	}
	e.routes = append(e.routes, r)
	sp.update(e, r)
}

// receive takes a message from the far end of one of the speaker's sessions.
func (sp *speaker) receive(in *session, m message) {
	e := sp.entryOf(m.path.prefix)
	path := arrival{in, m.path.id}
	r := e.received[path]
	switch {
	case m.attributes == nil && r == nil:
		return
	case m.attributes == nil:
		r.attributes = nil
		i := slices.Index(e.routes, r)
		e.routes = slices.Delete(e.routes, i, i+1)
		delete(e.received, path)
		sp.update(e, r)
		return
	case r == nil:
		sp.lastID++
		r = &route{id: sp.lastID, in: in, remoteID: m.path.id}
		e.routes, e.received[path] = append(e.routes, r), r
	}
	r.received = m.attributes
	sp.evaluate(e, r)
	sp.update(e, r)
}

// evaluate resolves the next hop of a received route, and judges the route.
func (sp *speaker) evaluate(e *entry, r *route) {
	h := sp.hopOf(r.received.nextHop)
	r.resolution, r.iface = h.resolution, h.out
	if sp.router != nil && r.in.takesOnLinkOnly() && r.received.nextHop.Zone() == "" && sp.onSubnet(r.received.nextHop) == nil {
		r.ok = false
	}
	r.preference = 100
	r.attributes = sp.accept(r, e.prefix)
}

func (sp *speaker) hopOf(a netip.Addr) *hop {
	for _, h := range sp.hops {
		if h.address == a {
			return h
		}
	}
	h := &hop{a, sp.lookup(a)}
	sp.hops = append(sp.hops, h)
	return h
}

// update chooses the best route of a prefix again after one of its routes has changed, tells the neighbors, and looks whether
// next hops are now reached another way.
func (sp *speaker) update(e *entry, changed *route) {
	old := e.best
	candidates := []*route{changed}
	if old == nil || old == changed {
		e.best, candidates = nil, e.routes // else the others have been compared before
	}
	for _, r := range candidates {
		if sp.isEligible(r) && (e.best == nil || sp.better(r, e.best)) {
			e.best = r
		}
	}
	for _, s := range sp.sessions {
		if s.up {
			sp.tell(s, e, changed, old)
		}
	}
	for _, h := range sp.hops {
		if !e.prefix.Contains(h.address.WithZone("")) {
			continue
		}
		if way := sp.lookup(h.address); !way.equal(h.resolution) {
			h.resolution = way
			sp.reevaluate(h)
		}
	}
}

// isEligible reports whether a route may be the best one. BIRD takes one whose next hop it can't resolve, if it has no other;
// switches don't (RFC 4271 section 9.1.2.1).
func (sp *speaker) isEligible(r *route) bool {
	return r.attributes != nil && (sp.sw == nil || r.in == nil || r.ok)
}

// reevaluate looks at all routes over a next hop again.
func (sp *speaker) reevaluate(h *hop) {
	if sp.network.deliveries++; sp.network.deliveries > maxDeliveries {
		sp.network.isBusy = true // a route that takes away the way to its own next hop never rests
		return
	}
	for _, e := range slices.Clone(sp.order) {
		for _, r := range slices.Clone(e.routes) {
			if r.in != nil && r.received.nextHop == h.address {
				sp.evaluate(e, r)
				sp.update(e, r)
			}
		}
	}
}

// tell sends what has changed over one session: with add-path the route, without it the best one if it is another now.
func (sp *speaker) tell(s *session, e *entry, changed, old *route) {
	if !s.carries(e.prefix) {
		return
	}
	if s.sendsAll {
		sp.send(s, pathKey{e.prefix, changed.id}, s.export(changed, e.prefix))
	} else if e.best != old || e.best == changed {
		sp.send(s, pathKey{prefix: e.prefix}, s.export(e.best, e.prefix))
	}
}

func (s *session) carries(p netip.Prefix) bool {
	return slices.Contains(s.families, fabric.FamilyOf(p.Addr()))
}

// send posts an announcement, or a withdrawal of what was announced, if it says something new.
func (sp *speaker) send(s *session, key pathKey, a *attributes) {
	was := s.sent[key]
	switch {
	case a == nil && was == nil, a != nil && was != nil && a.equal(was):
		return
	case a == nil:
		delete(s.sent, key)
	default:
		s.sent[key] = a
	}
	sp.network.post(s, message{key, a})
}

// sendTable sends everything over a session that has come up, in an order that is chance: tables are hashes.
func (sp *speaker) sendTable(s *session) {
	for _, f := range s.families {
		if c := s.config[f]; c != nil && c.DefaultOriginate {
			sp.entryOf(defaultOf(f)) // sent though there may be no such route
		}
	}
	entries := slices.Clone(sp.order)
	sp.network.random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	for _, e := range entries {
		if !s.carries(e.prefix) {
			continue
		}
		if !s.sendsAll {
			sp.send(s, pathKey{prefix: e.prefix}, s.export(e.best, e.prefix))
			continue
		}
		for _, r := range e.routes {
			sp.send(s, pathKey{e.prefix, r.id}, s.export(r, e.prefix))
		}
	}
}

// flush forgets all that came over a session that has gone down.
func (sp *speaker) flush(s *session) {
	for _, e := range slices.Clone(sp.order) {
		for _, r := range slices.Clone(e.routes) {
			if r.in == s {
				sp.receive(s, message{path: pathKey{e.prefix, r.remoteID}})
			}
		}
	}
}

func defaultOf(f fabric.Family) netip.Prefix {
	if f == fabric.IPv4 {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}
