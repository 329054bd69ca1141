package fabric

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/model"
)

// TestDialects checks what find and the printers rely on.
func TestDialects(t *testing.T) {
	want := []string{"aoscx", "bird2", "comware", "eos", "frr", "gobgp", "iosxe", "iosxr", "junos", "nvue", "nxos", "openbgpd", "os10",
		"routeros", "sonic", "srlinux", "vrp", "vyos"}
	if got := DialectNames(); !slices.Equal(got, want) {
		t.Errorf("dialects are %v, want %v", got, want)
	}
	for _, d := range dialects {
		if DialectByName(d.Name) != d {
			t.Errorf("%s is not found by its name", d.Name)
		}
		if d.Extension == "" || d.SafePaths < 1 || d.SafePaths > d.MaxPaths || d.MaxName < maxPolicyName || d.Has(FeatureVRF) != (d.MaxVRF > 0) ||
			d.Features >= endOfFeatures || d.Has(FeatureDynamicASNumbers) && !d.Has(FeatureDynamicNeighbors) {
			t.Errorf("%s: the facts contradict each other: %+v", d.Name, d)
		}
	}
	if DialectByName("ios") != nil {
		t.Error("there is a dialect ios")
	}
	if got, want := len(features), bits.TrailingZeros32(uint32(endOfFeatures)); got != want {
		t.Errorf("%d words for %d features", got, want)
	}
	if got, want := (FeatureVRF | FeatureIPv6).String(), "VRFs, IPv6"; got != want {
		t.Errorf("String is %q, want %q", got, want)
	}
}

func TestInterfaceForms(t *testing.T) {
	for _, c := range []struct{ dialect, good, bad string }{
		{"aoscx", "1/1/1 vlan20 lag1", "Ethernet1/1 1/1"},
		{"bird2", "eth0 vlan20", "Ethernet1/1 a-name-of-16-chars"},
		{"comware", "Vlan-interface20 GigabitEthernet1/0/1 Ten-GigabitEthernet1/0/49.100 FortyGigE1/0/50 HundredGigE1/0/25:1 Route-Aggregation1 LoopBack0",
			"swp 1/1/1"},
		{"eos", "Ethernet1 Ethernet1/1 Et3/1.100 Vlan20 Port-Channel1 Loopback0", "1/1/1 xe-0/0/0.0"},
		{"frr", "eth0 swp1s0 vlan20 br0.100 lo ens192", "Ethernet1/1 an-interface-name"},
		{"iosxe", "GigabitEthernet1/0/1 TwentyFiveGigE1/0/1 Vlan20 Port-channel1", "1/1/1 xe-0/0/0"},
		{"iosxr", "GigabitEthernet0/0/0/0 Bundle-Ether1 HundredGigE0/0/0/1.100 BVI20 MgmtEth0/RP0/CPU0/0", "1/1/1 xe-0/0/0"},
		{"junos", "xe-0/0/0.0 et-0/0/1:0.0 irb.20 ae0 lo0.0", "Ethernet1/1 Vlan-interface20"},
		{"nvue", "swp1 bond1 vlan20", "Ethernet1/1"},
		{"nxos", "Ethernet1/1 Vlan20 port-channel1 loopback0 mgmt0", "1/1/1 xe-0/0/0.0"},
		{"openbgpd", "em0 vlan20 vio1", "Ethernet1/1 eth"},
		{"os10", "ethernet1/1/1 ethernet1/1/1:1 vlan20 port-channel1", "Ethernet1/1 swp1"},
		{"routeros", "ether1 sfp-sfpplus1 vlan20 bridge", ""},
		{"sonic", "Ethernet0 PortChannel1 Vlan20 Eth1/1", "swp1 GigabitEthernet0/0"},
		{"srlinux", "ethernet-1/1 ethernet-1/1.0 irb0.20 lag1.0 system0.0", "Ethernet1/1 swp1"},
		{"vrp", "Vlanif20 10GE1/0/1 100GE1/0/1:1 GigabitEthernet0/0/1 Eth-Trunk1.10 LoopBack0", "swp xe-0/0/0.0"},
		{"vyos", "eth0 bond0.100 br0 dum0", "Ethernet1/1"},
	} {
		form := DialectByName(c.dialect).Interfaces
		for _, name := range strings.Fields(c.good) {
			if !form.MatchString(name) {
				t.Errorf("%s refuses the interface %s", c.dialect, name)
			}
		}
		for _, name := range strings.Fields(c.bad) {
			if form.MatchString(name) {
				t.Errorf("%s takes the interface %s", c.dialect, name)
			}
		}
	}
}

func TestUnsupported(t *testing.T) {
	paths, yes := 1024, true
	full := func(dialect string) *Switch {
		s := &Switch{Name: "leaf01", Dialect: DialectByName(dialect), Managed: true, VRF: "a-name-of-more-than-31-characters",
			Model: &model.Switch{BGP: &model.SwitchBGP{MaximumPaths: &paths, GracefulRestart: &yes, DynamicNeighbors: true}}}
		s.Interfaces = []*Interface{{Switch: s, Name: "1/1/1", VRF: s.VRF}}
		family := &FamilyConfig{Family: IPv6, ASOverride: true, ReflectorClient: true, DefaultOriginate: true}
		session := SessionConfig{UpdateSource: netip.MustParseAddr("10.0.0.1"), TTLSecurity: 1, BFD: true,
			Password: &model.SecretRef{}, Families: []*FamilyConfig{family}}
		group := &PeerGroup{Name: "G", At: "clusters.prod.racks.r1", SessionConfig: session}
		s.Routers = []*BGPRouter{{Families: []Family{IPv6}, Groups: []*PeerGroup{group}, Listens: []*Listen{{Group: group}},
			Neighbors: []*Neighbor{{Interface: "swp1", Session: &Session{At: "links.l1"}}}}}
		s.Statics = []*StaticRoute{{At: "switches.leaf01.staticRoutes.prod"}}
		return s
	}
	for _, c := range []struct {
		dialect string
		want    []string
	}{
		{"comware", []string{
			`clusters.prod.racks.r1: comware has no dynamic neighbors of several AS numbers in one subnet [eos iosxe iosxr junos nxos routeros srlinux]`,
			`links.l1: comware has no sessions over links without addresses [frr]`,
			`switches.leaf01.bgp.maximumPaths: comware uses at most 64 equal-cost paths, not 1024 []`,
			`switches.leaf01.interfaces."1/1/1": comware has no interface of the name "1/1/1" [aoscx routeros]`,
			`switches.leaf01.vrf: comware takes names of VRFs of at most 31 characters, "a-name-of-more-than-31-characters" has 33 [eos junos routeros srlinux]`,
		}},
		{"openbgpd", []string{
			`clusters.prod.racks.r1: openbgpd has no dynamic neighbors of several AS numbers in one subnet [eos iosxe iosxr junos nxos routeros srlinux]`,
			`clusters.prod.racks.r1.asOverride: openbgpd has no AS override [bird2 comware frr gobgp]`,
			`clusters.prod.racks.r1.bfd: openbgpd has no BFD for BGP [bird2 comware frr]`,
			`clusters.prod.racks.r1.password: openbgpd has no passwords for dynamic neighbors [bird2 comware frr]`,
			`links.l1: openbgpd has no sessions over links without addresses [frr]`,
			`switches.leaf01.bgp.defaultOriginate: openbgpd has no default routes made for a session that carries others too [bird2 comware frr]`,
			`switches.leaf01.bgp.maximumPaths: openbgpd uses at most 1 equal-cost paths, not 1024 []`,
			`switches.leaf01.interfaces."1/1/1": openbgpd has no interface of the name "1/1/1" [aoscx routeros]`,
			`switches.leaf01.staticRoutes.prod: openbgpd has no static routes [bird2 comware frr]`,
			`switches.leaf01.vrf: openbgpd has no VRFs [bird2 comware frr]`,
		}},
	} {
		var got []string
		for _, n := range Unsupported(full(c.dialect)) {
			got = append(got, string(n.At)+": "+n.Message+" "+fmt.Sprint(n.Dialects))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:", c.dialect)
			for _, line := range got {
				t.Logf("%s", line)
			}
		}
	}
	unmanaged := full("openbgpd")
	unmanaged.Managed = false
	if got := Unsupported(unmanaged); len(got) > 0 {
		t.Errorf("an unmanaged switch needs %v", got)
	}
}
