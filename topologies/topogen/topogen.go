// Package topogen writes topologies for benchmarks and tests: large ones that are the same bytes for the same size, and small random
// ones that are the same for the same seed.
package topogen

import (
	"bufio"
	"fmt"
	"io"
	"math/bits"
)

// NodesPerCluster is the number of nodes of every cluster that Write writes, and MaxClusters the most of such clusters.
const (
	NodesPerCluster = 100
	MaxClusters     = 1000
)

// MaxNodes is the most nodes that a topology of Size has.
const MaxNodes = 100_000

// Size is how large a topology is. A smaller cluster takes less of the ranges: there may be 10,000 of 10 nodes, and one of MaxNodes.
type Size struct {
	Clusters, NodesPerCluster int // a cluster has 2 nodes at least: its reflectors
}

// Nodes is the number of nodes in all clusters.
func (s Size) Nodes() int { return s.Clusters * s.NodesPerCluster }

// Write writes a topology of the given number of clusters, at most MaxClusters, with NodesPerCluster nodes each, as WriteLiteral.
func Write(w io.Writer, clusters int) error { return WriteLiteral(w, Size{clusters, NodesPerCluster}) }

// WriteLiteral writes a topology of clusters of nodes in two racks, two of them reflectors, as literal CUE. Every node has four
// fields. It is a topology without findings worth a warning: ranges are private and disjoint.
func WriteLiteral(w io.Writer, size Size) error {
	p, err := planOf(size)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "name: \"generated-%d\"\n\nclusters: {\n", size.Nodes())
	for i := range size.Clusters {
		p.writeCluster(b, i)
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// plan is how the private ranges are divided between clusters.
type plan struct {
	Size
	pods      int // length of a cluster's pod range
	blockSize int // 0: Calico's
	subnetLog int // bits of the addresses in a cluster's subnet of nodes
}

// Where ranges begin, and what they are divided by. Pods have 10.0.0.0/8, nodes 100.64.0.0/11, services 100.96.0.0/11.
const (
	firstNode  = 11 // of a cluster's subnet
	serviceLog = 7  // bits of the addresses in a cluster's service range
	rangeLog   = 21 // of those in a /11
	widePods   = 128
	podman     = 88 // 10.88.0.0/16 is podman's; 10.0.0.0/16 has LXC's 10.0.3.0/24
)

func planOf(s Size) (plan, error) {
	if s.Clusters < 1 || s.NodesPerCluster < 2 || s.Nodes() > MaxNodes {
		return plan{}, fmt.Errorf("topogen: %d clusters of %d nodes: expected at least one of two nodes, and %d nodes at most", s.Clusters, s.NodesPerCluster, MaxNodes)
	}
	p := plan{Size: s, subnetLog: bits.Len(uint(s.NodesPerCluster + firstNode))}
	blocksLog := bits.Len(uint((3*s.NodesPerCluster+1)/2 - 1)) // one and a half blocks for each node
	p.pods = 26 - blocksLog
	if p.pods < 9 {
		p.pods, p.blockSize = 9, 28
	}
	if s.Clusters > p.mostClusters() {
		return plan{}, fmt.Errorf("topogen: %d clusters of %d nodes: expected %d at most", s.Clusters, s.NodesPerCluster, p.mostClusters())
	}
	return p, nil
}

// mostClusters is how many clusters the ranges have room for.
func (p plan) mostClusters() int {
	pods := 254 << max(0, p.pods-16)
	if p.pods < 16 {
		pods = 1 << (p.pods - 9)
	}
	return min(pods, 1<<(rangeLog-p.subnetLog), 1<<(rangeLog-serviceLog))
}

// podRange is the range of the pods of a cluster.
func (p plan) podRange(cluster int) string {
	if p.pods < 16 { // a part of 10.128.0.0/9
		return fmt.Sprintf("10.%d.0.0/%d", widePods+cluster<<(16-p.pods), p.pods)
	}
	perOctet := 1 << (p.pods - 16)
	octet := cluster/perOctet + 1
	if octet >= podman {
		octet++
	}
	rest := cluster % perOctet << (32 - p.pods)
	return fmt.Sprintf("10.%d.%d.%d/%d", octet, rest>>8, rest&0xff, p.pods)
}

func (p plan) writeCluster(w io.Writer, i int) {
	fmt.Fprintf(w, "\t\"cluster-%d\": {\n", i)
	fmt.Fprintf(w, "\t\tasNumber: %d\n", 4200000000+i)
	if p.blockSize > 0 {
		fmt.Fprintf(w, "\t\tipPools: \"default-ipv4-ippool\": {cidr: %q, blockSize: %d}\n", p.podRange(i), p.blockSize)
	} else {
		fmt.Fprintf(w, "\t\tpodCIDRs: [%q]\n", p.podRange(i))
	}
	fmt.Fprintf(w, "\t\tserviceCIDRs: [\"%s/%d\"]\n", shared(96, i<<serviceLog), 32-serviceLog)
	fmt.Fprint(w, "\t\tracks: {\n\t\t\track1: {}\n\t\t\track2: {}\n\t\t}\n")
	fmt.Fprintf(w, "\t\trouteReflectors: main: nodes: [\"c%d-node-1\", \"c%d-node-2\"]\n", i, i)
	fmt.Fprint(w, "\t\tnodes: {\n")
	for n := 1; n <= p.NodesPerCluster; n++ {
		fmt.Fprintf(w, "\t\t\t\"c%d-node-%d\": {\n", i, n)
		fmt.Fprintf(w, "\t\t\t\taddress:   \"%s/%d\"\n", shared(64, i<<p.subnetLog+n+firstNode-1), 32-p.subnetLog)
		fmt.Fprintf(w, "\t\t\t\track:      \"rack%d\"\n", n%2+1)
		fmt.Fprint(w, "\t\t\t\tinterface: \"eth0\"\n")
		fmt.Fprintf(w, "\t\t\t\tlabels: zone: \"zone-%d\"\n\t\t\t}\n", n%3)
	}
	fmt.Fprint(w, "\t\t}\n\t}\n")
}

// shared is the address so far behind 100.OCTET.0.0.
func shared(octet, offset int) string {
	return fmt.Sprintf("100.%d.%d.%d", octet+offset>>16, offset>>8&0xff, offset&0xff)
}
