package conformance

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
)

// leafTopology is a small network: a leaf between three nodes, a spine and a host. The nodes differ in AS, so that none has the
// others' routes but from the leaf, and in subnet, so that each comes to the others over it.
const leafTopology = `
name: "leaf"
switches: {
	spine: {dialect: "frr", asNumber: 65000, routerID: "10.9.0.1", interfaces: vlan20: address: "172.16.2.1/24"}
	leaf: {
		dialect: "DIALECT", asNumber: 65001, routerID: "10.9.0.2"
		interfaces: {for n in [1, 2, 3] {"vlan\(n)": {address: "172.16.1\(n).1/24", address6: "fd00:\(n)::1/64"}}}
	}
}
links: l: {
	spine: {address: "172.16.0.1/30", address6: "fd00:a::1/64"}
	leaf: {address: "172.16.0.2/30", address6: "fd00:a::2/64"}
}
clusters: c: {
	podCIDRs: ["10.233.64.0/18", "fd00:10:233::/56"]
	serviceCIDRs: ["10.233.0.0/18", "fd00:10:96::/112"]
	advertise: serviceClusterIPs: true
	racks: {for n in [1, 2, 3] {"r\(n)": {switches: ["leaf"], asNumber: 64511+n}}}
	nodes: {for n in [1, 2, 3] {"n\(n)": {rack: "r\(n)", address: "172.16.1\(n).11/24", address6: "fd00:\(n)::11/64"}}}
}
hosts: client: {system: "iproute2", address: "172.16.2.50/24", gateway: "172.16.2.1"}
expect: reached: {from: "client", to: "c", traffic: ["pods", "services"]}
`

// refused are prefixes that no leaf of that network takes from a node: around its ranges, of other lengths, of others.
func refused() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/0", "10.0.0.0/8", "10.233.0.0/16", "10.233.0.0/17", "10.233.0.0/19", "10.233.0.0/24", "10.233.63.0/24", "10.233.64.0/17",
		"10.233.127.0/27", "10.233.127.192/28", "10.233.127.252/31",
		"10.233.128.0/26", "10.233.128.1/32", "10.234.0.0/18", "172.16.0.0/30", "172.16.12.0/24", "172.16.12.128/25", "172.16.12.200/32",
		"192.168.0.0/16", "203.0.113.0/24", "203.0.113.1/32",
		"::/0", "2000::/3", "2001:db8::/32", "fd00::/8", "fd00:10:96::/64", "fd00:10:96::/111", "fd00:10:96::/113", "fd00:10:97::/112",
		"fd00:10:233::/48", "fd00:10:233::/55", "fd00:10:233:0:1::/123",
		"fd00:10:233:0:1::2/127", "fd00:10:233:100::/122", "fd00:10:233:100::1/128", "fd00:2::/64", "fd00:2::200/128", "fd00:99::/64",
	} {
		all = append(all, netip.MustParsePrefix(s).Masked())
	}
	return all
}

// TestEveryLeafWithAProgramHoldsTheSameRoutes loads each dialect that has a program as the leaf of one network, with Calico's nodes
// below. A node announces what the leaf is to refuse too; the routes everywhere are those predicted, and to the same prefixes for each
// dialect. (OpenBGPD has one next hop for each.)
func TestEveryLeafWithAProgramHoldsTheSameRoutes(t *testing.T) {
	var held []string
	for _, dialect := range []string{"frr", "bird2", "openbgpd", "gobgp"} {
		t.Run(dialect, func(t *testing.T) {
			own := emulate.Own()
			if dialect != "frr" && !slices.Contains(own, dialect) {
				doWithout(t, fmt.Errorf("the program of %s is not here, or not for this user: see .ci/deps", dialect))
			}
			text := strings.Replace(leafTopology, "DIALECT", dialect, 1)
			r := (&lab{Name: "leaf-" + dialect, Text: []byte(text), Timing: emulate.Timing{Connect: 1}, Packets: true, Own: own, Probes: refused()}).run(t)
			r.judge(t, "")
			if r.Snippets != 2 {
				t.Errorf("%d switches run what topoc writes for them, want both: %s", r.Snippets, strings.Join(r.Notes, "; "))
			}
			if held == nil {
				held = r.Held
			}
			if !slices.Equal(r.Held, held) {
				t.Errorf("its network holds routes to other prefixes than that of frr:\n%s\nwant:\n%s", strings.Join(r.Held, "\n"), strings.Join(held, "\n"))
			}
			t.Logf("%d session ends, %d routes beside %d refused; %d exchanges get there and back, %d do not", r.Sessions, r.Routes, len(refused()), r.Reached, r.Lost)
		})
	}
}

var (
	toPeers  = regexp.MustCompile(`function calico_export_to_bgp_peers\([^)]*\) \{`)
	toKernel = regexp.MustCompile(`filter calico_kernel_programming \{`)
)

// announcing makes a node's BIRD announce prefixes of its family to all its peers, past Calico's filters, and keep them from its
// own kernel.
func announcing(conf []byte, prefixes []netip.Prefix, f fabric.Family) []byte {
	if !toPeers.Match(conf) || !toKernel.Match(conf) {
		panic("confd renders other filters than those that announcements get around")
	}
	conf = toPeers.ReplaceAll(conf, []byte("$0\n  if proto = \"probes\" then accept;"))
	conf = toKernel.ReplaceAll(conf, []byte("$0\n  if proto = \"probes\" then reject;"))
	b := bytes.NewBuffer(append(conf, "\nprotocol static probes {\n"...))
	for _, p := range prefixes {
		if fabric.FamilyOf(p.Addr()) == f {
			fmt.Fprintf(b, "  route %s blackhole;\n", p)
		}
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// checkOwn holds what a switch's own program is told to the snippet that a build writes for it: all its lines are there, in order.
func (x *sandboxed) checkOwn(told []byte, s *fabric.Switch) error {
	written, ok := x.files("switches/" + s.Name + "." + s.Dialect.Extension)
	if !ok {
		return fmt.Errorf("switch %s runs %s, and topoc writes no snippet for it", s.Name, s.Dialect.Name)
	}
	rest := told
	for line := range bytes.Lines(written) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		i := bytes.Index(rest, line)
		if i < 0 {
			return fmt.Errorf("switch %s is not told %q, which topoc writes for it", s.Name, line)
		}
		rest = rest[i+len(line):]
	}
	x.Snippets++
	return nil
}
