package bgp

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// fabricLab is a random lab of racks under spines: most racks are alike, and some differ in one thing.
type fabricLab struct {
	*lab
	*rand.Rand
	template uint64 // what racks have in common is drawn from
	rack     int    // that is being made; -1: none
	asked    uint64
	spines   []*Speaker
	racks    [][]*Speaker
	rackOf   map[*Speaker]int
}

// draw returns a number below n: mostly the same in every rack for the same question.
func (l *fabricLab) draw(n int) int {
	l.asked++
	if l.IntN(200) == 0 {
		return l.IntN(n)
	}
	return rand.New(rand.NewPCG(l.template, l.asked)).IntN(n)
}

func (l *fabricLab) drawBool() bool { return l.draw(2) == 0 }

func randomFabric(seed uint64) *fabricLab {
	l := &fabricLab{lab: newLab(), Rand: rand.New(rand.NewPCG(seed, 5)), template: seed, rackOf: map[*Speaker]int{}}
	ids := byte(0)
	id := func(n int) (all []byte) {
		for range n {
			ids++
			all = append(all, ids)
		}
		return all
	}
	racks, spines := 3+l.IntN(3), 1+l.IntN(3)
	spinesAt := l.IntN(2 * racks) // mostly before all racks or after them
	isMixed := l.IntN(6) == 0
	for i := range racks {
		if i == spinesAt && isMixed || i == 0 && spinesAt%2 == 0 && !isMixed {
			l.addSpines(spines, id)
		}
		l.addRack(i, id)
	}
	l.addSpines(spines-len(l.spines), id)
	l.connect()
	l.perturb()
	l.addDestinations()
	return l
}

func (l *fabricLab) addSpines(n int, id func(int) []byte) {
	for range n {
		l.spines = append(l.spines, l.router("spine", id(1)...))
	}
}

// addRack adds the speakers of a rack, leaves first, and the sessions between them.
func (l *fabricLab) addRack(rack int, id func(int) []byte) {
	l.asked = 0
	leaves, reflectors, size := 1+l.draw(2), l.draw(3), 1+l.draw(3)
	all := id(leaves + reflectors + size)
	if l.IntN(15) == 0 {
		l.Shuffle(leaves+reflectors, func(i, k int) { all[i], all[k] = all[k], all[i] })
	}
	var own []*Speaker
	for i := range leaves {
		own = append(own, l.router(fmt.Sprintf("leaf%d.%d", rack, i), all[i]))
		own[i].MaxPaths, own[i].RelaxAS = []int{1, 2, 16}[l.draw(3)], l.drawBool()
	}
	for i := range reflectors {
		own = append(own, l.bird(fmt.Sprintf("rr%d.%d", rack, i), all[leaves+i]))
	}
	own = append(own, l.bird(fmt.Sprintf("nodes%d", rack), all[leaves+reflectors:]...))
	l.racks = append(l.racks, own)
	for _, s := range own {
		l.rackOf[s] = rack
	}
	l.connectRack(rack, own[:leaves], own[leaves:len(own)-1], own[len(own)-1])
}

// Numbers of ASes: of each rack its own, or of all the same.
func (l *fabricLab) nodesASN(rack int) uint32 {
	if l.template%3 == 0 {
		return 64512
	}
	return 64600 + uint32(rack*7%5)
}

func (l *fabricLab) leafASN(rack int) uint32 {
	if l.template%5 == 0 {
		return 65000
	}
	if l.template%7 == 0 && rack == 1 {
		rack = 3 // has it too
	}
	return 65100 + uint32(rack*3%5)
}

func (l *fabricLab) connectRack(rack int, leaves, reflectors []*Speaker, nodes *Speaker) {
	subnet := 100 + rack
	inside := End{LocalASN: l.nodesASN(rack), Internal: true, SendsAll: l.drawBool(), Export: l.policy(rack)}
	speakers := reflectors
	if len(reflectors) == 0 {
		speakers = []*Speaker{nodes}
		if len(nodes.RouterIDs) > 1 {
			l.session(nodes, nodes, inside, inside, subnet)
		}
	}
	isOneCluster := l.drawBool()
	for i, rr := range reflectors {
		client := inside
		client.Client, client.ClusterID = true, 1
		if !isOneCluster {
			client.ClusterID = uint32(l.IntN(3))*1000 + uint32(rack*10+i)
		}
		l.session(rr, nodes, client, inside, subnet)
		if i > 0 {
			l.session(reflectors[0], rr, inside, inside, subnet)
		}
	}
	for _, leaf := range leaves {
		up := End{LocalASN: l.nodesASN(rack), NextHop: []NextHopMode{Unchanged, Self, ThirdParty}[l.draw(3)], SendsAll: l.drawBool(),
			AllowOwnAS: l.draw(4) / 3, Export: l.policy(rack)}
		down := End{LocalASN: l.leafASN(rack), NextHop: ThirdParty, ASOverride: l.draw(4) == 0, Import: l.policy(rack)}
		for _, s := range speakers {
			l.session(s, leaf, up, down, subnet)
		}
	}
}

// policy is none, mostly; or it takes some destinations only, or goes by more than the prefix.
func (l *fabricLab) policy(rack int) Policy {
	switch l.draw(12) {
	case 0:
		return &policy{decision: func(d *Destination) Decision {
			if len(d.Origins) > 0 && l.rackOf[d.Origins[0].Speaker] != rack && d.Index%4 == 0 {
				return Reject
			}
			return Accept
		}}
	case 1:
		return &policy{decision: func(d *Destination) Decision {
			if d.Index%5 == 0 {
				return Depends
			}
			return Accept
		}, decide: func(*Destination, *Route) bool { return rack%2 == 0 }}
	}
	return nil
}

// connect makes the sessions of spines.
func (l *fabricLab) connect() {
	isLAN, areSpinesApart, isInternal := l.IntN(8) == 0, l.IntN(4) == 0, l.IntN(12) == 0
	subnet := 0
	for i, spine := range l.spines {
		asn := uint32(65500)
		if areSpinesApart {
			asn += uint32(i)
		}
		for rack, own := range l.racks {
			l.asked = 1000 + 100*uint64(i)
			for _, leaf := range own {
				if leaf.Kind != Switch {
					break
				}
				if subnet++; isLAN {
					subnet = 50
				}
				up, down := End{LocalASN: l.leafASN(rack), NextHop: ThirdParty}, End{LocalASN: asn, NextHop: ThirdParty}
				down.AllowOwnAS, down.ASOverride = l.draw(8)/7, l.draw(6) == 0
				if isInternal {
					up.LocalASN, up.Internal, down.Internal = asn, true, true
				}
				up.Export, down.Export = l.policy(rack), l.policy(rack)
				if l.IntN(40) > 0 {
					l.session(leaf, spine, up, down, subnet)
				}
			}
		}
		if i > 0 && areSpinesApart && l.IntN(2) == 0 {
			subnet++
			l.ebgp(l.spines[0], spine, 65500, asn, subnet)
		}
	}
}

// perturb takes some sessions down and next hops out of reach.
func (l *fabricLab) perturb() {
	own := l.racks[l.IntN(len(l.racks))]
	switch l.IntN(6) {
	case 0, 1:
		return
	case 2: // two addresses change places
		a, b := l.hop(own[0], own[0].Ends[0].Hop.Subnet), l.hop(own[1], own[0].Ends[0].Hop.Subnet)
		a.Addrs[0], b.Addrs[0] = b.Addrs[0], a.Addrs[0]
	case 3: // two router IDs do
		if a, b := own[0].RouterIDs, own[1].RouterIDs; len(b) == 1 {
			a[0], b[0] = b[0], a[0]
		}
	}
	for range l.IntN(3) {
		l.Ends[l.IntN(len(l.Ends))].Up = false
	}
	for range l.IntN(4) {
		l.metrics[[2]any{l.Speakers[l.IntN(len(l.Speakers))], l.Hops[l.IntN(len(l.Hops))]}] = []Metric{ViaGateway, Unreachable}[l.IntN(2)]
	}
}

func (l *fabricLab) addDestinations() {
	var nodes []*Speaker
	for _, s := range l.Speakers {
		l.dest(s)
		if len(s.RouterIDs) > 1 {
			l.owned(s, true)
			l.owned(s, false)
		}
		if s.Kind == BIRD {
			nodes = append(nodes, s)
		}
	}
	l.dest(nodes...)
	l.dest(l.racks[0][0], l.racks[1][0])
	l.dest(l.spines...)
}

// TestWhatStandsForOthersHasTheirPaths: solving what is alike once gives every slot the paths that it has where all are solved.
func TestWhatStandsForOthersHasTheirPaths(t *testing.T) {
	spared, all := 0, 0
	for seed := range uint64(500) {
		l := randomFabric(seed)
		one, every := NewSolver(l.Network), NewSolver(l.Network)
		for i, d := range l.Destinations {
			var apart []int32
			if l.IntN(4) == 0 {
				apart = []int32{int32(l.IntN(len(l.Speakers)))}
			}
			want := every.Solve(d)
			got := one.SolveAlike(d, apart)
			if got.Settled != want.Settled {
				t.Fatalf("seed %d, destination %d: settled %v, want %v", seed, i, got.Settled, want.Settled)
			}
			all += len(l.Speakers)
			spared += l.compareSolutions(t, fmt.Sprintf("seed %d, destination %d", seed, i), d, got, want)
			if t.Failed() {
				return
			}
		}
	}
	t.Logf("%d of %d speakers are stood for", spared, all)
	if spared < all/20 {
		t.Errorf("%d of %d speakers are stood for: the labs tell too little", spared, all)
	}
}

// compareSolutions returns how many slots others stand for.
func (l *fabricLab) compareSolutions(t *testing.T, name string, d *Destination, got, want *Solution) int {
	t.Helper()
	models := map[int]int{}
	for _, s := range got.Standing() {
		for _, stub := range s.For {
			for at, slot := range l.Stubs()[stub] {
				models[int(slot)] = int(l.Stubs()[s.Model][at])
			}
		}
	}
	type shown struct {
		Path
		asLength, clusterLength uint16
	}
	show := func(x *Solution, slot int, paths []Path) string {
		var all []shown
		for _, p := range paths {
			if _, ok := models[slot]; ok && x == got {
				x.Translate(&p, slot)
			}
			lengths := shown{asLength: p.asLength, clusterLength: p.clusterLength}
			p.asPath, p.clusterList, p.communities, p.asBits, p.originator, p.lowestID = 0, 0, 0, 0, 0, 0
			lengths.Path = p
			all = append(all, lengths)
		}
		return fmt.Sprintf("%+v", all)
	}
	for slot := range len(l.Speakers) + 1 {
		from := slot
		if model, ok := models[slot]; ok {
			from = model
		}
		for _, of := range []struct{ got, want string }{
			{show(got, slot, got.Used(from)), show(want, slot, want.Used(slot))},
			{show(got, slot, got.Paths(from)), show(want, slot, want.Paths(slot))},
		} {
			if of.got != of.want {
				t.Errorf("%s: at %s (solved at %s)\n%s\nwant\n%s", name, l.slotName(d, slot), l.slotName(d, from), of.got, of.want)
				return 0
			}
		}
	}
	return len(models)
}
