package emulate

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/internal/program"
)

// dialectTopology has a leaf of a dialect between a node and a spine.
func dialectTopology(dialect string) []byte {
	return fmt.Appendf(nil, `
name: "dialect"
switches: {
	spine1: {dialect: "frr", asNumber: 65000, routerID: "10.9.0.1"}
	leaf1: {
		dialect: %q, asNumber: 65001, routerID: "10.9.0.2"
		interfaces: vlan10: address: "10.0.1.1/24"
		bgp: password: {secret: "fabric", key: "md5"}
	}
}
links: l1: {spine1: address: "10.1.0.1/30", leaf1: address: "10.1.0.2/30"}
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.64.0.0/16"]
	racks: r1: switches: ["leaf1"]
	nodes: a: {address: "10.0.1.11/24", rack: "r1", blocks: ["10.64.0.0/26"]}
}
`, dialect)
}

// withOwn plans a lab in which switches of some dialects run their own programs.
func withOwn(t *testing.T, text []byte, own ...string) *Lab {
	t.Helper()
	l := labOf(t, text)
	if l == nil {
		t.Fatal("the topology has mistakes")
	}
	return NewLab(l.Predicted, Quick, own...)
}

func TestSwitchesRunTheirOwnPrograms(t *testing.T) {
	for _, tt := range []struct {
		dialect string
		own     []string
		want    func(*Machine) []byte
		note    string
	}{
		{"bird2", []string{"bird2"}, func(m *Machine) []byte { return m.BIRD2 }, ""},
		{"openbgpd", []string{"openbgpd"}, func(m *Machine) []byte { return m.OpenBGPD }, "leaf1: OpenBGPD writes no routes into the kernel here: they are written for it"},
		{"gobgp", []string{"gobgp"}, func(m *Machine) []byte { return m.GoBGP }, "leaf1: GoBGP writes no routes into the kernel: they are written for it"},
		{"frr", []string{"bird2"}, func(m *Machine) []byte { return m.FRR }, ""},
		{"bird2", nil, func(m *Machine) []byte { return m.FRR }, "leaf1: FRR stands in for bird2, told the same"},
	} {
		l := withOwn(t, dialectTopology(tt.dialect), tt.own...)
		leaf := machineNamed(t, l, "leaf1")
		conf := string(tt.want(leaf))
		if conf == "" {
			t.Errorf("%s, %v: leaf1 does not run it", tt.dialect, tt.own)
		}
		if !strings.Contains(conf, Password("fabric/md5")) {
			t.Errorf("%s: it does not know the password", tt.dialect)
		}
		if got := strings.Join(l.Notes, "\n"); got != tt.note {
			t.Errorf("%s: notes are %q, want %q", tt.dialect, got, tt.note)
		}
		if (tt.dialect == "gobgp") != (len(leaf.Announced) == 1) {
			t.Errorf("%s: it is told to announce %v", tt.dialect, leaf.Announced)
		}
	}
}

func TestFRRStandsInForWhatADialectLacks(t *testing.T) {
	text := strings.Replace(string(dialectTopology("gobgp")), "bgp: password", "staticRoutes: c: via: [\"a\"]\n\t\tbgp: password", 1)
	l := withOwn(t, []byte(text), "gobgp")
	if m := machineNamed(t, l, "leaf1"); m.FRR == nil || m.GoBGP != nil {
		t.Error("GoBGP has no static routes, and runs")
	}
}

// TestBIRD2TakesWhatIsWritten gives what a switch's BIRD 2 is told to its own parser.
func TestBIRD2TakesWhatIsWritten(t *testing.T) {
	bird, err := program.Path("bird2")
	if err != nil {
		if os.Getenv("TOPOC_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	file := filepath.Join(t.TempDir(), "bird.conf")
	conf := machineNamed(t, withOwn(t, dialectTopology("bird2"), "bird2"), "leaf1").BIRD2
	if err := os.WriteFile(file, conf, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(bird, "-p", "-c", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, conf)
	}
}

func TestSessionsOfBIRD2(t *testing.T) {
	lines := strings.Split(`Name       Proto      Table      State  Since         Info
device1    Device     ---        up     10:00:00.000
prod_r1_v4 BGP        ---        start  10:00:00.000  Passive
  BGP state:          Passive
    Neighbor range:   10.0.1.0/24
leaf2_v4   BGP        ---        up     10:00:01.000  Established
  Description:    leaf2
  BGP state:          Established
    Neighbor address: 10.1.0.2
    Neighbor AS:      65002
leaf3_v4   BGP        ---        start  10:00:01.000  Active        Socket: Connection refused
  BGP state:          Active
    Neighbor address: 10.1.0.6`, "\n")
	want := []SeenSession{{"10.1.0.2", "bird2", true, "up Established"}, {"10.1.0.6", "bird2", false, "start Active Socket: Connection refused"}}
	if got := bird2Sessions(lines); !slices.Equal(got, want) {
		t.Errorf("sessions are %v, want %v", got, want)
	}
}

func TestRoutesOfBIRD2AreCalledAsPredictionsDo(t *testing.T) {
	s := labOf(t, []byte(`
name: "s"
switches: s1: {dialect: "bird2", interfaces: eth0: address: "10.0.1.1/24", staticRoutes: c: via: ["a"]}
clusters: c: {podCIDRs: ["10.64.0.0/16"], nodes: a: address: "10.0.1.11/24"}
`)).Predicted.Fabric.Switches[0]
	routes := []SeenRoute{
		{Prefix: netip.MustParsePrefix("10.64.0.0/16"), Protocol: 12},
		{Prefix: netip.MustParsePrefix("10.65.0.0/16"), Protocol: 12},
		{Prefix: netip.MustParsePrefix("10.0.1.0/24"), Protocol: 2},
	}
	bird2Routes(s, routes)
	for i, want := range []string{"static", "bgp", "kernel"} {
		if got := protocolText(routes[i].Protocol); got != want {
			t.Errorf("%s is of %s, want %s", routes[i].Prefix, got, want)
		}
	}
}

func TestWhatOpenBGPDShows(t *testing.T) {
	sessions, err := openbgpdSessions([]byte(`{"neighbors": [
		{"remote_addr": "10.0.1.11", "state": "Established", "config": {"template": false}},
		{"remote_addr": "10.0.2.0/24", "state": "Template", "config": {"template": true}},
		{"remote_addr": "10.1.0.1", "state": "Active", "config": {"template": false}}]}`))
	if want := []SeenSession{{"10.0.1.11", "openbgpd", true, "Established"}, {"10.1.0.1", "openbgpd", false, "Active"}}; err != nil || !slices.Equal(sessions, want) {
		t.Errorf("sessions are %v, %v", sessions, err)
	}
	routes, err := openbgpdRIB([]byte(`{"rib": [
		{"prefix": "10.64.0.0/26", "exit_nexthop": "10.0.1.12", "best": false},
		{"prefix": "10.64.0.0/26", "exit_nexthop": "10.0.1.11", "best": true},
		{"prefix": "10.0.1.0/24", "exit_nexthop": "0.0.0.0", "best": true, "announced": true}]}`))
	if got := fmt.Sprint(routes); err != nil || got != "map[10.64.0.0/26:[10.0.1.11]]" {
		t.Errorf("routes are %s, %v", got, err)
	}
}

func TestWhatGoBGPShows(t *testing.T) {
	sessions, err := gobgpSessions([]byte(`[{"conf": {}, "state": {"neighbor_address": "10.0.1.11", "session_state": 6}}, {"state": {"neighbor_address": "10.1.0.1", "session_state": 3}}]`))
	if want := []SeenSession{{"10.0.1.11", "gobgpd", true, "state 6"}, {"10.1.0.1", "gobgpd", false, "state 3"}}; err != nil || !slices.Equal(sessions, want) {
		t.Errorf("sessions are %v, %v", sessions, err)
	}
	path := func(best bool, neighbor, asPath, hop string) string {
		return fmt.Sprintf(`{"best": %v, "neighbor-ip": %q, "attrs": [{"type": 1, "value": 0}, {"type": 2, "as_paths": [{"asns": [%s]}]}, {"type": 3, "nexthop": %q}]}`, best, neighbor, asPath, hop)
	}
	text := `{"10.64.0.0/26": [` + strings.Join([]string{
		path(true, "10.0.1.11", "64512", "10.0.1.11"), path(false, "10.0.1.12", "64513", "10.0.1.12"),
		path(false, "10.1.0.1", "65000, 64512", "10.1.0.1"), path(false, "10.0.1.13", "64512", "10.0.1.13"),
	}, ", ") + `], "10.0.1.0/24": [` + path(true, "<nil>", "", "0.0.0.0") + `],
	"fd00::/64": [{"best": true, "neighbor-ip": "fd01::1", "attrs": [{"type": 1, "value": 0}, {"type": 14, "nexthop": "fd01::1", "value": [{"prefix": "fd00::/64"}]}]}]}`
	routes, err := gobgpRIB([]byte(text), map[string]bool{"10.0.1.13": true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range slices.SortedFunc(maps.Keys(routes), func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) }) {
		got = append(got, fmt.Sprint(p, routes[p]))
	}
	if want := "10.64.0.0/26 [10.0.1.11 10.0.1.12]; fd00::/64 [fd01::1]"; strings.Join(got, "; ") != want {
		t.Errorf("routes are %q, want %s", got, want)
	}
}
