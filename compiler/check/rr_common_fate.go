package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "rr-common-fate",
	Severity: diag.Warning,
	Doc: `rr-common-fate: the reflectors of a cluster should not all fail together

Where a cluster has several racks or switches and all reflectors of the whole cluster are in one of them, one power feed or one
switch takes them all away. The other racks keep their routes for the graceful restart time and then lose every one, though
nothing of theirs has failed; the loss came an hour later where that time was long (calico#9259). Reflectors of one rack's
nodes only belong in that rack and are not judged.

Mend it by naming a reflector in another rack, behind another switch.`,
	Source: "calico#9259; RFC 4456 section 7, on redundant reflectors of a cluster",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			p.commonFate(c)
		}
	},
})

func (p *Pass) commonFate(c *fabric.Cluster) {
	var groups []*fabric.Group
	var reflectors []*fabric.Node
	for _, g := range c.Groups {
		if lostReflector(g) || slices.ContainsFunc(g.Nodes, lostRack) {
			return
		}
		if g.Rack == nil {
			groups = append(groups, g)
			reflectors = append(reflectors, g.Nodes...)
		}
	}
	if len(reflectors) < 2 {
		return // rr-single tells
	}
	if r := reflectors[0].Rack; r != nil && !slices.ContainsFunc(reflectors, func(n *fabric.Node) bool { return n.Rack != r }) {
		p.reportFate(groups, reflectors, "in rack "+r.Name, func(n *fabric.Node) bool { return n.Rack != r })
		return
	}
	s := p.onlySwitch(reflectors[0])
	if s == nil || slices.ContainsFunc(reflectors, func(n *fabric.Node) bool { return p.onlySwitch(n) != s }) {
		return
	}
	p.reportFate(groups, reflectors, "behind switch "+s.Name, func(n *fabric.Node) bool {
		above := p.switchesAbove(n)
		return len(above) > 0 && !slices.Equal(above, []*fabric.Switch{s})
	})
}

// reportFate reports reflectors that have one place in common, where some node of the cluster is elsewhere.
func (p *Pass) reportFate(groups []*fabric.Group, reflectors []*fabric.Node, place string, isElsewhere func(*fabric.Node) bool) {
	c, last := groups[0].Cluster, groups[len(groups)-1]
	i := slices.IndexFunc(c.Nodes, isElsewhere)
	if i < 0 {
		return
	}
	all := fmt.Sprintf("all %d", len(reflectors))
	if len(reflectors) == 2 {
		all = "both"
	}
	d := p.Reportf(last.At().Field("nodes"), "%s reflectors of cluster %s (%s) are %s, and other nodes are elsewhere: the cluster loses its routes with it",
		all, c.Name, someOf(reflectors, nodeName), place)
	d.Note(c.Nodes[i].At(), "node %s is elsewhere", c.Nodes[i].Name)
	for _, g := range groups[:len(groups)-1] {
		d.Note(g.At().Field("nodes"), "group %s reflects for the whole cluster too", g.Name)
	}
	names := make([]string, len(last.Nodes))
	for i, n := range last.Nodes {
		names[i] = fmt.Sprintf("%q", n.Name)
	}
	if i := slices.IndexFunc(c.Nodes, func(n *fabric.Node) bool { return isElsewhere(n) && len(n.Reflects) == 0 }); i >= 0 {
		names[len(names)-1] = fmt.Sprintf("%q", c.Nodes[i].Name)
		d.WithHint("write nodes: [%s]", strings.Join(names, ", "))
	} else {
		d.WithHint("name a node that is not %s", place)
	}
}

// switchesAbove returns the switches that a node hangs on, each once: those of its rack, else those with an address on one of
// its subnets.
func (p *Pass) switchesAbove(n *fabric.Node) []*fabric.Switch {
	if n.Rack != nil && len(n.Rack.Model.Switches) > 0 {
		return n.Rack.Switches
	}
	var above []*fabric.Switch
	addresses := []netip.Prefix{n.Address, n.Address6}
	for _, nic := range n.NICs {
		addresses = append(addresses, nic.Address, nic.Address6)
	}
	for _, a := range addresses {
		if !a.IsValid() {
			continue
		}
		for _, i := range p.space().domains.bySubnet[a.Masked()] {
			if !slices.Contains(above, i.Switch) {
				above = append(above, i.Switch)
			}
		}
	}
	return above
}

// onlySwitch returns the switch that a node hangs on, nil where there are several, or none is declared.
func (p *Pass) onlySwitch(n *fabric.Node) *fabric.Switch {
	if above := p.switchesAbove(n); len(above) == 1 {
		return above[0]
	}
	return nil
}
