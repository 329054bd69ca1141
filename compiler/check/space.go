package check

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// space is every address and every range of a topology, the input of the rules about addressing. Shared by them; do not
// modify.
type space struct {
	domains   *domains
	addresses []*address // by device, in the order of the fabric
	ranges    []*claim   // of clusters, in the order of the fabric
	byCluster map[*fabric.Cluster][]*claim
	uses      []*use // of ranges first, then of subnets by place
}

// space returns the topology's addresses and ranges.
func (p *Pass) space() *space {
	if p.shared.space == nil {
		s := &space{domains: newDomains(p.Fabric), byCluster: map[*fabric.Cluster][]*claim{}}
		s.collectAddresses(p.Fabric)
		for _, c := range p.Fabric.Clusters {
			s.byCluster[c] = clusterRanges(c)
			s.ranges = append(s.ranges, s.byCluster[c]...)
		}
		s.uses = usesOf(s.ranges, s.addresses)
		p.shared.space = s
	}
	return p.shared.space
}

// kind is what a prefix is used for.
type kind uint8

const (
	podRange kind = iota
	serviceRange
	externalRange
	loadBalancerRange
	nodeSubnet
	hostSubnet
	interfaceSubnet
	linkSubnet
	loopback
)

func (k kind) String() string {
	return [...]string{"pod range", "service range", "external IP range", "load balancer range",
		"node subnet", "host subnet", "switch subnet", "link", "loopback"}[k]
}

// claim is a range of addresses that a cluster takes for itself.
type claim struct {
	kind    kind
	prefix  netip.Prefix // masked
	cluster *fabric.Cluster
	pool    *fabric.Pool // nil: it is no pool that the user wrote as such
	at      source.Path
}

func (c *claim) String() string {
	if c.pool != nil {
		return fmt.Sprintf("pool %s (%s) of cluster %s", c.pool.Name, c.prefix, c.cluster.Name)
	}
	return fmt.Sprintf("%s %s of cluster %s", c.kind, c.prefix, c.cluster.Name)
}

// poolClaim is the range of a pool. One that is made of an entry of podCIDRs is told as that entry.
func poolClaim(p *fabric.Pool) *claim {
	c := &claim{kind: podRange, prefix: p.CIDR.Masked(), cluster: p.Cluster, at: p.At}
	if p.LoadBalancerOnly() {
		c.kind = loadBalancerRange
	}
	if p.Peering == nil && p.Cluster.Model.IPPools[p.Name] != nil {
		c.pool, c.at = p, p.At.Field("cidr")
	}
	return c
}

// clusterRanges returns the ranges whose addresses the cluster gives to pods and services. A pool within the cluster's own
// podCIDRs, or a LoadBalancer-only one within its load-balancer ranges, is told with those. Not listed are foreign pools, which
// stand for another cluster's ranges, and disabled pools, from which no address is taken: Calico's own way to keep traffic
// to a range free of source NAT.
func clusterRanges(c *fabric.Cluster) []*claim {
	var ranges []*claim
	add := func(k kind, p netip.Prefix, at source.Path) {
		if p != p.Masked() {
			return // which range is meant is open: the check host-bits tells
		}
		ranges = append(ranges, &claim{kind: k, prefix: p.Masked(), cluster: c, at: at})
	}
	for i, p := range c.Model.PodCIDRs {
		add(podRange, p, c.At().Field("podCIDRs").Index(i))
	}
	for _, r := range c.Advertised {
		switch r.Kind {
		case fabric.ExternalIPRange:
			add(externalRange, r.Prefix, r.At)
		case fabric.LoadBalancerRange:
			add(loadBalancerRange, r.Prefix, r.At)
		}
	}
	for _, r := range c.ServiceCIDRs {
		add(serviceRange, r.Prefix, r.At)
	}
	announced := len(ranges)
	for _, p := range c.Pools {
		r := poolClaim(p)
		within := func(o *claim) bool { return o.kind == r.kind && contains(o.prefix, r.prefix) }
		if !p.Disabled && (p.Own() || standsForItself(p)) && !slices.ContainsFunc(ranges[:announced], within) {
			ranges = append(ranges, r)
		}
	}
	return ranges
}

// standsForItself reports whether a pool that covers a range of a partner is the cluster's own all the same: pods get addresses
// from it, and there is nothing else of its family that they could get them from. Two clusters with the same pool are two
// clusters that overlap, not two that wrote a pool for each other.
func standsForItself(p *fabric.Pool) bool {
	f := fabric.FamilyOf(p.CIDR.Addr())
	if p.LoadBalancerOnly() {
		return !p.Disabled // such a pool can stand for nobody: Calico doesn't look at it for routes and NAT
	}
	if p.Disabled || slices.ContainsFunc(p.Cluster.Model.PodCIDRs, func(r netip.Prefix) bool { return fabric.FamilyOf(r.Addr()) == f }) {
		return false
	}
	return !slices.ContainsFunc(p.Cluster.Pools, func(other *fabric.Pool) bool {
		return other.Own() && !other.Disabled && !other.LoadBalancerOnly() && fabric.FamilyOf(other.CIDR.Addr()) == f
	})
}

// address is one address of a device.
type address struct {
	kind   kind
	prefix netip.Prefix // the address, with the length of its subnet
	device fabric.Device
	on     string             // the interface or link, in words; empty: the device's own address
	shared bool               // a virtual gateway's
	link   *fabric.SwitchLink // of a linkSubnet
	domain string
	at     source.Path
}

func (a *address) String() string {
	return deviceName(a.device) + a.on + " has " + a.prefix.String()
}

// deviceName names a device with its kind.
func deviceName(d fabric.Device) string {
	switch d := d.(type) {
	case *fabric.Node:
		return "node " + d.DeviceName()
	case *fabric.Switch:
		return "switch " + d.Name
	case *fabric.Host:
		return "host " + d.Name
	}
	return d.DeviceName()
}

// cluster returns the cluster of a node, nil for other devices.
func (a *address) cluster() *fabric.Cluster {
	if n, ok := a.device.(*fabric.Node); ok {
		return n.Cluster
	}
	return nil
}

// place is the part of the topology that the address is written in, the granularity of findings about address space: a
// cluster's nodes, all switches, all links, all hosts.
func (a *address) place() source.Path {
	if c := a.cluster(); c != nil {
		return c.At().Field("nodes")
	}
	return source.Path(a.at.Labels()[0])
}

func (s *space) collectAddresses(f *fabric.Fabric) {
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			s.addNode(n)
		}
	}
	for _, w := range f.Switches {
		for _, i := range w.Interfaces {
			s.addInterface(i)
		}
		s.add(address{kind: loopback, prefix: w.Loopback, device: w, on: "'s loopback", domain: s.domains.ofSwitch(w, w.VRF), at: w.At().Field("loopback")})
	}
	for _, l := range f.Links {
		for _, e := range l.Ends {
			s.addBoth(address{kind: linkSubnet, device: e.Switch, on: " on link " + l.Name, link: l, domain: s.domains.ofSwitch(e.Switch, e.VRF)},
				e.Address, e.Address6, e.At())
		}
	}
	for _, h := range f.Hosts {
		s.addBoth(address{kind: hostSubnet, device: h, domain: s.domains.ofHost(h, cmp.Or(h.Address, h.Address6))}, h.Address, h.Address6, h.At())
	}
}

func (s *space) addNode(n *fabric.Node) {
	s.addBoth(address{kind: nodeSubnet, device: n, domain: s.domains.ofNode(n, cmp.Or(n.Address, n.Address6))}, n.Address, n.Address6, n.At())
	for _, nic := range n.NICs {
		s.addBoth(address{kind: nodeSubnet, device: n, on: " on " + nic.Name, domain: s.domains.ofNode(n, cmp.Or(nic.Address, nic.Address6))},
			nic.Address, nic.Address6, n.At().Fields("interfaces", nic.Name))
	}
}

func (s *space) addInterface(i *fabric.Interface) {
	a := address{kind: interfaceSubnet, device: i.Switch, on: " on " + i.Name, domain: s.domains.ofSwitch(i.Switch, i.VRF)}
	s.addBoth(a, i.Address, i.Address6, i.At())
	a.shared = true
	for n, virtual := range i.Shared {
		a.prefix = netip.PrefixFrom(virtual, virtual.BitLen())
		for _, own := range []netip.Prefix{i.Address, i.Address6} {
			if own.IsValid() && own.Masked().Contains(virtual) {
				a.prefix = netip.PrefixFrom(virtual, own.Bits())
			}
		}
		a.at = i.At().Field("shared").Index(n)
		s.add(a)
	}
}

// addBoth adds a device's addresses of both families, as far as it has them.
func (s *space) addBoth(a address, v4, v6 netip.Prefix, at source.Path) {
	a.prefix, a.at = v4, at.Field("address")
	s.add(a)
	a.prefix, a.at = v6, at.Field("address6")
	s.add(a)
}

func (s *space) add(a address) {
	if a.prefix.IsValid() {
		s.addresses = append(s.addresses, &a)
	}
}

// linkLocal reports whether the address means something on its own link only: it is unique nowhere else, and its subnet
// is nothing that a range could overlap.
func (a *address) linkLocal() bool { return a.prefix.Addr().IsLinkLocalUnicast() }

// subnet is one subnet of a domain and the addresses in it.
type subnet struct {
	prefix    netip.Prefix // masked
	domain    string
	addresses []*address // in the order of the fabric; never empty
}

func (s *subnet) String() string { return fmt.Sprintf("%s %s", s.addresses[0].kind, s.prefix) }

// subnets groups addresses that agree in group and in their subnet, in the order of the first of each.
func subnets(addresses []*address, group func(*address) string) []*subnet {
	type key struct {
		prefix netip.Prefix
		group  string
	}
	byKey := map[key]*subnet{}
	var all []*subnet
	var before key // most addresses are in the subnet of the one before
	var s *subnet
	for _, a := range addresses {
		if k := (key{a.prefix.Masked(), group(a)}); s == nil || k != before {
			if s = byKey[k]; s == nil {
				s = &subnet{prefix: k.prefix, domain: a.domain}
				byKey[k] = s
				all = append(all, s)
			}
			before = k
		}
		s.addresses = append(s.addresses, a)
	}
	return all
}
