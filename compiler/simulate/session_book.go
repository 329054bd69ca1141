package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// partBook is the parts behind the addresses of a directory.
type partBook struct {
	dir       *directory
	places    map[*fabric.Node]place // of nodes with an address in dir, and those that a BGPPeer names
	switches  map[*fabric.Switch][]*Part
	hosts     map[*fabric.Host]*Part
	externals map[*fabric.External]*Part
	ends      map[endKey]farEnd
}

type endKey struct {
	part   *Part
	family fabric.Family
	nic    int
}

func newPartBook(f *fabric.Fabric, rules []*clusterRules, parts []*Part) *partBook {
	b := &partBook{dir: newDirectory(f, rules), places: map[*fabric.Node]place{}, switches: map[*fabric.Switch][]*Part{},
		hosts: map[*fabric.Host]*Part{}, externals: map[*fabric.External]*Part{}, ends: map[endKey]farEnd{}}
	for _, owners := range b.dir.owners {
		for _, o := range owners {
			if o.node != nil {
				b.places[o.node] = place{}
			}
		}
	}
	for _, r := range rules {
		for _, p := range r.peers {
			if n := r.cluster.Node(p.node); n != nil {
				b.places[n] = place{}
			}
		}
	}
	externals := map[string]*Part{}
	for _, p := range parts {
		for i, n := range p.Nodes {
			if _, isWanted := b.places[n]; isWanted {
				b.places[n] = place{p, i}
			}
		}
		switch {
		case p.Switch != nil:
			b.switches[p.Switch] = append(b.switches[p.Switch], p)
		case p.Host != nil:
			b.hosts[p.Host] = p
		case p.External != nil:
			externals[p.External.DeviceName()] = p
		}
	}
	for _, e := range b.dir.externals {
		b.externals[e] = externals[e.DeviceName()]
	}
	return b
}

// apart returns the same book for somebody else to look into at the same time.
func (b *partBook) apart() *partBook {
	other := *b
	other.ends = map[endKey]farEnd{}
	return &other
}

// nodesEnd is all members of a part of nodes as the far end of a session, at their own addresses of a family, or at those of a
// further NIC.
func (b *partBook) nodesEnd(p *Part, f fabric.Family, nic int) farEnd {
	key := endKey{p, f, nic}
	end, ok := b.ends[key]
	if !ok {
		end = farEnd{part: p, nic: nic, addresses: make(addresses, len(p.Nodes))}
		for i, n := range p.Nodes {
			end.addresses[i] = addressOn(n, f, nic)
		}
		b.ends[key] = end
	}
	return end
}

func addressOn(n *fabric.Node, f fabric.Family, nic int) netip.Addr {
	if nic == mainAddress {
		return n.Addr(f)
	}
	return nicPrefix(n.NICs[nic], f).Addr()
}

// localAddresses is where the members of a part speak from: their own address, or where the source is left to the kernel
// (sourceAddress None) the one on the subnet that leads to the far end. It is nil where the members have no address of the
// family: then BIRD does not run.
func (b *partBook) localAddresses(s *Session, local *Part, far farEnd) addresses {
	first := local.Nodes[0]
	if !first.Addr(s.Family).IsValid() {
		return nil
	}
	nic := mainAddress
	if s.peer != nil && !s.peer.sourceIsNode {
		next := far.addresses[0]
		if s.peer.reachableBy.IsValid() {
			next = s.peer.reachableBy
		}
		isOn := func(p netip.Prefix) bool { return p.IsValid() && p.Masked().Contains(next) }
		if !isOn(first.Prefix(s.Family)) {
			nic = slices.IndexFunc(first.NICs, func(nic fabric.NIC) bool { return isOn(nicPrefix(nic, s.Family)) })
		}
	}
	return b.nodesEnd(local, s.Family, nic).addresses
}

// placeOf returns the part and member that an owner is; the zero place: none.
func (b *partBook) placeOf(o owner) place {
	switch {
	case o.node != nil:
		return b.places[o.node]
	case o.sw != nil:
		return place{part: b.switchPart(o.sw, o.vrf)}
	case o.host != nil:
		return place{part: b.hosts[o.host]}
	case o.external != nil:
		return place{part: b.externals[o.external]}
	}
	return place{}
}

func (b *partBook) switchPart(s *fabric.Switch, vrf string) *Part {
	all := b.switches[s]
	if i := slices.IndexFunc(all, func(p *Part) bool { return p.VRF == vrf }); i >= 0 {
		return all[i]
	}
	return nil
}
