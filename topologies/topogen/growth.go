package topogen

import (
	"bufio"
	"fmt"
	"io"
)

// MaxGrowth is the most parts of one kind that a Dimension has room for.
const MaxGrowth = 8192

// Dimension is a kind of part of a topology that there may be many of.
type Dimension struct {
	Name  string
	parts func(w io.Writer, n int)
}

// Write writes a topology of n parts of the dimension's kind, 2 to MaxGrowth, and of few others, as far as one can be had without
// the other. It is a topology without findings worth a warning.
func (d Dimension) Write(w io.Writer, n int) error {
	if n < 2 || n > MaxGrowth {
		return fmt.Errorf("topogen: %d %s: expected 2 to %d", n, d.Name, MaxGrowth)
	}
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "name: \"growth\"\n\n")
	d.parts(b, n)
	return b.Flush()
}

// Dimensions returns them all: what a test of growth makes more of, one at a time.
func Dimensions() []Dimension {
	return []Dimension{
		{"nodes", func(w io.Writer, n int) { writeGrown(w, n) }},
		{"clusters", growClusters},
		{"pools", growPools},
		{"racks", growRacks},
		{"filters", growFilters},
		{"peers", growPeers},
		{"peerings", growPeerings},
		{"switches", growSwitches},
		{"links", growLinks},
		{"hosts", growHosts},
		{"static routes", growStatics},
		{"forwarded domains", growDomains},
		{"reserved ranges", growReserved},
		{"expectations", growExpectations},
		{"waivers", growWaivers},
	}
}

// fewNodes is how many nodes a cluster has that something else is grown beside.
const fewNodes = 4

// at is the address so far behind 10.OCTET.0.0.
func at(octet, offset int) string {
	return fmt.Sprintf("10.%d.%d.%d", octet+offset>>16, offset>>8&0xff, offset&0xff)
}

// nodeAt is the address of a node in 10.64.0.0/13.
func nodeAt(i int) string { return at(64, 16+i) }

// writeGrown writes the cluster prod of so many nodes.
func writeGrown(w io.Writer, nodes int) {
	fmt.Fprint(w, "clusters: prod: {\n\tasNumber: 64512\n\tpodCIDRs: [\"10.128.0.0/10\"]\n\tserviceCIDRs: [\"10.96.0.0/16\"]\n")
	fmt.Fprint(w, "\trouteReflectors: main: nodes: [\"node-0\", \"node-1\"]\n\tnodes: {\n")
	for i := range nodes {
		fmt.Fprintf(w, "\t\t\"node-%d\": {address: \"%s/13\"}\n", i, nodeAt(i))
	}
	fmt.Fprint(w, "\t}\n}\n")
}

func growClusters(w io.Writer, n int) { writeSmallClusters(w, n, 4200000000) }

// writeSmallClusters writes clusters of two nodes on one subnet. Their AS numbers count from first.
func writeSmallClusters(w io.Writer, n, first int) {
	fmt.Fprint(w, "clusters: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"c%d\": {\n\t\tasNumber: %d\n\t\tpodCIDRs: [\"%s/24\"]\n", i, first+i, at(128, i<<8))
		fmt.Fprintf(w, "\t\trouteReflectors: main: nodes: [\"c%d-a\", \"c%[1]d-b\"]\n", i)
		fmt.Fprintf(w, "\t\tnodes: {\"c%d-a\": address: \"%s/13\", \"c%[1]d-b\": address: \"%[3]s/13\"}\n\t}\n", i, nodeAt(2*i), nodeAt(2*i+1))
	}
	fmt.Fprint(w, "}\n")
}

func growPools(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprint(w, "clusters: prod: ipPools: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"pool-%d\": cidr: \"%s/24\"\n", i, at(160, i<<8))
	}
	fmt.Fprint(w, "}\n")
}

// growRacks writes racks of one node each, below one leaf.
func growRacks(w io.Writer, n int) {
	fmt.Fprintf(w, "switches: leaf: {dialect: \"frr\", asNumber: 65001, interfaces: vlan10: address: \"%s/13\"}\n", at(64, 1))
	fmt.Fprint(w, "clusters: prod: {\n\tasNumber: 64512\n\tpodCIDRs: [\"10.128.0.0/10\"]\n\tracks: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\t\"rack-%d\": switches: [\"leaf\"]\n", i)
	}
	fmt.Fprint(w, "\t}\n\tnodes: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\t\"node-%d\": {rack: \"rack-%[1]d\", address: \"%s/13\"}\n", i, nodeAt(i))
	}
	fmt.Fprint(w, "\t}\n}\n")
}

func growFilters(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprintf(w, "clusters: prod: peers: outside: {address: \"%s\", asNumber: 65001, filters: [", at(71, 1))
	for i := range n {
		fmt.Fprintf(w, "\"f%d\", ", i)
	}
	fmt.Fprint(w, "]}\n")
	writeFilters(w, n)
}

// writeFilters writes filters of prod that let out a node's own routes, and let in one range each.
func writeFilters(w io.Writer, n int) {
	fmt.Fprint(w, "clusters: prod: filters: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"f%d\": {\n\t\texportV4: [{action: \"Reject\", source: \"RemotePeers\"}]\n", i)
		fmt.Fprintf(w, "\t\timportV4: [{action: \"Accept\", matchOperator: \"In\", cidr: \"%s/24\"}, {action: \"Reject\"}]\n\t}\n", at(192, i<<8))
	}
	fmt.Fprint(w, "}\n")
}

func growPeers(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprint(w, "clusters: prod: peers: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"p%d\": {address: \"%s\", asNumber: %d, filters: [\"f0\", \"f1\"]}\n", i, at(71, i+1), 4200000000+i)
	}
	fmt.Fprint(w, "}\n")
	writeFilters(w, 2)
}

// growPeerings writes a chain of clusters, each of which peers with the next one.
func growPeerings(w io.Writer, n int) {
	writeSmallClusters(w, n+1, 4200000000)
	fmt.Fprint(w, "peerings: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"p%d\": clusters: [\"c%[1]d\", \"c%d\"]\n", i, i+1)
	}
	fmt.Fprint(w, "}\n")
}

// growSwitches writes pairs of switches, each with one link, that have nothing to do with other pairs.
func growSwitches(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprint(w, "switches: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"s%d\": {dialect: \"frr\", asNumber: %d, routerID: \"%s\", loopback: \"%[3]s/32\"}\n", i, 4200000000+i, at(32, i))
	}
	fmt.Fprint(w, "}\nlinks: {\n")
	for i := range n / 2 {
		fmt.Fprintf(w, "\t\"l%d\": {\"s%d\": address: \"%s/31\", \"s%d\": address: \"%s/31\"}\n", i, 2*i, at(40, 2*i), 2*i+1, at(40, 2*i+1))
	}
	fmt.Fprint(w, "}\n")
}

// growLinks writes two switches with links between them, side by side.
func growLinks(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprintf(w, "switches: {\n\ta: {dialect: \"frr\", asNumber: 65001, routerID: \"%s\"}\n", at(32, 1))
	fmt.Fprintf(w, "\tb: {dialect: \"frr\", asNumber: 65002, routerID: \"%s\"}\n}\nlinks: {\n", at(32, 2))
	for i := range n {
		fmt.Fprintf(w, "\t\"l%d\": {a: address: \"%s/31\", b: address: \"%s/31\"}\n", i, at(40, 2*i), at(40, 2*i+1))
	}
	fmt.Fprint(w, "}\n")
}

func growHosts(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprint(w, "hosts: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"h%d\": {address: \"%s/13\", system: \"iproute2\", routes: prod: via: [\"node-0\", \"node-1\"]}\n", i, at(68, i+1))
	}
	fmt.Fprint(w, "}\n")
}

// growStatics writes a switch and a host that have routes to many clusters.
func growStatics(w io.Writer, n int) {
	writeSmallClusters(w, n, 4200000000)
	fmt.Fprintf(w, "switches: core: {dialect: \"frr\", interfaces: vlan10: address: \"%s/13\"}\n", at(64, 1))
	fmt.Fprintf(w, "hosts: h: {address: \"%s/13\", system: \"iproute2\"}\n", at(68, 1))
	for _, device := range []string{"switches: core: staticRoutes", "hosts: h: routes"} {
		fmt.Fprintf(w, "%s: {\n", device)
		for i := range n {
			fmt.Fprintf(w, "\tc%d: via: [\"c%[1]d-a\", \"c%[1]d-b\"]\n", i)
		}
		fmt.Fprint(w, "}\n")
	}
}

// growDomains writes a host that forwards the domains of many clusters.
func growDomains(w io.Writer, n int) {
	writeSmallClusters(w, n, 4200000000)
	fmt.Fprint(w, "clusters: {\n")
	for i := range n {
		fmt.Fprintf(w, "\tc%d: {serviceCIDRs: [\"%s/27\"], dns: {domain: \"c%[1]d.example\", service: \"%s\"}}\n", i, at(96, i<<5), at(96, i<<5+10))
	}
	fmt.Fprint(w, "}\n")
	fmt.Fprintf(w, "hosts: h: {address: \"%s/13\", system: \"iproute2\", dns: {server: \"dnsmasq\", forward: [", at(68, 1))
	for i := range n {
		fmt.Fprintf(w, "\"c%d\", ", i)
	}
	fmt.Fprint(w, "]}, routes: {\n")
	for i := range n {
		fmt.Fprintf(w, "\tc%d: via: [\"c%[1]d-a\", \"c%[1]d-b\"]\n", i)
	}
	fmt.Fprint(w, "}}\n")
}

func growReserved(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprint(w, "reserved: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"r%d\": [\"%s/24\"]\n", i, at(192, i<<8))
	}
	fmt.Fprint(w, "}\n")
}

func growExpectations(w io.Writer, n int) {
	writeGrown(w, fewNodes)
	fmt.Fprint(w, "expect: {\n")
	for i := range n {
		fmt.Fprintf(w, "\t\"e%d\": {from: \"node-%d\", to: \"prod\", traffic: [\"pods\"]}\n", i, i%fewNodes)
	}
	fmt.Fprint(w, "}\n")
}

// growWaivers writes clusters with an AS number that is somebody's, and a waiver for each.
func growWaivers(w io.Writer, n int) {
	writeSmallClusters(w, n, 1000)
	fmt.Fprint(w, "waivers: [\n")
	for i := range n {
		fmt.Fprintf(w, "\t{check: \"as-public\", at: \"clusters.c%d\", reason: \"a lab without a way out\"},\n", i)
	}
	fmt.Fprint(w, "]\n")
}
