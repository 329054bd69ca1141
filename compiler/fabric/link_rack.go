package fabric

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/model"
)

// racks peers the nodes of each rack, or its reflectors, with its switches: one BGPPeer for each switch, subnet and family.
func (p *peerer) racks() {
	for _, r := range p.c.Racks {
		speakers := r.Speakers()
		for _, s := range r.Switches {
			if s.Model.ASNumber == nil {
				continue // missing-field, told by linkRouters
			}
			for _, f := range []Family{IPv4, IPv6} {
				reached := map[*Node]bool{}
				for _, sp := range p.subnetPeers(s, f, speakers) {
					if r.ByLoopback { // one session to the loopback, whichever way leads there
						sp.nodes = slices.DeleteFunc(sp.nodes, func(n *Node) bool { return reached[n] })
					}
					if len(sp.nodes) > 0 {
						p.rackPeer(r, s, sp)
					}
					for _, n := range sp.nodes {
						reached[n] = true
					}
				}
			}
		}
	}
}

// Speakers returns the known nodes that hold the rack's sessions to its switches.
func (r *Rack) Speakers() []*Node {
	if !r.ByReflectors {
		return r.Nodes
	}
	var reflectors []*Node
	for _, n := range r.Nodes {
		if len(n.Reflects) > 0 {
			reflectors = append(reflectors, n)
		}
	}
	return reflectors
}

// subnetPeers finds the interfaces of a switch on subnets that the nodes have an address of a family in.
// Of several interfaces on one subnet the first counts; in different VRFs nothing tells which of them a node is in.
func (p *peerer) subnetPeers(s *Switch, f Family, nodes []*Node) []subnetPeer {
	var peers []subnetPeer
	first := map[netip.Prefix]*Interface{}
	for _, i := range s.Interfaces {
		address := i.Prefix(f)
		if !address.IsValid() {
			continue
		}
		if other := first[address.Masked()]; other != nil {
			if other.VRF != i.VRF {
				p.ambiguousVRF(i, other, address.Masked(), nodes)
			}
			continue
		}
		first[address.Masked()] = i
		main := subnetPeer{iface: i, subnet: address.Masked(), family: f}
		further := main
		further.onNIC = true
		for _, n := range nodes {
			if n.Prefix(f).IsValid() && n.Prefix(f).Masked() == main.subnet {
				main.nodes = append(main.nodes, n)
			} else if onNIC(n, main.subnet).IsValid() {
				further.nodes = append(further.nodes, n)
			}
		}
		for _, sp := range []subnetPeer{main, further} {
			if len(sp.nodes) > 0 {
				peers = append(peers, sp)
			}
		}
	}
	return peers
}

// ambiguousVRF reports two interfaces on one subnet with nodes, in different VRFs.
func (p *peerer) ambiguousVRF(i, other *Interface, subnet netip.Prefix, nodes []*Node) {
	if !slices.ContainsFunc(nodes, func(n *Node) bool {
		return n.Prefix(FamilyOf(subnet.Addr())).Masked() == subnet || onNIC(n, subnet).IsValid()
	}) {
		return
	}
	p.diags.Add("conflict", diag.Error, i.At(), "interface %s is on %s in VRF %q, and interface %s is on it in VRF %q: nodes there belong to one of them",
		i.Name, subnet, i.VRF, other.Name, other.VRF).Note(other.At(), "the other interface").
		WithHint("give each VRF a subnet of its own")
}

// rackPeer makes one BGPPeer and its sessions. A session never runs to a shared address: two switches would answer for it.
func (p *peerer) rackPeer(r *Rack, s *Switch, sp subnetPeer) {
	peer := &Peer{Kind: RackSession, At: r.At(), NodeSelector: rackSelector(r, sp), ASN: s.ASN, PeerIP: sp.iface.Prefix(sp.family).Addr()}
	peer.take(&r.Model.Session, p.c.filtersOn(nil, r.Model.Filters))
	if r.ByLoopback {
		loopback := s.LoopbackOf(sp.family)
		if !loopback.IsValid() {
			return // the check session-no-match tells
		}
		peer.ReachableBy, peer.PeerIP = peer.PeerIP, loopback
	}
	if sp.onNIC && peer.SourceAddress == "" {
		peer.SourceAddress = "None" // the kernel picks the NIC's address by the route to the switch
	}
	words := []string{r.Name, "to", s.Name}
	if len(r.subnets[sp.family]) > 1 || sp.onNIC {
		words = append(words, cidrName(sp.subnet))
	}
	p.add(peer, append(words[:len(words)-1:len(words)-1], words[len(words)-1]+sp.family.Suffix())...)
	for _, n := range sp.nodes {
		p.f.Sessions = append(p.f.Sessions, rackSession(peer, r, s, sp, n))
	}
}

func rackSession(peer *Peer, r *Rack, s *Switch, sp subnetPeer, n *Node) *Session {
	address := n.Addr(sp.family)
	if sp.onNIC {
		address = onNIC(n, sp.subnet)
	}
	asn := or(peer.LocalASNumber, n.ASN)
	session := &Session{Kind: RackSession, Family: sp.family, Peer: peer, Rack: r, VRF: sp.iface.VRF, At: r.At(),
		A: End{Device: n, Address: address, ASN: asn, PeerASN: s.ASN},
		B: End{Device: s, Address: peer.PeerIP, ASN: s.ASN, PeerASN: asn}}
	if peer.LocalASNumber != nil {
		session.A.asnAt = r.At().Field("localASNumber")
	}
	if r.dynamicAt(s) {
		// A listen range expects one AS of everybody in the subnet.
		session.Dynamic = true
		session.B.PeerASN = or(peer.LocalASNumber, r.ASN)
		session.B.peerAt = r.asnAt()
	}
	return session
}

// dynamicAt reports whether a switch accepts the rack's sessions from a listen range instead of from single addresses.
func (r *Rack) dynamicAt(s *Switch) bool {
	return !r.ByReflectors && (r.Cluster.Incomplete || s.Model.BGP != nil && s.Model.BGP.DynamicNeighbors)
}

// rackSelector selects the nodes of one of a rack's peers.
func rackSelector(r *Rack, sp subnetPeer) string {
	sel := equals(labelRack, r.Name)
	if r.ByReflectors {
		sel = rackReflectorSelector(r)
	}
	switch {
	case sp.onNIC:
		sel += " && " + equals(labelNICSubnet+subnetLabel(sp.subnet), "true")
	case len(r.subnets[sp.family]) > 1:
		sel += " && " + equals(rackSubnetLabel(sp.family), subnetLabel(sp.subnet))
	}
	return sel
}

// rackReflectorSelector selects the reflectors in a rack: those of its own group by the group's label alone.
func rackReflectorSelector(r *Rack) string {
	var own []string
	others := false
	for _, n := range r.Speakers() {
		for _, g := range n.Reflects {
			if g.Rack != r || slices.ContainsFunc(g.Nodes, func(n *Node) bool { return n.Rack != r }) {
				others = true
			} else if !slices.Contains(own, g.Name) {
				own = append(own, g.Name)
			}
		}
	}
	if others || len(own) == 0 {
		return equals(labelRack, r.Name) + " && has(" + labelGroupID + ")"
	}
	slices.Sort(own)
	return in(labelGroupID, own)
}

// asns returns the AS numbers of a rack's speakers, sorted.
func asns(sessions []*Session) []model.ASN {
	var all []model.ASN
	for _, s := range sessions {
		if !slices.Contains(all, s.B.PeerASN) {
			all = append(all, s.B.PeerASN)
		}
	}
	slices.Sort(all)
	return all
}
