package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "encapsulation-missing",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `encapsulation-missing: between subnets, either a tunnel or the fabric must carry packets of pods

Without encapsulation a packet to a pod in another subnet leaves under the pod's own address, for the router between the two. It
must have learned the pods' routes; one that has not sends the packet elsewhere or drops it, while sessions and routes of the
nodes look right: BGP says which node has the pods, and the kernel resolves that node through its default gateway.

Mend it by encapsulation IPIPCrossSubnet or VXLANCrossSubnet, which wraps only what leaves the subnet, or by switches above the
racks that peer with the nodes and so learn the routes.`,
	Run: func(p *Pass) {
		told := map[*fabric.Pool]bool{}
		for d := range p.Predicted.Destinations() {
			c := d.Cluster()
			if c == nil || !d.IsPods() || len(c.Subnets) < 2 || d.PoolName() == "" {
				continue
			}
			pool := poolNamed(c, d.PoolName())
			if pool == nil || told[pool] {
				continue
			}
			for _, part := range d.Speakers() {
				if part.Cluster != c || part.Nodes == nil {
					continue
				}
				if lost := p.Predicted.Stranded(d, part); lost != nil {
					told[pool] = true
					p.stranded(pool, d, part, lost)
					break
				}
			}
		}
	},
})

// poolNamed returns the cluster's pool of that name, or nil.
func poolNamed(c *fabric.Cluster, name string) *fabric.Pool {
	for _, pool := range c.Pools {
		if pool.Name == name {
			return pool
		}
	}
	return nil
}

// stranded reports a pool whose packets are lost between subnets.
func (p *Pass) stranded(pool *fabric.Pool, d simulate.Destination, from *simulate.Part, lost *simulate.Stranded) {
	c, sender, f := pool.Cluster, from.Nodes[0], d.Family()
	owner := ownerOf(d, sender)
	gateway := "its default gateway, which nobody declared and which is believed to know no pods"
	switch {
	case lost.At != nil:
		gateway = "its gateway " + deviceName(lost.At.Device(0)) + ", which has no route to them"
	case lost.Gateway.IsValid():
		gateway = "its gateway " + lost.Gateway.String() + ", of which the topology knows nothing"
	}
	target := c.Name
	if owner != nil {
		target = deviceName(owner)
	}
	at := encapsulationAt(pool)
	r := p.Reportf(at, "pool %s of cluster %s has encapsulation %s: %s sends packets to pods of %s to %s",
		pool.Name, c.Name, pool.Encapsulation, deviceName(sender), target, gateway)
	r.Note(sender.At(), "%s is in %s", sender.Name, sender.Prefix(f).Masked())
	if owner != nil && owner != sender {
		r.Note(owner.At(), "%s is in %s", owner.Name, owner.Prefix(f).Masked())
	}
	encapsulation := "IPIPCrossSubnet"
	if f == fabric.IPv6 {
		encapsulation = "VXLANCrossSubnet"
	}
	if at != pool.At {
		r.WithHint("write encapsulation: %q, or racks whose switches learn the routes", encapsulation)
		return
	}
	r.WithHint("write ipPools: %q: {cidr: %q, encapsulation: %q} in cluster %s, or racks whose switches learn the routes",
		pool.Name, pool.CIDR, encapsulation, c.Name)
}

// ownerOf is a node that has a prefix of the destination, another one than this if possible; nil: none is known.
func ownerOf(d simulate.Destination, other *fabric.Node) *fabric.Node {
	var owner *fabric.Node
	for _, part := range d.OriginParts() {
		for _, n := range part.Nodes {
			if n != other {
				return n
			}
			owner = n
		}
	}
	return owner
}

// encapsulationAt is where a pool's encapsulation is decided: at the pool, or at the range that a default pool is made for.
func encapsulationAt(pool *fabric.Pool) source.Path {
	if _, isWritten := pool.Cluster.Model.IPPools[pool.Name]; isWritten {
		return pool.At.Field("encapsulation")
	}
	return pool.At
}
