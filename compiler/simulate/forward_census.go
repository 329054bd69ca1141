package simulate

import (
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// census is who has what, whatever the state of the network. Immutable.
type census struct {
	r        *Result
	parts    map[*fabric.Cluster][]*Part
	blocks   map[*fabric.Cluster]*[2][]*destination // of pods, by familyIndex, in the order of destinations
	services map[*fabric.Cluster][]*destination
}

func newCensus(r *Result) *census {
	c := &census{r: r, parts: map[*fabric.Cluster][]*Part{}, blocks: map[*fabric.Cluster]*[2][]*destination{},
		services: map[*fabric.Cluster][]*destination{}}
	for _, cluster := range r.Fabric.Clusters {
		c.blocks[cluster] = &[2][]*destination{}
	}
	for _, p := range r.Parts {
		if p.Cluster != nil && p.Nodes != nil {
			c.parts[p.Cluster] = append(c.parts[p.Cluster], p)
		}
	}
	for _, domain := range r.domains {
		for _, d := range domain.dests {
			switch {
			case d.cluster == nil || len(d.Origins) == 0:
			case d.kind == podBlock, d.kind == borrowed:
				list := &c.blocks[d.cluster][familyIndex(domain.family)]
				*list = append(*list, d)
			case d.kind == serviceWhole, d.kind == serviceHost:
				c.services[d.cluster] = append(c.services[d.cluster], d)
			}
		}
	}
	return c
}

// party is one end of an exchange of packets.
type party struct {
	kind    partyKind
	cluster *fabric.Cluster // of pods and services
	devices []place         // of devices; one node where the pods are its own alone
	addr    netip.Addr      // this address alone; zero: whatever the party has
}

type partyKind uint8

const (
	partyPods partyKind = iota
	partyServices
	partyDevice
	partyNobody // an address that nothing in the topology has
)

// partyOf finds who is meant by a place.
func (c *census) partyOf(p Place) party {
	switch {
	case p.Cluster != nil && p.Services:
		return party{kind: partyServices, cluster: p.Cluster}
	case p.Cluster != nil:
		return party{kind: partyPods, cluster: p.Cluster}
	case p.Node != nil:
		devices := c.r.places(p.Node)
		if p.Pods {
			return party{kind: partyPods, cluster: p.Node.Cluster, devices: devices}
		}
		return party{kind: partyDevice, devices: devices}
	case p.Switch != nil:
		return party{kind: partyDevice, devices: c.r.places(p.Switch)}
	case p.Host != nil:
		return party{kind: partyDevice, devices: c.r.places(p.Host)}
	}
	return c.partyAt(p.Address)
}

// nodesOf returns the nodes of a cluster.
func (c *census) nodesOf(cluster *fabric.Cluster) []place {
	var all []place
	for _, p := range c.parts[cluster] {
		for member := range p.Nodes {
			all = append(all, place{p, member})
		}
	}
	return all
}

// partyAt finds who has an address: a device before a pod before a service.
func (c *census) partyAt(a netip.Addr) party {
	if owners := c.r.owner(a, nil); len(owners) > 0 {
		return party{kind: partyDevice, devices: owners[:1], addr: a}
	}
	if at := c.podAt(a); at.part != nil {
		return party{kind: partyPods, cluster: at.part.Cluster, devices: []place{at}, addr: a}
	}
	for _, cluster := range c.r.Fabric.Clusters {
		if slices.ContainsFunc(serviceRanges(cluster), func(p netip.Prefix) bool { return p.Contains(a) }) {
			return party{kind: partyServices, cluster: cluster, addr: a}
		}
	}
	return party{kind: partyNobody, addr: a}
}

// podAt returns the node of the pod that has an address: the one that holds the longest prefix of it, since an address that is
// borrowed from another node's block is announced beside it; no Part: none has it.
func (c *census) podAt(a netip.Addr) place {
	var found place
	longest := -1
	for _, cluster := range c.r.Fabric.Clusters {
		for _, at := range c.nodesOf(cluster) {
			if p := at.holding(a); p.IsValid() && p.Bits() > longest {
				found, longest = at, p.Bits()
			}
		}
	}
	return found
}

// holding is the longest prefix with an address that IPAM gave a node; the zero Prefix: none.
func (at place) holding(a netip.Addr) netip.Prefix {
	var longest netip.Prefix
	for _, h := range at.held() {
		if h.prefix.Contains(a) && h.prefix.Bits() > longest.Bits() {
			longest = h.prefix
		}
	}
	return longest
}

// hasBlocks reports whether any of some nodes has pods.
func hasBlocks(nodes []place) bool {
	return slices.ContainsFunc(nodes, func(at place) bool { return len(at.held()) > 0 })
}

// held is what IPAM gave a node.
func (at place) held() []held {
	if at.part.rules == nil {
		return nil
	}
	return at.part.rules.allocations().of[at.part.Nodes[at.member]]
}

// isLentBy reports whether the packets are to a pod that a node takes for its own by its block, while another node has borrowed the
// address: none of its routes to pods fits, and the block's is a blackhole.
func (w *course) isLentBy(at place) bool {
	isOfPods := w.services == nil && !w.isDevice && w.owner.part != nil
	return isOfPods && at.part.Nodes != nil && !slices.ContainsFunc(at.held(), func(h held) bool { return h.prefix == w.prefix })
}

// ownedBy returns the prefixes of the destination that belong to a device.
func (d *destination) ownedBy(at place) []owned {
	if len(d.Origins) == 0 || d.domain.parts[d.Origins[0].Speaker.Index] != at.part {
		return nil
	}
	var all []owned
	for _, o := range d.owned {
		if o.member == at.member {
			all = append(all, o)
		}
	}
	return all
}

// serviceRanges returns the ranges of a cluster's services, announced or not, in the order in which they are written.
func serviceRanges(c *fabric.Cluster) []netip.Prefix {
	var all []netip.Prefix
	for _, r := range slices.Concat(c.ServiceCIDRs, c.Advertised) {
		if p := r.Prefix.Masked(); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// offered returns the ranges of services that a party may expect to reach: those that the cluster announces and those that
// the party has static routes to; where there are neither, all. Its own nodes ask nobody for a route.
func (c *census) offered(to *fabric.Cluster, from party) []netip.Prefix {
	all := serviceRanges(to)
	if from.isOf(to) {
		return all
	}
	isOffered := func(p netip.Prefix) bool {
		return slices.ContainsFunc(to.Advertised, func(r fabric.Range) bool { return r.Prefix.Masked() == p }) ||
			slices.ContainsFunc(from.devices, func(at place) bool { return at.hasStatic(p) })
	}
	if !slices.ContainsFunc(all, isOffered) {
		return all
	}
	return slices.DeleteFunc(all, func(p netip.Prefix) bool { return !isOffered(p) })
}

// isOf reports whether a party is of a cluster: its pods, or its nodes.
func (p party) isOf(c *fabric.Cluster) bool {
	return p.cluster == c || len(p.devices) > 0 && p.devices[0].part.Cluster == c
}

// hasStatic reports whether a device has a static route to exactly this prefix.
func (at place) hasStatic(p netip.Prefix) bool {
	g := at.part.ground[familyIndex(fabric.FamilyOf(p.Addr()))]
	return g != nil && slices.ContainsFunc(g.statics, func(r static) bool { return r.prefix == p })
}

// isSingles reports whether a range is one of which single addresses are announced alone, as services come and go: nothing of
// it can be asked.
func (c *census) isSingles(cluster *fabric.Cluster, p netip.Prefix) bool {
	for _, part := range c.parts[cluster] {
		if part.rules == nil {
			continue
		}
		i := slices.IndexFunc(part.rules.services, func(s serviceRange) bool { return s.prefix == p })
		return i >= 0 && !part.rules.services[i].whole && !p.IsSingleIP()
	}
	return false
}
