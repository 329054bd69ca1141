package check

import (
	"slices"
	"strings"

	"topoc/compiler/diag"
)

var _ = rule(Rule{
	Name:     "encapsulation-invalid",
	Severity: diag.Error,
	Doc: `encapsulation-invalid: a pool's encapsulation must exist in its family

IPIP carries IPv4 in IPv4. Calico's API refuses it for an IPv6 pool (libcalico-go/lib/validator/v3), and the operator an
Installation with such a pool; an object that is written past both leaves the pods of two nodes without a way to each other.

Mend it with VXLAN, or VXLANCrossSubnet in the place of IPIPCrossSubnet, or without encapsulation where the network between
the nodes has the routes.`,
	Source: "libcalico-go/lib/validator/v3; Calico, IPPool: ipipMode",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, pool := range c.Pools {
				if pool.CIDR.Addr().Is4() || !strings.HasPrefix(pool.Encapsulation, "IPIP") || slices.Contains(pool.AllowedUses, "LoadBalancer") {
					continue // a pool for load balancers has no encapsulation at all: Link has told
				}
				d := p.Reportf(pool.At.Field("encapsulation"), "pool %s of cluster %s is IPv6, %s, and IPIP carries IPv4 only", pool.Name, c.Name, pool.CIDR)
				d.WithHint("write %q, or delete encapsulation", "VXLAN"+strings.TrimPrefix(pool.Encapsulation, "IPIP"))
			}
		}
	},
})
