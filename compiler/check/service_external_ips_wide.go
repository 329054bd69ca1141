package check

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "service-external-ips-wide",
	Severity: diag.Warning,
	Doc: `service-external-ips-wide: external IPs of services should not cover addresses that machines have

Whoever may create a Service in the cluster chooses its externalIPs. Every node then catches packets to such an address for the
Service, and Calico announces the address, or the range that it lies in, to whoever peers with the nodes. In a range that covers
nodes, switches, gateways or hosts a Service takes over their address: SSH to a node or the API server ends in somebody's pod
(calico#2770, CVE-2020-8554). Addresses of a node subnet that no device has are legal.

Mend it by listing only the addresses that are set aside for services, or a range without machines.`,
	Source: "calico#2770; CVE-2020-8554 (kubernetes#97076)",
	Run: func(p *Pass) {
		covered := p.space().covered(p.Fabric)
		for _, r := range p.space().ranges {
			if len(covered[r]) > 0 {
				p.reportCovered(r, covered[r])
			}
		}
	},
})

// occupant is an address that something answers at.
type occupant struct {
	addr   netip.Addr
	domain string
	what   string   // "node prod/n1 has 10.1.0.11/24"
	device *address // nil: a gateway or peer that nobody declares
	at     source.Path
}

// covered returns the addresses in use that the external ranges of each cluster contain, within their domain. Those of clusters
// that nothing connects with it don't count, and neither does a range of space that can belong to no machine at all.
func (s *space) covered(f *fabric.Fabric) map[*claim][]*occupant {
	var external []*claim
	for _, r := range s.ranges {
		if _, isReserved := overlapping(reservedSpace, r.prefix); r.kind == externalRange && !isReserved {
			external = append(external, r)
		}
	}
	if len(external) == 0 {
		return nil
	}
	occupants := s.occupants(f)
	spans := map[string][]span{} // by domain; ids: ranges first, then addresses
	for i, r := range external {
		for _, domain := range s.domains.ofCluster(r.cluster) {
			spans[domain] = append(spans[domain], span{r.prefix, i})
		}
	}
	for i, o := range occupants {
		spans[o.domain] = append(spans[o.domain], span{netip.PrefixFrom(o.addr, o.addr.BitLen()), len(external) + i})
	}
	covered := map[*claim][]*occupant{}
	for _, domain := range sorted(spans) {
		sweep(spans[domain], func(outer, inner int) bool {
			if outer < len(external) && inner >= len(external) {
				r, o := external[outer], occupants[inner-len(external)]
				if o.device == nil || o.device.cluster() == nil || o.device.cluster() == r.cluster || s.domains.connected(r.cluster, o.device.cluster()) {
					covered[r] = append(covered[r], o)
				}
			}
			return inner >= len(external)
		})
	}
	return covered
}

// occupants returns the addresses of all devices, and those of gateways and peers that are written and that no device has.
func (s *space) occupants(f *fabric.Fabric) []*occupant {
	var all []*occupant
	known := map[netip.Addr]bool{}
	for _, a := range s.addresses {
		if known[a.prefix.Addr()] = true; !a.linkLocal() {
			all = append(all, &occupant{a.prefix.Addr(), a.domain, a.String(), a, a.at})
		}
	}
	add := func(addr netip.Addr, domain, what string, at source.Path) {
		if addr.IsValid() && !addr.IsLinkLocalUnicast() && !known[addr] {
			known[addr] = true
			all = append(all, &occupant{addr, domain, what + " " + addr.String(), nil, at})
		}
	}
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			add(n.Model.Gateway, s.domains.ofNode(n, n.Address), "node "+n.DeviceName()+" has gateway", n.At().Field("gateway"))
			add(n.Model.Gateway6, s.domains.ofNode(n, n.Address6), "node "+n.DeviceName()+" has gateway", n.At().Field("gateway6"))
		}
		for _, e := range entriesOf(c) {
			add(e.PeerIP, s.domains.ofCluster(c)[0], "peer "+e.Name+" of cluster "+c.Name+" has", e.At.Field("address"))
		}
	}
	for _, h := range f.Hosts {
		add(h.Model.Gateway, s.domains.ofHost(h, h.Address), "host "+h.Name+" has gateway", h.At().Field("gateway"))
		add(h.Model.Gateway6, s.domains.ofHost(h, h.Address6), "host "+h.Name+" has gateway", h.At().Field("gateway6"))
	}
	return all
}

func (p *Pass) reportCovered(r *claim, covered []*occupant) {
	slices.SortFunc(covered, func(a, b *occupant) int { return a.addr.Compare(b.addr) })
	what, them := "an address in use", "it"
	if len(covered) > 1 {
		what, them = fmt.Sprintf("%d addresses in use", len(covered)), "them"
	}
	d := p.Reportf(r.at, "%s covers %s (%s): a Service may take %s over", r, what, covered[0].what, them)
	for _, o := range covered[:min(len(covered), maxNotes)] {
		d.Note(o.at, "%s", o.what)
	}
	p.hintFree(d, r, netip.PrefixFrom(covered[0].addr, covered[0].addr.BitLen()))
}
