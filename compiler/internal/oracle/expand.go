package oracle

import (
	"cmp"
	"net/netip"
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/fabric"
)

// peering is a BGP protocol in a node's BIRD configuration (confd/pkg/backends/calico/client.go). Not every option of a
// BGPPeer reaches every protocol that is made of it.
type peering struct {
	remote         netip.Addr
	port           uint16 // 0: 179
	asn            uint32
	isMesh         bool
	isPassive      bool
	localASN       uint32 // 0: the node's
	allowOwnAS     int
	keepNextHop    bool // on eBGP
	nextHopMode    string
	sourceIsNode   bool
	ttlSecurity    int
	filters        []*filter
	hasPassword    bool
	remoteCluster  uint32 // cluster ID of the far end, as far as Calico knows it
	isKnownAddress bool   // a node's of the cluster
}

// peeringKey is what Calico tells peerings of one node apart by; of global ones node is nil.
type peeringKey struct {
	node   *nodeRules
	remote netip.Addr
	port   uint16
}

// expansion is the peerings that the BGPPeers of a cluster make: global ones, those of single nodes, and in reverse what
// either leaves one-sided.
type expansion struct {
	*clusterRules
	order []peeringKey
	peers map[peeringKey]peering
}

// expand fills in the peerings of every node.
func (r *clusterRules) expand() {
	e := &expansion{clusterRules: r, peers: map[peeringKey]peering{}}
	for _, isGlobal := range []bool{true, false} {
		for _, p := range r.peers {
			if isGlobal == (p.Spec.Node == "" && p.Spec.NodeSelector == "") && p.Spec.LocalWorkloadSelector == "" {
				e.forward(p, isGlobal)
			}
		}
	}
	for _, p := range r.peers {
		isManual := p.Spec.ReversePeering != nil && *p.Spec.ReversePeering == v3.ReversePeeringManual
		if !isManual && p.Spec.LocalWorkloadSelector == "" {
			e.reverse(p)
		}
	}
	for _, n := range r.nodes {
		n.peerings = e.meshOf(n)
		for _, isGlobal := range []bool{true, false} {
			for _, key := range e.order {
				if (key.node == nil) != isGlobal || key.node != nil && key.node != n || n.owns(key.remote) {
					continue
				}
				p := e.peers[key]
				p.isPassive = isGlobal && p.isKnownAddress && p.remote.String() > n.node.Addr(fabric.FamilyOf(p.remote)).String()
				n.peerings = append(n.peerings, p)
			}
		}
	}
	for _, p := range r.peers {
		r.addReachable(p)
	}
}

func (n *nodeRules) owns(a netip.Addr) bool {
	return n.node.Addr(fabric.IPv4) == a || n.node.Addr(fabric.IPv6) == a
}

// emit takes a peering unless there is one of its key, or a global one to the same address and port.
func (e *expansion) emit(node *nodeRules, p peering) {
	key := peeringKey{node, p.remote, p.port}
	_, isTaken := e.peers[key]
	_, isGlobal := e.peers[peeringKey{nil, p.remote, p.port}]
	if !isTaken && !isGlobal {
		e.peers[key] = p
		e.order = append(e.order, key)
	}
}

// localNodes is the nodes that a BGPPeer is written for.
func (e *expansion) localNodes(p *v3.BGPPeer) []*nodeRules {
	switch {
	case p.Spec.NodeSelector != "":
		return e.matching(p.Spec.NodeSelector)
	case p.Spec.Node != "":
		return slices.DeleteFunc(slices.Clone(e.nodes), func(n *nodeRules) bool { return n.node.Name != p.Spec.Node })
	}
	return e.nodes
}

func (e *expansion) forward(p *v3.BGPPeer, isGlobal bool) {
	var made []peering
	if p.Spec.PeerSelector != "" {
		for _, far := range e.matching(p.Spec.PeerSelector) {
			made = append(made, e.toNode(p, far, true, true)...)
		}
	} else {
		made = e.toAddress(p)
	}
	for _, peer := range made {
		if isGlobal {
			e.emit(nil, peer)
			continue
		}
		for _, n := range e.localNodes(p) {
			e.emit(n, peer)
		}
	}
}

// toAddress makes the peering of a BGPPeer with a peerIP. Its far end is never known to be a reflector.
func (e *expansion) toAddress(p *v3.BGPPeer) []peering {
	address, port := splitPort(p.Spec.PeerIP)
	if !address.IsValid() {
		return nil
	}
	if port == 0 && len(e.nodesAt(address, uint32(p.Spec.ASNumber), 0)) > 0 {
		port = e.port
	}
	peer := e.withOptions(p, peering{remote: address, port: port, asn: uint32(p.Spec.ASNumber)})
	peer.isKnownAddress = slices.ContainsFunc(e.nodes, func(n *nodeRules) bool { return n.owns(address) })
	if p.Spec.LocalASNumber != nil {
		peer.localASN = uint32(*p.Spec.LocalASNumber)
	}
	if p.Spec.NumAllowedLocalASNumbers != nil {
		peer.allowOwnAS = int(*p.Spec.NumAllowedLocalASNumbers)
	}
	return []peering{peer}
}

// toNode makes the peerings to a node, one for each family that it has an address of.
func (e *expansion) toNode(p *v3.BGPPeer, far *nodeRules, withIPv4, withIPv6 bool) []peering {
	var made []peering
	for _, f := range []struct {
		family fabric.Family
		wanted bool
	}{{fabric.IPv4, withIPv4}, {fabric.IPv6, withIPv6}} {
		if a := far.node.Addr(f.family); f.wanted && a.IsValid() {
			made = append(made, e.withOptions(p, peering{remote: a, port: e.port, asn: far.asn(), remoteCluster: far.clusterID}))
		}
	}
	return made
}

// withOptions adds the options that reach every peering of a BGPPeer.
func (e *expansion) withOptions(p *v3.BGPPeer, peer peering) peering {
	peer.keepNextHop = p.Spec.KeepOriginalNextHop
	if p.Spec.NextHopMode != nil {
		peer.nextHopMode = string(*p.Spec.NextHopMode)
	}
	peer.sourceIsNode = p.Spec.SourceAddress != v3.SourceAddressNone
	if p.Spec.TTLSecurity != nil {
		peer.ttlSecurity = int(*p.Spec.TTLSecurity)
	}
	for _, name := range p.Spec.Filters {
		if f := e.filters[name]; f != nil {
			peer.filters = append(peer.filters, f)
		}
	}
	peer.hasPassword = p.Spec.Password != nil
	return peer
}

// reverse makes the peerings back from the far ends of a BGPPeer that are nodes of the cluster.
func (e *expansion) reverse(p *v3.BGPPeer) {
	withIPv4, withIPv6 := true, true
	var locals []*nodeRules
	if p.Spec.PeerSelector != "" {
		locals = e.matching(p.Spec.PeerSelector)
	} else {
		address, port := splitPort(p.Spec.PeerIP)
		if !address.IsValid() {
			return
		}
		withIPv4, withIPv6 = address.Is4(), address.Is6()
		locals = e.nodesAt(address, uint32(p.Spec.ASNumber), port)
	}
	if len(locals) == 0 {
		return
	}
	for _, far := range e.localNodes(p) {
		for _, peer := range e.toNode(p, far, withIPv4, withIPv6) {
			for _, n := range locals {
				e.emit(n, peer)
			}
		}
	}
}

// nodesAt returns the nodes with an address, an AS number (0: the cluster's) and a port (0: any).
func (e *expansion) nodesAt(address netip.Addr, asn uint32, port uint16) []*nodeRules {
	var found []*nodeRules
	for _, n := range e.nodes {
		if n.owns(address) && n.asn() == cmp.Or(asn, e.asn) && (port == 0 || e.port == 0 || e.port == port) {
			found = append(found, n)
		}
	}
	return found
}

// meshOf makes the node-to-node mesh. From 3.32 on a node without an AS number of its own is expected to have that of the
// node that looks (confd/pkg/backends/calico/bgp_processor.go, processMeshPeers).
func (e *expansion) meshOf(n *nodeRules) []peering {
	if !e.mesh || n.clusterID != 0 {
		return nil
	}
	fallback := e.asn
	if e.atLeast(32, 0) {
		fallback = n.asn()
	}
	var made []peering
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		own := n.node.Addr(f)
		for _, far := range e.nodes {
			a := far.node.Addr(f)
			if far == n || far.clusterID != 0 || !a.IsValid() || !own.IsValid() {
				continue
			}
			made = append(made, peering{remote: a, port: e.port, asn: cmp.Or(far.ownASN, fallback), isMesh: true,
				sourceIsNode: true, hasPassword: e.meshPassword, isPassive: a.String() > own.String()})
		}
	}
	return made
}

// addReachable adds the static routes of reachableBy to the nodes that a BGPPeer is for, and to those at its other end.
func (r *clusterRules) addReachable(p *v3.BGPPeer) {
	gateway, err := netip.ParseAddr(p.Spec.ReachableBy)
	peer, _ := splitPort(p.Spec.PeerIP)
	if err != nil || !peer.IsValid() {
		return
	}
	e := &expansion{clusterRules: r}
	for _, n := range e.localNodes(p) {
		if !n.owns(peer) && !slices.Contains(n.reachable, reachable{peer, gateway}) {
			n.reachable = append(n.reachable, reachable{peer, gateway})
		}
	}
}

// splitPort reads 192.0.2.1, 192.0.2.1:179 or [2001:db8::1]:179. The port is 0 where there is none.
func splitPort(text string) (netip.Addr, uint16) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a, 0
	}
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{}, 0
	}
	return ap.Addr(), ap.Port()
}
