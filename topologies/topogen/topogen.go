// Package topogen writes topologies for benchmarks and tests: literal CUE, large ones that are the same bytes for the same size,
// and small random ones that are the same for the same seed.
package topogen

import (
	"bufio"
	"fmt"
	"io"
)

// MaxClusters is the most clusters whose ranges don't overlap.
const MaxClusters = 1000

// NodesPerCluster is the number of nodes of every cluster.
const NodesPerCluster = 100

// Write writes a topology of the given number of clusters, at most MaxClusters, with NodesPerCluster nodes each in two racks,
// two of them reflectors. Every node has four fields. It is a topology without findings worth a warning: ranges are private
// and disjoint.
func Write(w io.Writer, clusters int) error {
	if clusters < 1 || clusters > MaxClusters {
		return fmt.Errorf("topogen: %d clusters: expected 1 to %d", clusters, MaxClusters)
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "name: \"generated-%d\"\n\nclusters: {\n", clusters*NodesPerCluster)
	for i := range clusters {
		writeCluster(b, i)
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

func writeCluster(w io.Writer, i int) {
	fmt.Fprintf(w, "\t\"cluster-%d\": {\n", i)
	fmt.Fprintf(w, "\t\tasNumber: %d\n", 4200000000+i)
	octet := i/4 + 1
	if octet >= 88 { // 10.88.0.0/16 is podman's, 10.0.3.0/24 LXC's
		octet++
	}
	fmt.Fprintf(w, "\t\tpodCIDRs: [\"10.%d.%d.0/18\"]\n", octet, i%4*64)
	fmt.Fprintf(w, "\t\tserviceCIDRs: [\"100.%d.%d.0/24\"]\n", 96+i/256, i%256)
	fmt.Fprint(w, "\t\tracks: {\n\t\t\track1: {}\n\t\t\track2: {}\n\t\t}\n")
	fmt.Fprintf(w, "\t\trouteReflectors: main: nodes: [\"c%d-node-1\", \"c%d-node-2\"]\n", i, i)
	fmt.Fprint(w, "\t\tnodes: {\n")
	for n := 1; n <= NodesPerCluster; n++ {
		fmt.Fprintf(w, "\t\t\t\"c%d-node-%d\": {\n", i, n)
		fmt.Fprintf(w, "\t\t\t\taddress:   \"100.%d.%d.%d/24\"\n", 64+i/256, i%256, n+10)
		fmt.Fprintf(w, "\t\t\t\track:      \"rack%d\"\n", n%2+1)
		fmt.Fprint(w, "\t\t\t\tinterface: \"eth0\"\n")
		fmt.Fprintf(w, "\t\t\t\tlabels: zone: \"zone-%d\"\n\t\t\t}\n", n%3)
	}
	fmt.Fprint(w, "\t\t}\n\t}\n")
}
