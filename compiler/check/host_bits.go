package check

import (
	"net/netip"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "host-bits",
	Severity: diag.Error,
	Doc: `host-bits: a range is written by its first address

10.0.1.7/16 is the address of a machine with the length of its subnet; where a network is meant it is a typing error in the
address or in the length. Calico's API refuses it in some fields and silently masks it in others. In node#193 calico-node took
192.167.0.0/12 for its first pool, whose network is 192.160.0.0/12: nodes in 192.168.50.0/24 lay in it without anybody having
written so, and their pods had no connection.

Mend it by writing the network's first address, 10.0.0.0/16, or by correcting the length.`,
	Source: "node#193",
	Run: func(p *Pass) {
		networks(p.Fabric.Model, func(at source.Path, n netip.Prefix) {
			if n != n.Masked() {
				p.Reportf(at, "%s has host bits where a network is meant: %s lies within %s", n, n.Addr(), n.Masked()).
					WithHint("write %q", n.Masked())
			}
		})
	},
})

// networks calls visit with every prefix of a topology that stands for a network, in the order of the language.
func networks(t *model.Topology, visit func(at source.Path, n netip.Prefix)) {
	list := func(at source.Path, all []netip.Prefix) {
		for i, n := range all {
			visit(at.Index(i), n)
		}
	}
	for _, name := range sorted(t.Clusters) {
		clusterNetworks(source.Path("clusters").Field(name), t.Clusters[name], list, visit)
	}
	for _, name := range sorted(t.Switches) {
		if b := t.Switches[name].BGP; b != nil {
			at := source.Path("switches").Fields(name, "bgp")
			for i := range b.Accept {
				visit(at.Field("accept").Index(i).Field("prefix"), b.Accept[i].Prefix)
			}
			for i := range b.Send {
				visit(at.Field("send").Index(i).Field("prefix"), b.Send[i].Prefix)
			}
		}
	}
	for _, name := range sorted(t.Reserved) {
		list(source.Path("reserved").Field(name), t.Reserved[name])
	}
	if t.Owned != nil {
		list("owned.prefixes", t.Owned.Prefixes)
	}
}

func clusterNetworks(at source.Path, c *model.Cluster, list func(source.Path, []netip.Prefix), visit func(source.Path, netip.Prefix)) {
	list(at.Field("podCIDRs"), c.PodCIDRs)
	for _, name := range sorted(c.IPPools) {
		visit(at.Fields("ipPools", name, "cidr"), c.IPPools[name].CIDR)
	}
	list(at.Field("serviceCIDRs"), c.ServiceCIDRs)
	if a := c.Advertise; a != nil {
		at := at.Field("advertise")
		list(at.Field("serviceExternalIPs"), a.ServiceExternalIPs)
		list(at.Field("serviceLoadBalancerIPs"), a.ServiceLoadBalancerIPs)
		for i := range a.Prefixes {
			visit(at.Field("prefixes").Index(i).Field("cidr"), a.Prefixes[i].CIDR)
		}
	}
	for _, name := range sorted(c.Nodes) {
		if blocks := c.Nodes[name].Blocks; len(blocks) > 0 { // few nodes have some, and paths of all take their time
			list(at.Fields("nodes", name, "blocks"), blocks)
		}
	}
	for _, name := range sorted(c.Filters) {
		f, at := c.Filters[name], at.Fields("filters", name)
		for _, rules := range []struct {
			field string
			list  []model.FilterRule
		}{{"exportV4", f.ExportV4}, {"importV4", f.ImportV4}, {"exportV6", f.ExportV6}, {"importV6", f.ImportV6}} {
			for i := range rules.list {
				if n := rules.list[i].CIDR; n.IsValid() {
					visit(at.Field(rules.field).Index(i).Field("cidr"), n)
				}
			}
		}
	}
}
