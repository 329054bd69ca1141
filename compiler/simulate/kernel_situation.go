package simulate

import (
	"encoding/binary"

	"topoc/compiler/internal/bgp"
)

// situation is what decides of the action of a part, beside the next hops in use: most destinations are alike in it. Not so
// where the part has a route of its own to the very prefix, and at switches that bring the route in themselves.
type situation struct {
	part      int32
	localPref uint32
	best      bgp.NextHop // Hop -1: local, or there is none
	felix     bgp.NextHop // to which Felix writes a route; Hop -1: it doesn't, or knows none
	class     kernelClass
	kind      routeKind
	source    bgp.Source // of the best path

	hasBest, isLocal, isUnreachable bool // the best path

	isOwn       bool // the part's slot is one that has the destination itself
	isOfCluster bool // the destination is of the part's cluster
	isSingle    bool // the prefix is one address
}

// use is a next hop in use.
type use struct {
	bgp.NextHop
	count    int32
	isOwners bool // it is an address of the destination's owner's part
}

// memory is an action and what decided it. The zero memory is of nothing.
type memory struct {
	situation
	uses   []use
	action *action
}

// situate returns a slot's situation, and whether it decides of the action.
func (k *programmer) situate(slot int, p *Part, r route) (situation, bool) {
	d := k.dest
	s := situation{part: int32(p.Index), best: bgp.NextHop{Hop: -1}, felix: bgp.NextHop{Hop: -1}, class: k.class(slot), kind: d.kind,
		isOwn: k.isOrigin[slot], isOfCluster: d.cluster == p.Cluster, isSingle: k.isSingle}
	if s.class.rule == byFelix {
		s.felix = k.felixHop
	}
	if b := r.best; b != nil {
		s.hasBest, s.isLocal, s.isUnreachable = true, b.Origination >= 0, b.Metric == bgp.Unreachable
		s.source, s.localPref, s.best = b.Source, b.LocalPref, b.NextHop
	}
	return s, s.class.rule != ofGround && (p.Switch == nil || !s.isLocal)
}

// recalls reports whether a memory is of this situation.
func (k *programmer) recalls(m *memory, s *situation, used []bgp.Path) bool {
	if m.action == nil || m.situation != *s || len(m.uses) != len(used) {
		return false
	}
	for i := range used {
		if m.uses[i] != k.useOf(&used[i]) {
			return false
		}
	}
	return true
}

func (k *programmer) useOf(p *bgp.Path) use {
	isOwners := k.owner >= 0 && p.NextHop.Hop >= 0 && k.speakers[p.NextHop.Hop] == k.owner
	return use{p.NextHop, p.Count, isOwners}
}

// recall returns the action that was once decided in a situation, or else what decide returns.
func (k *programmer) recall(s *situation, used []bgp.Path, decide func() *action) memory {
	uses := make([]use, len(used))
	for i := range used {
		uses[i] = k.useOf(&used[i])
	}
	k.writeKey(s, uses)
	act, ok := k.known[string(k.key)]
	if !ok {
		act = decide()
		k.known[string(k.key)] = act
	}
	return memory{*s, uses, act}
}

// writeKey writes down all that decides.
func (k *programmer) writeKey(s *situation, uses []use) {
	k.key = binary.LittleEndian.AppendUint32(k.key[:0], uint32(s.part))
	k.key = binary.LittleEndian.AppendUint32(k.key, s.localPref)
	k.key = append(k.key, byte(s.class.rule), byte(s.class.pool), byte(s.class.pool>>8), byte(s.kind), byte(s.source))
	for _, flag := range [...]bool{s.hasBest, s.isLocal, s.isUnreachable, s.isOwn, s.isOfCluster, s.isSingle} {
		k.addFlag(flag)
	}
	k.addHop(s.best)
	k.addHop(s.felix)
	for _, u := range uses {
		k.addHop(u.NextHop)
		k.key = binary.AppendVarint(k.key, int64(u.count))
		k.addFlag(u.isOwners)
	}
}

func (k *programmer) addHop(h bgp.NextHop) {
	k.key = append(binary.AppendVarint(k.key, int64(h.Hop)), byte(h.Who))
}

func (k *programmer) addFlag(is bool) {
	flag := byte(0)
	if is {
		flag = 1
	}
	k.key = append(k.key, flag)
}
