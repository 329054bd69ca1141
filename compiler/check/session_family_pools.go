package check

import (
	"slices"
	"strings"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/fabric"
)

// inFamily is what has sessions of a family: nodes at all, and racks with what is outside of them, their switches, nodes elsewhere
// or speakers outside the topology.
type inFamily struct {
	node map[*fabric.Node]bool
	rack map[*fabric.Rack]bool
}

// sessionsByFamily returns who has sessions of which family.
func sessionsByFamily(f *fabric.Fabric) map[fabric.Family]*inFamily {
	all := map[fabric.Family]*inFamily{}
	for _, family := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		all[family] = &inFamily{map[*fabric.Node]bool{}, map[*fabric.Rack]bool{}}
	}
	for _, s := range f.Sessions {
		x := all[s.Family]
		a, isNode := s.A.Device.(*fabric.Node)
		if !isNode {
			continue
		}
		x.node[a] = true
		b, isNode := s.B.Device.(*fabric.Node)
		if isNode {
			x.node[b] = true
		}
		switch {
		case s.Kind == fabric.RackSession, s.Kind == fabric.ExternalSession:
			x.rack[a.Rack] = true
		case s.Kind == fabric.ReflectorSession && a.Rack != b.Rack:
			x.rack[a.Rack], x.rack[b.Rack] = true, true
		}
	}
	return all
}

// lackingNodes is nodes of which it has been told that they lack an address of a family.
type lackingNodes map[lackingNode]bool

type lackingNode struct {
	node   *fabric.Node
	family fabric.Family
}

// all reports whether it has been told of all of some nodes.
func (l lackingNodes) all(nodes []*fabric.Node, f fabric.Family) bool {
	return !slices.ContainsFunc(nodes, func(n *fabric.Node) bool { return !l[lackingNode{n, f}] })
}

// carriedPods is the nodes of a cluster that may hold blocks of one family whose routes BGP has to carry.
type carriedPods struct {
	cluster *fabric.Cluster
	family  fabric.Family
	pool    *fabric.Pool   // one that some of them may use
	nodes   []*fabric.Node // those with an address of the family
	lacking []*fabric.Node // those without
}

// carriedPodsOf returns those of a cluster and family; nil: there is none, or one node only.
func carriedPodsOf(c *fabric.Cluster, f fabric.Family) *carriedPods {
	x := selectorsOf(c, f)
	if len(x) == 0 || c.PlannedNodes < 2 {
		return nil
	}
	d := &carriedPods{cluster: c, family: f}
	for _, n := range c.Nodes {
		if lostAddress(n) || lostRack(n) || !mayHoldBlocks(n, f) {
			continue
		}
		labels := n.LabelMap()
		i := slices.IndexFunc(x, func(s poolSelector) bool { return s.matches(labels) })
		if i < 0 {
			continue
		}
		if !n.Addr(f).IsValid() {
			d.lacking = append(d.lacking, n)
		} else {
			d.nodes = append(d.nodes, n)
		}
		if d.pool == nil || len(d.nodes) == 1 {
			d.pool = x[i].pool
		}
	}
	if d.pool == nil {
		return nil
	}
	return d
}

// poolSelector is a pool and whom it is for.
type poolSelector struct {
	pool    *fabric.Pool
	matches func(labels map[string]string) bool
}

// selectorsOf returns the pools of a family whose routes are BGP's to carry. Those of VXLAN pools are Felix's.
func selectorsOf(c *fabric.Cluster, f fabric.Family) []poolSelector {
	var all []poolSelector
	for _, pool := range c.Pools {
		if !pool.Own() || pool.Disabled || pool.DisableBGPExport || pool.LoadBalancerOnly() || pool.AssignmentMode == "Manual" ||
			strings.HasPrefix(pool.Encapsulation, "VXLAN") || fabric.FamilyOf(pool.CIDR.Addr()) != f {
			continue
		}
		if s, err := selector.Parse(pool.NodeSelector); err == nil { // else Link has told
			all = append(all, poolSelector{pool, s.Evaluate})
		}
	}
	return all
}

// mayHoldBlocks reports whether a node may have pods of a family: unless its blocks are written, and none is of it.
func mayHoldBlocks(n *fabric.Node, f fabric.Family) bool {
	if n.Model.Blocks == nil {
		return true
	}
	for _, b := range n.Model.Blocks {
		if fabric.FamilyOf(b.Addr()) == f {
			return true
		}
	}
	return false
}

// familyOfPools reports the nodes of a cluster that cannot have the sessions which the routes of its pools need, and adds those
// that lack an address of the family to told. Where some have one the others are taken to keep to the other family.
func (p *Pass) familyOfPools(c *fabric.Cluster, f fabric.Family, all map[fabric.Family]*inFamily, told lackingNodes) {
	d := carriedPodsOf(c, f)
	if d == nil {
		return
	}
	if len(d.nodes) == 0 {
		p.lackingAddress(d)
		for _, n := range d.lacking {
			told[lackingNode{n, f}] = true
		}
		return
	}
	if c.Mesh {
		return // with two addresses of the family there is a session
	}
	has, other := all[f], all[otherFamily(f)]
	byRack := map[*fabric.Rack][]*fabric.Node{}
	for _, n := range d.nodes {
		isCutOff := n.Rack != nil && len(n.Rack.Switches) > 0 && !has.rack[n.Rack] && other.rack[n.Rack] && len(c.Nodes) > len(n.Rack.Nodes)
		if isCutOff || !has.node[n] && other.node[n] {
			byRack[n.Rack] = append(byRack[n.Rack], n)
		}
	}
	if nodes := byRack[nil]; len(nodes) > 0 {
		p.lackingReflectors(d, nodes)
	}
	for _, r := range c.Racks {
		switch nodes := byRack[r]; {
		case len(nodes) == 0:
		case len(r.Switches) == 0:
			p.lackingReflectors(d, nodes)
		default:
			p.lackingSwitches(d, r, nodes)
		}
	}
}

// lackingAddress reports a pool that is for nodes without an address of the family only.
func (p *Pass) lackingAddress(d *carriedPods) {
	c := d.cluster
	p.Report(severityOfAll(c), d.pool.At, "pool %s of cluster %s is %s, %s, and none of the %s that may use it has an %s address: no session can carry its routes",
		d.pool.Name, c.Name, d.family, d.pool.CIDR, count(len(d.lacking), "node"), d.family).
		Note(d.lacking[0].At(), "node %s is declared here", d.lacking[0].DeviceName()).
		WithHint("add %s to the nodes of cluster %s, or delete the pool", addressOf(d.family), c.Name)
}

// lackingReflectors reports nodes whose reflectors have no address of the family.
func (p *Pass) lackingReflectors(d *carriedPods, nodes []*fabric.Node) {
	c := d.cluster
	i := slices.IndexFunc(c.Groups, func(g *fabric.Group) bool { return serves(g, nodes[0].Rack) && len(g.Nodes) > 0 })
	if i < 0 || lostReflector(c.Groups[i]) {
		return
	}
	g := c.Groups[i]
	p.Reportf(g.At().Field("nodes"), "reflectors %s have no %s address: %s, which may use the %s pool %s, %s no %s session",
		someOf(g.Nodes, nodeName), d.family, someOf(nodes, deviceNameOf), d.family, d.pool.Name, hasOrHave(len(nodes)), d.family).
		Note(d.pool.At, "pool %s is declared here", d.pool.Name).
		WithHint("add %s to the reflectors", addressOf(d.family))
}

// lackingSwitches reports a rack whose switches have no address of the family on the nodes' subnet.
func (p *Pass) lackingSwitches(d *carriedPods, r *fabric.Rack, nodes []*fabric.Node) {
	if faultOf(r) != noFault || slices.ContainsFunc(r.Switches, func(s *fabric.Switch) bool {
		lacking, ok := halfLoopback(r, s)
		return ok && lacking == d.family
	}) {
		return // told by session-no-match
	}
	speakers := slices.DeleteFunc(slices.Clone(r.Speakers()), func(n *fabric.Node) bool { return !n.Addr(d.family).IsValid() })
	if len(speakers) == 0 {
		return // they lack the address, as told
	}
	subnet := speakers[0].Prefix(d.family).Masked()
	s := r.Switches[0]
	p.Reportf(r.At().Field("switches"), "rack %s of cluster %s has %s sessions with its switches and no %s ones, and %s may use the %s pool %s: no switch has an address in %s",
		r.Name, r.Cluster.Name, otherFamily(d.family), d.family, someOf(nodes, deviceNameOf), d.family, d.pool.Name, subnet).
		Note(d.pool.At, "pool %s is declared here", d.pool.Name).
		Note(s.At().Field("interfaces"), "switch %s has %s", s.Name, addressesOf(s)).
		WithHint("add %s in %s to an interface of switch %s", addressOf(d.family), subnet, s.Name)
}

// hasOrHave is the verb for a number of things.
func hasOrHave(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}
