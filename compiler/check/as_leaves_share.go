package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

var _ = rule(Rule{
	Name:     "as-leaves-share",
	Severity: diag.Error,
	Source:   "RFC 4271 section 9.1.2; Calico, reference/architecture/design/l3-interconnect-fabric",
	Doc: `as-leaves-share: leaves of different racks have AS numbers of their own

What one leaf announces has its AS in the path, so another leaf of that number takes it for a loop and drops it, and topoc has the
spines hold it back. Neither learns of the racks below the other. Calico's guide to IP fabrics numbers leaves by the rack. It is
an error where the nodes below them have no other way to each other, and a warning where they have: over one subnet that spans
the racks, or through tunnels whose ends an IGP knows. Two leaves of one rack may share a number, since both hear from the rack
itself; so may leaves that peer with each other by iBGP, those whose racks have nothing to tell each other, and those that take a
default route from the switches above them.

Mend it with an asNumber of its own for the leaves of each rack.`,
	Run: func(p *Pass) {
		var free func() model.ASN
		for _, s := range sharingLeaves(p.Fabric) {
			if free == nil {
				free = unusedASNs(p.Fabric)
			}
			p.reportSharing(s, free())
		}
	},
})

// sharing is leaves of one AS that are no pair, and below which there are nodes that should hear of each other.
type sharing struct {
	leaves   []*fabric.Switch // all of the AS
	a, b     *fabric.Switch   // two that are no pair
	severity diag.Severity
}

// leafParts is the switches, joined in two ways.
type leafParts struct {
	index   map[*fabric.Switch]int
	related parts // by sessions between switches, whoever they are
	heard   parts // by what lets a switch hear of the racks below another one of its AS: being a pair, or peering by iBGP
}

func newLeafParts(f *fabric.Fabric) *leafParts {
	x := &leafParts{index: map[*fabric.Switch]int{}}
	for i, s := range f.Switches {
		x.index[s] = i
		x.related.add()
		x.heard.add()
	}
	for _, l := range f.Links {
		a, b := l.Ends[0].Switch, l.Ends[1].Switch
		if !l.BGP {
			continue
		}
		x.related.join(x.index[a], x.index[b])
		if a.ASN == b.ASN {
			x.heard.join(x.index[a], x.index[b])
		}
	}
	for _, c := range f.Clusters {
		for _, r := range c.Racks {
			for _, s := range r.Switches[min(1, len(r.Switches)):] {
				x.heard.join(x.index[r.Switches[0]], x.index[s])
			}
		}
	}
	return x
}

// miss reports whether two leaves of one AS are in one fabric and cannot hear of each other's racks.
func (x *leafParts) miss(a, b *fabric.Switch) bool {
	return x.related.root(x.index[a]) == x.related.root(x.index[b]) && x.heard.root(x.index[a]) != x.heard.root(x.index[b])
}

// sharingLeaves finds the AS numbers of leaves that share one and miss each other, each once, in the order of their leaves.
func sharingLeaves(f *fabric.Fabric) []*sharing {
	byASN := map[model.ASN][]*fabric.Switch{}
	var order []model.ASN
	for _, s := range f.Switches {
		if len(s.Racks) == 0 || s.ASN == 0 || takesDefault(s) {
			continue
		}
		if byASN[s.ASN] == nil {
			order = append(order, s.ASN)
		}
		byASN[s.ASN] = append(byASN[s.ASN], s)
	}
	var all []*sharing
	var x *leafParts
	for _, asn := range order {
		leaves := byASN[asn]
		if len(leaves) < 2 {
			continue
		}
		if x == nil {
			x = newLeafParts(f)
		}
		if found := x.sharing(leaves); found != nil {
			all = append(all, found)
		}
	}
	return all
}

// sharing finds two leaves among those of one AS that miss each other, and whose racks should not; nil: there are none. Two
// leaves that miss each other speak for all above a cluster.
func (x *leafParts) sharing(leaves []*fabric.Switch) *sharing {
	below := map[*fabric.Cluster][]*fabric.Switch{} // leaves with racks of a cluster, that miss each other
	var clusters []*fabric.Cluster
	for _, s := range leaves {
		for _, r := range s.Racks {
			c := r.Cluster
			if below[c] == nil {
				clusters = append(clusters, c)
			}
			if len(below[c]) < 2 && !slices.ContainsFunc(below[c], func(other *fabric.Switch) bool { return !x.miss(s, other) }) {
				below[c] = append(below[c], s)
			}
		}
	}
	var found *sharing
	consider := func(a, b *fabric.Switch, severity diag.Severity) {
		if x.miss(a, b) && (found == nil || severity < found.severity) { // the lower, the worse
			found = &sharing{leaves: leaves, a: a, b: b, severity: severity}
		}
	}
	for _, c := range clusters {
		if two := below[c]; len(two) == 2 {
			consider(two[0], two[1], severityBelow(c, two[0], two[1]))
		}
		for _, p := range c.Partners() {
			if p.Peering.Via != fabric.ViaFabric {
				continue
			}
			for _, a := range below[c] {
				for _, b := range below[p.Cluster] {
					consider(a, b, diag.Error)
				}
			}
		}
	}
	return found
}

// severityBelow says how bad it is for nodes of one cluster that the leaves above them miss each other: a warning where those
// nodes reach each other, and each other's pods, all the same.
func severityBelow(c *fabric.Cluster, a, b *fabric.Switch) diag.Severity {
	m, n := nodeBelow(c, a), nodeBelow(c, b)
	if m == nil || n == nil {
		return diag.Warning
	}
	near := ownSubnet(m) == ownSubnet(n)
	nodesMeet := near || announcesNothing(a) && announcesNothing(b) || !isGateway(a, m) && !isGateway(b, n)
	hearOfPods := c.Mesh || slices.ContainsFunc(c.Groups, func(g *fabric.Group) bool { return g.Rack == nil })
	if nodesMeet && (hearOfPods || needsNoBGP(c)) {
		return diag.Warning
	}
	return diag.Error
}

// nodeBelow returns a node of a cluster in a rack below a switch, or nil.
func nodeBelow(c *fabric.Cluster, s *fabric.Switch) *fabric.Node {
	for _, r := range s.Racks {
		if r.Cluster == c && len(r.Nodes) > 0 {
			return r.Nodes[0]
		}
	}
	return nil
}

// isGateway reports whether a switch has the address of a node's gateway.
func isGateway(s *fabric.Switch, n *fabric.Node) bool {
	return slices.ContainsFunc(s.Interfaces, func(i *fabric.Interface) bool {
		return slices.ContainsFunc([]netip.Addr{n.Gateway, n.Gateway6}, func(g netip.Addr) bool {
			return g.IsValid() && (i.Address.Addr() == g || i.Address6.Addr() == g || slices.Contains(i.Shared, g))
		})
	})
}

// takesDefault reports whether a switch takes a default route from other switches: it needs no others.
func takesDefault(s *fabric.Switch) bool {
	return s.Model.BGP != nil && slices.ContainsFunc(s.Model.BGP.Accept, func(p model.Permit) bool {
		return p.On == "switches" && p.Prefix.Bits() == 0
	})
}

func (p *Pass) reportSharing(s *sharing, free model.ASN) {
	are := " and are no pair"
	if len(s.leaves) > 2 {
		are = ", and " + s.a.Name + " and " + s.b.Name + " are no pair"
	}
	d := p.Report(s.severity, s.b.At().Field("asNumber"), "switches %s share AS %s%s: neither learns of the racks below the other, whose routes have its own AS in their path",
		someOf(s.leaves, func(s *fabric.Switch) string { return s.Name }), s.b.ASN, are).
		Note(s.a.At().Field("asNumber"), "switch %s has it here", s.a.Name)
	if i := slices.IndexFunc(s.b.Racks, func(r *fabric.Rack) bool { return r.ASN == s.b.ASN }); i >= 0 {
		d.Note(s.b.Racks[i].At(), "the nodes of rack %s are in it too", s.b.Racks[i].Name)
		d.WithHint("write asNumber: %s, here and in rack %s of cluster %s", free, s.b.Racks[i].Name, s.b.Racks[i].Cluster.Name)
		return
	}
	d.WithHint("write asNumber: %s", free)
}
