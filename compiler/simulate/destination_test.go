package simulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// destined returns the domains of an input with their destinations.
func destined(in Input) []*domain {
	r := &Result{Fabric: in.Fabric, Parts: partsOf(in)}
	r.addresses = newAddressBook(r)
	r.domains = makeDomains(r)
	for _, d := range r.domains {
		addDestinations(r, d)
	}
	return r.domains
}

// describe writes a destination: what it is, who brings it in, as many as their parts have members, and its marks.
func describe(d *destination) string {
	var b strings.Builder
	kind := [...]string{"block", "borrowed", "services", "service", "subnet", "static", "default"}[d.kind]
	fmt.Fprintf(&b, "%s %s", d.Prefix, kind)
	if d.pool != nil {
		fmt.Fprintf(&b, " of %s", d.pool.name)
	}
	b.WriteString(" from")
	for _, o := range d.Origins {
		p := d.domain.parts[o.Speaker.Index]
		fmt.Fprintf(&b, " %s", p.Device(0).DeviceName())
		if p.Size() > 1 {
			fmt.Fprintf(&b, "*%d", p.Size())
		}
	}
	if d.Owner != nil {
		fmt.Fprintf(&b, " owned=%d", len(d.owned))
		if d.First {
			b.WriteString(" first")
		}
	}
	if d.infra {
		b.WriteString(" infra")
	}
	for _, c := range d.covers {
		fmt.Fprintf(&b, " in %s", c.Prefix)
	}
	return b.String()
}

func TestDestinationsOfTheSeedLabs(t *testing.T) {
	for _, tt := range []struct {
		topology string
		want     []string
	}{
		{"two-clusters", []string{ // the blocks of cluster-a, cluster-b and cluster-b-m02 are those of the article
			"10.200.97.0/26 block of default-ipv4-ippool from cluster-a/cluster-a*2 owned=1 first",
			"10.200.137.128/26 block of default-ipv4-ippool from cluster-a/cluster-a-m04",
			"10.200.166.128/26 block of default-ipv4-ippool from cluster-a/cluster-a*2 owned=1",
			"10.200.205.64/26 block of default-ipv4-ippool from cluster-a/cluster-a-m03",
			"10.201.0.0/16 services from cluster-a/cluster-a*2 cluster-a/cluster-a-m03 cluster-a/cluster-a-m04",
			"10.210.63.192/26 block of default-ipv4-ippool from cluster-b/cluster-b-m03",
			"10.210.74.0/26 block of default-ipv4-ippool from cluster-b/cluster-b*2 owned=1",
			"10.210.139.128/26 block of default-ipv4-ippool from cluster-b/cluster-b*2 owned=1 first",
			"10.210.170.64/26 block of default-ipv4-ippool from cluster-b/cluster-b-m04",
			"10.211.0.0/16 services from cluster-b/cluster-b*2 cluster-b/cluster-b-m03 cluster-b/cluster-b-m04",
		}},
		{"leaf-spine", []string{
			"10.233.0.0/18 services from prod/node1 prod/node2 prod/node3 prod/node4 prod/node5 prod/node6",
			"10.233.71.0/26 block of default-ipv4-ippool from prod/node3",
			"10.233.74.64/26 block of default-ipv4-ippool from prod/node4",
			"10.233.75.0/26 block of default-ipv4-ippool from prod/node2",
			"10.233.75.64/26 block of default-ipv4-ippool from prod/node6",
			"10.233.97.128/26 block of default-ipv4-ippool from prod/node5",
			"10.233.102.128/26 block of default-ipv4-ippool from prod/node1",
			"172.20.0.0/24 subnet from leaf01 infra",
			"173.20.0.0/24 subnet from leaf02 infra",
		}},
		{"static-gateway", []string{
			"10.200.0.0/26 block of default-ipv4-ippool from prod/ip-10-20-1-85",
			"10.200.0.64/26 block of default-ipv4-ippool from prod/ip-10-20-1-81",
			"10.200.0.192/26 block of default-ipv4-ippool from prod/ip-10-20-1-83",
			"10.200.1.0/26 block of default-ipv4-ippool from prod/ip-10-20-1-84",
			"10.200.1.192/26 block of default-ipv4-ippool from prod/ip-10-20-1-82",
		}},
	} {
		t.Run(tt.topology, func(t *testing.T) {
			wantDestinations(t, destined(seedInput(t, tt.topology)), tt.want)
		})
	}
}

func wantDestinations(t *testing.T, domains []*domain, want []string) {
	t.Helper()
	var got []string
	for _, d := range domains {
		for i, dest := range d.dests {
			got = append(got, describe(dest))
			if dest.Index != i || dest.Destination != d.network.Destinations[i] {
				t.Errorf("%s is out of place", dest.Prefix)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// below is a cluster of four alike nodes under a leaf, and a spine, with what is to be filled in.
const below = `
name: "t"
clusters: c: {
	ipPools: pool: cidr: "10.64.0.0/16"
	serviceCIDRs: ["10.65.0.0/16"]
	racks: r: {switches: ["leaf"]}
	nodes: {
		n1: {address: "192.168.0.1/24", rack: "r"}
		n2: {address: "192.168.0.2/24", rack: "r"}
		n3: {address: "192.168.0.3/24", rack: "r"}
		n4: {address: "192.168.0.4/24", rack: "r"}
	}
}
switches: leaf: {dialect: "frr", asNumber: 65001, interfaces: eth1: address: "192.168.0.254/24"}
switches: spine: {dialect: "frr", asNumber: 65002, loopback: "10.0.0.1/32"}
links: l: {leaf: {address: "10.1.0.0/31"}, spine: {address: "10.1.0.1/31"}}
`

// blocksOfFour gives each of the four nodes a block.
const blocksOfFour = `
clusters: c: nodes: {
	n1: blocks: ["10.64.0.0/26"]
	n2: blocks: ["10.64.0.64/26"]
	n3: blocks: ["10.64.0.128/26"]
	n4: blocks: ["10.64.0.192/26"]
}
`

func TestDestinationsAreThoseThatPoliciesTellApart(t *testing.T) {
	const (
		spine, leaf = "10.0.0.1/32 subnet from spine infra", "192.168.0.0/24 subnet from leaf infra"
		n1          = "10.64.0.0/26 block of pool from c/n1"
		n2          = "10.64.0.64/26 block of pool from c/n2*3 owned=1 first"
		n3and4      = "10.64.0.128/26 block of pool from c/n2*3 owned=2"
	)
	for _, tt := range []struct {
		name string
		more string
		want []string
	}{
		{"the first member's block, and those of others", blocksOfFour, []string{spine, n1, n2, n3and4, leaf}},
		{"a filter's rule within the pool", blocksOfFour + `clusters: c: {racks: r: filters: ["f"], filters: f: exportV4: [{action: "Reject", cidr: "10.64.0.192/26", matchOperator: "In"}]}`,
			[]string{spine, n1, n2, "10.64.0.128/26 block of pool from c/n2*3 owned=1", "10.64.0.192/26 block of pool from c/n2*3 owned=1", leaf}},
		{"a filter's rule around the pool", blocksOfFour + `clusters: c: {racks: r: filters: ["f"], filters: f: exportV4: [{action: "Reject", cidr: "10.0.0.0/8", matchOperator: "In"}]}`,
			[]string{spine, n1, n2, n3and4, leaf}},
		{"a switch's prefix list within the pool", blocksOfFour + `switches: leaf: bgp: accept: [{prefix: "10.64.0.128/26", on: "nodes"}]`,
			[]string{spine, n1, n2, n3and4, leaf}}, // the pool's own entry permits it already, and is all that is left in the list
		{"a borrowed address lies in the lender's block, and the lender is a part of its own", `clusters: c: nodes: {
				n1: blocks: ["10.64.0.0/26"], n2: blocks: ["10.64.0.64/26", "10.64.1.0/26"], n3: blocks: ["10.64.1.9/32"], n4: blocks: []
			}`, []string{spine, n1, "10.64.0.64/26 block of pool from c/n2", "10.64.1.0/26 block of pool from c/n2",
			"10.64.1.9/32 borrowed of pool from c/n3*2 owned=1 first in 10.64.1.0/26", leaf}},
		{"blocks of one address", `clusters: c: {ipPools: pool: blockSize: 32, nodes: {n1: blocks: [], n2: blocks: [], n3: blocks: [], n4: blocks: ["10.64.0.7/32"]}}`,
			[]string{spine, "10.64.0.7/32 block of pool from c/n2*3 owned=1", leaf}},
		{"a block in no pool", `clusters: c: nodes: {n1: blocks: ["10.99.0.0/26"], n2: blocks: [], n3: blocks: [], n4: blocks: []}`,
			[]string{spine, "10.99.0.0/26 block from c/n1", leaf}},
		{"a block with a node's address in it", `clusters: c: nodes: {n1: blocks: ["192.168.0.0/26"], n2: blocks: [], n3: blocks: [], n4: blocks: []}`,
			[]string{spine, leaf, "192.168.0.0/26 block from c/n1 infra in 192.168.0.0/24"}},
		{"ranges of services come from all nodes", blocksOfFour + `clusters: c: advertise: serviceClusterIPs: true`,
			[]string{spine, n1, n2, n3and4, "10.65.0.0/16 services from c/n1 c/n2*3", leaf}},
		{"an excluded node announces no services", blocksOfFour + `clusters: c: {advertise: serviceClusterIPs: true,
				nodes: n1: labels: "node.kubernetes.io/exclude-from-external-load-balancers": "true"}`,
			[]string{spine, n1, "10.64.0.64/26 block of pool from c/n2", "10.64.0.128/26 block of pool from c/n3*2 owned=1 first",
				"10.64.0.192/26 block of pool from c/n3*2 owned=1", "10.65.0.0/16 services from c/n2 c/n3*2", leaf}},
		{"a single address of external services comes from all nodes", blocksOfFour + `clusters: c: advertise: serviceExternalIPs: ["203.0.113.9/32"]`,
			[]string{spine, n1, n2, n3and4, leaf, "203.0.113.9/32 service from c/n1 c/n2*3"}},
		{"a range that is not aggregated comes from none", blocksOfFour +
			`clusters: c: advertise: {serviceLoadBalancerIPs: ["203.0.113.0/24"], serviceLoadBalancerAggregation: false}`,
			[]string{spine, n1, n2, n3and4, leaf}},
		{"a local service comes from its node, and from others not at all", `clusters: c: {
				advertise: {serviceLoadBalancerIPs: ["203.0.113.0/24", "203.0.112.9/32"]}
				nodes: {n1: {blocks: [], localServices: ["203.0.113.7", "198.51.100.1", "203.0.112.9"]}, n2: blocks: [], n3: blocks: [], n4: blocks: []}
			}`, []string{spine, leaf, "203.0.112.9/32 service from c/n1", "203.0.113.0/24 services from c/n1 c/n2 c/n3*2",
			"203.0.113.7/32 service from c/n1 in 203.0.113.0/24"}},
		{"a default route that is made for nodes", blocksOfFour + `switches: leaf: bgp: {toNodes: "default", defaultOriginate: true}`,
			[]string{"0.0.0.0/0 default from leaf infra", spine + " in 0.0.0.0/0", n1 + " in 0.0.0.0/0", n2 + " in 0.0.0.0/0",
				n3and4 + " in 0.0.0.0/0", leaf + " in 0.0.0.0/0"}},
		{"static routes that a switch redistributes", blocksOfFour + `
			clusters: d: {nodes: x: address: "192.168.0.77/24", podCIDRs: ["10.80.0.0/16"]}
			switches: leaf: staticRoutes: d: via: ["x"]`,
			[]string{spine, n1, n2, n3and4, "10.80.0.0/16 static from leaf infra", leaf,
				"10.80.200.192/26 block of default-ipv4-ippool from d/x"}}, // a domain of its own: x has no session
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantDestinations(t, destined(inputOf(t, []byte(below+tt.more))), tt.want)
		})
	}
}
