package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// maxCutWork bounds the search for single points of failure to some tenths of a second: see simulate.Result.Cuts. A fabric of five
// racks with two reflectors and two leaves each is within it, and so are a hundred clusters apart from each other.
const maxCutWork = 100000

var _ = rule(Rule{
	Name:     "single-point-of-failure",
	Severity: diag.Info,
	Needs:    Routes,
	Doc: `single-point-of-failure: what cuts pods off from each other when it fails alone

The routes are predicted once more for each node, switch and link without it: where pods of two clusters, or of two parts of
one, reach each other with it and not without, it is told; of a switch, its links are not told besides. The write-up that the
example leaf-spine follows takes two reflectors for each rack so that one may fail, and has one leaf above each rack and one
spine above all. A rack below one switch is often meant to be so, hence this is information. Nodes with the same sessions,
pools and subnets are one part, and one of them is tried for all. In a large topology nothing is tried, and the finding says
so: where the parts of one connected network, squared and added to all parts, for each part and link, come to more than
100000.

Mend it by a second switch, link or reflector beside the one that is named; survives: 1 in an expectation then keeps it so. Where
nothing is tried, topoc sim failures tells.`,
	Source: "calico#9259; write-up: a cluster with route reflectors below leaf switches",
	Run: func(p *Pass) {
		cuts, isComplete := p.Predicted.Cuts(maxCutWork)
		if !isComplete {
			p.Reportf("name", "single points of failure are not looked for: %d parts and %d links are too many to try each in a build",
				len(p.Predicted.Parts), len(p.Fabric.Links)).
				WithHint("run topoc sim failures, or write survives: 1 into the expectations that matter")
			return
		}
		for i := range cuts {
			if !p.isLinkOf(&cuts[i], cuts) {
				p.cut(&cuts[i])
			}
		}
	},
})

// isLinkOf reports whether a cut is a link of a switch that is a cut itself: a second switch brings links of its own.
func (p *Pass) isLinkOf(c *simulate.Cut, cuts []simulate.Cut) bool {
	i := slices.IndexFunc(p.Fabric.Links, func(l *fabric.SwitchLink) bool { return l.At() == c.At })
	return i >= 0 && slices.ContainsFunc(cuts, func(other simulate.Cut) bool {
		ends := p.Fabric.Links[i].Ends
		return other.At == ends[0].Switch.At() || other.At == ends[1].Switch.At()
	})
}

// cut reports one device or link without which some pair is cut off.
func (p *Pass) cut(c *simulate.Cut) {
	also := ""
	if c.Alike > 0 {
		also = " (so do " + count(c.Alike, "node") + " like it)"
	}
	var apart []simulate.Pair // to reach is there and back, so that a pair and its reverse fall together
	for _, pair := range c.Pairs {
		if !slices.Contains(apart, simulate.Pair{From: pair.To, To: pair.From}) {
			apart = append(apart, pair)
		}
	}
	p.Reportf(c.At, "when %s fails%s, %s", c.Name, also, someOf(apart, func(pair simulate.Pair) string {
		if pair.From == pair.To {
			return "some pods of " + pair.From + " no longer reach each other"
		}
		return "some of " + pair.From + " no longer reach those of " + pair.To
	})).WithHint("%s", p.secondTo(c))
}

// secondTo is what would take over from a device or link.
func (p *Pass) secondTo(c *simulate.Cut) string {
	for _, l := range p.Fabric.Links {
		if l.At() == c.At {
			return "add a second link of " + l.Ends[0].Switch.Name + " and " + l.Ends[1].Switch.Name + ", or a second switch beside one of them"
		}
	}
	for _, s := range p.Fabric.Switches {
		if s.At() != c.At {
			continue
		}
		if len(s.Racks) > 0 {
			return "add a second switch to switches of rack " + s.Racks[0].Name + " of cluster " + s.Racks[0].Cluster.Name
		}
		return "add a second switch with the same links"
	}
	for _, cluster := range p.Fabric.Clusters {
		for _, g := range cluster.Groups {
			if slices.ContainsFunc(g.Nodes, func(n *fabric.Node) bool { return n.At() == c.At }) {
				return "add a second node to routeReflectors." + g.Name + " of cluster " + cluster.Name
			}
		}
	}
	return "add a second node that does what " + c.Name + " does"
}
