package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "foreign-pool-missing",
	Severity: diag.Error,
	Doc: `foreign-pool-missing: a cluster that relays another's routes needs a pool that covers them

A Calico node sends on what it learned by BGP only if a pool covers it that may be exported; all else ends at the node that
learned it, while its own routing table looks right. In calico#4539 reflectors had every route of the router outside and their
clients had none: pods on a reflector's node reached the network, all others did not. topoc derives such pools, disabled so
that nobody gets an address of them, for every range that a cluster takes from a partner. None is left where a pool written by
hand takes the derived one's place and sets disableBGPExport, or covers a part of the range only, nor in a cluster between two
others whose peerings give no transit, which therefore never learn of each other.

Mend it by deleting disableBGPExport, or the pool, or by transit: true on the peerings that lead from one cluster to the other.`,
	Source: "calico#4539; write-up: two clusters with route reflectors on one laptop",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			p.heldPools(c)
			p.leftOut(c)
		}
		for _, e := range p.Fabric.Expected {
			p.expectedTransit(e)
		}
	},
})

// heldPools reports pools that a user wrote for a partner's range and that keep the cluster's speakers from relaying it.
func (p *Pass) heldPools(c *fabric.Cluster) {
	var partners []fabric.Partner
	for _, pool := range c.Pools {
		if pool.Own() || pool.Peering != nil || !pool.DisableBGPExport {
			continue
		}
		if partners == nil {
			partners = c.Partners()
		}
		i := slices.IndexFunc(partners, func(partner fabric.Partner) bool { return partner.Cluster == pool.Foreign })
		if i < 0 || !relays(c, partners[i].Peering) {
			continue
		}
		via := partners[i].Peering
		p.Reportf(pool.At.Field("disableBGPExport"), "pool %s covers %s of cluster %s and holds it back: what peering %s brings ends at the nodes of cluster %s that learn it",
			pool.Name, pool.CIDR, pool.Foreign.Name, via.Name, c.Name).
			Note(via.At(), "cluster %s takes the range over this peering", c.Name).
			WithHint("delete disableBGPExport")
	}
}

// leftOut reports ranges that pools written by hand cover in part only.
func (p *Pass) leftOut(c *fabric.Cluster) {
	var written []*fabric.Pool
	for _, pool := range c.Pools {
		if !pool.Own() && pool.Peering == nil {
			written = append(written, pool)
		}
	}
	if len(written) == 0 {
		return
	}
	for _, partner := range c.Partners() {
		for _, r := range partner.Ranges() {
			i := slices.IndexFunc(written, func(pool *fabric.Pool) bool { return pool.CIDR.Overlaps(r.Prefix) })
			if i < 0 || !relays(c, partner.Peering) {
				continue
			}
			if missing := uncovered(r.Prefix.Masked(), written); len(missing) > 0 {
				p.Reportf(written[i].At.Field("cidr"), "pool %s of cluster %s stands for a part of %s of cluster %s, and no pool for %s: its routes end at the nodes that learn them",
					written[i].Name, c.Name, r.Prefix, partner.Cluster.Name, missing[0]).
					Note(r.At, "the whole range is written here").
					WithHint("write %s, or delete the pool: topoc derives one for the whole range", r.Prefix.Masked())
			}
		}
	}
}

// uncovered returns the parts of a range that no pool covers, in order.
func uncovered(r netip.Prefix, pools []*fabric.Pool) []netip.Prefix {
	overlaps := false
	for _, pool := range pools {
		if pool.CIDR.Overlaps(r) {
			if pool.CIDR.Bits() <= r.Bits() {
				return nil
			}
			overlaps = true
		}
	}
	if !overlaps {
		return []netip.Prefix{r}
	}
	low, high := halves(r)
	return slices.Concat(uncovered(low, pools), uncovered(high, pools))
}

// halves splits a range that is no single address.
func halves(r netip.Prefix) (low, high netip.Prefix) {
	low = netip.PrefixFrom(r.Addr(), r.Bits()+1)
	bytes := r.Addr().AsSlice()
	bytes[r.Bits()/8] |= 0x80 >> (r.Bits() % 8)
	address, _ := netip.AddrFromSlice(bytes)
	return low, netip.PrefixFrom(address, r.Bits()+1)
}

// relays reports whether nodes of the cluster hear only from others of its nodes what comes over a peering, or other clusters
// do.
func relays(c *fabric.Cluster, peering *fabric.Peering) bool {
	if peering.Transit && slices.ContainsFunc(c.Peerings, func(other *fabric.Peering) bool { return other != peering && other.Transit }) {
		return true
	}
	switch peering.Via {
	case fabric.ViaNodes:
		return false
	case fabric.ViaRouteReflectors:
		return c.PlannedNodes > len(c.Reflectors())
	}
	return slices.ContainsFunc(c.Nodes, func(n *fabric.Node) bool {
		r := n.Rack
		return r == nil || len(r.Switches) == 0 || r.ByReflectors && len(n.Reflects) == 0
	})
}

// expectedTransit reports an expectation of one cluster to reach another where only peerings lead from one to the other, over
// clusters in between, and not all of them give transit.
func (p *Pass) expectedTransit(e *fabric.Expectation) {
	from, to, closed := clusterOf(e.From), clusterOf(e.To), p.closedTo(e)
	if len(closed) == 0 {
		return
	}
	d := p.Reportf(closed[0].At().Field("transit"), "peering %s gives no transit, and %s is expected to reach %s over it: no cluster in between passes their routes on",
		closed[0].Name, inWords(from), inWords(to)).
		Note(e.At(), "it is expected here")
	for _, peering := range closed[1:] {
		d.Note(peering.At(), "peering %s gives none either", peering.Name)
	}
	d.WithHint("write transit: true in %s, or a peering of clusters %s and %s",
		someOf(closed, func(peering *fabric.Peering) string { return "peering " + peering.Name }), from.Name, to.Name)
}

// closedTo returns the peerings that give no transit, of those over which alone an expectation of one cluster to reach another
// could hold.
func (p *Pass) closedTo(e *fabric.Expectation) []*fabric.Peering {
	from, to := clusterOf(e.From), clusterOf(e.To)
	if !e.Reach || from == nil || to == nil || from == to || hasWayOut(p.Fabric, from) || partners(from, to) {
		return nil
	}
	return slices.DeleteFunc(peeringsBetween(from, to), func(peering *fabric.Peering) bool { return peering.Transit })
}

// clusterOf returns the cluster of an expectation's end, nil where it is none's.
func clusterOf(e fabric.Endpoint) *fabric.Cluster {
	if e.Node != nil {
		return e.Node.Cluster
	}
	return e.Cluster
}

// hasWayOut reports whether packets of the cluster could leave it without a route of its own: by switches above its racks,
// or by a declared switch that is the gateway of a node. What those know is for the simulation to say.
func hasWayOut(f *fabric.Fabric, c *fabric.Cluster) bool {
	if slices.ContainsFunc(c.Racks, func(r *fabric.Rack) bool { return len(r.Model.Switches) > 0 }) {
		return true
	}
	return slices.ContainsFunc(f.Switches, func(s *fabric.Switch) bool {
		return slices.ContainsFunc(s.Interfaces, func(i *fabric.Interface) bool {
			return slices.ContainsFunc(c.Subnets, func(subnet fabric.NodeSubnet) bool {
				return subnet.Prefix == i.Address.Masked() || subnet.Prefix == i.Address6.Masked()
			})
		})
	})
}

// peeringsBetween returns the peerings on the shortest way from one cluster to another, nil where there is none.
func peeringsBetween(from, to *fabric.Cluster) []*fabric.Peering {
	came := map[*fabric.Cluster]*fabric.Peering{from: nil}
	queue := []*fabric.Cluster{from}
	for i := 0; i < len(queue) && came[to] == nil; i++ {
		for _, peering := range queue[i].Peerings {
			far := peering.Other(queue[i])
			if _, known := came[far]; !known {
				came[far] = peering
				queue = append(queue, far)
			}
		}
	}
	var chain []*fabric.Peering
	for at := to; came[at] != nil; at = came[at].Other(at) {
		chain = append(chain, came[at])
	}
	slices.Reverse(chain)
	return chain
}
