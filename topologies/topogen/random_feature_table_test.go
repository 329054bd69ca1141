package topogen_test

import (
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// features is what the language has that touches routes.
var features = slices.Concat(clusterFeatures, nodeFeatures, sessionFeatures, filterFeatures, switchFeatures, outsideFeatures)

var clusterFeatures = []feature{
	{"one cluster", func(f *fabric.Fabric) bool { return len(f.Clusters) == 1 }},
	{"two clusters", func(f *fabric.Fabric) bool { return len(f.Clusters) == 2 }},
	{"three clusters", func(f *fabric.Fabric) bool { return len(f.Clusters) == 3 }},
	{"Calico 3.26", release(26)}, {"Calico 3.27", release(27)}, {"Calico 3.28", release(28)}, {"Calico 3.29", release(29)},
	{"Calico 3.30", release(30)}, {"Calico 3.31", release(31)}, {"Calico 3.32", release(32)},
	{"IPv4 only", anyOf(clusters, hasFamilies(true, false))},
	{"dual stack", anyOf(clusters, hasFamilies(true, true))},
	{"IPv6 only", anyOf(clusters, hasFamilies(false, true))},
	{"isolated", anyOf(clusters, func(c *fabric.Cluster) bool { return c.Model.Isolated })},
	{"isolated, ranges of another", func(f *fabric.Fabric) bool {
		last := f.Clusters[len(f.Clusters)-1]
		return last.Model.Isolated && f.Clusters[0].PodRanges()[0].Prefix.Overlaps(last.PodRanges()[0].Prefix)
	}},
	{"incomplete list of nodes", anyOf(clusters, func(c *fabric.Cluster) bool { return c.Incomplete })},
	{"mesh", anyOf(clusters, func(c *fabric.Cluster) bool { return c.Mesh })},
	{"mesh beside switches", anyOf(clusters, func(c *fabric.Cluster) bool {
		return c.Mesh && slices.ContainsFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 })
	})},
	{"mesh with password", anyOf(clusters, func(c *fabric.Cluster) bool { return clusterBGP(c).MeshPassword != nil })},
	{"mesh with restart time", anyOf(clusters, func(c *fabric.Cluster) bool { return clusterBGP(c).MeshMaxRestartTime != nil })},
	{"listenPort", anyOf(clusters, func(c *fabric.Cluster) bool { return c.ListenPort != fabric.DefaultListenPort })},
	{"bindMode", anyOf(clusters, func(c *fabric.Cluster) bool { return clusterBGP(c).BindMode == "NodeIP" })},
	{"ignoredInterfaces", anyOf(clusters, func(c *fabric.Cluster) bool { return clusterBGP(c).IgnoredInterfaces != nil })},
	{"programClusterRoutes off", anyOf(clusters, func(c *fabric.Cluster) bool { return clusterBGP(c).ProgramClusterRoutes == "Disabled" })},
	{"installed by manifest", anyOf(clusters, func(c *fabric.Cluster) bool { return !c.Operator })},
	{"cluster IPs", anyOf(clusters, func(c *fabric.Cluster) bool { return advertise(c).ServiceClusterIPs && len(c.ServiceCIDRs) > 0 })},
	{"external IPs", anyOf(clusters, func(c *fabric.Cluster) bool { return advertise(c).ServiceExternalIPs != nil })},
	{"load-balancer IPs", anyOf(clusters, func(c *fabric.Cluster) bool { return advertise(c).ServiceLoadBalancerIPs != nil })},
	{"aggregation off", anyOf(clusters, func(c *fabric.Cluster) bool {
		aggregation := advertise(c).ServiceLoadBalancerAggregation
		return aggregation != nil && !*aggregation
	})},
	{"aggregation on", anyOf(clusters, func(c *fabric.Cluster) bool { return value(advertise(c).ServiceLoadBalancerAggregation) })},
	{"communities of prefixes", anyOf(clusters, func(c *fabric.Cluster) bool { return advertise(c).Prefixes != nil })},
	{"named communities", anyOf(clusters, func(c *fabric.Cluster) bool { return advertise(c).Communities != nil })},
	{"podCIDRs", anyOf(clusters, func(c *fabric.Cluster) bool { return c.Model.PodCIDRs != nil && c.Model.IPPools == nil })},
	{"podCIDRs and pools", anyOf(clusters, func(c *fabric.Cluster) bool { return c.Model.PodCIDRs != nil && c.Model.IPPools != nil })},
	{"pools", anyOf(clusters, func(c *fabric.Cluster) bool { return c.Model.PodCIDRs == nil })},
	{"several pools", anyOf(clusters, func(c *fabric.Cluster) bool { return len(c.Model.IPPools) > 1 })},
	encapsulated("None"), encapsulated("IPIP"), encapsulated("IPIPCrossSubnet"), encapsulated("VXLAN"), encapsulated("VXLANCrossSubnet"),
	{"pool: blockSize", anyOf(pools, func(p *fabric.Pool) bool { return p.BlockSize != 26 && p.BlockSize != 122 })},
	{"pool: nodeSelector", anyOf(pools, func(p *fabric.Pool) bool { return p.Rack == nil && p.NodeSelector != "all()" })},
	{"pool: rack", anyOf(pools, func(p *fabric.Pool) bool { return p.Rack != nil })},
	{"pool: disabled", anyOf(pools, func(p *fabric.Pool) bool { return p.Disabled && p.Own() })},
	{"pool: disableBGPExport", anyOf(pools, func(p *fabric.Pool) bool { return p.DisableBGPExport })},
	{"pool: load balancers", anyOf(pools, (*fabric.Pool).LoadBalancerOnly)},
	{"pool: tunnels only", anyOf(pools, func(p *fabric.Pool) bool { return slices.Equal(p.AllowedUses, []string{"Tunnel"}) })},
	{"pool: by hand only", anyOf(pools, func(p *fabric.Pool) bool { return p.AssignmentMode == "Manual" })},
	{"pool: foreign", anyOf(pools, func(p *fabric.Pool) bool { return p.Peering != nil })},
	{"pool: foreign, written", anyOf(pools, func(p *fabric.Pool) bool { return p.Peering == nil && p.Foreign != nil })},
}

func encapsulated(word string) feature {
	return feature{"pool: encapsulation " + word, anyOf(pools, func(p *fabric.Pool) bool { return p.Own() && p.Encapsulation == word })}
}

const excluded = "node.kubernetes.io/exclude-from-external-load-balancers"

var nodeFeatures = []feature{
	{"node: own AS", anyOf(nodes, func(n *fabric.Node) bool { return n.Model.ASNumber != nil })},
	{"node: no rack", anyOf(nodes, func(n *fabric.Node) bool { return n.Rack == nil && len(n.Cluster.Racks) > 0 })},
	{"node: further NIC to a switch", anyOf(sessions, func(s *fabric.Session) bool {
		n, isNode := s.A.Device.(*fabric.Node)
		return isNode && s.A.Address != n.Addr(s.Family)
	})},
	{"node: further NIC to nothing", anyOf(nodes, func(n *fabric.Node) bool {
		return slices.ContainsFunc(n.NICs, func(i fabric.NIC) bool { return i.Name == "eth2" })
	})},
	{"node: written gateway", anyOf(nodes, func(n *fabric.Node) bool { return n.Model.Gateway.IsValid() })},
	{"node: derived gateway", anyOf(nodes, func(n *fabric.Node) bool { return !n.Model.Gateway.IsValid() && n.Gateway.IsValid() })},
	{"node: no gateway", anyOf(nodes, func(n *fabric.Node) bool { return !n.Gateway.IsValid() && !n.Gateway6.IsValid() })},
	{"node: interface", anyOf(nodes, func(n *fabric.Node) bool { return n.Interface != "eth0" })},
	{"node: excluded from load balancers", anyOf(nodes, func(n *fabric.Node) bool { return n.LabelMap()[excluded] != "" })},
	{"node: no blocks", anyOf(nodes, func(n *fabric.Node) bool { return n.Model.Blocks != nil && len(n.Model.Blocks) == 0 })},
	{"node: several blocks", anyOf(nodes, func(n *fabric.Node) bool { return len(n.Model.Blocks) > 1 })},
	{"node: borrowed address", anyOf(nodes, borrows)},
	{"rack: no switch", anyOf(racks, func(r *fabric.Rack) bool { return len(r.Switches) == 0 })},
	{"rack: one switch", anyOf(racks, func(r *fabric.Rack) bool { return len(r.Switches) == 1 })},
	{"rack: two switches", anyOf(racks, func(r *fabric.Rack) bool { return len(r.Switches) == 2 })},
	{"rack: several subnets", anyOf(nodes, func(n *fabric.Node) bool { return n.LabelMap()["rack-subnet"] != "" })},
	{"AS per rack", anyOf(racks, func(r *fabric.Rack) bool { return r.Model.ASNumber != nil })},
	{"one AS for several racks", anyOf(clusters, func(c *fabric.Cluster) bool {
		return len(c.Racks) > 1 && c.Racks[0].ASN == c.Racks[1].ASN && len(c.Racks[0].Switches) > 0 && len(c.Racks[1].Switches) > 0
	})},
	{"group: whole cluster", anyOf(groups, func(g *fabric.Group) bool { return g.Rack == nil })},
	{"group: rack", anyOf(groups, func(g *fabric.Group) bool { return g.Rack != nil })},
	{"group: with cluster ID", anyOf(groups, func(g *fabric.Group) bool { return g.Model.ClusterID.IsValid() })},
	{"group: without cluster ID", anyOf(groups, func(g *fabric.Group) bool { return !g.Model.ClusterID.IsValid() })},
	{"group: two for a cluster", anyOf(clusters, func(c *fabric.Cluster) bool {
		return len(c.Groups) == 2 && c.Groups[0].Rack == nil && c.Groups[1].Rack == nil
	})},
	{"one reflector", anyOf(clusters, func(c *fabric.Cluster) bool { return len(c.Reflectors()) == 1 })},
	{"two reflectors", anyOf(clusters, func(c *fabric.Cluster) bool { return len(c.Reflectors()) == 2 })},
	{"three reflectors", anyOf(clusters, func(c *fabric.Cluster) bool { return len(c.Reflectors()) == 3 })},
	{"excluded reflector", anyOf(nodes, func(n *fabric.Node) bool { return len(n.Reflects) > 0 && n.LabelMap()[excluded] != "" })},
}

// onRacks and onPeers look at the session options of racks with switches, and of speakers outside.
func onRacks(holds func(model.Session) bool) func(*fabric.Fabric) bool {
	return anyOf(racks, func(r *fabric.Rack) bool { return holds(r.Model.Session) })
}

func onPeers(holds func(*model.Peer) bool) func(*fabric.Fabric) bool {
	return anyOf(sessions, func(s *fabric.Session) bool {
		e, isExternal := s.B.Device.(*fabric.External)
		return isExternal && holds(e.Model)
	})
}

var sessionFeatures = []feature{
	{"rack: nodes speak", anyOf(racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 && !r.ByReflectors })},
	{"rack: reflectors speak", anyOf(racks, func(r *fabric.Rack) bool { return len(r.Switches) > 0 && r.ByReflectors })},
	{"rack: session over loopback", anyOf(sessions, func(s *fabric.Session) bool { return s.Rack != nil && s.Rack.ByLoopback })},
	{"rack: switch in its AS", anyOf(racks, speaksInside)},
	{"rack: asOverride", anyOf(racks, func(r *fabric.Rack) bool { return r.Model.ASOverride })},
	{"rack: numAllowedLocalASNumbers", onRacks(func(s model.Session) bool { return s.NumAllowedLocalASNumbers != nil })},
	{"rack: localASNumber", onRacks(func(s model.Session) bool { return s.LocalASNumber != nil })},
	{"rack: nextHopMode Keep", onRacks(func(s model.Session) bool { return s.NextHopMode == "Keep" })},
	{"rack: nextHopMode Self", onRacks(func(s model.Session) bool { return s.NextHopMode == "Self" })},
	{"rack: sourceAddress", onRacks(func(s model.Session) bool { return s.SourceAddress == "None" })},
	{"rack: ttlSecurity", onRacks(func(s model.Session) bool { return s.TTLSecurity != nil })},
	{"rack: password", onRacks(func(s model.Session) bool { return s.Password != nil })},
	{"rack: maxRestartTime", onRacks(func(s model.Session) bool { return s.MaxRestartTime != nil })},
	{"rack: filters", onRacks(func(s model.Session) bool { return len(s.Filters) > 0 })},
	{"dynamic neighbors", anyOf(sessions, func(s *fabric.Session) bool { return s.Dynamic })},
	{"peer: on-link", onPeers(func(p *model.Peer) bool { return !ipv4Outside.Contains(p.Address) && !ipv6Outside.Contains(p.Address) })},
	{"peer: beyond the gateway", onPeers(func(p *model.Peer) bool { return ipv4Outside.Contains(p.Address) || ipv6Outside.Contains(p.Address) })},
	{"peer: IPv6", onPeers(func(p *model.Peer) bool { return p.Address.Is6() })},
	{"peer: iBGP", anyOf(sessions, func(s *fabric.Session) bool { return s.Kind == fabric.ExternalSession && s.A.Internal() })},
	{"peer: eBGP", anyOf(sessions, func(s *fabric.Session) bool { return s.Kind == fabric.ExternalSession && !s.A.Internal() })},
	{"peer: nodes", onPeers(func(p *model.Peer) bool { return p.Nodes != "" })},
	{"peer: rack", onPeers(func(p *model.Peer) bool { return p.Rack != "" })},
	{"peer: routeReflectors", onPeers(func(p *model.Peer) bool { return p.RouteReflectors != "" })},
	{"peer: port", onPeers(func(p *model.Peer) bool { return p.Port != nil })},
	{"peer: keepOriginalNextHop", onPeers(func(p *model.Peer) bool { return value(p.KeepOriginalNextHop) })},
	{"peer: nextHopMode", onPeers(func(p *model.Peer) bool { return p.NextHopMode != "" })},
	{"peer: reachableBy", onPeers(func(p *model.Peer) bool { return p.ReachableBy.IsValid() })},
	{"peer: localASNumber", onPeers(func(p *model.Peer) bool { return p.LocalASNumber != nil })},
	{"peer: numAllowedLocalASNumbers", onPeers(func(p *model.Peer) bool { return p.NumAllowedLocalASNumbers != nil })},
	{"peer: ttlSecurity", onPeers(func(p *model.Peer) bool { return p.TTLSecurity != nil })},
	{"peer: filters", onPeers(func(p *model.Peer) bool { return len(p.Filters) > 0 })},
}
