package simulate

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// rib is the paths that one slot has of one destination, best first, read out of a solution.
type rib struct {
	paths []ribPath
}

// ribPath is a path, with what only its Solver knows of it.
type ribPath struct {
	bgp.Path
	asPath  []uint32
	sender  int    // slot; -1: local
	isUsed  bool   // best, or beside it
	decider string // the step of the decision process that prefers the best path; empty: none does
}

// ribCache keeps the paths of the part that was asked for last: devices of a part are asked for one after the other.
type ribCache struct {
	mu   sync.Mutex
	part *Part
	ribs map[ribKey]rib
}

type ribKey struct{ destination, slot int }

// ribs returns the paths of a part to all destinations. Shared, do not modify.
func (d *domain) ribs(p *Part, base *view) map[ribKey]rib {
	d.known.mu.Lock()
	defer d.known.mu.Unlock()
	if d.known.part == p {
		return d.known.ribs
	}
	e := d.spare.take(d)
	defer d.spare.put(e)
	e.begin(base)
	e.restart()
	ribs := map[ribKey]rib{}
	speaker := p.speakers[familyIndex(d.family)]
	for _, dest := range d.dests {
		solution := e.solver.Solve(dest.Destination)
		ribs[ribKey{dest.Index, speaker.Index}] = readRIB(solution, speaker.Index)
		if dest.Owner == speaker {
			slot := d.network.OwnerSlot()
			ribs[ribKey{dest.Index, slot}] = readRIB(solution, slot)
		}
	}
	d.known.part, d.known.ribs = p, ribs
	return ribs
}

func readRIB(s *bgp.Solution, slot int) rib {
	best := s.Best(slot)
	if best == nil {
		return rib{}
	}
	used := s.Used(slot)
	var r rib
	for _, p := range s.Paths(slot) {
		of := ribPath{Path: p, asPath: slices.Clone(s.ASPath(&p)), sender: s.Sender(&p)}
		of.decider = s.Decides(slot, best, &p)
		of.isUsed = slices.ContainsFunc(used, func(u bgp.Path) bool { return u.NextHop.Hop == p.NextHop.Hop && u.From == p.From })
		r.paths = append(r.paths, of)
	}
	return r
}

// bgpRows returns the paths that a device has, of one family: by prefix, the best first.
func (v *view) bgpRows(at place, f fabric.Family) []RouteRow {
	d := at.part.domains[familyIndex(f)]
	if d == nil || at.part.speakers[familyIndex(f)] == nil {
		return nil
	}
	ribs := d.ribs(at.part, v)
	var rows []RouteRow
	for _, dest := range d.dests {
		for _, o := range dest.owned {
			slot := dest.slot(at.part, at.member, o.member)
			rows = append(rows, v.pathRows(at, dest, o, ribs[ribKey{dest.Index, slot}])...)
		}
	}
	slices.SortStableFunc(rows, func(a, b RouteRow) int {
		return cmp.Or(cmp.Compare(isDefault(b), isDefault(a)), a.Prefix.Addr().Compare(b.Prefix.Addr()), cmp.Compare(b.Prefix.Bits(), a.Prefix.Bits()))
	})
	return rows
}

// pathRows expands the paths of a slot for one device and one prefix: one row for each neighbor and next hop.
func (v *view) pathRows(at place, d *destination, o owned, r rib) []RouteRow {
	act := v.at(d, d.slot(at.part, at.member, o.member))
	var rows []RouteRow
	var taken []telling // whose next hops a row before uses
	isOnSubnet := at.part.Nodes != nil && slices.ContainsFunc(at.part.ground[familyIndex(d.domain.family)].attached,
		func(on attachment) bool { return on.subnet == o.prefix })
	for n, p := range r.paths {
		row := RouteRow{Device: at.part.Device(at.member), VRF: at.part.VRF, Prefix: o.prefix, Table: BGPTable, Type: Unicast,
			ASPath: p.asPath, LocalPref: p.LocalPref}
		if p.sender < 0 {
			row.Best, row.Used = n == 0, n == 0
			rows = append(rows, row.judged(act, p))
			continue
		}
		for _, t := range v.tellings(at, d, o, p) {
			told := row
			told.From = t.from.DeviceName()
			told.NextHops = []NextHop{v.resolved(at, d, o, act, t.nextHop, p.NextHop.Hop)}
			told.Best = len(rows) == 0 && !isOnSubnet
			isTaken := slices.ContainsFunc(taken, t.isSameNextHop)
			told.Used = told.Best || !isOnSubnet && p.isUsed && !isTaken && isAmong(v.inUse(at, d, o, act), t.nextHop)
			if told.Used {
				taken = append(taken, t)
			}
			told = told.judged(act, p)
			if !told.Used && isTaken && slices.Contains(tieBreaks, p.decider) {
				told.Status = "its next hop is in use already"
			}
			if isOnSubnet {
				told.Status = "not preferred: the node is on the subnet itself" // of preference 240
			}
			rows = append(rows, told)
		}
	}
	return rows
}

func isAmong(all []netip.Addr, a netip.Addr) bool { return len(all) == 0 || slices.Contains(all, a) }

// inUse returns the next hops, as announced, that an action sends to; none where gateways hide them.
func (v *view) inUse(at place, d *destination, o owned, act *action) []netip.Addr {
	var all []netip.Addr
	for _, h := range act.hops {
		if h.gateway.IsValid() || h.isUnknown || h.Hop < 0 {
			return nil
		}
		for _, member := range v.members(at, d, o.member, h) {
			all = append(all, d.domain.network.Hops[h.Hop].Addrs[member])
		}
	}
	return all
}

// tieBreaks are the steps of the decision process that choose between paths which are as good (see bgp.Solution.Decides).
var tieBreaks = []string{"", "lowest router ID", "shortest CLUSTER_LIST", "lowest peer address", "order of arrival"}

// judged says what became of a row.
func (r RouteRow) judged(act *action, p ribPath) RouteRow {
	switch {
	case r.Best && act != nil && act.kind == noRoute:
		r.Status = act.note
	case r.Best && act != nil && act.isShadowed:
		r.Status = "the kernel has a route of a lower metric"
	case r.Used || r.Best:
	default:
		r.Status = "not preferred: " + p.decider
	}
	return r
}

// telling is one neighbor that tells a path, and the next hop that it announces.
type telling struct {
	from    fabric.Device
	nextHop netip.Addr // zero on an unnumbered link
	iface   string     // of an unnumbered link
}

func (t telling) isSameNextHop(o telling) bool { return t.nextHop == o.nextHop && t.iface == o.iface }

// tellings expands a path to the neighbors behind it: where a neighbor announces itself, each with its own address.
func (v *view) tellings(at place, d *destination, o owned, p ribPath) []telling {
	far := d.domain.network.Ends[p.From^1]
	senders := v.senders(at, d, o, p)
	of := d.domain.network.Hops[p.NextHop.Hop]
	iface := ""
	if !of.Addrs[0].IsValid() {
		iface = at.overLink(d.domain, of)
	}
	var all []telling
	for _, sender := range senders {
		from := d.domain.parts[far.Speaker.Index].Device(sender)
		if of == far.Hop {
			all = append(all, telling{from, of.Addrs[min(sender, len(of.Addrs)-1)], iface})
			continue
		}
		members := v.members(at, d, o.member, hop{NextHop: p.NextHop})
		if members == nil && of.Speaker == at.part.speakers[familyIndex(d.domain.family)] {
			members = []int{at.member} // its own address on another network, which BIRD takes and finds unreachable
		}
		for _, member := range members {
			all = append(all, telling{from, of.Addrs[member], iface})
		}
	}
	return all
}

// senders returns the members of the part that tell a path.
func (v *view) senders(at place, d *destination, o owned, p ribPath) []int {
	who := bgp.Each
	if p.FromOwner {
		who = bgp.Owner
	}
	far := d.domain.network.Ends[p.From^1]
	return v.members(at, d, o.member, hop{NextHop: bgp.NextHop{Hop: int32(far.Hop.Index), Who: who}})
}

// resolved is the next hop of a path, with the gateway towards it where there is one.
func (v *view) resolved(at place, d *destination, o owned, act *action, a netip.Addr, of int32) NextHop {
	if act != nil {
		for _, h := range act.hops {
			switch {
			case h.Hop != of:
			case h.gateway.IsValid() || h.isUnknown:
				return NextHop{Address: h.gateway, Interface: at.interfaceTo(h.gateway), Announced: a}
			case h.tunnel != "":
				return NextHop{Address: a, Interface: h.tunnel, Announced: a, OnLink: true}
			}
		}
	}
	nh := NextHop{Address: a, Interface: at.interfaceTo(a), Announced: a}
	if nh.Interface == "" {
		nh.Interface = at.overLink(d.domain, d.domain.network.Hops[of])
	}
	return nh
}
