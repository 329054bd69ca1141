package topogen_test

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// feature is something that random topologies must have from time to time.
type feature struct {
	name string
	in   func(*fabric.Fabric) bool
}

// anyOf lifts a predicate on parts to one on the fabric that has them.
func anyOf[T any](parts func(*fabric.Fabric) []T, holds func(T) bool) func(*fabric.Fabric) bool {
	return func(f *fabric.Fabric) bool { return slices.ContainsFunc(parts(f), holds) }
}

// within returns the parts of all clusters.
func within[T any](of func(*fabric.Cluster) []T) func(*fabric.Fabric) []T {
	return func(f *fabric.Fabric) []T {
		var all []T
		for _, c := range f.Clusters {
			all = append(all, of(c)...)
		}
		return all
	}
}

var (
	clusters = func(f *fabric.Fabric) []*fabric.Cluster { return f.Clusters }
	switches = func(f *fabric.Fabric) []*fabric.Switch { return f.Switches }
	links    = func(f *fabric.Fabric) []*fabric.SwitchLink { return f.Links }
	peerings = func(f *fabric.Fabric) []*fabric.Peering { return f.Peerings }
	hosts    = func(f *fabric.Fabric) []*fabric.Host { return f.Hosts }
	sessions = func(f *fabric.Fabric) []*fabric.Session { return f.Sessions }
	expected = func(f *fabric.Fabric) []*fabric.Expectation { return f.Expected }
	nodes    = within(func(c *fabric.Cluster) []*fabric.Node { return c.Nodes })
	racks    = within(func(c *fabric.Cluster) []*fabric.Rack { return c.Racks })
	groups   = within(func(c *fabric.Cluster) []*fabric.Group { return c.Groups })
	pools    = within(func(c *fabric.Cluster) []*fabric.Pool { return c.Pools })
	rules    = within(func(c *fabric.Cluster) []model.FilterRule {
		var all []model.FilterRule
		for _, f := range c.Filters {
			if !f.Derived {
				all = slices.Concat(all, f.Rules.ExportV4, f.Rules.ImportV4, f.Rules.ExportV6, f.Rules.ImportV6)
			}
		}
		return all
	})
	operations = within(func(c *fabric.Cluster) []model.FilterOperation {
		var all []model.FilterOperation
		for _, r := range rules(&fabric.Fabric{Clusters: []*fabric.Cluster{c}}) {
			all = append(all, r.Operations...)
		}
		return all
	})
	neighbors = func(f *fabric.Fabric) []*fabric.Neighbor {
		var all []*fabric.Neighbor
		for _, r := range routers(f) {
			all = append(all, r.Neighbors...)
		}
		return all
	}
	routers = func(f *fabric.Fabric) []*fabric.BGPRouter {
		var all []*fabric.BGPRouter
		for _, s := range f.Switches {
			all = append(all, s.Routers...)
		}
		return all
	}
)

// advertise returns what a cluster says of its services; nothing where it says nothing.
func advertise(c *fabric.Cluster) model.Advertise { return value(c.Model.Advertise) }

// clusterBGP returns the rest of a cluster's BGPConfiguration.
func clusterBGP(c *fabric.Cluster) model.ClusterBGP { return value(c.Model.BGP) }

// switchBGP returns what is said of a switch's BGP.
func switchBGP(s *fabric.Switch) model.SwitchBGP { return value(s.Model.BGP) }

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// hasFamilies makes a predicate of the families that the nodes of a cluster have.
func hasFamilies(v4, v6 bool) func(*fabric.Cluster) bool {
	return func(c *fabric.Cluster) bool {
		return len(c.Nodes) > 0 && c.Nodes[0].Address.IsValid() == v4 && c.Nodes[0].Address6.IsValid() == v6
	}
}

// speaksInside reports whether a switch is in the AS of nodes below it.
func speaksInside(r *fabric.Rack) bool {
	return slices.ContainsFunc(r.Switches, func(s *fabric.Switch) bool { return s.ASN == r.ASN })
}

// borrows reports whether a node has single addresses among its blocks.
func borrows(n *fabric.Node) bool {
	return slices.ContainsFunc(n.Model.Blocks, func(p netip.Prefix) bool { return p.IsSingleIP() })
}

// release makes a feature of a minor release of Calico.
func release(minor int) func(*fabric.Fabric) bool {
	return anyOf(clusters, func(c *fabric.Cluster) bool { return c.Version.Minor == minor })
}
