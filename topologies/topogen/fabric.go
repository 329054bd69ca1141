package topogen

import (
	"bufio"
	"fmt"
	"io"
)

// Bounds of WriteFabric: what its ranges have room for.
const (
	MaxRacks        = 1000
	MaxNodesPerRack = 200
)

// Parts of every fabric.
const (
	fabricSpines         = 4
	fabricLeavesPerRack  = 2
	fabricReflectorsRack = 2 // reflectors per rack
)

// WriteFabric writes a topology of one cluster over a leaf-spine fabric: racks of an AS each with two reflectors, which speak with
// the rack's pair of leaves, and four spines above all leaves. Cluster IPs are advertised. It is a topology without findings
// worth a warning. There are 1 to MaxRacks racks, with 3 to MaxNodesPerRack nodes each.
func WriteFabric(w io.Writer, racks, nodesPerRack int) error {
	if racks < 1 || racks > MaxRacks {
		return fmt.Errorf("topogen: %d racks: expected 1 to %d", racks, MaxRacks)
	}
	if nodesPerRack <= fabricReflectorsRack || nodesPerRack > MaxNodesPerRack {
		return fmt.Errorf("topogen: %d nodes per rack: expected %d to %d", nodesPerRack, fabricReflectorsRack+1, MaxNodesPerRack)
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "name: \"fabric-%d\"\n\n", racks*nodesPerRack)
	writeFabricSwitches(b, racks)
	writeFabricLinks(b, racks)
	writeFabricCluster(b, racks, nodesPerRack)
	fmt.Fprint(b, "expect: {\n")
	fmt.Fprint(b, "\t\"pods of all racks\": {from: \"prod\", to: \"prod\", traffic: [\"pods\"], survives: 1}\n")
	fmt.Fprint(b, "\t\"a spine reaches all\": {from: \"spine-0\", to: \"prod\", traffic: [\"pods\", \"services\"]}\n}\n")
	return b.Flush()
}

func writeFabricSwitches(w io.Writer, racks int) {
	fmt.Fprint(w, "switches: {\n")
	for s := range fabricSpines {
		fmt.Fprintf(w, "\t\"spine-%d\": {role: \"spine\", dialect: \"frr\", asNumber: 4200020000, loopback: \"10.8.0.%d/32\"}\n", s, s+1)
	}
	for r := range racks {
		for k := range fabricLeavesPerRack {
			leaf := r*fabricLeavesPerRack + k
			fmt.Fprintf(w, "\t\"leaf-%d-%d\": {\n\t\trole: \"leaf\"\n\t\tdialect: \"frr\"\n\t\tasNumber: %d\n", r, k, 4200010000+r)
			fmt.Fprintf(w, "\t\tloopback: \"10.8.%d.%d/32\"\n", leaf/256+1, leaf%256)
			fmt.Fprintf(w, "\t\tinterfaces: vlan10: {address: \"%s.%d/24\", shared: [\"%[1]s.1\"]}\n\t}\n", fabricSubnet(r), k+2)
		}
	}
	fmt.Fprint(w, "}\n\n")
}

// fabricSubnet is the first three bytes of the addresses of a rack's nodes.
func fabricSubnet(rack int) string { return fmt.Sprintf("10.%d.%d", 16+rack/256, rack%256) }

func writeFabricLinks(w io.Writer, racks int) {
	fmt.Fprint(w, "links: {\n")
	for leaf := range racks * fabricLeavesPerRack {
		name := fmt.Sprintf("leaf-%d-%d", leaf/fabricLeavesPerRack, leaf%fabricLeavesPerRack)
		for s := range fabricSpines {
			end := 2 * (leaf*fabricSpines + s)
			fmt.Fprintf(w, "\t\"%s-spine-%d\": {\n", name, s)
			fmt.Fprintf(w, "\t\t\"spine-%d\": address: \"10.12.%d.%d/31\"\n", s, end/256, end%256)
			fmt.Fprintf(w, "\t\t\"%s\": address: \"10.12.%d.%d/31\"\n\t}\n", name, end/256, end%256+1)
		}
	}
	fmt.Fprint(w, "}\n\n")
}

func writeFabricCluster(w io.Writer, racks, nodesPerRack int) {
	fmt.Fprint(w, "clusters: prod: {\n\tpodCIDRs: [\"10.128.0.0/9\"]\n\tserviceCIDRs: [\"10.96.0.0/16\"]\n")
	fmt.Fprint(w, "\tadvertise: serviceClusterIPs: true\n\tracks: {\n")
	for r := range racks {
		fmt.Fprintf(w, "\t\t\"rack-%d\": {asNumber: %d, switches: [\"leaf-%[1]d-0\", \"leaf-%[1]d-1\"], peer: \"routeReflectors\", nextHopMode: \"Keep\"}\n", r, 4200000000+r)
	}
	fmt.Fprint(w, "\t}\n\trouteReflectors: {\n")
	for r := range racks {
		fmt.Fprintf(w, "\t\t\"rr-%d\": {rack: \"rack-%[1]d\", nodes: [\"node-%[1]d-0\", \"node-%[1]d-1\"]}\n", r)
	}
	fmt.Fprint(w, "\t}\n\tnodes: {\n")
	for r := range racks {
		for n := range nodesPerRack {
			fmt.Fprintf(w, "\t\t\"node-%d-%d\": {rack: \"rack-%[1]d\", address: \"%[3]s.%[4]d/24\"}\n", r, n, fabricSubnet(r), n+11)
		}
	}
	fmt.Fprint(w, "\t}\n}\n\n")
}
