package emulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// machineNamed returns the machine of that name.
func machineNamed(t *testing.T, l *Lab, name string) *Machine {
	t.Helper()
	i := slices.IndexFunc(l.Machines, func(m *Machine) bool { return m.Name == name })
	if i < 0 {
		t.Fatalf("no machine is called %s", name)
	}
	return l.Machines[i]
}

const siteTopology = `
name: "site"
switches: {
	leaf1: {dialect: "frr", asNumber: 65001, loopback: "10.9.0.1/32", interfaces: "Ten-GigabitEthernet1/0/1": {address: "10.0.1.2/24", shared: ["10.0.1.1"]}}
	leaf2: {dialect: "comware", asNumber: 65001, routerID: "10.9.0.2", interfaces: vlan1: {address: "10.0.1.3/24", shared: ["10.0.1.1"]}}
}
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	serviceCIDRs: ["10.65.0.0/16"]
	advertise: serviceClusterIPs: true
	racks: r1: switches: ["leaf1", "leaf2"]
	nodes: {
		a: {address: "10.0.1.11/24", rack: "r1", blocks: ["10.64.0.0/26"]}
		b: {address: "10.0.2.11/24"}
		d: {address: "10.0.3.11/24", gateway: "10.0.3.1"}
	}
	peers: outside: {address: "192.0.2.77", asNumber: 65009}
}
`

func TestMachinesHaveTheirAddresses(t *testing.T) {
	l := labOf(t, []byte(siteTopology))
	leaf1, leaf2, a := machineNamed(t, l, "leaf1"), machineNamed(t, l, "leaf2"), machineNamed(t, l, "c.a")
	if got := fmt.Sprint(leaf1.Ports[0].Name, leaf1.Ports[0].Declared, leaf1.Ports[0].Addresses, leaf1.Local); got !=
		"port0Ten-GigabitEthernet1/0/1[10.0.1.2/24 10.0.1.1/24] [{lo 10.9.0.1 false}]" {
		t.Errorf("leaf1 has %s", got)
	}
	if got := fmt.Sprint(leaf2.Ports[0].Addresses); got != "[10.0.1.3/24]" {
		t.Errorf("leaf2 has %s: of a shared address the first is the holder", got)
	}
	if leaf1.Ports[0].Network != a.Ports[0].Network || leaf1.Ports[0].Network != leaf2.Ports[0].Network {
		t.Error("the leaves and their node are not on one network")
	}
	if got := fmt.Sprint(a.Local, a.Routes); got != "[{cali00000000000 10.64.0.1 false} {kube-ipvs0 10.65.0.1 false}] [{0.0.0.0/0 [10.0.1.1]  3 0 false false}]" {
		t.Errorf("a has %s", got)
	}
	if leaf1.FRR == nil || leaf2.FRR == nil || a.BIRD == nil || a.BIRD6 != nil {
		t.Error("nodes run BIRD of the families that they have, switches FRR")
	}
	if !slices.Contains(l.Notes, "leaf2: FRR stands in for comware, told the same") {
		t.Errorf("notes are %q", l.Notes)
	}
}

func TestTheRestOfTheSiteIsARouter(t *testing.T) {
	l := labOf(t, []byte(siteTopology))
	site, b, d, outside := machineNamed(t, l, "site"), machineNamed(t, l, "c.b"), machineNamed(t, l, "c.d"), machineNamed(t, l, "c.peers.outside")
	var own []string
	for _, p := range site.Ports {
		own = append(own, strings.Trim(fmt.Sprint(p.Addresses), "[]"))
	}
	if got := strings.Join(own, " "); got != "10.0.1.254/24 10.0.2.254/24 10.0.3.1/24 169.254.1.2/24" {
		t.Errorf("the site has %s: gateways that were named and nobody has, else an address at the end", got)
	}
	if got := fmt.Sprint(b.Routes, b.Unknown); got != "[{0.0.0.0/0 [10.0.2.254]  250 0 false false}] [10.0.2.254]" {
		t.Errorf("b, of which no gateway is known, has %s", got)
	}
	if got := fmt.Sprint(d.Routes, d.Unknown); got != "[{0.0.0.0/0 [10.0.3.1]  3 0 false false}] []" {
		t.Errorf("d, whose gateway has an address, has %s", got)
	}
	isToLeaf := func(r Route) bool { return r.Prefix.String() == "10.9.0.1/32" && r.Gateways[0].String() == "10.0.1.2" }
	if !slices.ContainsFunc(site.Routes, isToLeaf) {
		t.Errorf("the site knows no loopback: %v", site.Routes)
	}
	if outside.BIRD == nil || fmt.Sprint(outside.Local) != "[{lo 192.0.2.77 false}]" || len(outside.Ports) != 1 {
		t.Errorf("the speaker outside is %+v", outside)
	}
}

func TestKernelNamesAreShortAndDiffer(t *testing.T) {
	used := map[string]bool{"lo": true}
	for _, tt := range []struct{ declared, want string }{
		{"eth0", "eth0"}, {"eth0", "port0"}, {"Vlan-interface20", "port1"}, {"ge-0/0/1", "port2"}, {"", "port3"}, {"lo", "port4"}, {"..", "port5"},
		{"exactly-fifteen", "exactly-fifteen"},
	} {
		if got := kernelName(tt.declared, used); got != tt.want {
			t.Errorf("%q is called %q, want %q", tt.declared, got, tt.want)
		}
	}
}
