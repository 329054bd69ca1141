package topogen_test

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// Where speakers beyond the gateways are.
var (
	ipv4Outside = netip.MustParsePrefix("10.200.0.0/16")
	ipv6Outside = netip.MustParsePrefix("fd00:c8::/32")
)

// matches makes a feature of a rule of a filter.
func matches(name string, holds func(model.FilterRule) bool) feature {
	return feature{"filter: " + name, anyOf(rules, holds)}
}

func operator(word string) feature {
	return matches("matchOperator "+word, func(r model.FilterRule) bool { return r.MatchOperator == word })
}

var filterFeatures = []feature{
	{"filter: exportV4", anyOf(clusters, hasRules(func(f *model.Filter) []model.FilterRule { return f.ExportV4 }))},
	{"filter: importV4", anyOf(clusters, hasRules(func(f *model.Filter) []model.FilterRule { return f.ImportV4 }))},
	{"filter: exportV6", anyOf(clusters, hasRules(func(f *model.Filter) []model.FilterRule { return f.ExportV6 }))},
	{"filter: importV6", anyOf(clusters, hasRules(func(f *model.Filter) []model.FilterRule { return f.ImportV6 }))},
	matches("Accept", func(r model.FilterRule) bool { return r.Action == "Accept" }),
	matches("Reject", func(r model.FilterRule) bool { return r.Action == "Reject" }),
	operator("In"), operator("NotIn"), operator("Equal"), operator("NotEqual"),
	matches("prefixLength", func(r model.FilterRule) bool { return r.PrefixLength != nil }),
	matches("source", func(r model.FilterRule) bool { return r.Source != "" }),
	matches("interface", func(r model.FilterRule) bool { return r.Interface != "" }),
	matches("peerType", func(r model.FilterRule) bool { return r.PeerType != "" }),
	matches("communities", func(r model.FilterRule) bool { return r.Communities != nil }),
	matches("asPathPrefix", func(r model.FilterRule) bool { return r.ASPathPrefix != nil }),
	matches("priority", func(r model.FilterRule) bool { return r.Priority != nil }),
	{"filter: addCommunity", anyOf(operations, func(o model.FilterOperation) bool { return o.AddCommunity != nil })},
	{"filter: prependASPath", anyOf(operations, func(o model.FilterOperation) bool { return o.PrependASPath != nil })},
	{"filter: setPriority", anyOf(operations, func(o model.FilterOperation) bool { return o.SetPriority != nil })},
	{"filter: derived", anyOf(clusters, func(c *fabric.Cluster) bool {
		return slices.ContainsFunc(c.Filters, func(f *fabric.Filter) bool { return f.Derived })
	})},
}

func hasRules(in func(*model.Filter) []model.FilterRule) func(*fabric.Cluster) bool {
	return func(c *fabric.Cluster) bool {
		return slices.ContainsFunc(c.Filters, func(f *fabric.Filter) bool { return !f.Derived && len(in(&f.Rules)) > 0 })
	}
}

func dialect(name string) feature {
	return feature{"switch: " + name, anyOf(switches, func(s *fabric.Switch) bool { return s.Managed && s.Dialect.Name == name })}
}

func isVRF(name string) bool { return name != "" }

// isInternal reports whether a neighbor is a switch of the switch's own AS.
func isInternal(n *fabric.Neighbor) bool { return n.Session.Kind == fabric.LinkSession && n.Internal }

var switchFeatures = []feature{
	{"no switch", func(f *fabric.Fabric) bool { return len(f.Switches) == 0 }},
	{"five switches", func(f *fabric.Fabric) bool { return len(f.Switches) == 5 }},
	dialect("frr"), dialect("comware"),
	{"switch: not managed", anyOf(switches, func(s *fabric.Switch) bool { return !s.Managed })},
	{"switch: not managed, no dialect", anyOf(switches, func(s *fabric.Switch) bool { return s.Dialect == nil })},
	{"switch: reflects", anyOf(routers, func(r *fabric.BGPRouter) bool { return r.ClusterID.IsValid() })},
	{"switch: several spines", anyOf(switches, func(s *fabric.Switch) bool { return s.Name == "spine2" })},
	{"switch: VRF", anyOf(switches, func(s *fabric.Switch) bool { return isVRF(s.VRF) })},
	{"switch: several VRFs", anyOf(switches, func(s *fabric.Switch) bool { return len(s.Routers) > 1 })},
	{"switch: VRF differs at the ends of a link", anyOf(links, func(l *fabric.SwitchLink) bool { return l.Ends[0].VRF != l.Ends[1].VRF })},
	{"switch: shared address", anyOf(switches, func(s *fabric.Switch) bool {
		return slices.ContainsFunc(s.Interfaces, func(i *fabric.Interface) bool { return len(i.Shared) > 0 })
	})},
	{"switch: maximumPaths 1", anyOf(switches, func(s *fabric.Switch) bool { return value(switchBGP(s).MaximumPaths) == 1 })},
	{"switch: maximumPaths 16", anyOf(switches, func(s *fabric.Switch) bool { return value(switchBGP(s).MaximumPaths) == 16 })},
	{"switch: toNodes default", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).ToNodes == "default" })},
	{"switch: toNodes none", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).ToNodes == "none" })},
	{"switch: defaultOriginate", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).DefaultOriginate })},
	{"switch: accept", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).Accept != nil })},
	{"switch: send", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).Send != nil })},
	{"switch: advertise nothing", anyOf(switches, func(s *fabric.Switch) bool { a := switchBGP(s).Advertise; return a != nil && len(a) == 0 })},
	{"switch: advertise interfaces", anyOf(switches, func(s *fabric.Switch) bool { return slices.Equal(switchBGP(s).Advertise, []string{"interfaces"}) })},
	{"switch: maxPrefixes", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).MaxPrefixes != nil })},
	{"switch: no graceful restart", anyOf(routers, func(r *fabric.BGPRouter) bool { return !r.GracefulRestart })},
	{"switch: BFD", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).BFD })},
	{"switch: timers", anyOf(switches, func(s *fabric.Switch) bool { return switchBGP(s).Hold != nil })},
	{"switch: static routes", anyOf(switches, func(s *fabric.Switch) bool { return len(s.Statics) > 0 })},
	{"switch: static routes without BGP", anyOf(switches, func(s *fabric.Switch) bool { return len(s.Statics) > 0 && len(s.Routers) == 0 })},
	{"switch: static routes passed on", anyOf(routers, func(r *fabric.BGPRouter) bool { return len(r.Redistribute) > 0 })},
	{"link: IPv4", anyOf(links, func(l *fabric.SwitchLink) bool { return l.Ends[0].Address.IsValid() && !l.Ends[0].Address6.IsValid() })},
	{"link: both families", anyOf(links, func(l *fabric.SwitchLink) bool { return l.Ends[0].Address.IsValid() && l.Ends[0].Address6.IsValid() })},
	{"link: IPv6", anyOf(links, func(l *fabric.SwitchLink) bool { return !l.Ends[0].Address.IsValid() && !l.Unnumbered() })},
	{"link: unnumbered", anyOf(links, func(l *fabric.SwitchLink) bool { return l.Unnumbered() && !l.Ends[0].Address6.IsValid() })},
	{"link: link-local", anyOf(links, func(l *fabric.SwitchLink) bool { return l.Ends[0].Address6.Addr().IsLinkLocalUnicast() })},
	{"link: no BGP", anyOf(links, func(l *fabric.SwitchLink) bool { return !l.BGP })},
	{"link: a second one", func(f *fabric.Fabric) bool {
		return slices.ContainsFunc(f.Links, func(l *fabric.SwitchLink) bool {
			return slices.ContainsFunc(f.Links, func(other *fabric.SwitchLink) bool {
				return l != other && l.Ends[0].Switch == other.Ends[0].Switch && l.Ends[1].Switch == other.Ends[1].Switch && l.Ends[0].VRF == other.Ends[0].VRF
			})
		})
	}},
	{"link: iBGP", anyOf(neighbors, isInternal)},
}

func via(v fabric.Via) func(*fabric.Peering) bool {
	return func(p *fabric.Peering) bool { return p.Via == v }
}

var outsideFeatures = []feature{
	{"peering: by reflectors", anyOf(peerings, via(fabric.ViaRouteReflectors))},
	{"peering: by nodes", anyOf(peerings, via(fabric.ViaNodes))},
	{"peering: by the fabric", anyOf(peerings, via(fabric.ViaFabric))},
	{"peering: no pods", anyOf(peerings, func(p *fabric.Peering) bool { return !p.Pods })},
	{"peering: no services", anyOf(peerings, func(p *fabric.Peering) bool {
		return p.Model.Exchange != nil && p.Model.Exchange.Services != nil && !*p.Model.Exchange.Services
	})},
	{"peering: transit", anyOf(peerings, func(p *fabric.Peering) bool { return p.Transit })},
	{"peering: transit over three clusters", anyOf(clusters, func(c *fabric.Cluster) bool {
		return len(c.Peerings) > 1 && c.Peerings[0].Transit && c.Peerings[1].Transit
	})},
	{"peering: filters", anyOf(peerings, func(p *fabric.Peering) bool { return len(p.Model.Filters) > 0 })},
	{"peering: password", anyOf(peerings, func(p *fabric.Peering) bool { return p.Model.Password != nil })},
	{"peering beside switches", anyOf(peerings, func(p *fabric.Peering) bool {
		return p.Via != fabric.ViaFabric && slices.ContainsFunc(p.Clusters[0].Racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 })
	})},
	{"host", func(f *fabric.Fabric) bool { return len(f.Hosts) > 0 }},
	{"host: static routes", anyOf(hosts, func(h *fabric.Host) bool { return len(h.Routes) > 0 })},
	{"expectation", func(f *fabric.Fabric) bool { return len(f.Expected) > 0 }},
	{"expectation: of a cluster", anyOf(expected, func(e *fabric.Expectation) bool { return e.From.Cluster != nil })},
	{"expectation: of a switch", anyOf(expected, func(e *fabric.Expectation) bool { return e.From.Switch != nil })},
	{"expectation: of a node", anyOf(expected, func(e *fabric.Expectation) bool { return e.From.Node != nil })},
	{"expectation: of a host", anyOf(expected, func(e *fabric.Expectation) bool { return e.From.Host != nil })},
	{"expectation: services", anyOf(expected, func(e *fabric.Expectation) bool { return e.Services })},
	{"expectation: not reached", anyOf(expected, func(e *fabric.Expectation) bool { return !e.Reach })},
	{"expectation: paths", anyOf(expected, func(e *fabric.Expectation) bool { return e.Paths > 1 })},
	{"expectation: survives", anyOf(expected, func(e *fabric.Expectation) bool { return e.Survives > 0 })},
	{"nothing implied", func(f *fabric.Fabric) bool { return f.Model.Implied != nil && !*f.Model.Implied }},
}
