package simulate

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// pair is both ends of a session that fit, for the parts that have them.
type pair struct {
	a, b   *Session // a is the one whose part comes first
	link   *fabric.SwitchLink
	isNear bool // the ends are on one network: packets need no route
}

// pairs returns the sessions whose ends fit, each once, in order of parts.
func (r *Result) pairs() []*pair {
	var all []*pair
	seen := map[*Session]bool{}
	for _, p := range r.Parts {
		for _, s := range p.Sessions {
			if s.Far == nil || seen[s] || s.ends == [2]*bgp.End{} {
				continue
			}
			seen[s], seen[s.Far] = true, true
			t := &pair{a: s, b: s.Far, link: linkOf(s)}
			t.isNear = t.link != nil || s.Interface != "" || r.isNear(s)
			all = append(all, t)
		}
	}
	return all
}

// linkOf returns the link that a session of switches runs over, or nil.
func linkOf(s *Session) *fabric.SwitchLink {
	if s.neighbor == nil || s.neighbor.Session == nil {
		return nil
	}
	return s.neighbor.Session.Link
}

// isNear reports whether the two addresses of a session lie on one network that both ends are on.
func (r *Result) isNear(s *Session) bool {
	near, far := s.Part.ground[familyIndex(s.Family)], s.Peer.ground[familyIndex(s.Family)]
	local, remote := memberOf(s.local, 0), memberOf(s.remote, farMember(s))
	if near == nil || far == nil {
		return false
	}
	a, b := near.attachmentTo(remote, nil), far.attachmentTo(local, nil)
	return a != nil && b != nil && a.segment == b.segment
}

// farMember is a member at the far end of a session that the first one has it with.
func farMember(s *Session) int {
	if s.Peer == s.Part {
		return s.Peer.Size() - 1
	}
	return 0
}

// isCut reports whether what has failed alone takes a session down.
func (t *pair) isCut(f *failure) bool {
	return f.hasLink(t.link) || f.isGone(t.a.Part) || f.isGone(t.b.Part)
}

// reach says where packets of a session stop, there or back; the zero lost: nowhere. The parts' members are alike in this, so
// the first ones that live stand for all.
func (v *view) reach(t *pair) lost {
	if t.isNear || isBeyond(t.a.Part) || isBeyond(t.b.Part) {
		return lost{}
	}
	a, b := v.firstLiving(t.a.Part, -1), v.firstLiving(t.b.Part, -1)
	if t.a.Part == t.b.Part {
		b = v.firstLiving(t.b.Part, a.member)
	}
	if stop := v.arrives(a, b, memberOf(t.a.remote, b.member), t.a.ttl); stop != (lost{}) {
		return stop
	}
	return v.arrives(b, a, memberOf(t.b.remote, a.member), t.b.ttl)
}

// isBeyond reports whether a part is a speaker outside the topology of which nobody knows where it is: packets to and from it
// are believed to find their way.
func isBeyond(p *Part) bool {
	if p.External == nil {
		return false
	}
	g := p.ground[familyIndex(fabric.FamilyOf(p.External.Address))]
	return len(g.attached) == 0
}

// firstLiving is the first member of a part that lives, another one than without.
func (v *view) firstLiving(p *Part, without int) place {
	for member := range p.Size() {
		if member != without && !v.down.isDead(p, member) {
			return place{p, member}
		}
	}
	return place{p, 0}
}

// settling is the work of finding out which sessions come up: their packets need routes that other sessions bring.
type settling struct {
	view    *view
	engines []*engine // of all domains
	far     []*pair   // that need routes
	up      []bool    // by far
	reasons []lost    // by far: why not
}

// maxSettling bounds the rounds, beside the end that a repeated state makes.
const maxSettling = 100

// settle brings sessions up and down until nothing changes. What comes and goes for ever is an Oscillation, and stays down.
func (s *settling) settle() *Oscillation {
	seen := map[string]int{}
	var states [][]bool
	for round := range maxSettling {
		s.solveUnderlay()
		if !s.judge() {
			return nil
		}
		key := fmt.Sprint(s.up)
		if first, known := seen[key]; known {
			return s.oscillates(states[first:])
		}
		seen[key] = round
		states = append(states, slices.Clone(s.up))
	}
	return s.oscillates(states)
}

func (s *settling) solveUnderlay() {
	inParallel(len(s.engines), func(i int) { s.engines[i].solveUnderlay() })
}

// judge looks again at every session that needs routes, and reports whether one has come up or gone down.
func (s *settling) judge() bool {
	changed := false
	for i, t := range s.far {
		s.reasons[i] = s.view.reach(t)
		if isUp := s.reasons[i] == (lost{}) && !t.isCut(s.view.down); isUp != s.up[i] {
			s.up[i], changed = isUp, true
			s.set(t, isUp)
		}
	}
	return changed
}

// set takes a session up or down in the domains of all families that it carries.
func (s *settling) set(t *pair, isUp bool) {
	for _, e := range s.engines {
		if end := t.a.ends[familyIndex(e.domain.family)]; end != nil && e.domain.has(end) {
			e.set(end, isUp)
		}
	}
}

// oscillates names the sessions that differ between states that follow each other for ever, and leaves them down.
func (s *settling) oscillates(states [][]bool) *Oscillation {
	o := &Oscillation{}
	for i, t := range s.far {
		for n := range states {
			if states[n][i] == states[(n+1)%len(states)][i] {
				continue
			}
			o.Cycle = append(o.Cycle, "the session of "+sessionName(t.a)+" comes up and goes down")
			s.up[i] = false
			s.reasons[i] = lost{reason: "its packets need a route that goes when it comes up"}
			s.set(t, false)
			break
		}
	}
	if len(o.Cycle) > 0 {
		o.Cycle = append(o.Cycle, o.Cycle[0])
	}
	s.solveUnderlay()
	return o
}

// sessionName names both ends of a session: "cluster-a/n1 and leaf1".
func sessionName(s *Session) string {
	return strings.Join([]string{partName(s.Part), partName(s.Peer)}, " and ")
}

// partName names a part by its first member.
func partName(p *Part) string {
	name := p.Device(0).DeviceName()
	if n := p.Size(); n > 1 {
		name += fmt.Sprintf(" (and %d more)", n-1)
	}
	return name
}
