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
// It has all destinations that there can be.
func randomLab(seed uint64) *lab {
	r := &randomNet{lab: newLab(), Rand: rand.New(rand.NewPCG(seed, 1))}
	maxLeaves, maxReflectors := 2, 4
	if allTell(seed) {
		maxLeaves, maxReflectors = 1, 2 // else paths would be too many to compare
	}
	for i := range r.IntN(maxLeaves + 1) {
		r.leaves = append(r.leaves, r.router(fmt.Sprintf("leaf%d", i), r.ids(1)...))
		r.leaves[i].RelaxAS = r.flip()
	}
	for i := range r.IntN(maxReflectors + 1) {
		r.reflectors = append(r.reflectors, r.bird(fmt.Sprintf("rr%d", i), r.ids(1)...))
	}
	for i := range 1 + r.IntN(3) {
		r.nodes = append(r.nodes, r.bird(fmt.Sprintf("n%d", i), r.ids(1+r.IntN(4))...))
	}
	if len(r.reflectors) > 0 {
		r.addReflection()
	} else {
		r.addMesh()
	}
	r.addFabric()
	if allTell(seed) {
		for _, e := range r.Ends {
			e.SendsAll, e.ASOverride, e.AllowOwnAS = true, false, 0 // nor do routes come back from outside
		}
	}
	r.addDestinations()
	return r.lab
}

// randomNet is a random lab under construction.
type randomNet struct {
	*lab
	*rand.Rand
	leaves, nodes, reflectors []*Speaker
	lastID                    byte
}

const nodesASN = 64512

func (r *randomNet) flip() bool { return r.IntN(2) == 0 }

// ids returns router IDs that nobody has yet.
func (r *randomNet) ids(n int) (all []byte) {
	for range n {
		r.lastID++
		all = append(all, r.lastID)
	}
	return all
}

// addReflection makes all nodes clients of all reflectors, which are one cluster, or one each and each other's clients.
func (r *randomNet) addReflection() {
	inside := End{LocalASN: nodesASN, Internal: true, SendsAll: r.flip()}
	isOneCluster := r.flip()
	clientOf := func(reflector int) End {
		end := inside
		end.Client, end.ClusterID = true, 1
		if !isOneCluster {
			end.ClusterID = uint32(reflector) + 1
		}
		return end
	}
	for i, rr := range r.reflectors {
		for _, n := range r.nodes {
			r.session(rr, n, clientOf(i), inside, 1)
		}
		for k, other := range r.reflectors[:i] {
			if isOneCluster {
				r.session(rr, other, inside, inside, 1)
			} else {
				r.session(rr, other, clientOf(i), clientOf(k), 1)
			}
		}
	}
}

func (r *randomNet) addMesh() {
	inside := End{LocalASN: nodesASN, Internal: true, SendsAll: r.flip()}
	for i, n := range r.nodes {
		if len(n.RouterIDs) > 1 {
			r.session(n, n, inside, inside, 1)
		}
		for _, other := range r.nodes[:i] {
			r.session(n, other, inside, inside, 1)
		}
	}
}

// addFabric connects leaves with some nodes and reflectors, and with spines.
func (r *randomNet) addFabric() {
	modes := []NextHopMode{ThirdParty, Self, Unchanged}
	for i, leaf := range r.leaves {
		override, mode, all := r.flip(), modes[r.IntN(3)], r.flip()
		for _, n := range slices.Concat(r.nodes, r.reflectors) {
			if r.flip() {
				r.session(n, leaf, End{LocalASN: nodesASN, NextHop: mode, SendsAll: all, AllowOwnAS: r.IntN(2)},
					End{LocalASN: 65000 + uint32(i), NextHop: ThirdParty, ASOverride: override}, 1)
			}
		}
	}
	for i := range r.IntN(3) {
		spine := r.router(fmt.Sprintf("spine%d", i), r.ids(1)...)
		for k, leaf := range r.leaves {
			r.ebgp(spine, leaf, 64999, 65000+uint32(k), 2+i)
		}
	}
}

// addDestinations gives every speaker one, every part those of its members, and all nodes one together.
func (r *randomNet) addDestinations() {
	for _, s := range r.Speakers {
		if s.Kind == Switch {
			s.MaxPaths = []int{1, 2, 16}[r.IntN(3)]
		}
		r.dest(s)
		if len(s.RouterIDs) > 1 {
			r.owned(s, true)
			r.owned(s, false)
		}
	}
	r.dest(r.nodes...)
}

// allTell reports whether everybody in a lab tells all paths.
func allTell(seed uint64) bool { return seed%3 == 0 }

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

// member is one of those that a slot stands for.
type member struct {
	*lab
	dead         loss
	dest         *Destination
	owner        int // of dest, as a member of its part; -1: none
	slot, member int
}

// addresses returns the next hops that a path stands for, as the member sees them.
func (m member) addresses(p Path) []netip.Addr {
	hop := m.Hops[p.NextHop.Hop]
	var addrs []netip.Addr
	for i, a := range hop.Addrs {
		isOwner := m.dest.Owner != nil && hop.Speaker == m.dest.Owner && i == m.owner
		isSelf := hop.Speaker == m.speakerAt(m.dest, m.slot) && i == m.member
		if isOwner == (p.NextHop.Who == Owner) && (!isSelf || isOwner) && !m.dead.has(hop.Speaker, i) {
			addrs = append(addrs, a)
		}
	}
	return addrs[:min(int(p.Count), len(addrs))]
}

// uses returns the next hops that the member uses, sorted; "local" for a local route.
func (m member) uses(x *Solution) string {
	var all []string
	for _, p := range x.Used(m.slot) {
		if p.NextHop.Hop < 0 {
			return "local"
		}
		for _, a := range m.addresses(p) {
			all = append(all, a.String())
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// has returns all that the member has learned, a line for each next hop and sender, sorted.
func (m member) has(x *Solution, part func(slot int) string) string {
	var all []string
	for _, p := range x.Paths(m.slot) {
		if p.From < 0 {
			continue
		}
		for _, a := range m.addresses(p) {
			all = append(all, fmt.Sprint(a, " from ", part(x.Sender(&p)), x.ASPath(&p), x.ClusterList(&p), p.LocalPref, p.Internal))
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "\n")
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
	for seed := range uint64(600) {
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
	parts.keepsAll, singles.keepsAll = allTell(c.seed), allTell(c.seed)
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
		for m, single := range members {
			part := c.parts.Speakers[i]
			slot := i
			if m == owner && part == d.Owner {
				slot = c.parts.OwnerSlot()
			}
			if c.dead.has(part, m) {
				continue
			}
			asPart := member{c.parts, c.dead, d, owner, slot, m}
			asSingle := member{c.flat, nil, d, -1, single.Index, 0}
			c.compared++
			got, want := asPart.has(x, asPart.partOf), asSingle.has(y, func(slot int) string {
				name, _, _ := strings.Cut(c.flat.names[slot], ".")
				return name
			})
			if got != want && allTell(c.seed) {
				c.Errorf("seed %d, destination %d of member %d: %s.%d has as part\n%s\nby itself\n%s",
					c.seed, d.Index, owner, c.parts.names[i], m, got, want)
			}
			got, want = asPart.uses(x), asSingle.uses(y)
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

// partOf returns the name of the part that a slot belongs to.
func (m member) partOf(slot int) string {
	name, _ := strings.CutSuffix(m.slotName(m.dest, slot), "!")
	return name
}
