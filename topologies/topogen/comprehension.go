package topogen

import (
	"bufio"
	"fmt"
	"io"
)

// WriteComprehensions writes the topology of WriteLiteral as somebody would who has a plan of the addresses: clusters and nodes come
// out of comprehensions, names and addresses out of arithmetic. It holds the same values in the same order in a few lines.
func WriteComprehensions(w io.Writer, size Size) error {
	p, err := planOf(size)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "import \"list\"\n\nname: \"generated-%d\"\n\n", size.Nodes())
	fmt.Fprintf(b, "clusters: {for i in list.Range(0, %d, 1) {\n", size.Clusters)
	fmt.Fprint(b, "\t\"cluster-\\(i)\": {\n\t\tasNumber: 4200000000 + i\n")
	p.writePodRange(b)
	fmt.Fprintf(b, "\t\tlet service = i * %d\n", 1<<serviceLog)
	fmt.Fprintf(b, "\t\tserviceCIDRs: [\"%s/%d\"]\n", sharedOf(96, "service"), 32-serviceLog)
	fmt.Fprint(b, "\t\tracks: {for r in [1, 2] {\"rack\\(r)\": {}}}\n")
	fmt.Fprint(b, "\t\trouteReflectors: main: nodes: [for n in [1, 2] {\"c\\(i)-node-\\(n)\"}]\n")
	fmt.Fprintf(b, "\t\tnodes: {for n in list.Range(1, %d, 1) let host = i*%d + n + %d {\n", size.NodesPerCluster+1, 1<<p.subnetLog, firstNode-1)
	fmt.Fprint(b, "\t\t\t\"c\\(i)-node-\\(n)\": {\n")
	fmt.Fprintf(b, "\t\t\t\taddress:   \"%s/%d\"\n", sharedOf(64, "host"), 32-p.subnetLog)
	fmt.Fprint(b, "\t\t\t\track:      \"rack\\(mod(n, 2) + 1)\"\n")
	fmt.Fprint(b, "\t\t\t\tinterface: \"eth0\"\n")
	fmt.Fprint(b, "\t\t\t\tlabels: zone: \"zone-\\(mod(n, 3))\"\n\t\t\t}\n\t\t}}\n\t}\n}}\n")
	return b.Flush()
}

// writePodRange writes podRange in CUE.
func (p plan) writePodRange(w io.Writer) {
	if p.blockSize > 0 { // one cluster alone
		fmt.Fprintf(w, "\t\tipPools: \"default-ipv4-ippool\": {cidr: %q, blockSize: %d}\n", p.podRange(0), p.blockSize)
		return
	}
	if p.pods < 16 {
		fmt.Fprintf(w, "\t\tpodCIDRs: [\"10.\\(%d + i*%d).0.0/%d\"]\n", widePods, 1<<(16-p.pods), p.pods)
		return
	}
	perOctet := 1 << (p.pods - 16)
	fmt.Fprintf(w, "\t\tlet octet = div(i, %d) + 1\n", perOctet)
	fmt.Fprintf(w, "\t\tlet rest = mod(i, %d) * %d\n", perOctet, 1<<(32-p.pods))
	fmt.Fprintf(w, "\t\tpodCIDRs: [\"10.\\(octet + list.Min([1, div(octet, %d)])).\\(div(rest, 256)).\\(mod(rest, 256))/%d\"]\n", podman, p.pods)
}

// sharedOf is what shared does, in CUE: the text between quotes for an offset of that name.
func sharedOf(octet int, offset string) string {
	return fmt.Sprintf(`100.\(%d + div(%[2]s, 65536)).\(mod(div(%[2]s, 256), 256)).\(mod(%[2]s, 256))`, octet, offset)
}
