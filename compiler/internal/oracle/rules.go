package oracle

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// clusterRules is what the objects of a cluster say, parsed once.
type clusterRules struct {
	cluster        *fabric.Cluster
	version        fabric.Version
	asn            uint32
	mesh           bool
	meshPassword   bool
	port           uint16
	peers          []*v3.BGPPeer // by name
	pools          []*pool       // by CIDR, as confd orders them
	clusterIPs     []netip.Prefix
	externalIPs    []netip.Prefix
	loadBalancers  []netip.Prefix
	aggregates     bool
	advertisements []advertisement
	ignored        []string // patterns of interfaces
	programs       string   // programClusterRoutes
	filters        map[string]*filter
	nodes          []*nodeRules // by name
}

// nodeRules is what the objects say for one node.
type nodeRules struct {
	*clusterRules
	node       *fabric.Node
	labels     map[string]string
	ownASN     uint32 // 0: the cluster's
	clusterID  uint32 // 0: no reflector
	isExcluded bool   // announces no services
	peerings   []peering
	blocks     []netip.Prefix
	services   []netip.Prefix // that it originates
	reachable  []reachable
}

// reachable is a static route to a peer that needs one.
type reachable struct{ peer, gateway netip.Addr }

type pool struct {
	cidr             netip.Prefix
	encapsulation    encapsulation
	isCrossSubnet    bool
	isDisabled       bool
	disableBGPExport bool
	isForPods        bool // automatic allocation to workloads
	isForTunnels     bool // allocation to tunnel devices
	blockSize        int
	selector         string
}

type encapsulation uint8

const (
	plain encapsulation = iota
	ipip
	vxlan
)

// advertisement is the communities of what lies in a range.
type advertisement struct {
	cidr        netip.Prefix
	communities []community
}

// asn is the AS number that the node uses where a session says no other.
func (n *nodeRules) asn() uint32 { return cmp.Or(n.ownASN, n.clusterRules.asn) }

func (c *clusterRules) atLeast(minor, patch int) bool {
	return c.version.AtLeast(fabric.Version{Major: 3, Minor: minor, Patch: patch})
}

// readCluster reads BGPConfiguration, IPPools, BGPFilters, BGPPeers and Nodes.
func readCluster(c *fabric.Cluster, o *calico.Objects) *clusterRules {
	r := &clusterRules{cluster: c, version: c.Version, asn: 64512, mesh: true, aggregates: true, filters: map[string]*filter{}}
	if o.BGPConfiguration != nil {
		r.readConfiguration(&o.BGPConfiguration.Spec)
	}
	for _, p := range o.Pools() {
		r.pools = append(r.pools, readPool(p))
	}
	slices.SortStableFunc(r.pools, func(a, b *pool) int { return strings.Compare(a.cidr.String(), b.cidr.String()) })
	for _, f := range o.BGPFilters {
		r.filters[f.Name] = readFilter(f)
	}
	r.peers = slices.SortedFunc(slices.Values(o.BGPPeers), func(a, b *v3.BGPPeer) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range c.Nodes {
		r.nodes = append(r.nodes, r.readNode(n, o))
	}
	r.expand()
	for _, n := range r.nodes {
		n.originServices()
	}
	r.giveBlocks()
	return r
}

func (r *clusterRules) readConfiguration(spec *calico.BGPConfigurationSpec) {
	if spec.ASNumber != nil {
		r.asn = uint32(*spec.ASNumber)
	}
	if spec.NodeToNodeMeshEnabled != nil {
		r.mesh = *spec.NodeToNodeMeshEnabled
	}
	r.meshPassword = spec.NodeMeshPassword != nil
	r.port = spec.ListenPort
	r.ignored = spec.IgnoredInterfaces
	r.programs = spec.ProgramClusterRoutes
	for _, b := range spec.ServiceClusterIPs {
		r.clusterIPs = appendPrefix(r.clusterIPs, b.CIDR)
	}
	for _, b := range spec.ServiceExternalIPs {
		r.externalIPs = appendPrefix(r.externalIPs, b.CIDR)
	}
	for _, b := range spec.ServiceLoadBalancerIPs {
		r.loadBalancers = appendPrefix(r.loadBalancers, b.CIDR)
	}
	if a := spec.ServiceLoadBalancerAggregation; a != nil {
		r.aggregates = *a != v3.ServiceLoadBalancerAggregationDisabled
	}
	named := map[string]string{}
	for _, c := range spec.Communities {
		named[c.Name] = c.Value
	}
	for _, p := range spec.PrefixAdvertisements {
		a := advertisement{}
		for _, cidr := range appendPrefix(nil, p.CIDR) {
			a.cidr = cidr
		}
		for _, text := range p.Communities {
			if c, ok := parseCommunity(cmp.Or(named[text], text)); ok {
				a.communities = append(a.communities, c)
			}
		}
		r.advertisements = append(r.advertisements, a)
	}
}

func appendPrefix(to []netip.Prefix, text string) []netip.Prefix {
	if p, err := netip.ParsePrefix(text); err == nil {
		return append(to, p.Masked())
	}
	return to
}

func readPool(o *v3.IPPool) *pool {
	s := &o.Spec
	p := &pool{isDisabled: s.Disabled, disableBGPExport: s.DisableBGPExport, blockSize: s.BlockSize, selector: s.NodeSelector}
	for _, cidr := range appendPrefix(nil, s.CIDR) {
		p.cidr = cidr
	}
	switch {
	case s.VXLANMode == v3.VXLANModeAlways || s.VXLANMode == v3.VXLANModeCrossSubnet:
		p.encapsulation, p.isCrossSubnet = vxlan, s.VXLANMode == v3.VXLANModeCrossSubnet
	case s.IPIPMode == v3.IPIPModeAlways || s.IPIPMode == v3.IPIPModeCrossSubnet:
		p.encapsulation, p.isCrossSubnet = ipip, s.IPIPMode == v3.IPIPModeCrossSubnet
	}
	isManual := s.AssignmentMode != nil && *s.AssignmentMode == v3.Manual
	p.isForPods = !s.Disabled && !isManual && (len(s.AllowedUses) == 0 || slices.Contains(s.AllowedUses, v3.IPPoolAllowedUseWorkload))
	p.isForTunnels = !s.Disabled && (len(s.AllowedUses) == 0 || slices.Contains(s.AllowedUses, v3.IPPoolAllowedUseTunnel))
	if p.blockSize == 0 {
		p.blockSize = map[bool]int{true: 26, false: 122}[p.cidr.Addr().Is4()]
	}
	return p
}

// readNode reads a core Node as Calico does: its labels, and its BGP settings from annotations.
func (r *clusterRules) readNode(n *fabric.Node, o *calico.Objects) *nodeRules {
	node := &nodeRules{clusterRules: r, node: n, labels: map[string]string{"kubernetes.io/hostname": n.Name, "kubernetes.io/os": "linux"}}
	for _, object := range o.Nodes {
		if object.Name != n.Name {
			continue
		}
		for key, value := range object.Labels {
			node.labels[key] = value
		}
		if asn, err := model.ParseASN(object.Annotations["projectcalico.org/ASNumber"]); err == nil {
			node.ownASN = uint32(asn)
		}
		if id, err := netip.ParseAddr(object.Annotations["projectcalico.org/RouteReflectorClusterID"]); err == nil && id.Is4() {
			node.clusterID = number(id)
		}
	}
	node.isExcluded = node.labels["node.kubernetes.io/exclude-from-external-load-balancers"] == "true"
	return node
}

// matching returns the nodes that a selector matches; one that can't be read matches none.
func (r *clusterRules) matching(text string) []*nodeRules {
	s, err := selector.Parse(text)
	if err != nil {
		return nil
	}
	var matched []*nodeRules
	for _, n := range r.nodes {
		if s.Evaluate(n.labels) {
			matched = append(matched, n)
		}
	}
	return matched
}

// number is an IPv4 address as a router ID or cluster ID.
func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// community is a standard community (two parts) or a large one (three).
type community struct {
	parts [3]uint32
	large bool
}

// The well-known communities that speakers honour (RFC 1997).
var (
	noExport          = community{parts: [3]uint32{65535, 65281}}
	noAdvertise       = community{parts: [3]uint32{65535, 65282}}
	noExportSubconfed = community{parts: [3]uint32{65535, 65283}}
)

func parseCommunity(text string) (community, bool) {
	parts := strings.Split(text, ":")
	c := community{large: len(parts) == 3}
	if len(parts) != 2 && len(parts) != 3 {
		return c, false
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return c, false
		}
		c.parts[i] = uint32(v)
	}
	return c, true
}

// within reports whether p is outer or a part of it.
func within(p, outer netip.Prefix) bool { return outer.Bits() <= p.Bits() && outer.Contains(p.Addr()) }

// isIn reports whether p lies in one of ranges.
func isIn(p netip.Prefix, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return within(p, r) })
}
