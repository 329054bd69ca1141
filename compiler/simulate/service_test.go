package simulate

import (
	"net/netip"
	"testing"

	"topoc/compiler/internal/bgp"
)

func TestNATOutgoing(t *testing.T) {
	const body = `ipPools: {
		own: cidr: "10.64.0.0/16"
		plain: {cidr: "10.66.0.0/16", natOutgoing: false}
		off: {cidr: "10.70.0.0/16", disabled: true, natOutgoing: false}
		lb: {cidr: "203.0.113.0/24", allowedUses: ["LoadBalancer"], natOutgoing: false}
	}`
	for _, tt := range []struct {
		name, version, src, dst string
		want                    string // the pool that hides; empty: none does
	}{
		{"to the world", "3.31", "10.64.1.1", "192.0.2.1", "own"},
		{"from a pool without natOutgoing", "3.31", "10.66.1.1", "192.0.2.1", ""},
		{"from no pool", "3.31", "192.168.0.1", "192.0.2.1", ""},
		{"within the pool", "3.31", "10.64.1.1", "10.64.2.2", ""},
		{"to another pool", "3.31", "10.64.1.1", "10.66.2.2", ""},
		{"to a disabled pool", "3.31", "10.64.1.1", "10.70.2.2", ""},
		{"to a pool for load balancers, which counts until 3.32", "3.32", "10.64.1.1", "203.0.113.9", ""},
		{"and not from 3.33 on", "3.33", "10.64.1.1", "203.0.113.9", "own"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if p, ok := rulesOf(t, tt.version, body).natsTo(netip.MustParseAddr(tt.src), netip.MustParseAddr(tt.dst)); ok {
				got = p.name
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestServicesAndPoolsByAddress(t *testing.T) {
	const aggregated = `serviceCIDRs: ["10.65.0.0/16"], ipPools: {wide: cidr: "10.64.0.0/12", narrow: {cidr: "10.70.0.0/16", disabled: true}}
		advertise: {serviceClusterIPs: true, serviceExternalIPs: ["198.51.100.9/32"], serviceLoadBalancerIPs: ["203.0.113.0/24"]`
	for _, tt := range []struct {
		name, body, prefix string
		own                bool
		service, pool      string
	}{
		{"the range of cluster IPs", aggregated + "}", "10.65.0.0/16", true, "10.65.0.0/16", "wide"},
		{"an address in it", aggregated + "}", "10.65.0.7/32", true, "10.65.0.0/16", "wide"},
		{"what covers it", aggregated + "}", "10.64.0.0/12", false, "", "wide"},
		{"a single external address", aggregated + "}", "198.51.100.9/32", false, "198.51.100.9/32", ""},
		{"a range of load balancers", aggregated + "}", "203.0.113.7/32", true, "203.0.113.0/24", ""},
		{"one that is not aggregated", aggregated + ", serviceLoadBalancerAggregation: false}", "203.0.113.7/32", false, "203.0.113.0/24", ""},
		{"the smallest pool", aggregated + "}", "10.70.1.0/26", false, "", "narrow"},
		{"nothing", aggregated + "}", "192.0.2.0/24", false, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules, p := rulesOf(t, "3.31", tt.body), pf(tt.prefix)
			if got := inServices(rules.services, &destination{Destination: &bgp.Destination{Prefix: p}}); got != tt.own {
				t.Errorf("kept out of the kernel: %t", got)
			}
			service, pool := "", ""
			if s := rules.serviceOf(p.Addr()); s != nil {
				service = s.prefix.String()
			}
			if found := rules.poolOf(p); found != nil {
				pool = found.name
			}
			if service != tt.service || pool != tt.pool {
				t.Errorf("got %q and %q, want %q and %q", service, pool, tt.service, tt.pool)
			}
		})
	}
}
