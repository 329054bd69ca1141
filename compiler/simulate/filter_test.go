package simulate

import (
	"fmt"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

func TestRulesOfBGPFilters(t *testing.T) {
	learned := bgp.Route{Source: bgp.FromBGP, LocalPref: 100, ASPath: []uint32{65000, 65001, 65002},
		Communities: []bgp.Community{{Part: [3]uint32{64512, 7}}, {Wide: true, Part: [3]uint32{1, 2, 3}}}}
	out := func(iface string) bgp.Route { return bgp.Route{Source: bgp.FromKernel, Interface: iface} }
	prioritized := func(priority int) bgp.Route { return bgp.Route{Source: bgp.FromBGP, LocalPref: localPrefOf(priority)} }
	for _, tt := range []struct {
		name   string
		rule   string // conditions and operations
		prefix string
		route  bgp.Route
		want   bool // it matches
	}{
		{"no condition matches everything", ``, "10.0.0.0/8", learned, true},
		{"Equal is the prefix itself", `cidr: "10.0.0.0/8", matchOperator: "Equal"`, "10.0.0.0/8", learned, true},
		{"and nothing in it", `cidr: "10.0.0.0/8", matchOperator: "Equal"`, "10.0.0.0/9", learned, false},
		{"NotEqual is all others", `cidr: "10.0.0.0/8", matchOperator: "NotEqual"`, "10.0.0.0/9", learned, true},
		{"but not itself", `cidr: "10.0.0.0/8", matchOperator: "NotEqual"`, "10.0.0.0/8", learned, false},
		{"In is the prefix itself", `cidr: "10.0.0.0/8", matchOperator: "In"`, "10.0.0.0/8", learned, true},
		{"and what lies in it", `cidr: "10.0.0.0/8", matchOperator: "In"`, "10.1.0.0/16", learned, true},
		{"not what covers it", `cidr: "10.0.0.0/8", matchOperator: "In"`, "10.0.0.0/7", learned, false},
		{"NotIn is what covers it", `cidr: "10.0.0.0/8", matchOperator: "NotIn"`, "0.0.0.0/0", learned, true},
		{"and what lies beside it", `cidr: "10.0.0.0/8", matchOperator: "NotIn"`, "11.0.0.0/8", learned, true},
		{"not what lies in it", `cidr: "10.0.0.0/8", matchOperator: "NotIn"`, "10.1.0.0/16", learned, false},
		{"lengths bound In", `cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: {min: 16, max: 24}`, "10.1.0.0/16", learned, true},
		{"too short", `cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: {min: 16, max: 24}`, "10.0.0.0/15", learned, false},
		{"too long", `cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: {min: 16, max: 24}`, "10.1.1.0/25", learned, false},
		{"a minimum alone goes up to addresses", `cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: min: 16`, "10.1.1.1/32", learned, true},
		{"a maximum alone begins at the prefix", `cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: max: 16`, "10.0.0.0/8", learned, true},
		{"NotIn is what the lengths leave out", `cidr: "10.0.0.0/8", matchOperator: "NotIn", prefixLength: {min: 16, max: 24}`, "10.0.0.0/8", learned, true},
		{"a prefix is never equal to a set", `cidr: "10.0.0.0/8", matchOperator: "Equal", prefixLength: {min: 8, max: 8}`, "10.0.0.0/8", learned, false},

		{"RemotePeers is what was learned by BGP", `source: "RemotePeers"`, "10.0.0.0/8", learned, true},
		{"not what is local", `source: "RemotePeers"`, "10.0.0.0/8", out("eth0"), false},
		{"an interface by name", `interface: "tunl0"`, "10.0.0.0/8", out("tunl0"), true},
		{"by pattern", `interface: "*.calico"`, "10.0.0.0/8", out("vxlan.calico"), true},
		{"not by part of its name", `interface: "calico"`, "10.0.0.0/8", out("vxlan.calico"), false},
		{"a blackhole has no interface, which a pattern of any text matches", `interface: "*"`, "10.0.0.0/8", out(""), true},
		{"and no other", `interface: "eth*"`, "10.0.0.0/8", out(""), false},
		{"what was learned leads out of the main one", `interface: "eth*"`, "10.0.0.0/8", learned, true},
		{"all conditions must hold", `source: "RemotePeers", interface: "tunl0"`, "10.0.0.0/8", learned, false},

		{"iBGP is this session", `peerType: "iBGP"`, "10.0.0.0/8", learned, true},
		{"eBGP is not", `peerType: "eBGP"`, "10.0.0.0/8", learned, false},
		{"a community", `communities: values: ["64512:7"]`, "10.0.0.0/8", learned, true},
		{"a large one", `communities: values: ["1:2:3"]`, "10.0.0.0/8", learned, true},
		{"another one", `communities: values: ["64512:8"]`, "10.0.0.0/8", learned, false},
		{"a path that begins so", `asPathPrefix: [65000, 65001]`, "10.0.0.0/8", learned, true},
		{"otherwise", `asPathPrefix: [65001]`, "10.0.0.0/8", learned, false},
		{"a shorter path", `asPathPrefix: [65000, 65001, 65002, 65003]`, "10.0.0.0/8", learned, false},
		{"a priority is a LOCAL_PREF", `priority: 100`, "10.0.0.0/8", prioritized(100), true},
		{"another one", `priority: 100`, "10.0.0.0/8", prioritized(101), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := fmt.Sprintf(`filters: f: importV4: [{action: "Reject", %s}, {action: "Accept"}]`, tt.rule)
			if tt.rule == "" {
				body = `filters: f: importV4: [{action: "Reject"}, {action: "Accept"}]`
			}
			f := rulesOf(t, "3.33", body).birdFilter(filtered(toInternal, "f"), imports)
			r := tt.route
			if _, accepted := f.run(pf(tt.prefix), &r); accepted == tt.want {
				t.Errorf("matched: %t", !accepted)
			}
		})
	}
}

func TestPrefixLengthsAreClampedToWhatThePrefixLeaves(t *testing.T) {
	short, long := new(int32(4)), new(int32(40))
	m := (&filterRule{cidr: "10.0.0.0/8", operator: v3.In, hasLength: true, min: short, max: long}).prefixMatch()
	if m.low != 8 || m.high != 32 {
		t.Errorf("lengths from %d to %d", m.low, m.high)
	}
	m = (&filterRule{cidr: "10.0.0.0/8", operator: v3.In, hasLength: true, max: short}).prefixMatch()
	if m.matches(pf("10.0.0.0/8")) || m.matches(pf("0.0.0.0/4")) {
		t.Error("a prefix matches an empty set")
	}
}

func TestRulesAreOfOneFamilyAndDirection(t *testing.T) {
	rules := rulesOf(t, "3.31", `filters: f: {
		importV4: [{action: "Reject", cidr: "10.0.0.0/8", matchOperator: "In"}], exportV4: [{action: "Reject", cidr: "11.0.0.0/8", matchOperator: "In"}]
		importV6: [{action: "Reject", cidr: "fd00::/16", matchOperator: "In"}], exportV6: [{action: "Reject", cidr: "fd11::/16", matchOperator: "In"}]
	}`)
	for _, tt := range []struct {
		family fabric.Family
		dir    direction
		prefix string
		field  string
	}{
		{fabric.IPv4, imports, "10.0.0.0/8", "importV4"},
		{fabric.IPv4, exports, "11.0.0.0/8", "exportV4"},
		{fabric.IPv6, imports, "fd00::/16", "importV6"},
		{fabric.IPv6, exports, "fd11::/16", "exportV6"},
	} {
		key := filtered(toExternal, "f")
		key.family = tt.family
		st, _ := rules.birdFilter(key, tt.dir).run(pf(tt.prefix), &bgp.Route{Source: bgp.FromBGP})
		if st == nil || st.name != "BGPFilter f, "+tt.field+" rule 1" || string(st.at) != "clusters.c.filters.f."+tt.field+"[0]" {
			t.Errorf("%s: decided by %v, want the rule in %s", tt.prefix, st, tt.field)
		}
	}
}

func TestOperationsOfBGPFilters(t *testing.T) {
	for _, tt := range []struct{ name, operations, want string }{
		{"communities are added once", `{addCommunity: value: "1:2"}, {addCommunity: value: "1:2"}, {addCommunity: value: "1:2:3"}`, "lp 100 65000 1:2 1:2:3"},
		{"the first number prepended is foremost", `{prependASPath: prefix: [65010, 65011]}`, "lp 100 65010 65011 65000"},
		{"a priority becomes LOCAL_PREF", `{setPriority: value: 1}`, "lp 2147483646 65000"},
		{"operations are done in order", `{prependASPath: prefix: [1]}, {prependASPath: prefix: [2]}`, "lp 100 2 1 65000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := rulesOf(t, "3.32", fmt.Sprintf(`filters: f: importV4: [{action: "Accept", operations: [%s]}]`, tt.operations)).birdFilter(filtered(toInternal, "f"), imports)
			r := bgp.Route{Source: bgp.FromBGP, LocalPref: 100, ASPath: []uint32{65000}}
			if _, accepted := f.run(pf("10.0.0.0/8"), &r); !accepted || routeText(&r) != tt.want {
				t.Errorf("got  %s\nwant %s", routeText(&r), tt.want)
			}
			if d := f.decide(pf("10.0.0.0/8"), scope{sources: sourcesOf(bgp.FromBGP)}); d != bgp.Depends {
				t.Errorf("decided %d beforehand, though it changes the route", d)
			}
		})
	}
}
