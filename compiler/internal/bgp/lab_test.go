package bgp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// lab is a Network under construction. Everything in it has a name; of parts of several members "n.0" is the first one.
type lab struct {
	*Network
	names    []string // of speakers
	hopNames map[*Hop]string
	metrics  map[[2]any]Metric
}

func newLab() *lab {
	l := &lab{Network: &Network{}, hopNames: map[*Hop]string{}, metrics: map[[2]any]Metric{}}
	l.Resolve = func(s *Speaker, h *Hop) Metric { return l.metrics[[2]any{s, h}] }
	return l
}

// speaker adds a speaker whose members' router IDs, and addresses, end in these numbers.
func (l *lab) speaker(kind Kind, name string, ids ...byte) *Speaker {
	s := &Speaker{Index: len(l.Speakers), Kind: kind, MaxPaths: 16, RelaxAS: true}
	for _, id := range ids {
		s.RouterIDs = append(s.RouterIDs, netip.AddrFrom4([4]byte{0, 0, 0, id}))
	}
	l.Speakers = append(l.Speakers, s)
	l.names = append(l.names, name)
	return s
}

func (l *lab) bird(name string, ids ...byte) *Speaker   { return l.speaker(BIRD, name, ids...) }
func (l *lab) router(name string, ids ...byte) *Speaker { return l.speaker(Switch, name, ids...) }

// hop returns the addresses of a speaker in a subnet, which is the first byte of the addresses.
func (l *lab) hop(s *Speaker, subnet int) *Hop {
	for _, h := range l.Hops {
		if h.Speaker == s && h.Subnet == subnet {
			return h
		}
	}
	h := &Hop{Index: len(l.Hops), Speaker: s, Subnet: subnet}
	for _, id := range s.RouterIDs {
		b := id.As4()
		h.Addrs = append(h.Addrs, netip.AddrFrom4([4]byte{byte(subnet), 0, b[2], b[3]}))
	}
	l.Hops = append(l.Hops, h)
	l.hopNames[h] = l.names[s.Index]
	return h
}

// ebgp adds an eBGP session over one hop in a subnet.
func (l *lab) ebgp(a, b *Speaker, asnA, asnB uint32, subnet int) (*End, *End) {
	return l.session(a, b, End{LocalASN: asnA, NextHop: ThirdParty}, End{LocalASN: asnB, NextHop: ThirdParty}, subnet)
}

// ibgp adds an iBGP session of AS 64512 in subnet 1 over which both send all paths.
func (l *lab) ibgp(a, b *Speaker) (*End, *End) {
	end := End{LocalASN: 64512, Internal: true, SendsAll: true}
	return l.session(a, b, end, end, 1)
}

// client adds an iBGP session of a reflector and its client.
func (l *lab) client(reflector, client *Speaker, clusterID uint32) (*End, *End) {
	a, b := l.ibgp(reflector, client)
	a.Client, a.ClusterID = true, clusterID
	return a, b
}

func (l *lab) session(a, b *Speaker, endA, endB End, subnet int) (*End, *End) {
	for _, at := range []struct {
		speaker    *Speaker
		end, other *End
	}{{a, &endA, &endB}, {b, &endB, &endA}} {
		at.end.Speaker, at.end.Hop, at.end.Up = at.speaker, l.hop(at.speaker, subnet), true
		at.end.FarASN = at.other.LocalASN
		at.end.Index = len(l.Ends)
		l.Ends = append(l.Ends, at.end)
		at.speaker.Ends = append(at.speaker.Ends, at.end)
	}
	return &endA, &endB
}

// dest adds a destination that speakers have static routes to.
func (l *lab) dest(speakers ...*Speaker) *Destination {
	d := &Destination{
		Index:  len(l.Destinations),
		Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(len(l.Destinations)), 0, 0}), 16),
	}
	for _, s := range speakers {
		d.Origins = append(d.Origins, Origination{Speaker: s, Source: FromStatic, Preference: 200})
	}
	l.Destinations = append(l.Destinations, d)
	return d
}

// owned adds a destination that belongs to one member of a part: the first, or any other.
func (l *lab) owned(s *Speaker, first bool) *Destination {
	d := l.dest(s)
	d.Owner, d.First = s, first
	return d
}

// slotName names a slot: the owner's as its part with an exclamation mark.
func (l *lab) slotName(d *Destination, slot int) string {
	if slot == l.OwnerSlot() {
		return l.names[d.Owner.Index] + "!"
	}
	return l.names[slot]
}

// hops writes the next hops of paths: "a b×3 c!", with how many they are where it is more than one.
func (l *lab) hops(paths []Path) string {
	var words []string
	for _, p := range paths {
		if p.NextHop.Hop < 0 {
			words = append(words, "local")
			continue
		}
		h := l.Hops[p.NextHop.Hop]
		word := l.hopNames[h]
		switch p.NextHop.Who {
		case Owner:
			word += "!"
		case First:
			word += ".first"
		}
		if p.Metric == Unreachable {
			word += "?"
		}
		if p.Count > 1 {
			word += fmt.Sprintf("×%d", p.Count)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// table writes what every slot uses: "a: local; b: a".
func (l *lab) table(d *Destination, x *Solution) string {
	var rows []string
	for slot := range len(l.Speakers) + 1 {
		if x.Best(slot) != nil {
			rows = append(rows, l.slotName(d, slot)+": "+l.hops(x.Used(slot)))
		}
	}
	if !x.Settled {
		rows = append(rows, "unsettled")
	}
	return strings.Join(rows, "; ")
}

// reason returns what became of the messages from one slot to another, without repetition.
func (l *lab) reasons(s *Solver, d *Destination, from, to *Speaker) []Reason {
	var all []Reason
	for _, m := range s.Messages(d) {
		if m.From == from.Index && m.To == to.Index {
			all = append(all, m.Reason)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func wantTable(t *testing.T, l *lab, d *Destination, want string) *Solution {
	t.Helper()
	x := NewSolver(l.Network).Solve(d)
	if got := l.table(d, x); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	return x
}

// policy is a Policy of two functions, either nil: what it says of prefixes (nil: it depends), and of routes.
type policy struct {
	decision func(*Destination) Decision
	decide   func(*Destination, *Route) bool
}

func (p *policy) Decisions(all []*Destination) []Decision {
	answers := make([]Decision, len(all))
	if p.decision != nil {
		for i, d := range all {
			answers[i] = p.decision(d)
		}
	}
	return answers
}

func (p *policy) Decide(d *Destination, r *Route) bool { return p.decide(d, r) }

var denyAll = &policy{decision: func(*Destination) Decision { return Reject }}

func withLocalPref(value uint32) *policy {
	return &policy{decide: func(_ *Destination, r *Route) bool { r.LocalPref = value; return true }}
}
