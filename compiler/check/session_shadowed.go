package check

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "session-shadowed",
	Severity: diag.Warning,
	Source:   "Calico, updatePeersV1 in confd/pkg/backends/calico/client.go",
	Doc: `session-shadowed: a node's session with an address is declared once

Calico makes one peering of a node, an address and a port. Of two BGPPeers that say the same three it keeps the one that it comes to
first, and it walks through them in no order: the other is ignored on that node without a word, with its password, its filters and
its AS number, and after a restart it may be the other way round. Where the two differ in that one leaves the port out and one
writes 179, BIRD is given both and gives every connection to one of them. Entries in peers for the same address are fine as long
as they select different nodes, and so are two speakers at different ports of one address.

Mend it by deleting one of the two, or by selectors that no node matches both of.`,
	Run: func(p *Pass) {
		told := map[[2]source.Path]bool{}
		var misplaced map[*fabric.Peer]bool
		for _, c := range p.Fabric.Clusters {
			for _, twins := range peersByTarget(c) {
				if misplaced == nil {
					misplaced = p.misplacedEntries()
				}
				twins = slices.DeleteFunc(twins, func(peer *fabric.Peer) bool { return misplaced[peer] })
				p.shadowed(c, twins, told)
			}
		}
	},
})

// peersByTarget returns the peers of a cluster that speak with one address and port and are not all a rack's, which topoc keeps
// apart itself; only where there are several, in the order of their names.
func peersByTarget(c *fabric.Cluster) [][]*fabric.Peer {
	if len(c.Model.Peers) == 0 && len(c.Peerings) < 2 {
		return nil
	}
	type target struct {
		address netip.Addr
		port    uint16
	}
	byTarget := map[target][]*fabric.Peer{}
	var order []target
	for _, peer := range c.Peers {
		if !peer.PeerIP.IsValid() {
			continue
		}
		t := target{peer.PeerIP, cmp.Or(peer.Port, fabric.DefaultListenPort)}
		if byTarget[t] == nil {
			order = append(order, t)
		}
		byTarget[t] = append(byTarget[t], peer)
	}
	var all [][]*fabric.Peer
	for _, t := range order {
		if peers := byTarget[t]; len(peers) > 1 && slices.ContainsFunc(peers, func(p *fabric.Peer) bool { return p.Kind != fabric.RackSession }) {
			all = append(all, peers)
		}
	}
	return all
}

// shadowed reports those of several peers with one address and port that are for nodes which an earlier one is for.
func (p *Pass) shadowed(c *fabric.Cluster, twins []*fabric.Peer, told map[[2]source.Path]bool) {
	byNode := map[*fabric.Node]*fabric.Peer{}
	bySelector := map[string]*fabric.Peer{}
	for _, peer := range twins {
		s, err := selector.Parse(peer.NodeSelector)
		if err != nil {
			continue // Link has told
		}
		first := bySelector[peer.NodeSelector] // matches the same nodes, listed or not
		var both []*fabric.Node
		for _, n := range c.Nodes {
			if !s.Evaluate(n.LabelMap()) {
				continue
			}
			switch earlier := byNode[n]; {
			case earlier == nil:
				byNode[n] = peer
			case first == nil || earlier == first:
				first, both = earlier, append(both, n)
			}
		}
		bySelector[peer.NodeSelector] = peer
		if pair := [2]source.Path{}; first != nil {
			if pair = [2]source.Path{first.At, peer.At}; !told[pair] {
				told[pair] = true
				p.reportShadowed(first, peer, both)
			}
		}
	}
}

// misplacedEntries returns the peers entries at addresses of declared devices that session-one-sided and its like tell of.
func (p *Pass) misplacedEntries() map[*fabric.Peer]bool {
	misplaced := map[*fabric.Peer]bool{}
	for _, m := range p.meetings() {
		misplaced[m.Peer] = !m.answered
	}
	return misplaced
}

func (p *Pass) reportShadowed(first, second *fabric.Peer, nodes []*fabric.Node) {
	at, hint := second.At, "delete it, or let the two select different nodes"
	switch second.Kind {
	case fabric.ExternalSession:
		at = at.Field("address")
	case fabric.PeeringSession:
		hint = "delete it, and write what it adds in " + peerTitle(first)
	}
	who := "the same nodes"
	if len(nodes) > 0 {
		who = someOf(nodes, func(n *fabric.Node) string { return n.DeviceName() })
	}
	p.Reportf(at, "%s and %s both make the session of %s with %s: only one of the two comes to be, with its own password and filters",
		peerTitle(second), peerTitle(first), who, second.PeerIP).
		Note(first.At, "%s is declared here", peerTitle(first)).
		WithHint("%s", hint)
}

// peerTitle names what a BGPPeer comes from.
func peerTitle(p *fabric.Peer) string {
	labels := p.At.Labels()
	name := labels[len(labels)-1]
	switch p.Kind {
	case fabric.ExternalSession:
		return "peer " + name + " of cluster " + p.Cluster.Name
	case fabric.PeeringSession:
		return "peering " + name
	}
	return "rack " + name + " of cluster " + p.Cluster.Name
}
