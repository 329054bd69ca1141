package simulate

import (
	"cmp"
	"net/netip"

	"topoc/compiler/fabric"
)

// expansion makes of a cluster's BGPPeers the sessions that its nodes have, part by part
// (confd/pkg/backends/calico/client.go, updatePeersV1).
type expansion struct {
	*clusterRules
	parts  []*Part // of the cluster
	byName map[string]*Part
	book   *partBook
	peers  []*peerGroup
	global map[farKey]bool
	taken  map[takenKey]bool
}

// peerGroup is one BGPPeer, or several alike that point at addresses of the members of one part.
type peerGroup struct {
	*peerRule
	names []string // by member, where the group stands for several; else nil
	end   farEnd   // at address
}

// farEnd is the far end of sessions: all members of a part, or an address that nobody has.
type farEnd struct {
	part      *Part // nil: nobody
	nic       int   // of nodes: whose addresses; mainAddress
	addresses addresses
}

// farKey tells sessions of one node apart, as Calico does by address and port, where none is 179 (libcalico-go/lib/backend/model/bgppeer.go,
// combineIPAndPort).
type farKey struct {
	part    *Part
	nic     int
	address netip.Addr // of the first member
	port    uint16     // 0: 179
}

type takenKey struct {
	local *Part
	far   farKey
}

// expandPeers adds the sessions of the nodes of a cluster to its parts.
func expandPeers(r *clusterRules, parts []*Part, book *partBook) {
	x := &expansion{clusterRules: r, parts: parts, book: book, byName: map[string]*Part{},
		global: map[farKey]bool{}, taken: map[takenKey]bool{}}
	for _, p := range r.peers {
		if p.node == "" {
			continue
		}
		if n := r.cluster.Node(p.node); n != nil {
			x.byName[p.node] = book.places[n].part
		}
	}
	x.group()
	x.mesh()
	for _, isGlobal := range []bool{true, false} { // all that is global comes first, so that it takes the place of others
		for _, g := range x.peers {
			if g.isGlobal() == isGlobal {
				x.forward(g)
			}
		}
	}
	for _, g := range x.peers {
		if g.isReversed {
			x.reverse(g)
		}
	}
}

// group finds the far ends of the BGPPeers that have an address.
func (x *expansion) group() {
	type key struct {
		kin  string
		part *Part
		nic  int
	}
	first := map[key]*peerGroup{}
	for _, p := range x.clusterRules.peers {
		g := &peerGroup{peerRule: p, end: farEnd{nic: mainAddress}}
		if !p.address.IsValid() {
			x.peers = append(x.peers, g)
			continue
		}
		o := x.book.dir.find(p.address, x.cluster)
		place := x.book.placeOf(o)
		if o.node == nil {
			g.end = farEnd{part: place.part, nic: mainAddress, addresses: addresses{p.address}}
			x.peers = append(x.peers, g)
			continue
		}
		k := key{p.kin, place.part, o.nic}
		if known := first[k]; known != nil {
			known.names[place.member] = cmp.Or(known.names[place.member], p.object.Name) // the first one counts
			continue
		}
		first[k] = g
		g.end = x.book.nodesEnd(place.part, fabric.FamilyOf(p.address), o.nic)
		g.names = make([]string, len(place.part.Nodes))
		g.names[place.member] = p.object.Name
		x.peers = append(x.peers, g)
	}
}

// locals returns the parts that a BGPPeer is for.
func (x *expansion) locals(p *peerRule) []*Part {
	switch {
	case p.isGlobal():
		return x.parts
	case p.node != "":
		if part := x.byName[p.node]; part != nil {
			return []*Part{part}
		}
		return nil
	}
	return x.matching(p.local)
}

func (x *expansion) matching(selector int) []*Part {
	var matched []*Part
	for _, p := range x.parts {
		if x.selection.isMatch(selector, p.rules.class) {
			matched = append(matched, p)
		}
	}
	return matched
}

// forward makes the sessions of the nodes that a BGPPeer is for.
func (x *expansion) forward(g *peerGroup) {
	options, kind := g.forward(), NodeSession
	if g.isGlobal() {
		kind = GlobalSession
	}
	locals := x.locals(g.peerRule)
	if g.far != none {
		for _, far := range x.matching(g.far) {
			x.toNodes(kind, locals, far, options)
		}
		return
	}
	if !g.address.IsValid() || g.isUnusable {
		return
	}
	options.names = g.names
	s := Session{Kind: kind, Family: fabric.FamilyOf(g.address), PeerASN: g.asn, Port: cmp.Or(g.port, x.portAt(g)), peer: options}
	for _, local := range locals {
		x.emit(s, local, g.end)
	}
}

// portAt is the port of the node that a BGPPeer without a port points at: known only of nodes of the same cluster that have the
// AS number which it says.
func (x *expansion) portAt(g *peerGroup) uint16 {
	if x.isOwnNode(g) {
		return g.end.part.rules.port
	}
	return 0
}

// isOwnNode reports whether a BGPPeer's address and AS number are those of a node of the same cluster (nodesWithIPPortAndAS).
func (x *expansion) isOwnNode(g *peerGroup) bool {
	far := g.end.part
	return far != nil && far.Cluster == x.cluster && g.end.nic == mainAddress && far.rules.asn == cmp.Or(g.asn, x.asn)
}

// reverse makes the sessions of the nodes that a BGPPeer points at, back to those that it is for. They are of nodes, never
// global, and give way to what the nodes' own BGPPeers say.
func (x *expansion) reverse(g *peerGroup) {
	options, fars := g.reverse(), x.locals(g.peerRule)
	if g.far != none {
		locals := x.matching(g.far)
		for _, far := range fars {
			x.toNodes(NodeSession, locals, far, options)
		}
		return
	}
	if !g.address.IsValid() || !x.isOwnNode(g) || !x.mayListen(g) {
		return
	}
	for _, far := range fars {
		x.toNodesIn(fabric.FamilyOf(g.address), NodeSession, []*Part{g.end.part}, far, options)
	}
}

// mayListen reports whether the port that a BGPPeer has written, if any, may be that of the node that it points at. A node with a
// port of its own must have the cluster's too to be found (nodesWithIPPortAndAS).
func (x *expansion) mayListen(g *peerGroup) bool {
	if g.port == 0 {
		return true
	}
	own := g.end.part.rules.own
	isOthers := own != nil && own.Spec.ListenPort != 0 && own.Spec.ListenPort != g.port
	return !isOthers && (x.port == 0 || x.port == g.port)
}

// toNodes makes sessions to all nodes of a part, in both families (nodeAsBGPPeers).
func (x *expansion) toNodes(kind Kind, locals []*Part, far *Part, options *calicoPeer) {
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		x.toNodesIn(f, kind, locals, far, options)
	}
}

func (x *expansion) toNodesIn(f fabric.Family, kind Kind, locals []*Part, far *Part, options *calicoPeer) {
	if !far.Nodes[0].Addr(f).IsValid() {
		return
	}
	end := x.book.nodesEnd(far, f, mainAddress)
	for _, local := range locals {
		x.emit(Session{Kind: kind, Family: f, PeerASN: far.rules.asn, Port: far.rules.port, peer: options}, local, end)
	}
}

// emit adds a session to a part, unless it has one with the same address and port, or is the far end itself. Global ones keep
// those of nodes from being made everywhere, on nodes too that are the far end.
func (x *expansion) emit(s Session, local *Part, far farEnd) {
	key := farKey{part: far.part, nic: far.nic, address: far.addresses[0], port: s.Port}
	if key.port == bgpPort {
		key.port = 0
	}
	if s.Kind == GlobalSession {
		x.global[key] = true
	} else if x.global[key] {
		return
	}
	if x.taken[takenKey{local, key}] {
		return
	}
	x.taken[takenKey{local, key}] = true
	if s.peer.reachableBy.IsValid() {
		local.gateways = append(local.gateways, gatewayRoutes{s.Family, far.addresses, s.peer.reachableBy})
	}
	x.add(s, local, far)
}

// add completes a session and gives it to its part.
func (x *expansion) add(s Session, local *Part, far farEnd) {
	own := x.book.localAddresses(&s, local, far)
	if own == nil || far.part == local && local.Size() == 1 {
		return
	}
	s.Part, s.Peer, s.local, s.remote = local, far.part, own, far.addresses
	s.LocalASN, s.carries, s.ttl = local.rules.asn, onlyFamily[familyIndex(s.Family)], multihopTTL
	if p := s.peer; p != nil {
		s.LocalASN, s.At = cmp.Or(p.localASN, s.LocalASN), p.at
		if p.objects == nil {
			p.objects = s.objectsOf(0)
		}
		s.Objects = p.objects
		if p.ttlSecurity > 0 {
			s.ttl = p.ttlSecurity
		}
	}
	local.Sessions = append(local.Sessions, &s)
}

// onlyFamily is what sessions of nodes carry, by familyIndex of their own addresses: shared, do not modify.
var onlyFamily = [2][]fabric.Family{{fabric.IPv4}, {fabric.IPv6}}

// multihopTTL is the TTL of BIRD's packets where "multihop" has no number (proto/bgp/config.Y).
const multihopTTL = 64

// objectsOf returns the BGPPeers behind a session with one member of the far part.
func (s *Session) objectsOf(member int) []string {
	switch {
	case s.peer == nil && s.Kind == MeshSession:
		return []string{"mesh"}
	case s.peer == nil:
		return nil
	case member < len(s.peer.names):
		return []string{"BGPPeer " + s.peer.names[member]}
	}
	return []string{"BGPPeer " + s.peer.name}
}

// mesh makes the sessions of the node-to-node mesh, which reflectors have no part in (bird.cfg.template up to Calico 3.31,
// confd/pkg/backends/calico/bgp_processor.go since, processMeshPeers).
func (x *expansion) mesh() {
	if !x.clusterRules.mesh {
		return
	}
	isMember := func(p *Part) bool { return p.rules.clusterID == 0 }
	for _, local := range x.parts {
		for _, far := range x.parts {
			if !isMember(local) || !isMember(far) {
				continue
			}
			for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
				if far.Nodes[0].Addr(f).IsValid() {
					x.meshSession(local, far, f)
				}
			}
		}
	}
}

func (x *expansion) meshSession(local, far *Part, f fabric.Family) {
	s := Session{Kind: MeshSession, Family: f, Port: far.rules.port, PeerASN: far.rules.ownASN, Objects: []string{"mesh"}, At: x.cluster.At()}
	if s.PeerASN == 0 {
		s.PeerASN = x.asn
		if x.version.AtLeast(fabric.Version{Major: 3, Minor: 32}) {
			s.PeerASN = local.rules.asn // whoever has no AS number of its own is taken to have the looker's
		}
	}
	before := len(local.Sessions)
	x.add(s, local, x.book.nodesEnd(far, f, mainAddress))
	for _, made := range local.Sessions[before:] {
		if x.isMeshSingleHop() && made.PeerASN != made.LocalASN {
			made.ttl = 1
		}
	}
}

// isMeshSingleHop reports whether BIRD takes mesh sessions of different AS numbers to be with a neighbor on-link, since the
// release writes no "multihop" for the mesh. iBGP sessions are multihop by BIRD's default.
func (r *clusterRules) isMeshSingleHop() bool {
	return r.version.AtLeast(fabric.Version{Major: 3, Minor: 26}) && !r.version.AtLeast(fabric.Version{Major: 3, Minor: 33})
}
