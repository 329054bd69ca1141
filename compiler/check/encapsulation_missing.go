package check

import (
	"fmt"
	"strings"

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

Without encapsulation a packet to a pod in another subnet leaves under the pod's own address, for the router between the two.
It must have learned the pods' routes; one that has not sends the packet elsewhere or drops it, while sessions and routes of
the nodes look right: BGP says which node has the pods, and the kernel resolves that node through its default gateway. The
write-up that the example static-gateway follows puts it as a choice: one subnet for all nodes, BGP with the routers, or IPIP.

Mend it by encapsulation IPIPCrossSubnet or VXLANCrossSubnet, which wraps only what leaves the subnet, or by switches above the
racks that peer with the nodes and so learn the routes.`,
	Source: "Calico, Overlay networking; write-up: a cluster that an office reaches by static routes",
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
	if at != pool.At {
		r.WithHint("write encapsulation: %q, or racks whose switches learn the routes", crossSubnet(f))
		return
	}
	r.WithHint("write ipPools: {%s} in cluster %s, or racks whose switches learn the routes", strings.Join(wrappedPools(c), ", "), c.Name)
}

// wrappedPools are the cluster's own pools as they are to be written out: ipPools takes the place of all that podCIDRs makes.
func wrappedPools(c *fabric.Cluster) []string {
	var all []string
	for _, pool := range c.Pools {
		if pool.Own() {
			all = append(all, fmt.Sprintf("%q: {cidr: %q, encapsulation: %q}", pool.Name, pool.CIDR, crossSubnet(fabric.FamilyOf(pool.CIDR.Addr()))))
		}
	}
	return all
}

// crossSubnet is the encapsulation between subnets that there is for a family.
func crossSubnet(f fabric.Family) string {
	if f == fabric.IPv6 {
		return "VXLANCrossSubnet"
	}
	return "IPIPCrossSubnet"
}

// ownerOf is a node that has a prefix of the destination, another one than this if possible; nil: none is known.
func ownerOf(d simulate.Destination, other *fabric.Node) *fabric.Node {
	part := d.HolderPart()
	if part == nil || part.Nodes == nil {
		return nil
	}
	if part.Nodes[0] == other && part.Size() > 1 {
		return part.Nodes[1]
	}
	return part.Nodes[0]
}

// encapsulationAt is where a pool's encapsulation is decided: at the pool, or at the range that a default pool is made for.
func encapsulationAt(pool *fabric.Pool) source.Path {
	if _, isWritten := pool.Cluster.Model.IPPools[pool.Name]; isWritten {
		return pool.At.Field("encapsulation")
	}
	return pool.At
}
