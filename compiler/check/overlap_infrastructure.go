package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "overlap-infrastructure",
	Severity: diag.Error,
	Doc: `overlap-infrastructure: pods and services must not take addresses that machines have

A pod, cluster IP or load balancer range that overlaps a subnet of nodes, hosts, switches, links or loopbacks makes that
subnet unreachable from the pods, and often from the nodes too: their routes to blocks of the pool are more specific than the
route to the LAN. It shows as a cluster that comes up and cannot reach its API server or its DNS: calico-node in
CrashLoopBackOff where the default pool 192.168.0.0/16 met nodes in 192.168.50.0/24 (calico#2720), requests to the API that
time out (calico#2638). The rest is harder to see: Calico takes the LAN for pods and leaves out source NAT, and gives pods
addresses that machines have (calico#1401). The author of the write-up that the example static-gateway follows set up his
cluster anew for it. It is a warning where the nodes that have the subnet are another cluster's and nothing connects the two.
serviceExternalIPs are left to service-external-ips-wide.

Mend it by giving pods and services a range that no machine uses. Calico cannot change the range of a pool: a running cluster
gets a second pool, and the first one is disabled and emptied.`,
	Source: "calico#1401, calico#2720, calico#2638, calico#4138; write-up: a cluster that an office reaches by static routes",
	Run: func(p *Pass) {
		hits := infrastructureHits(p.space())
		for _, r := range p.space().ranges {
			if len(hits[r]) > 0 {
				p.reportInfrastructure(r, hits[r])
			}
		}
	},
})

// infrastructureHits returns the subnets that each range of a cluster overlaps, within their domain.
func infrastructureHits(s *space) map[*claim][]*subnet {
	all := subnets(s.addresses, func(a *address) string { return a.domain })
	spans := map[string][]span{} // by domain; ids: subnets first, then ranges
	for i, sub := range all {
		if !sub.addresses[0].linkLocal() {
			spans[sub.domain] = append(spans[sub.domain], span{sub.prefix, i})
		}
	}
	for i, r := range s.ranges {
		if r.kind == externalRange {
			continue
		}
		for _, domain := range s.domains.ofCluster(r.cluster) {
			spans[domain] = append(spans[domain], span{r.prefix, len(all) + i})
		}
	}
	hits := map[*claim][]*subnet{}
	for _, domain := range sorted(spans) {
		sweep(spans[domain], func(outer, inner int) bool {
			sub, r := min(outer, inner), max(outer, inner)-len(all)
			if sub < len(all) && r >= 0 {
				hits[s.ranges[r]] = append(hits[s.ranges[r]], all[sub])
			}
			return inner < len(all) // a subnet is told at each of the ranges around it; a range meets a subnet first or not at all
		})
	}
	return hits
}

func (p *Pass) reportInfrastructure(r *claim, hits []*subnet) {
	severity := diag.Warning
	for _, sub := range hits {
		if p.space().domains.mustReach(r.cluster, sub) {
			severity = diag.Error
		}
	}
	d := p.Report(severity, r.at, "%s overlaps %s%s", r, hits[0], andOthers(len(hits)-1, "other subnet"))
	for _, sub := range hits[:min(len(hits), maxNotes)] {
		d.Note(sub.addresses[0].at, "%s", sub.addresses[0])
	}
	p.hintFree(d, r, hits[0].prefix)
}

// mustReach reports whether the cluster needs what has an address in the subnet: not so where all of it is nodes of clusters
// that nothing connects with this one.
func (d *domains) mustReach(c *fabric.Cluster, sub *subnet) bool {
	others := make(map[*fabric.Cluster]bool)
	for _, a := range sub.addresses {
		other := a.cluster()
		if other == nil || other == c {
			return true
		}
		others[other] = true
	}
	for other := range others {
		if d.connected(c, other) {
			return true
		}
	}
	return false
}
