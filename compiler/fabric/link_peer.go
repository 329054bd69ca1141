package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// linkPeers derives the BGPPeers of every cluster and the sessions that Calico makes of them.
func (l *linker) linkPeers() {
	for _, c := range l.f.Clusters {
		p := &peerer{linker: l, c: c, taken: map[string]bool{}, paired: map[pair]bool{}}
		for name := range c.Model.Peers {
			p.taken[name] = true
		}
		p.reflectors()
		p.racks()
		p.external()
		p.peerings()
		slices.SortFunc(c.Peers, func(a, b *Peer) int { return strings.Compare(a.Name, b.Name) })
		c.Secrets = secrets(c)
	}
}

// peerer derives the peers of one cluster.
type peerer struct {
	*linker
	c      *Cluster
	taken  map[string]bool
	paired map[pair]bool
}

type pair struct{ a, b *Node }

// add appends a peer under a name that no other one has.
func (p *peerer) add(peer *Peer, words ...string) *Peer {
	peer.Cluster, peer.Name = p.c, unique(p.taken, objectName, words...)
	p.c.Peers = append(p.c.Peers, peer)
	return peer
}

// reflectors peers the nodes that a group reflects for with its reflectors, and the reflectors with each other.
func (p *peerer) reflectors() {
	var wide []*Node
	for _, g := range p.c.Groups {
		if g.Rack == nil {
			wide = appendNew(wide, g.Nodes)
		}
	}
	if len(wide) > 0 {
		at := p.c.At().Field("routeReflectors")
		peer := p.add(&Peer{Kind: ReflectorSession, At: at, NodeSelector: "all()", PeerSelector: equals(labelReflector, "true")}, "route-reflectors")
		p.pairAll(peer, p.c.Nodes, wide)
	}
	for i, g := range p.c.Groups {
		if g.Rack == nil || len(g.Nodes) == 0 {
			continue
		}
		members := equals(labelGroup, g.Name)
		if len(g.Rack.groups) > 1 {
			members = equals(labelRack, g.Rack.Name) // a label has one value, so it cannot name two groups
		}
		peer := p.add(&Peer{Kind: ReflectorSession, At: g.At(), NodeSelector: members,
			PeerSelector: equals(labelGroupID, g.Name)}, g.Name, "to-nodes")
		p.pairAll(peer, appendNew(slices.Clone(g.Nodes), g.Rack.Nodes), g.Nodes)
		p.sameAS(g, p.c.Groups[i+1:])
	}
}

// sameAS peers the reflectors of a rack's group with those of later groups whose racks have the same AS; the other direction
// is Calico's automatic reverse peering. Groups of different AS numbers meet through the fabric.
func (p *peerer) sameAS(g *Group, later []*Group) {
	var groups []string
	var nodes []*Node
	for _, other := range later {
		if other.Rack != nil && other.Rack != g.Rack && other.Rack.ASN == g.Rack.ASN && len(other.Nodes) > 0 {
			groups = append(groups, other.Name)
			nodes = appendNew(nodes, other.Nodes)
		}
	}
	if len(groups) > 0 {
		peer := p.add(&Peer{Kind: ReflectorSession, At: g.At(), NodeSelector: equals(labelGroupID, g.Name),
			PeerSelector: in(labelGroupID, groups)}, g.Name, "to-reflectors")
		p.pairAll(peer, g.Nodes, nodes)
	}
}

// pairAll makes the sessions between every node and every reflector, each pair once.
func (p *peerer) pairAll(peer *Peer, nodes, reflectors []*Node) {
	for _, r := range reflectors {
		for _, n := range nodes {
			if n == r || p.paired[pair{n, r}] || p.paired[pair{r, n}] {
				continue
			}
			if len(p.c.Groups) > 1 || len(n.Reflects) > 0 { // else no other group can make the same pair
				p.paired[pair{n, r}] = true
			}
			p.between(ReflectorSession, peer, n, r)
		}
	}
}

// between makes the sessions of two nodes, one for each family that both have.
func (p *peerer) between(kind SessionKind, peer *Peer, a, b *Node) {
	for _, f := range []Family{IPv4, IPv6} {
		if !a.Addr(f).IsValid() || !b.Addr(f).IsValid() || peer.PeerIP.IsValid() && peer.PeerIP != b.Addr(f) {
			continue
		}
		p.f.Sessions = append(p.f.Sessions, &Session{Kind: kind, Family: f, Peer: peer, At: peer.At,
			A: End{Device: a, Address: a.Addr(f), ASN: a.ASN, PeerASN: b.ASN},
			B: End{Device: b, Address: b.Addr(f), ASN: b.ASN, PeerASN: a.ASN}})
	}
}

func appendNew(nodes, more []*Node) []*Node {
	for _, n := range more {
		if !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// peerings peers the speakers of the two sides: one BGPPeer for each speaker of the other side and family.
func (p *peerer) peerings() {
	for _, peering := range p.c.Peerings {
		if peering.Via == ViaFabric {
			continue
		}
		local, remote := speakers(p.c, peering.Via), speakers(peering.Other(p.c), peering.Via)
		selector := "all()"
		if peering.Via == ViaRouteReflectors {
			selector = reflectorSelector(p.c)
		}
		for _, far := range remote {
			for _, f := range []Family{IPv4, IPv6} {
				if !far.Addr(f).IsValid() {
					continue
				}
				peer := &Peer{Kind: PeeringSession, At: peering.At(), NodeSelector: selector, PeerIP: far.Addr(f), ASN: far.ASN,
					Password: peering.Model.Password, Filters: p.c.filtersOn(peering, peering.Model.Filters)}
				if port := far.Cluster.ListenPort; port != DefaultListenPort {
					peer.Port = port // Calico fills in the port only of nodes of its own cluster
				}
				p.add(peer, peering.Name, "to", far.Name+f.Suffix())
				if peering.Clusters[0] != p.c {
					continue // the first cluster's pass has made the sessions
				}
				for _, near := range local {
					p.between(PeeringSession, peer, near, far)
				}
			}
		}
	}
}

// speakers returns the nodes of a cluster that hold the sessions of a peering.
func speakers(c *Cluster, via Via) []*Node {
	if via == ViaNodes {
		return c.Nodes
	}
	return c.Reflectors()
}

// reflectorSelector selects all reflectors of a cluster.
func reflectorSelector(c *Cluster) string {
	if slices.ContainsFunc(c.Groups, func(g *Group) bool { return g.Rack != nil }) {
		return "has(" + labelGroupID + ")"
	}
	return equals(labelReflector, "true")
}

// external peers nodes with speakers outside the topology.
func (p *peerer) external() {
	for _, name := range names(p.c.Model.Peers) {
		m := p.c.Model.Peers[name]
		e := &External{Cluster: p.c, Name: name, Address: m.Address, ASN: m.ASNumber, Model: m}
		sel, nodes := p.selected(e)
		peer := &Peer{Cluster: p.c, Name: name, Kind: ExternalSession, At: e.At(), NodeSelector: sel, PeerIP: m.Address,
			Port: or(m.Port, 0), ASN: m.ASNumber, ReachableBy: m.ReachableBy, KeepOriginalNextHop: m.KeepOriginalNextHop}
		peer.take(&m.Session, p.c.filtersOn(nil, m.Filters))
		p.c.Peers = append(p.c.Peers, peer)
		f := FamilyOf(m.Address)
		for _, n := range nodes {
			if !n.Addr(f).IsValid() || n.Addr(f) == m.Address {
				continue // Calico skips a node's peering with itself: the check session-own-address tells
			}
			asn := or(m.LocalASNumber, n.ASN)
			s := &Session{Kind: ExternalSession, Family: f, Peer: peer, At: e.At(),
				A: End{Device: n, Address: n.Addr(f), ASN: asn, PeerASN: m.ASNumber},
				B: End{Device: e, Address: m.Address, ASN: m.ASNumber, PeerASN: asn}}
			if m.LocalASNumber != nil {
				s.A.asnAt = e.At().Field("localASNumber")
			}
			p.f.Sessions = append(p.f.Sessions, s)
		}
	}
}

// selected returns the selector of an external peer's nodes and the known nodes that match it.
func (p *peerer) selected(e *External) (string, []*Node) {
	var terms []string
	nodes := p.c.Nodes
	if name := e.Model.Rack; name != "" {
		terms = append(terms, equals(labelRack, name))
		if p.c.Rack(name) == nil {
			p.unknown(e.At().Field("rack"), "rack of cluster "+p.c.Name, name, names(p.c.Model.Racks))
		}
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *Node) bool { return n.Rack == nil || n.Rack.Name != name })
	}
	if name := e.Model.RouteReflectors; name != "" {
		terms = append(terms, equals(labelGroupID, name))
		if p.c.Model.RouteReflectors[name] == nil {
			p.unknown(e.At().Field("routeReflectors"), "reflector group of cluster "+p.c.Name, name, names(p.c.Model.RouteReflectors))
		}
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *Node) bool {
			return !slices.ContainsFunc(n.Reflects, func(g *Group) bool { return g.Name == name })
		})
	}
	if e.Model.Nodes != "" {
		terms = append(terms, e.Model.Nodes)
		nodes = p.matching(e.At().Field("nodes"), e.Model.Nodes, nodes)
	}
	switch len(terms) {
	case 0:
		return "all()", nodes
	case 1:
		return terms[0], nodes
	}
	return "(" + strings.Join(terms, ") && (") + ")", nodes
}

// matching returns the nodes that a selector of the user's matches, by Calico's own rules.
func (l *linker) matching(at source.Path, text string, nodes []*Node) []*Node {
	s, err := selector.Parse(text)
	if err != nil {
		l.diags.Add("bad-selector", diag.Error, at, "Calico cannot read the selector %q", text).
			WithHint("a selector looks like: rack == 'r1' && !has(gpu)")
		return nil
	}
	var matched []*Node
	for _, n := range nodes {
		if s.Evaluate(n.LabelMap()) {
			matched = append(matched, n)
		}
	}
	return matched
}

// LabelMap returns the labels that selectors see: those of Labels, and of those that the kubelet sets the node's name and its operating
// system.
func (n *Node) LabelMap() map[string]string {
	all := make(map[string]string, len(n.Labels)+2)
	all["kubernetes.io/hostname"] = n.Name
	all["kubernetes.io/os"] = "linux" // what BIRD runs on
	for _, label := range n.Labels {
		all[label.Key] = label.Value
	}
	return all
}

// take copies the session options that racks and peers share.
func (peer *Peer) take(s *model.Session, filters []string) {
	peer.Password, peer.Filters, peer.TTLSecurity, peer.MaxRestartTime = s.Password, filters, s.TTLSecurity, s.MaxRestartTime
	peer.NextHopMode, peer.SourceAddress = s.NextHopMode, s.SourceAddress
	peer.LocalASNumber, peer.NumAllowedLocalASNumbers = s.LocalASNumber, s.NumAllowedLocalASNumbers
}

// secrets lists every Secret that the cluster's sessions need, at the first place that names it.
func secrets(c *Cluster) []SecretUse {
	first := map[string]source.Path{}
	use := func(ref *model.SecretRef, at source.Path) {
		if ref != nil && first[ref.Secret] == "" {
			first[ref.Secret] = at.Field("secret")
		}
	}
	if b := c.Model.BGP; b != nil {
		use(b.MeshPassword, c.At().Fields("bgp", "meshPassword"))
	}
	for _, p := range c.Peers {
		use(p.Password, p.At.Field("password"))
	}
	var uses []SecretUse
	for _, name := range names(first) {
		uses = append(uses, SecretUse{Name: name, At: first[name]})
	}
	return uses
}

// subnetPeer is what one BGPPeer of a rack reaches: a switch's address on a subnet, and the nodes it reaches it from.
type subnetPeer struct {
	iface  *Interface
	subnet netip.Prefix
	family Family
	nodes  []*Node
	onNIC  bool // from a further NIC of theirs
}
