package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// Follower follows packets between parts while nothing has failed, and remembers what becomes of them. Not safe for concurrent
// use.
type Follower struct{ traffic *traffic }

// Follow returns a Follower of the packets of all parts.
func (r *Result) Follow() *Follower { return &Follower{newTraffic(r.base, newCensus(r))} }

// Arrives reports whether packets of a part's members to a destination, where they don't have the prefix themselves, get there
// over every branch.
func (f *Follower) Arrives(d Destination, p *Part) bool {
	w, from := f.start(d, p)
	return from.part == nil || w.from(from) == arrives
}

// Way returns the parts that packets pass which do not arrive, from the part itself to the one where they stop; nil where they
// arrive.
func (f *Follower) Way(d Destination, p *Part) []*Part {
	if f.Arrives(d, p) {
		return nil
	}
	w, from := f.start(d, p)
	var way []*Part
	for _, l := range w.failing(from) {
		if !slices.Contains(way, l.at.part) {
			way = append(way, l.at.part)
		}
	}
	return way
}

// Next returns the parts to which a part's packets to a destination go first.
func (f *Follower) Next(d Destination, p *Part) []*Part {
	w, from := f.start(d, p)
	if from.part == nil {
		return nil
	}
	var next []*Part
	for _, b := range w.branches(nil, from) {
		if b.end == onward && b.to.part != nil && !slices.Contains(next, b.to.part) {
			next = append(next, b.to.part)
		}
	}
	return next
}

// start returns the course of packets to a destination, and the member of a part that speaks for those which don't have the
// prefix; no Part: it has none.
func (f *Follower) start(d Destination, p *Part) (*course, place) {
	w := f.traffic.courseTo(d.of)
	if w == nil {
		return nil, place{}
	}
	return w, f.traffic.otherThan(place{part: p}, w.owner)
}

// WhyRefused is why a part has no route to a destination that a neighbor has to offer; Passed: it has one, or nobody offers any. It
// is what Standing tells of it, without its cost.
func (r *Result) WhyRefused(d Destination, p *Part) Reason {
	slot := d.of.slot(p, 0, -1)
	if !r.base.at(d.of, slot).isRefused() {
		return Passed
	}
	return d.of.refusal(slot).reason
}

// MayBeRefused reports whether some part lacks a route to a destination: else WhyRefused is Passed for all of them.
func (r *Result) MayBeRefused(d Destination) bool {
	return slices.ContainsFunc(d.of.domain.parts, func(p *Part) bool { return r.base.at(d.of, d.of.slot(p, 0, -1)).isRefused() })
}

// isRefused reports whether BGP knows no route, though others may have one to offer.
func (a *action) isRefused() bool { return a != nil && a.kind == noRoute && !a.best }

// IsUnreachable reports whether BGP knows a route of a part to a destination and none of its next hops can be reached.
func (r *Result) IsUnreachable(d Destination, p *Part) bool {
	slot := d.of.slot(p, 0, -1)
	a := r.base.at(d.of, slot)
	switch {
	case a == nil || p.Switch == nil && !a.best:
		return false
	case a.kind == unreachable:
		return true
	case p.Switch == nil || a.kind != noRoute || slices.Contains(d.OriginParts(), p):
		return false
	case a.best:
		return true
	}
	isInternal := func(s *Session) bool { return s.State == Established && s.LocalASN == s.PeerASN } // who keeps next hops
	return slices.ContainsFunc(p.Sessions, isInternal) && d.of.refusal(slot).isHeld
}

// Ends are the addresses of the session's first members; zero on an unnumbered link, and where an end has none.
func (s *Session) Ends() (local, remote netip.Addr) {
	first := func(all addresses) netip.Addr {
		if len(all) == 0 {
			return netip.Addr{}
		}
		return all[0]
	}
	return first(s.local), first(s.remote)
}

// StopsAt is the device at which packets of a session stop that is NotEstablished; nil: that is not known.
func (s *Session) StopsAt() fabric.Device {
	if s.stop.part == nil {
		return nil
	}
	return s.stop.part.Device(s.stop.member)
}

// IsSecond reports whether an earlier session of the part runs between the same two addresses, and takes every connection.
func (s *Session) IsSecond() bool { return s.isSecond() }

// TTL is how many networks the session's packets may cross; 0: any number.
func (s *Session) TTL() int { return s.ttl }
