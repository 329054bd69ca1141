package check

import (
	"net/netip"
	"slices"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// entry is one entry of a cluster's peers: by its own account a BGP speaker outside the topology.
type entry struct {
	*fabric.Peer
	model *model.Peer
}

func entriesOf(c *fabric.Cluster) []entry {
	var entries []entry
	for _, peer := range c.Peers {
		if peer.Kind == fabric.ExternalSession {
			entries = append(entries, entry{peer, c.Model.Peers[peer.Name]})
		}
	}
	return entries
}

// selected returns the listed nodes that the entry selects, by Calico's own rules; false where Link has told that its rack,
// its group or its selector cannot be understood.
func (e entry) selected() ([]*fabric.Node, bool) {
	c := e.Cluster
	if e.model.Rack != "" && c.Rack(e.model.Rack) == nil ||
		e.model.RouteReflectors != "" && c.Model.RouteReflectors[e.model.RouteReflectors] == nil {
		return nil, false
	}
	s, err := selector.Parse(e.NodeSelector)
	if err != nil {
		return nil, false
	}
	var nodes []*fabric.Node
	for _, n := range c.Nodes {
		if s.Evaluate(n.LabelMap()) {
			nodes = append(nodes, n)
		}
	}
	return nodes, true
}

// externalSessions returns the sessions of all peers entries: the last kind, so the end of the list.
func externalSessions(f *fabric.Fabric) []*fabric.Session {
	first, _ := slices.BinarySearchFunc(f.Sessions, fabric.ExternalSession, func(s *fabric.Session, k fabric.SessionKind) int {
		return int(s.Kind) - int(k)
	})
	return f.Sessions[first:]
}

// meeting is a peers entry at the address of a device that the topology declares: no speaker outside it, after all.
type meeting struct {
	entry
	device   fabric.Device // a *fabric.Node or a *fabric.Switch
	at       source.Path   // where the device's address is written
	asn      model.ASN     // what the device is to the entry's nodes; 0: nothing, it doesn't speak BGP
	asnAt    source.Path   // what decides asn
	isItself bool          // the entry selects the very node at its address
	answered bool          // peers entries of the device's own cluster answer every session of this one
}

// meetings returns the peers entries at addresses of declared devices, in the order of the entries, each once. An address
// counts where the entry's cluster can see it: the same one in a VRF it doesn't live in is another device's. Shared, do not
// modify.
func (p *Pass) meetings() []*meeting {
	if !p.shared.hasMeetings {
		p.shared.meetings, p.shared.hasMeetings = p.findMeetings(), true
	}
	return p.shared.meetings
}

func (p *Pass) findMeetings() []*meeting {
	g := gathering{p: p, at: map[netip.Addr][]*meeting{}}
	var all []*meeting
	for _, c := range p.Fabric.Clusters {
		for _, e := range entriesOf(c) {
			m := &meeting{entry: e}
			all = append(all, m)
			g.at[e.PeerIP] = append(g.at[e.PeerIP], m)
		}
	}
	if len(all) == 0 {
		return nil
	}
	for _, c := range p.Fabric.Clusters {
		for _, n := range c.Nodes {
			g.node(n)
		}
	}
	for _, s := range p.Fabric.Switches {
		g.fabricSwitch(s)
	}
	all = slices.DeleteFunc(all, func(m *meeting) bool { return m.device == nil || !m.judge() })
	findAnswers(p.Fabric, all)
	return all
}

// gathering finds the devices at the addresses of peers entries.
type gathering struct {
	p  *Pass
	at map[netip.Addr][]*meeting
}

func (g *gathering) node(n *fabric.Node) {
	g.nodeAddress(n, n.Address, "", "address")
	g.nodeAddress(n, n.Address6, "", "address6")
	for i := range n.NICs {
		nic := &n.NICs[i]
		g.nodeAddress(n, nic.Address, nic.Name, "address")
		g.nodeAddress(n, nic.Address6, nic.Name, "address6")
	}
}

// nodeAddress meets the entries at one address of a node: its own, or that of the further NIC of the given name.
func (g *gathering) nodeAddress(n *fabric.Node, address netip.Prefix, nic, field string) {
	for _, m := range g.at[address.Addr()] {
		known, isNode := m.device.(*fabric.Node)
		if isNode && known.Cluster == m.Cluster || n.Cluster != m.Cluster && !g.sees(m, g.p.space().domains.ofNode(n, address)) {
			continue
		}
		m.device, m.asn, m.asnAt, m.at = n, n.ASN, n.ASNAt(), n.At().Field(field)
		if nic != "" {
			m.at = n.At().Fields("interfaces", nic, field)
		}
	}
}

func (g *gathering) fabricSwitch(s *fabric.Switch) {
	for _, i := range s.Interfaces {
		g.switchAddress(s, i.VRF, i.Address.Addr(), i.At, "address")
		g.switchAddress(s, i.VRF, i.Address6.Addr(), i.At, "address6")
		for _, shared := range i.Shared {
			g.switchAddress(s, i.VRF, shared, i.At, "shared")
		}
	}
	for _, e := range s.Links {
		g.switchAddress(s, e.VRF, e.Address.Addr(), e.At, "address")
		g.switchAddress(s, e.VRF, e.Address6.Addr(), e.At, "address6")
	}
	g.switchAddress(s, s.VRF, s.Loopback.Addr(), s.At, "loopback")
}

func (g *gathering) switchAddress(s *fabric.Switch, vrf string, address netip.Addr, at func() source.Path, field string) {
	for _, m := range g.at[address] {
		if m.device == nil && !address.IsLinkLocalUnicast() && g.sees(m, g.p.space().domains.ofSwitch(s, vrf)) {
			m.device, m.asn, m.asnAt, m.at = s, s.ASN, s.At().Field("asNumber"), at().Field(field)
		}
	}
}

func (g *gathering) sees(m *meeting, domain string) bool {
	return slices.Contains(g.p.space().domains.ofCluster(m.Cluster), domain)
}

// judge finds out whether the entry selects the node at its own address; it returns false where Link has told that nobody
// knows whom it selects.
func (m *meeting) judge() bool {
	n, ok := m.device.(*fabric.Node)
	if !ok || n.Cluster != m.Cluster {
		return true
	}
	nodes, ok := m.selected()
	m.isItself = slices.Contains(nodes, n)
	return ok
}

// besideMesh reports whether the entry makes a session that the node-to-node mesh makes too: Calico peers a node back that is
// peered with at its own address, AS number and port (confd/pkg/backends/calico/client.go, nodesWithIPPortAndAS).
func (m *meeting) besideMesh() bool {
	n, ok := m.device.(*fabric.Node)
	return ok && n.Cluster == m.Cluster && m.Cluster.Mesh && !m.isItself && len(m.Cluster.Groups) == 0 &&
		n.Addr(fabric.FamilyOf(m.PeerIP)) == m.PeerIP && n.ASN == m.ASN && (m.Port == 0 || m.Port == m.Cluster.ListenPort)
}

// findAnswers finds the entries that other entries answer: two clusters may write both ends of their sessions by hand.
func findAnswers(f *fabric.Fabric, all []*meeting) {
	if len(all) == 0 {
		return
	}
	type ends struct{ local, remote netip.Addr }
	byEnds := map[ends]*fabric.Session{}
	byPeer := map[*fabric.Peer]*meeting{}
	for _, m := range all {
		if n, ok := m.device.(*fabric.Node); ok && n.Cluster != m.Cluster {
			byPeer[m.Peer] = m
		}
	}
	for _, s := range externalSessions(f) {
		byEnds[ends{s.A.Address, s.B.Address}] = s
		if m := byPeer[s.Peer]; m != nil {
			m.answered = true // unless one of its sessions turns out to have no answer
		}
	}
	for _, s := range externalSessions(f) {
		m := byPeer[s.Peer]
		if m == nil {
			continue
		}
		if answer := byEnds[ends{s.B.Address, s.A.Address}]; answer == nil || answer.A.Device != m.device {
			m.answered = false
		} else {
			m.asn, m.asnAt = answer.A.ASN, answer.A.ASNAt()
		}
	}
}

// answered is two peers entries of two clusters that are the two ends of the same sessions.
type answered struct {
	a, b    *meeting        // in the order of the clusters
	session *fabric.Session // the first of a's
}

// answers returns the peers entries that answer each other, each pair once, in the order of the sessions.
func (p *Pass) answers() []answered {
	byPeer := map[*fabric.Peer]*meeting{}
	for _, m := range p.meetings() {
		if m.answered {
			byPeer[m.Peer] = m
		}
	}
	if len(byPeer) == 0 {
		return nil
	}
	type ends struct{ local, remote netip.Addr }
	byEnds := map[ends]*meeting{}
	for _, s := range externalSessions(p.Fabric) {
		if m := byPeer[s.Peer]; m != nil {
			byEnds[ends{s.A.Address, s.B.Address}] = m
		}
	}
	told := map[[2]*meeting]bool{}
	var all []answered
	for _, s := range externalSessions(p.Fabric) {
		a, b := byPeer[s.Peer], byEnds[ends{s.B.Address, s.A.Address}]
		if a == nil || b == nil || told[[2]*meeting{a, b}] || told[[2]*meeting{b, a}] {
			continue
		}
		told[[2]*meeting{a, b}] = true
		all = append(all, answered{a, b, s})
	}
	return all
}

// title names the entry in a message.
func (e entry) title() string { return "peer " + e.Name + " of cluster " + e.Cluster.Name }
