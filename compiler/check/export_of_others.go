package check

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "export-of-others",
	Severity: diag.Warning,
	Needs:    Routes,
	Doc: `export-of-others: a node should announce its own blocks to a switch, not those of other nodes

Calico sends every route that lies in a pool to every eBGP neighbor, also what the node learned from the mesh or from
reflectors, and the routes that Felix makes through VXLAN. A switch that peers with all nodes then hears each block from each
of them, with AS paths of one length: it spreads packets over nodes that only pass them on, and holds as many paths as there
are nodes, squared. In calico#3810 a leaf spread the packets for each node's block over all nodes; in bird#24 a router listed
the same block by eleven nodes and sent everything to one of them. Reflectors are meant to do this, and are left out (see
next-hop-hairpin).

Mend it by a filter on the rack or peer that rejects what others announced: filters: "own-blocks": exportV4: [{action: "Reject",
source: "RemotePeers"}] (Calico 3.27 or later). For VXLAN reject interface: "*.calico" too, and for VXLANCrossSubnet the nodes' own
interface, such as "eth0", over which Felix reaches those of the same subnet. A node's own blocks lead out of no interface.`,
	Source: "calico#3810, bird#24, calico#7901; design/cluster-route-programming of Calico",
	Run: func(p *Pass) {
		told := map[source.Path]bool{}
		blocks, hasInner := map[*fabric.Cluster][]simulate.Destination{}, map[*fabric.Cluster]bool{}
		hears := map[*simulate.Part]bool{}
		for _, s := range p.Predicted.Parts {
			if s.Switch == nil && s.External == nil {
				continue
			}
			for _, session := range s.Sessions {
				from := exportedBy(session)
				if from == nil || told[from.at] {
					continue
				}
				c := from.part.Cluster
				if blocks[c] == nil {
					blocks[c] = p.blocksOf(c)
					hasInner[c] = slices.ContainsFunc(blocks[c], isInner)
				}
				if hasInner[c] {
					continue
				}
				if _, isKnown := hears[from.part]; !isKnown {
					hears[from.part] = hearsNodes(from.part)
				}
				told[from.at] = p.exportsFelix(from, s, session, blocks[c]) || hears[from.part] && p.exportsLearned(from, session, blocks[c])
			}
		}
	},
})

// exporter is nodes that speak with a switch or a speaker outside, and where that is declared.
type exporter struct {
	part    *simulate.Part
	at      source.Path
	of      string   // whose nodes they are: "rack r1", "cluster prod"
	what    string   // that has their sessions: "rack r1", "peer tor"
	filters []string // on the sessions
}

// exportedBy returns who is at the far end of a session of a switch or a speaker outside, if those are nodes that reflect nothing.
// A single node that speaks with one outside is its cluster's way out, and meant to pass on all.
func exportedBy(session *simulate.Session) *exporter {
	q := session.Peer
	if q == nil || q.Nodes == nil || session.State != simulate.Established || reflectorOf(q) != nil {
		return nil
	}
	if e := session.Part.External; e != nil {
		if speakersWith(session.Part) < 2 {
			return nil
		}
		return &exporter{part: q, at: e.At(), of: "cluster " + q.Cluster.Name, what: "peer " + e.Name, filters: e.Model.Filters}
	}
	if r := q.Nodes[0].Rack; r != nil {
		return &exporter{part: q, at: r.At(), of: "rack " + r.Name, what: "rack " + r.Name, filters: r.Model.Filters}
	}
	return nil
}

// isInner reports whether pods are of nodes that speak with nothing outside of their cluster. Those that do are the way out for them, and
// meant to pass on what they learned.
func isInner(d simulate.Destination) bool {
	owner := d.HolderPart()
	return owner != nil && owner.Nodes != nil && reflectorOf(owner) == nil && !slices.ContainsFunc(owner.Sessions, func(s *simulate.Session) bool {
		return s.Peer != nil && s.Peer.Nodes == nil
	})
}

// speakersWith is how many nodes have a session with a part.
func speakersWith(p *simulate.Part) int {
	n := 0
	for _, s := range p.Sessions {
		if s.Peer != nil && s.Peer.Nodes != nil && s.State == simulate.Established {
			n += s.Peer.Size()
		}
	}
	return n
}

// blocksOf returns the destinations that are pods of a cluster.
func (p *Pass) blocksOf(c *fabric.Cluster) []simulate.Destination {
	all := []simulate.Destination{}
	for d := range p.Predicted.Destinations() {
		if d.IsPods() && d.Cluster() == c {
			all = append(all, d)
		}
	}
	return all
}

// exportsLearned reports nodes that tell a switch of blocks which they have learned from the nodes that they hear. A block of another part of the
// cluster speaks for all, one of their own rack's if there is any. Where all nodes of the cluster are alike, only the messages tell
// what the owner of a block announces from what the others do.
func (p *Pass) exportsLearned(from *exporter, session *simulate.Session, blocks []simulate.Destination) bool {
	isAlone := true
	for _, isNear := range []bool{true, false} {
		i := slices.IndexFunc(blocks, func(d simulate.Destination) bool {
			owner := ownerOf(d, nil)
			return owner != nil && d.HolderPart() != from.part && (owner.Rack == from.part.Nodes[0].Rack) == isNear &&
				p.Predicted.HearsFromNodes(d, from.part)
		})
		if i < 0 {
			continue
		}
		isAlone = false
		if p.Predicted.Carries(blocks[i], session) {
			p.exported(from, session.Part, blocks[i])
			return true
		}
	}
	if !isAlone || from.part.Size() < 2 {
		return false
	}
	i := slices.IndexFunc(blocks, func(d simulate.Destination) bool { return d.HolderPart() == from.part })
	if i < 0 || !p.announces(from, session.Part, blocks[i]) {
		return false
	}
	p.exported(from, session.Part, blocks[i])
	return true
}

// hearsNodes reports whether nodes have sessions with others of their cluster.
func hearsNodes(part *simulate.Part) bool {
	return slices.ContainsFunc(part.Sessions, func(s *simulate.Session) bool {
		return s.State == simulate.Established && s.Peer != nil && s.Peer.Nodes != nil && s.Peer.Cluster == part.Cluster
	})
}

// announces reports whether nodes offer a switch a block of one of them that they have learned from it: no switch is in its path.
func (p *Pass) announces(from *exporter, to *simulate.Part, d simulate.Destination) bool {
	return slices.ContainsFunc(p.Predicted.Offers(d, to), func(o simulate.Offer) bool {
		return o.From == from.part && !o.ByOwner && o.Reason == simulate.Passed &&
			!slices.ContainsFunc(p.Fabric.Switches, func(s *fabric.Switch) bool { return slices.Contains(o.ASPath, uint32(s.ASN)) })
	})
}

func (p *Pass) exported(from *exporter, to *simulate.Part, d simulate.Destination) {
	node := from.part.Nodes[0]
	owner := ownerOf(d, node)
	if owner == nil {
		owner = node
	}
	if owner == node && from.part.Size() > 1 {
		node = from.part.Nodes[1]
	}
	p.Reportf(from.at.Field("filters"), "%s hears the blocks of every node of %s from every other one: %s announces %s of %s too",
		receiver(to), from.of, deviceName(node), d.Example(), deviceName(owner)).
		Note(noteOn(to, owner), "%s", noteText(to, owner)).
		WithHint("%s", from.filterHint(d.Family(), `source: "RemotePeers"`))
}

// exportsFelix reports nodes that tell a switch of the blocks of others because Felix has given them routes to those: through
// VXLAN, and to nodes of their own subnet without it where encapsulation is for what leaves the subnet.
func (p *Pass) exportsFelix(from *exporter, to *simulate.Part, session *simulate.Session, blocks []simulate.Destination) bool {
	c := from.part.Cluster
	if session.LocalASN == session.PeerASN || len(c.Nodes) < 2 {
		return false
	}
	for _, pool := range c.Pools {
		f := fabric.FamilyOf(pool.CIDR.Addr())
		if !pool.Own() || pool.Disabled || pool.DisableBGPExport || !strings.HasPrefix(pool.Encapsulation, "VXLAN") || f != session.Family {
			continue
		}
		isTunneled, isNear := p.leaks(from, to, session, pool, blocks)
		if !isTunneled && !isNear {
			continue
		}
		over := "through vxlan.calico to all of them"
		if !isTunneled {
			over = "to those of its own subnet"
		}
		p.Reportf(from.at.Field("filters"), "%s hears the blocks of pool %s from every node of %s: Felix gives each a route %s, and Calico announces those to eBGP neighbors",
			receiver(to), pool.Name, from.of, over).
			Note(encapsulationAt(pool), "pool %s has encapsulation %s", pool.Name, pool.Encapsulation).
			WithHint("%s", from.filterHint(f, from.felixMatches(pool)...))
		return true
	}
	return false
}

// felixMatches match what Felix has routes to, and what is learned from other nodes. A node's own blocks lead out of no interface.
func (e *exporter) felixMatches(pool *fabric.Pool) []string {
	matches := []string{`interface: "*.calico"`}
	if pool.Encapsulation == "VXLANCrossSubnet" {
		var names []string
		for _, n := range e.part.Nodes {
			if !slices.Contains(names, n.Interface) {
				names = append(names, n.Interface)
				matches = append(matches, fmt.Sprintf("interface: %q", n.Interface))
			}
		}
	}
	if hearsNodes(e.part) {
		matches = append(matches, `source: "RemotePeers"`)
	}
	return matches
}

// leaks reports whether nodes tell a switch of blocks of a pool that others have: behind the tunnel, or in their own subnet. One
// block of each kind speaks for the others.
func (p *Pass) leaks(from *exporter, to *simulate.Part, session *simulate.Session, pool *fabric.Pool, blocks []simulate.Destination) (isTunneled, isNear bool) {
	node := from.part.Nodes[0]
	own := node.Prefix(session.Family).Masked()
	asked := map[bool]bool{}
	for _, d := range blocks {
		owner := ownerOf(d, node)
		if d.PoolName() != pool.Name || owner == nil || owner == node {
			continue
		}
		near := pool.Encapsulation == "VXLANCrossSubnet" && own.Contains(owner.Addr(session.Family))
		if asked[near] {
			continue
		}
		asked[near] = true
		if !p.Predicted.Carries(d, session) || !p.announces(from, to, d) {
			continue
		}
		if near {
			isNear = true
		} else {
			isTunneled = true
		}
	}
	return isTunneled, isNear
}

// filterHint is the filter that holds back what others announce.
func (e *exporter) filterHint(f fabric.Family, matches ...string) string {
	field := "exportV4"
	if f == fabric.IPv6 {
		field = "exportV6"
	}
	verb := `write filters: ["own-blocks"]`
	if len(e.filters) > 0 {
		verb = `add "own-blocks" to filters`
	}
	var rules []string
	for _, match := range matches {
		rules = append(rules, `{action: "Reject", `+match+`}`)
	}
	return fmt.Sprintf(`%s in %s, and filters: "own-blocks": %s: [%s] in cluster %s`, verb, e.what, field, strings.Join(rules, ", "), e.part.Cluster.Name)
}

// receiver names a switch or a speaker outside.
func receiver(to *simulate.Part) string {
	if to.External != nil {
		return "peer " + to.External.Name
	}
	return deviceName(to.Device(0))
}

// noteOn is the other side of a finding: the switch, or the node whose block it is where the finding is at the peer itself.
func noteOn(to *simulate.Part, owner *fabric.Node) source.Path {
	if to.External != nil {
		return owner.At()
	}
	return to.Device(0).At()
}

func noteText(to *simulate.Part, owner *fabric.Node) string {
	if to.External != nil {
		return deviceName(owner) + " is declared here"
	}
	return deviceName(to.Device(0)) + " is declared here"
}
