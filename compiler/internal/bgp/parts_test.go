package bgp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// randomLab makes a network of parts: nodes under reflectors or in a mesh, leaves above some of them, spines above the leaves.
// All destinations that there can be.
func randomLab(seed uint64) *lab {
	rng := rand.New(rand.NewPCG(seed, 1))
	flip := func() bool { return rng.IntN(2) == 0 }
	l := newLab()
	id := byte(0)
	ids := func(n int) (all []byte) {
		for range n {
			id++
			all = append(all, id)
		}
		return all
	}
	var leaves, nodes, reflectors []*Speaker
	for i := range rng.IntN(3) {
		leaves = append(leaves, l.router(fmt.Sprintf("leaf%d", i), ids(1)...))
		leaves[i].RelaxAS = flip()
	}
	for i := range rng.IntN(5) {
		reflectors = append(reflectors, l.bird(fmt.Sprintf("rr%d", i), ids(1)...))
	}
	for i := range 1 + rng.IntN(3) {
		nodes = append(nodes, l.bird(fmt.Sprintf("n%d", i), ids(1+rng.IntN(4))...))
	}
	const asn = 64512
	inside := End{LocalASN: asn, Internal: true, SendsAll: flip()}
	sameCluster := flip()
	clientOf := func(i int) End {
		end := inside
		end.Client, end.ClusterID = true, 1
		if !sameCluster {
			end.ClusterID = uint32(i) + 1
		}
		return end
	}
	for i, rr := range reflectors {
		for _, n := range nodes {
			l.session(rr, n, clientOf(i), inside, 1)
		}
		for k, other := range reflectors[:i] {
			if sameCluster {
				l.session(rr, other, inside, inside, 1)
			} else {
				l.session(rr, other, clientOf(i), clientOf(k), 1)
			}
		}
	}
	if len(reflectors) == 0 {
		for i, n := range nodes {
			if len(n.RouterIDs) > 1 {
				l.session(n, n, inside, inside, 1)
			}
			for _, other := range nodes[:i] {
				l.session(n, other, inside, inside, 1)
			}
		}
	}
	modes := []NextHopMode{ThirdParty, Self, Unchanged}
	for i, leaf := range leaves {
		override, mode, all := flip(), modes[rng.IntN(3)], flip()
		for _, n := range append(slices.Clone(nodes), reflectors...) {
			if flip() {
				l.session(n, leaf, End{LocalASN: asn, NextHop: mode, SendsAll: all, AllowOwnAS: rng.IntN(2)},
					End{LocalASN: 65000 + uint32(i), NextHop: ThirdParty, ASOverride: override}, 1)
			}
		}
	}
	for i := range rng.IntN(3) {
		spine := l.router(fmt.Sprintf("spine%d", i), ids(1)...)
		for k, leaf := range leaves {
			l.ebgp(spine, leaf, 64999, 65000+uint32(k), 2+i)
		}
	}
	for _, s := range l.Speakers {
		if s.MaxPaths = []int{1, 2, 16}[rng.IntN(3)]; s.Kind == BIRD {
			s.MaxPaths = 16
		}
		l.dest(s)
		if len(s.RouterIDs) > 1 {
			l.owned(s, true)
			l.owned(s, false)
		}
	}
	l.dest(nodes...)
	return l
}

// expand makes a speaker of every member. speakers is by Speaker.Index of the parts, then member.
func expand(l *lab) (flat *lab, speakers [][]*Speaker) {
	flat = newLab()
	for i, s := range l.Speakers {
		var members []*Speaker
		for m, id := range s.RouterIDs {
			member := flat.speaker(s.Kind, fmt.Sprintf("%s.%d", l.names[i], m), id.As4()[3])
			member.MaxPaths, member.RelaxAS = s.MaxPaths, s.RelaxAS
			members = append(members, member)
		}
		speakers = append(speakers, members)
	}
	for i := 0; i < len(l.Ends); i += 2 {
		a, b := l.Ends[i], l.Ends[i+1]
		for m, x := range speakers[a.Speaker.Index] {
			for k, y := range speakers[b.Speaker.Index] {
				if a.Speaker != b.Speaker || m < k {
					flat.session(x, y, *a, *b, a.Hop.Subnet)
				}
			}
		}
	}
	return flat, speakers
}

// loss is dead members of a lab's speakers.
type loss map[*Speaker][]int

func (d loss) has(s *Speaker, member int) bool { return slices.Contains(d[s], member) }

// lose kills members at random, none of them in every second lab.
func lose(l *lab, seed uint64) loss {
	rng := rand.New(rand.NewPCG(seed, 2))
	dead := loss{}
	for _, s := range l.Speakers {
		for m := range s.RouterIDs {
			if seed%2 == 1 && rng.IntN(6) == 0 {
				dead[s] = append(dead[s], m)
			}
		}
	}
	return dead
}

// inMiddle reports whether a destination's owner is neither the first nor the last of the living members.
func (d loss) inMiddle(s *Speaker, owner int) bool {
	before, after := 0, 0
	for m := range s.RouterIDs {
		switch {
		case d.has(s, m):
		case m < owner:
			before++
		case m > owner:
			after++
		}
	}
	return owner > 0 && after > 0 || owner > 0 && before == 0
}

// addresses returns the next hops that a member of a slot uses, sorted; "local" for a local route.
func addresses(l *lab, dead loss, d *Destination, x *Solution, slot, member, owner int) string {
	var all []string
	for _, p := range x.Used(slot) {
		if p.NextHop.Hop < 0 {
			return "local"
		}
		hop := l.Hops[p.NextHop.Hop]
		var addrs []netip.Addr
		for m, a := range hop.Addrs {
			isOwner := d.Owner != nil && hop.Speaker == d.Owner && m == owner
			isSelf := hop.Speaker == l.speakerAt(d, slot) && m == member
			if isOwner == (p.NextHop.Who == Owner) && (!isSelf || isOwner) && !dead.has(hop.Speaker, m) {
				addrs = append(addrs, a)
			}
		}
		for _, a := range addrs[:min(int(p.Count), len(addrs))] {
			all = append(all, a.String())
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func (l *lab) speakerAt(d *Destination, slot int) *Speaker {
	if slot == l.OwnerSlot() {
		return d.Owner
	}
	return l.Speakers[slot]
}

// likeness compares a lab of parts with the same lab of single speakers.
type likeness struct {
	*testing.T
	seed        uint64
	parts, flat *lab
	speakers    [][]*Speaker
	dead        loss
	compared    int
}

// TestPartsAreTheirMembers compares networks of parts with the same networks of single speakers, with members that are dead.
func TestPartsAreTheirMembers(t *testing.T) {
	compared := 0
	for seed := range uint64(6000) {
		c := likeness{T: t, seed: seed, parts: randomLab(seed)}
		c.flat, c.speakers = expand(c.parts)
		c.dead = lose(c.parts, seed)
		c.compareAll()
		compared += c.compared
	}
	if compared < 20000 {
		t.Errorf("compared %d only", compared)
	}
}

func (c *likeness) compareAll() {
	type pair struct {
		part, single *Destination
		owner        int
	}
	var pairs []pair
	for _, d := range c.parts.Destinations {
		if d.Owner == nil {
			var origins []*Speaker
			for _, o := range d.Origins {
				origins = append(origins, c.speakers[o.Speaker.Index]...)
			}
			pairs = append(pairs, pair{d, c.flat.dest(origins...), -1})
			continue
		}
		for m, member := range c.speakers[d.Owner.Index] {
			if (m == 0) == d.First && (d.First || !c.dead.has(d.Owner, m)) {
				pairs = append(pairs, pair{d, c.flat.dest(member), m})
			}
		}
	}
	parts, singles := NewSolver(c.parts.Network), NewSolver(c.flat.Network)
	deadSingles := map[*Speaker][]int{}
	for s, members := range c.dead {
		for _, m := range members {
			deadSingles[c.speakers[s.Index][m]] = []int{0}
		}
	}
	parts.Fail(c.dead, nil)
	singles.Fail(deadSingles, nil)
	for _, p := range pairs {
		x, y := parts.Solve(p.part), singles.Solve(p.single)
		if x.Settled != y.Settled {
			c.Errorf("seed %d, destination %d: parts settle: %v, members: %v", c.seed, p.part.Index, x.Settled, y.Settled)
		}
		if x.Settled && y.Settled {
			c.compare(p.part, p.owner, x, y)
		}
	}
}

// compare compares what every living member uses.
func (c *likeness) compare(d *Destination, owner int, x, y *Solution) {
	for i, members := range c.speakers {
		for m, member := range members {
			part := c.parts.Speakers[i]
			slot := i
			if m == owner && part == d.Owner {
				slot = c.parts.OwnerSlot()
			}
			if c.dead.has(part, m) {
				continue
			}
			got := addresses(c.parts, c.dead, d, x, slot, m, owner)
			want := addresses(c.flat, nil, d, y, member.Index, 0, -1)
			c.compared++
			if d.Owner != nil && c.dead.inMiddle(d.Owner, owner) && len(strings.Fields(want)) >= part.MaxPaths {
				continue // which of many next hops are the lowest is said for the last member
			}
			if got != want {
				c.Errorf("seed %d, destination %d of member %d: %s.%d uses %q as part, %q by itself",
					c.seed, d.Index, owner, c.parts.names[i], m, got, want)
			}
		}
	}
}
