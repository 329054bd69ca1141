package check

import "topoc/compiler/diag"

var _ = rule(Rule{
	Name:     "encapsulation-across-clusters",
	Severity: diag.Error,
	Doc: `encapsulation-across-clusters: packets to another cluster must not be put into a tunnel

A pool that stands for another cluster's range tells Calico how to send packets there as well. With IPIP or VXLAN the node
wraps them for the next hop, a node of the other cluster or a switch; Felix on a node drops tunnelled packets that come from
no node of its own cluster, by a rule that stays in place even where its own pools have no IPIP (calico#908, calico#4456), and
a switch has no tunnel at all. Sessions and routes look right all the while. In calico#4462 two clusters whose reflectors peer
had such a pool with IPIP, and it depended on the number of next hops whether a route led into the tunnel: one did, two did
not.

Mend it by deleting encapsulation: pools that topoc derives for another cluster have none.`,
	Source: "calico#908, calico#4456, calico#4462; bird#90",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, pool := range c.Pools {
				if pool.Own() || pool.Encapsulation == "None" || pool.Encapsulation == "" {
					continue
				}
				p.Reportf(pool.At.Field("encapsulation"), "pool %s of cluster %s stands for %s of cluster %s and has encapsulation %s: nodes there drop tunnelled packets of other clusters",
					pool.Name, c.Name, pool.CIDR, pool.Foreign.Name, pool.Encapsulation).
					Note(pool.Foreign.At(), "cluster %s is declared here", pool.Foreign.Name).
					WithHint("delete encapsulation")
			}
		}
	},
})
