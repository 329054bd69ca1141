package fabric

import (
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
			d.Features >= endOfFeatures ||
			(d.Has(FeatureDynamicASNumbers) || d.Has(FeatureDynamicPasswords)) && !d.Has(FeatureDynamicNeighbors) {
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
		{"sonic", "Ethernet0 Ethernet0.10 Eth0.10 PortChannel1 Vlan20", "swp1 GigabitEthernet0/0 Eth1/1"},
		{"srlinux", "ethernet-1/1 ethernet-1/1.0 irb0.20 lag1.0 system0.0", "Ethernet1/1 swp1"},
		{"vrp", "Vlanif20 10GE1/0/1 100GE1/0/1:1 GigabitEthernet0/0/1 Eth-Trunk1.10 LoopBack0", "swp xe-0/0/0.0"},
		{"vyos", "eth0 bond0.100 br0 dum0", "Ethernet1/1"},
	} {
		form := DialectByName(c.dialect).Interfaces()
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

// demanding is a switch that asks its dialect for nearly everything.
func demanding(dialect string) *Switch {
	paths, yes := 1024, true
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

func TestUnsupported(t *testing.T) {
	for _, c := range []struct {
		dialect string
		want    []string
	}{
		{"comware", []string{
			`clusters.prod.racks.r1: comware has no dynamic neighbors of several AS numbers in one subnet`,
			`links.l1: comware has no sessions over links without addresses`,
			`switches.leaf01.bgp.maximumPaths: comware uses at most 64 equal-cost paths, not 1024`,
			`switches.leaf01.interfaces."1/1/1": comware has no interface of the name "1/1/1"`,
			`switches.leaf01.vrf: comware takes names of VRFs of at most 31 characters, "a-name-of-more-than-31-characters" has 33`,
		}},
		{"openbgpd", []string{
			`clusters.prod.racks.r1: openbgpd has no dynamic neighbors of several AS numbers in one subnet`,
			`clusters.prod.racks.r1.asOverride: openbgpd has no AS override`,
			`clusters.prod.racks.r1.bfd: openbgpd has no BFD for BGP`,
			`clusters.prod.racks.r1.password: openbgpd has no passwords for dynamic neighbors`,
			`links.l1: openbgpd has no sessions over links without addresses`,
			`switches.leaf01.bgp.defaultOriginate: openbgpd has no default routes made for a session that carries others too`,
			`switches.leaf01.bgp.maximumPaths: openbgpd uses at most 1 equal-cost paths, not 1024`,
			`switches.leaf01.interfaces."1/1/1": openbgpd has no interface of the name "1/1/1"`,
			`switches.leaf01.staticRoutes.prod: openbgpd has no static routes`,
			`switches.leaf01.vrf: openbgpd has no VRFs`,
		}},
	} {
		s := demanding(c.dialect)
		var got []string
		for _, n := range Unsupported(s) {
			got = append(got, string(n.At)+": "+n.Message)
			if able := dialectsWhere(func(d *Dialect) bool { return d.Has(n.Feature) }); n.Feature != 0 && len(able) > 0 && !slices.Equal(n.Dialects, able) {
				t.Errorf("%s: %s: %q can, want %q", n.At, n.Message, n.Dialects, able)
			}
			if !slices.IsSorted(n.Dialects) || slices.Contains(n.Dialects, c.dialect) {
				t.Errorf("%s: %s: %q can", n.At, n.Message, n.Dialects)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:", c.dialect)
			for _, line := range got {
				t.Logf("%s", line)
			}
		}
	}
	unmanaged := demanding("openbgpd")
	unmanaged.Managed = false
	if got := Unsupported(unmanaged); len(got) > 0 {
		t.Errorf("an unmanaged switch needs %v", got)
	}
}

// TestLacks compares what the dialects cannot do with what is known of them: a printer relies on it.
func TestLacks(t *testing.T) {
	for dialect, want := range map[string]Feature{
		"aoscx":    FeatureUnnumbered | FeatureDynamicNeighbors | FeatureASOverride | FeatureGracefulRestartOff,
		"eos":      FeatureDynamicASNumbers,
		"frr":      FeatureDynamicASNumbers,
		"iosxe":    FeatureUnnumbered | FeatureDynamicASNumbers,
		"iosxr":    FeatureUnnumbered | FeatureDynamicASNumbers,
		"junos":    FeatureUnnumbered | FeatureTTLSecurity | FeatureDefaultOriginate | FeatureDynamicASNumbers,
		"nvue":     FeatureDynamicASNumbers,
		"nxos":     FeatureDynamicASNumbers,
		"os10":     FeatureTTLSecurity | FeatureASOverride | FeatureDynamicPasswords | FeatureDynamicASNumbers,
		"routeros": FeatureUnnumbered | FeatureGracefulRestart | FeatureGracefulRestartOff | FeatureDynamicPasswords | FeatureDynamicASNumbers,
		"sonic":    FeatureDynamicASNumbers,
		"srlinux":  FeatureTTLSecurity | FeatureDynamicASNumbers,
		"vrp":      FeatureUnnumbered | FeatureDynamicASNumbers,
		"vyos":     FeatureDynamicASNumbers,
	} {
		on, off := demanding(dialect), demanding(dialect)
		no := false
		off.Model.BGP.GracefulRestart = &no
		var got Feature
		for _, n := range append(Unsupported(on), Unsupported(off)...) {
			got |= n.Feature
		}
		if got != want {
			t.Errorf("%s lacks %v, want %v", dialect, got, want)
		}
	}
}

// TestUnsupportedTimers writes hold times and keepalive intervals around the longest hold time.
func TestUnsupportedTimers(t *testing.T) {
	for _, c := range []struct {
		dialect         string
		keepalive, hold int
		want            string
	}{
		{"eos", 0, 3600, ""},
		{"eos", 1200, 0, ""},
		{"eos", 0, 3601, "switches.leaf01.bgp.hold: eos takes a hold time of at most 3600 seconds, not 3601"},
		{"eos", 1201, 0, "switches.leaf01.bgp.keepalive: eos takes a hold time of at most 3600 seconds, not 3603"},
		{"frr", 0, 65535, ""},
	} {
		bgp := &model.SwitchBGP{}
		if c.keepalive > 0 {
			bgp.Keepalive = &c.keepalive
		}
		if c.hold > 0 {
			bgp.Hold = &c.hold
		}
		got := ""
		for _, n := range Unsupported(&Switch{Name: "leaf01", Dialect: DialectByName(c.dialect), Managed: true, Model: &model.Switch{BGP: bgp}}) {
			got += string(n.At) + ": " + n.Message
		}
		if got != c.want {
			t.Errorf("%s, keepalive %d, hold %d: %q, want %q", c.dialect, c.keepalive, c.hold, got, c.want)
		}
	}
}

// TestUnsupportedTTLHops asks for TTL security over more than one hop.
func TestUnsupportedTTLHops(t *testing.T) {
	for dialect, want := range map[string]string{
		"frr":   "",
		"iosxr": "iosxr has TTL security over at most 1 hops, not 2",
	} {
		s := demanding(dialect)
		s.Routers[0].Groups[0].TTLSecurity = 2
		got := ""
		for _, n := range Unsupported(s) {
			if n.At == "clusters.prod.racks.r1.ttlSecurity" {
				got += n.Message
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", dialect, got, want)
		}
	}
}

// TestUnsupportedVRFNames names VRFs as SONiC takes them, and as it doesn't.
func TestUnsupportedVRFNames(t *testing.T) {
	for vrf, want := range map[string]string{
		"VrfBlue":             "",
		"blue":                `switches.leaf01.vrf: sonic takes names of VRFs that begin with "Vrf", not "blue"`,
		"VrfOfTheWholeFabric": `switches.leaf01.vrf: sonic takes names of VRFs of at most 15 characters, "VrfOfTheWholeFabric" has 19`,
	} {
		got := ""
		for _, n := range Unsupported(&Switch{Name: "leaf01", VRF: vrf, Dialect: DialectByName("sonic"), Managed: true, Model: &model.Switch{}}) {
			got += string(n.At) + ": " + n.Message
		}
		if got != want {
			t.Errorf("VRF %s: %q, want %q", vrf, got, want)
		}
	}
}

// TestUnsupportedListens has a subnet of either family that sessions come from.
func TestUnsupportedListens(t *testing.T) {
	const want = "clusters.prod.racks.r1: vrp has no dynamic neighbors over IPv6"
	for subnet, refused := range map[string]bool{"172.20.0.0/24": false, "fd00:20::/64": true} {
		for _, dialect := range []string{"frr", "vrp"} {
			group := &PeerGroup{At: "clusters.prod.racks.r1", SessionConfig: SessionConfig{RemoteASN: 64512}}
			s := &Switch{Name: "leaf01", Dialect: DialectByName(dialect), Managed: true, Model: &model.Switch{}}
			s.Routers = []*BGPRouter{{Groups: []*PeerGroup{group}, Listens: []*Listen{{Prefix: netip.MustParsePrefix(subnet), Group: group}}}}
			var got []string
			for _, n := range Unsupported(s) {
				got = append(got, string(n.At)+": "+n.Message)
			}
			if refused := refused && dialect == "vrp"; refused != slices.Contains(got, want) || !refused && len(got) > 0 {
				t.Errorf("%s, %s: %q", dialect, subnet, got)
			}
		}
	}
}
