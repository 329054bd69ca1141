package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "dns-no-service",
	Severity: diag.Error,
	Doc: `dns-no-service: a forwarded domain must have a DNS service that answers

A host that forwards the names of a cluster needs two things from it: its domain, and the address of its DNS service, which
dns of the cluster says. The address must be one that the cluster gives to services, from serviceCIDRs or from an external or
load-balancer range that it advertises: no route leads to any other, and queries time out one by one. The write-up that the
example static-gateway follows ends with this step: the office's DNS server forwards the cluster's domain to the service of
CoreDNS, and it is the static route to the service range that makes it answer.

Mend it by adding dns to the cluster, or by writing the address that "kubectl -n kube-system get service kube-dns" shows.`,
	Source: "write-up: a cluster that an office reaches by static routes; Kubernetes, DNS for Services and Pods",
	Run: func(p *Pass) {
		for _, h := range p.Fabric.Hosts {
			if h.Model.DNS == nil {
				continue
			}
			for i, name := range h.Model.DNS.Forward {
				if c := p.clusterNamed(name); c != nil && c.Model.DNS == nil {
					p.Reportf(h.At().Fields("dns", "forward").Index(i), "host %s forwards the domain of cluster %s, which declares no dns", h.Name, name).
						Note(c.At(), "the cluster is declared here").
						WithHint(`add dns: {domain: "cluster.local", service: %q} to the cluster, with its own values`, usualDNS(c))
				}
			}
		}
		for _, c := range p.Fabric.Clusters {
			if c.Model.DNS != nil {
				p.serviceAddress(c)
			}
		}
	},
})

func (p *Pass) serviceAddress(c *fabric.Cluster) {
	ranges := slices.Concat(c.ServiceCIDRs, c.Advertised)
	service, at := c.Model.DNS.Service, c.At().Fields("dns", "service")
	if slices.ContainsFunc(ranges, func(r fabric.Range) bool { return r.Prefix.Masked().Contains(service) }) {
		return
	}
	if len(c.ServiceCIDRs) == 0 {
		p.Reportf(at, "the DNS service of cluster %s is %s, and the cluster declares no serviceCIDRs that it could be from", c.Name, service).
			WithHint("add serviceCIDRs, the API server's --service-cluster-ip-range")
		return
	}
	p.Reportf(at, "the DNS service of cluster %s is %s, which is in no service range of the cluster: expected an address in %s",
		c.Name, service, someOf(c.ServiceCIDRs, func(r fabric.Range) string { return r.Prefix.String() })).
		Note(c.At().Field("serviceCIDRs"), "the service ranges are written here").
		WithHint("write the service's own address, usually %s", usualDNS(c))
}

// usualDNS is the address that installers give to the DNS service: the tenth of the first service range (kubeadm:
// constants.GetDNSIP).
func usualDNS(c *fabric.Cluster) netip.Addr {
	if len(c.ServiceCIDRs) == 0 {
		return netip.MustParseAddr("10.96.0.10")
	}
	address := c.ServiceCIDRs[0].Prefix.Masked().Addr()
	for range 10 {
		address = address.Next()
	}
	return address
}
