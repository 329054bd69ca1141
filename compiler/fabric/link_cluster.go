package fabric

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
)

// Calico's own defaults (api/pkg/apis/projectcalico/v3/{bgpconfig,ippool}.go) and topoc's where Calico has none.
const (
	DefaultASN           model.ASN = 64512
	DefaultListenPort              = 179
	DefaultPodsPerNode             = 110 // the kubelet's --max-pods
	DefaultCalicoVersion           = "3.31"
	DefaultBlockSize               = 26
	DefaultBlockSize6              = 122
	DefaultNodeInterface           = "eth0"
	DefaultLogSeverity             = "Info"
	DefaultPodPool                 = "default-ipv4-ippool"
	DefaultPodPool6                = "default-ipv6-ippool"
)

func (l *linker) linkClusters() {
	for _, name := range names(l.t.Clusters) {
		c := l.newCluster(name, l.t.Clusters[name])
		l.f.Clusters = append(l.f.Clusters, c)
		l.linkRacks(c)
		l.linkNodes(c)
		l.linkGroups(c)
		l.linkRanges(c)
		l.linkOwnPools(c)
		c.Mesh = len(c.Groups) == 0 && !slices.ContainsFunc(c.Racks, func(r *Rack) bool { return len(r.Switches) > 0 })
		if b := c.Model.BGP; b != nil {
			c.Mesh = or(b.NodeToNodeMesh, c.Mesh)
		}
		c.StatusNodes = statusNodes(c)
	}
}

func (l *linker) newCluster(name string, m *model.Cluster) *Cluster {
	c := &Cluster{Name: name, Model: m, ASN: or(m.ASNumber, DefaultASN), API: apis[0], Operator: true,
		ListenPort: DefaultListenPort, LogSeverity: DefaultLogSeverity, PodsPerNode: DefaultPodsPerNode, PlannedNodes: len(m.Nodes)}
	version := DefaultCalicoVersion
	if k := m.Calico; k != nil {
		version = cmp.Or(k.Version, version)
		c.API = cmp.Or(k.API, c.API)
		c.Operator = k.Install != "manifest"
	}
	var err error
	if c.Version, err = ParseVersion(version); err != nil {
		l.diags.Add("out-of-range", diag.Error, c.At().Fields("calico", "version"), "%v", err).WithHint("write %q", DefaultCalicoVersion)
	}
	if b := m.BGP; b != nil {
		c.ListenPort = or(b.ListenPort, c.ListenPort)
		c.LogSeverity = cmp.Or(b.LogSeverity, c.LogSeverity)
	}
	if k := m.Capacity; k != nil {
		c.PlannedNodes = max(c.PlannedNodes, or(k.Nodes, 0))
		c.PodsPerNode = or(k.PodsPerNode, c.PodsPerNode)
	}
	c.Incomplete = c.PlannedNodes > len(m.Nodes)
	return c
}

func (l *linker) linkRacks(c *Cluster) {
	for _, name := range names(c.Model.Racks) {
		m := c.Model.Racks[name]
		r := &Rack{Cluster: c, Name: name, Model: m, ASN: or(m.ASNumber, c.ASN),
			ByReflectors: m.Peer == "routeReflectors", ByLoopback: m.SessionOver == "loopback"}
		for i, switchName := range m.Switches {
			s := l.switchNamed(switchName)
			if s == nil {
				l.unknown(r.At().Field("switches").Index(i), "switch", switchName, names(l.t.Switches))
				continue
			}
			if slices.Contains(r.Switches, s) {
				at := r.At().Field("switches")
				l.diags.Add("conflict", diag.Error, at.Index(i), "rack %s names switch %s twice", name, switchName).
					Note(at.Index(slices.Index(m.Switches, switchName)), "the first time").WithHint("delete it here")
				continue
			}
			r.Switches = append(r.Switches, s)
			s.Racks = append(s.Racks, r)
		}
		c.Racks = append(c.Racks, r)
	}
}

func (l *linker) linkNodes(c *Cluster) {
	subnets := map[netip.Prefix]*NodeSubnet{}
	c.Nodes = make([]*Node, 0, len(c.Model.Nodes))
	for _, name := range names(c.Model.Nodes) {
		n := l.newNode(c, name, c.Model.Nodes[name])
		c.Nodes = append(c.Nodes, n)
		for _, p := range []netip.Prefix{n.Address, n.Address6} {
			if !p.IsValid() {
				continue
			}
			if subnets[p.Masked()] == nil {
				subnets[p.Masked()] = &NodeSubnet{Prefix: p.Masked()}
			}
			subnets[p.Masked()].Nodes = append(subnets[p.Masked()].Nodes, n)
		}
	}
	for _, s := range subnets {
		c.Subnets = append(c.Subnets, *s)
	}
	slices.SortFunc(c.Subnets, func(a, b NodeSubnet) int { return ComparePrefix(a.Prefix, b.Prefix) })
}

func (l *linker) newNode(c *Cluster, name string, m *model.Node) *Node {
	n := &Node{Cluster: c, Name: name, Model: m, ASN: c.ASN, Address: m.Address, Address6: m.Address6,
		Interface: cmp.Or(m.Interface, DefaultNodeInterface), Gateway: m.Gateway, Gateway6: m.Gateway6}
	if !m.Address.IsValid() && !m.Address6.IsValid() {
		l.missing(n.At(), "node %s has neither address nor address6", name).WithHint(`add its address: address: "192.0.2.11/24"`)
	}
	if m.Rack != "" {
		if n.Rack = c.Rack(m.Rack); n.Rack == nil {
			l.unknown(n.At().Field("rack"), "rack of cluster "+c.Name, m.Rack, names(c.Model.Racks))
		} else {
			n.Rack.Nodes = append(n.Rack.Nodes, n)
			n.ASN = n.Rack.ASN
		}
	}
	n.ASN = or(m.ASNumber, n.ASN)
	if m.ASNumber != nil || n.Rack != nil && n.Rack.Model.ASNumber != nil {
		c.ExplicitASN = true
	}
	for _, name := range names(m.Interfaces) {
		nic := m.Interfaces[name]
		n.NICs = append(n.NICs, NIC{Name: name, Address: nic.Address, Address6: nic.Address6})
	}
	return n
}

// linkGroups resolves reflector groups. A reflector that the cluster doesn't declare is left to the check rr-unknown-node.
func (l *linker) linkGroups(c *Cluster) {
	for _, name := range names(c.Model.RouteReflectors) {
		m := c.Model.RouteReflectors[name]
		g := &Group{Cluster: c, Name: name, Model: m}
		if m.Rack != "" {
			if g.Rack = c.Rack(m.Rack); g.Rack == nil {
				l.unknown(g.At().Field("rack"), "rack of cluster "+c.Name, m.Rack, names(c.Model.Racks))
			}
		}
		for _, nodeName := range m.Nodes {
			n := c.Node(nodeName)
			if n == nil || slices.Contains(g.Nodes, n) {
				continue
			}
			g.Nodes = append(g.Nodes, n)
			n.Reflects = append(n.Reflects, g)
			if id := m.ClusterID; id.IsValid() {
				n.ClusterID = id
			} else if !n.ClusterID.IsValid() {
				n.ClusterID = n.Address.Addr()
			}
		}
		c.Groups = append(c.Groups, g)
	}
}

func (l *linker) linkRanges(c *Cluster) {
	at := c.At().Field("serviceCIDRs")
	for i, p := range c.Model.ServiceCIDRs {
		c.ServiceCIDRs = append(c.ServiceCIDRs, Range{Kind: ClusterIPRange, Prefix: p, At: at.Index(i)})
	}
	a := c.Model.Advertise
	if a == nil {
		return
	}
	if a.ServiceClusterIPs {
		c.Advertised = append(c.Advertised, c.ServiceCIDRs...)
	}
	at = c.At().Field("advertise")
	for i, p := range a.ServiceExternalIPs {
		c.Advertised = append(c.Advertised, Range{Kind: ExternalIPRange, Prefix: p, At: at.Field("serviceExternalIPs").Index(i)})
	}
	for i, p := range a.ServiceLoadBalancerIPs {
		c.Advertised = append(c.Advertised, Range{Kind: LoadBalancerRange, Prefix: p, At: at.Field("serviceLoadBalancerIPs").Index(i)})
	}
}

// linkOwnPools makes the pools that the user wrote, and where none of them is the cluster's own, one for each entry of
// podCIDRs. Which of the written ones stand for another cluster is known only once the peerings are: see markForeign.
func (l *linker) linkOwnPools(c *Cluster) {
	for _, name := range names(c.Model.IPPools) {
		m := c.Model.IPPools[name]
		p := &Pool{Cluster: c, Name: name, CIDR: m.CIDR, Encapsulation: cmp.Or(m.Encapsulation, "None"),
			NATOutgoing: or(m.NATOutgoing, m.CIDR.Addr().Is4()), BlockSize: or(m.BlockSize, defaultBlockSize(m.CIDR)),
			NodeSelector: cmp.Or(m.NodeSelector, "all()"), Disabled: m.Disabled, DisableBGPExport: m.DisableBGPExport,
			AllowedUses: m.AllowedUses, AssignmentMode: m.AssignmentMode, At: c.At().Fields("ipPools", name)}
		if m.Rack != "" {
			if p.Rack = c.Rack(m.Rack); p.Rack == nil {
				l.unknown(p.At.Field("rack"), "rack of cluster "+c.Name, m.Rack, names(c.Model.Racks))
			} else {
				p.NodeSelector = equals("rack", m.Rack)
			}
		}
		c.Pools = append(c.Pools, p)
	}
}

// podCIDRPools makes the pools of a cluster that wrote none of its own.
func podCIDRPools(c *Cluster) []*Pool {
	var pools []*Pool
	taken := map[string]bool{}
	for i, cidr := range c.Model.PodCIDRs {
		name := DefaultPodPool
		if cidr.Addr().Is6() {
			name = DefaultPodPool6
		}
		if taken[name] {
			name = cidrName(cidr) + "-ippool"
		}
		taken[name] = true
		pools = append(pools, &Pool{Cluster: c, Name: name, CIDR: cidr, Encapsulation: "None", NATOutgoing: cidr.Addr().Is4(),
			BlockSize: defaultBlockSize(cidr), NodeSelector: "all()", At: c.At().Field("podCIDRs").Index(i)})
	}
	return pools
}

// PodRanges returns the ranges that the cluster's pods may have addresses of: its podCIDRs, else its own pools.
func (c *Cluster) PodRanges() []Range {
	var ranges []Range
	for i, p := range c.Model.PodCIDRs {
		ranges = append(ranges, Range{Kind: PodRange, Prefix: p, Block: defaultBlockSize(p), At: c.At().Field("podCIDRs").Index(i)})
	}
	if ranges != nil {
		return ranges
	}
	for _, p := range c.Pools {
		if p.Own() && !p.LoadBalancerOnly() {
			ranges = append(ranges, Range{Kind: PodRange, Prefix: p.CIDR, Name: p.Name, Block: p.BlockSize, At: p.At.Field("cidr")})
		}
	}
	return ranges
}

func defaultBlockSize(p netip.Prefix) int {
	if p.Addr().Is4() {
		return DefaultBlockSize
	}
	return DefaultBlockSize6
}

// statusNodes picks the nodes whose BGP state is worth an object: reflectors, and the first other node of each rack.
func statusNodes(c *Cluster) []*Node {
	nodes := c.Reflectors()
	for _, r := range c.Racks {
		for _, n := range r.Nodes {
			if len(n.Reflects) == 0 {
				nodes = append(nodes, n)
				break
			}
		}
	}
	slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.Name, b.Name) })
	return nodes
}

// linkGateways gives nodes without a gateway of their own the address of the switch on their subnet, a shared one before a
// switch's own, a switch of the rack before others.
func (l *linker) linkGateways() {
	for _, c := range l.f.Clusters {
		for _, n := range c.Nodes {
			if !n.Gateway.IsValid() {
				n.Gateway = l.gatewayOf(n.Address, n.Rack)
			}
			if !n.Gateway6.IsValid() {
				n.Gateway6 = l.gatewayOf(n.Address6, n.Rack)
			}
		}
	}
}

func (l *linker) gatewayOf(address netip.Prefix, rack *Rack) netip.Addr {
	var own netip.Addr
	for _, i := range l.bySubnet[address.Masked()] {
		if rack != nil && len(rack.Switches) > 0 && !slices.Contains(rack.Switches, i.Switch) {
			continue
		}
		for _, shared := range i.Shared {
			if address.Masked().Contains(shared) {
				return shared
			}
		}
		if !own.IsValid() {
			own = i.Prefix(FamilyOf(address.Addr())).Addr()
		}
	}
	return own
}

// or returns what p points to, or fallback where nobody wrote anything.
func or[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}
