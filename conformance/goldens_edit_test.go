package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"topoc/conformance/birdcfg"
)

// edits are changes of goldens, each of which the comparison must tell.
var edits = []struct {
	golden, file string // the file that is edited: of bird.cfg and what it includes, or of bird6.cfg
	old, new     string
	want         string // the beginning of a difference
}{
	{"mesh/ipip-always", "bird.cfg", "router id 10.192.0.2;", "router id 10.192.0.9;", "router ID"},
	{"mesh/communities", "bird.cfg", "listen bgp port 177;", "listen bgp port 178;", "listen port"},
	{"explicit_peering/global", "bird.cfg", "listen bgp address 10.192.0.2", "listen bgp address 10.192.0.3", "listen address"},
	{"mesh/ipip-always", "bird.cfg", "merge paths on;", "merge paths off;", "protocol kernel"},
	{"mesh/ipip-always", "bird.cfg", "export filter calico_kernel_programming;", "export all;", "filters of protocol kernel"},
	{"ignored_interfaces", "bird.cfg", `-"iface-2", `, "", "interfaces of protocol direct"},
	{"mesh/ipip-always", "bird_aggr.cfg", "route 10.1.0.0/24 blackhole;", "", "blackholes"},
	{"mesh/static-routes", "bird_aggr.cfg", "route 10.101.0.101/32 blackhole;", "", "blackholes"},
	{"mesh/static-routes", "bird6_aggr.cfg", "route fd00:96::28/128 blackhole;", "", "blackholes"},
	{"reachable_by/global_peers", "bird_aggr.cfg", "via 10.224.0.1", "via 10.224.0.2", "routes to peers"},

	{"explicit_peering/specific_node", "bird.cfg", "protocol bgp Node_", "protocol bgp Nope_", "session Nope_"},
	{"mesh/ipip-always", "bird.cfg", "protocol bgp Mesh_10_192_0_3 ", "protocol bgp Mesh_10_192_0_33 ", "session Mesh_10_192_0_3:"},
	{"explicit_peering/route_reflector", "bird.cfg", "local as 64532;", "local as 64531;", "session Node_10_192_0_3, local AS"},
	{"explicit_peering/route_reflector", "bird.cfg", "neighbor 10.192.0.3 as 64532;", "neighbor 10.192.0.33 as 64532;", "session Node_10_192_0_3, neighbor"},
	{"explicit_peering/route_reflector", "bird6.cfg", "port 50 as 64533;", "port 51 as 64533;", "session Node_ac13__57_port_50, port"},
	{"explicit_peering/route_reflector", "bird.cfg", "as 64533;", "as 64534;", "session Node_172_19_4_87, AS of the neighbor"},
	{"explicit_peering/route_reflector", "bird.cfg", "source address 10.192.0.2;", "", "session Node_10_192_0_3, source address"},
	{"mesh/ipip-always", "bird.cfg", "passive on;", "", "session Mesh_10_192_0_3, passive"},
	{"explicit_peering/route_reflector", "bird.cfg", "multihop;", "multihop 2;", "session Node_10_192_0_3, multihop"},
	{"ttl_security/global", "bird.cfg", "ttl security on;", "ttl security off;", "session Global_10_192_0_3, ttl security"},
	{"explicit_peering/route_reflector", "bird.cfg", "rr client;", "", "session Node_10_192_0_3, rr client"},
	{"explicit_peering/route_reflector", "bird.cfg", "rr cluster id 10.0.0.1;", "rr cluster id 10.0.0.2;", "session Node_10_192_0_3, rr cluster id"},
	{"next_hop_mode/global_peers", "bird.cfg", "next hop keep;", "next hop self;", "session Global_"},
	{"explicit_peering/local-as", "bird.cfg", "allow local as ", "allow local as 1", "session Node_"},
	{"mesh/password/step2", "bird.cfg", `password "password-a";`, `password "another";`, "session Mesh_10_192_0_3, password"},
	{"mesh/restart-time", "bird.cfg", "graceful restart time 10;", "graceful restart time 11;", "session Mesh_10_192_0_3, graceful restart time"},
	{"mesh/ipip-always", "bird.cfg", "add paths on;", "", "session Mesh_10_192_0_3, add paths"},
	{"mesh/ipip-always", "bird.cfg", "gateway recursive;", "", "session Mesh_10_192_0_3, gateway recursive"},

	{"mesh/communities", "bird.cfg", "bgp_community.add((100, 6532));", "", "export of Mesh_10_192_0_3"},
	{"mesh/communities", "bird.cfg", "bgp_large_community.add((100, 555, 107));", "bgp_large_community.add((100, 555, 108));", "export of Mesh_"},
	{"mesh/bgp-export", "bird_ipam.cfg", "if ( net ~ 192.168.3.0/24 ) then {\n    accept;", "if ( net ~ 192.168.3.0/24 ) then {\n    reject;", "export of Mesh_"},
	{"mesh/ipip-always", "bird_ipam.cfg", "192.168.0.0/16 ) then {\n    accept;", "192.168.0.0/17 ) then {\n    accept;", "export of Mesh_"},
	{"mesh/ipip-always", "bird.cfg", "calico_export_to_bgp_peers(true);", "calico_export_to_bgp_peers(false);", "export of Mesh_"},
	{"mesh/ipip-always", "bird_aggr.cfg", "net = 10.1.0.0/24 ) then { accept; }", "net = 10.1.0.0/24 ) then { reject; }", "export of Mesh_"},
	{"mesh/static-routes", "bird_ipam.cfg", "80.15.0.0/24 ) then { accept; }", "80.15.0.0/25 ) then { accept; }", "export of Mesh_"},
	{"bgpfilter/match_operators", "bird.cfg", "(net ~ 44.0.0.0/16)", "(net = 44.0.0.0/16)", "import of "},
	{"bgpfilter/match_operators", "bird.cfg", "(net ~ 77.0.0.0/16)", "(net ~ 77.0.0.0/17)", "export of "},
	{"bgpfilter/match_source", "bird.cfg", "source ~ [ RTS_BGP ]", "source ~ [ RTS_STATIC ]", "import of "},
	{"bgpfilter/match_interface", "bird.cfg", `ifname ~ "eth0"`, `ifname ~ "eth1"`, "export of "},
	{"bgpfilter/single_filter/global_peer", "bird6.cfg", "9000::0/64", "9000::0/65", "export of "},

	{"mesh/ipip-always", "bird_ipam.cfg", `krt_tunnel = "tunl0";`, `krt_tunnel = "";`, "kernel, "},
	{"mesh/ipip-cross-subnet", "bird_ipam.cfg", "bgp_next_hop ~ 10.192.0.0/16", "bgp_next_hop ~ 10.193.0.0/16", "kernel, "},
	{"mesh/vxlan-always", "bird_ipam.cfg", "handled by Felix.\n    reject;", "handled by Felix.\n    accept;", "kernel, "},
	{"mesh/static-routes", "bird_ipam.cfg", "net ~ 80.15.0.0/24 ) then { reject; }", "net ~ 80.15.0.0/25 ) then { reject; }", "kernel, "},
}

// TestComparisonTellsEveryKindOfDifference holds the comparison itself to something: a golden that is edited no longer equals
// what is predicted.
func TestComparisonTellsEveryKindOfDifference(t *testing.T) {
	g := newGoldens(t)
	tried := map[int]bool{}
	g.replay(t, append(recordSteps(t, g.tests, "etcdv3"), recordSteps(t, g.tests, "kubernetes")...), func(s *state, node, golden string) {
		for i, edit := range edits {
			if edit.golden != golden || tried[i] {
				continue
			}
			tried[i] = true
			file := familyFiles[0]
			if strings.HasPrefix(edit.file, "bird6") {
				file = familyFiles[1]
			}
			dir := filepath.Join(g.tests, "compiled_templates", golden)
			edited := func(name string) (string, error) {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if name != edit.file {
					return string(data), err
				}
				if !strings.Contains(string(data), edit.old) {
					t.Errorf("%s of %s has no %q to edit", name, golden, edit.old)
				}
				return strings.ReplaceAll(string(data), edit.old, edit.new), err
			}
			text, err := edited(file.name)
			if err != nil {
				t.Fatal(err)
			}
			rendered, err := birdcfg.Parse(file.name, text, edited)
			if err != nil {
				t.Errorf("%s, %q for %q: %v", golden, edit.new, edit.old, err)
				continue
			}
			c := g.comparison(t, s, node, golden, file.family, rendered)
			c.run()
			if !slices.ContainsFunc(c.differences, func(d string) bool { return strings.HasPrefix(d, edit.want) }) {
				t.Errorf("%s, %q for %q: no difference begins with %q:\n%s", golden, edit.new, edit.old, edit.want, strings.Join(c.differences, "\n"))
			}
		}
	})
	for i, edit := range edits {
		if !tried[i] {
			t.Errorf("there is no golden %s", edit.golden)
		}
	}
}
