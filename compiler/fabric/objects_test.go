package fabric_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestObjectsThatCalicoRefusesAreToldAtTheirField links clusters with one mistake each. A field stands in for what follows its
// path in the cluster prod; want is "check at: hint" of all findings.
func TestObjectsThatCalicoRefusesAreToldAtTheirField(t *testing.T) {
	filter := func(field, rule string) string { return fmt.Sprintf("filters: f: %s: [{%s}]", field, rule) }
	for _, test := range []struct {
		name string
		text string // of cluster prod
		want string
	}{
		{"filter: cidr without matchOperator", filter("exportV4", `action: "Reject", cidr: "10.0.0.0/8"`),
			`missing-field filters.f.exportV4[0].cidr: add matchOperator: "In"`},
		{"filter: matchOperator without cidr", filter("importV6", `action: "Reject", matchOperator: "In"`),
			`missing-field filters.f.importV6[0].matchOperator: add the range, as in cidr: "::/0", or delete`},
		{"filter: matchOperator and prefixLength without cidr are one mistake", filter("importV4", `action: "Reject", matchOperator: "In", prefixLength: max: 24`),
			`missing-field filters.f.importV4[0].matchOperator: add the range`},
		{"filter: IPv6 range for IPv4 routes", filter("exportV4", `action: "Reject", cidr: "fd00::/8", matchOperator: "In", prefixLength: max: 64`),
			`out-of-range filters.f.exportV4[0].cidr: move the rule to exportV6`},
		{"filter: IPv4 range for IPv6 routes", filter("importV6", `action: "Reject", cidr: "10.0.0.0/8", matchOperator: "In"`),
			`out-of-range filters.f.importV6[0].cidr: move the rule to importV4`},
		{"filter: prefixLength without cidr", filter("exportV4", `action: "Reject", prefixLength: min: 25`),
			`missing-field filters.f.exportV4[0].prefixLength: add the range: for all, cidr: "0.0.0.0/0", matchOperator: "In"`},
		{"filter: prefixLength min above max", filter("exportV4", `action: "Reject", cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: {min: 26, max: 24}`),
			`out-of-range filters.f.exportV4[0].prefixLength.min: write min: 24, max: 26`},
		{"filter: prefixLength beyond the family", filter("exportV4", `action: "Reject", cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: max: 33`),
			`out-of-range filters.f.exportV4[0].prefixLength.max: write a length from 8 to 32, or delete max`},
		{"filter: prefixLength shorter than the range", filter("exportV6", `action: "Reject", cidr: "fd00::/48", matchOperator: "In", prefixLength: {min: 40, max: 128}`),
			`out-of-range filters.f.exportV6[0].prefixLength.min: write a length from 48 to 128, or delete min`},
		{"filter: operations of a rule that rejects", filter("exportV4", `action: "Reject", operations: [{setPriority: value: 100}]`),
			`conflict filters.f.exportV4[0].operations: delete operations, or write action: "Accept"`},
		{"filter: empty operation", filter("exportV4", `action: "Accept", operations: [{}]`),
			`out-of-range filters.f.exportV4[0].operations[0]: write one of them`},
		{"filter: two things in one operation", filter("exportV4", `action: "Accept", operations: [{setPriority: value: 100, addCommunity: value: "64512:1"}]`),
			`out-of-range filters.f.exportV4[0].operations[0]: write an operation for each`},
		{"filter: nothing to prepend", filter("exportV4", `action: "Accept", operations: [{prependASPath: prefix: []}]`),
			`out-of-range filters.f.exportV4[0].operations[0].prependASPath.prefix: write at least one`},
		{"filter: more operations than a rule has", filter("exportV4", `action: "Accept", operations: [`+strings.Repeat(`{setPriority: value: 100}, `, 11)+`]`),
			`out-of-range filters.f.exportV4[0].operations: write at most 10`},
		{"filter: two communities", filter("importV4", `action: "Accept", communities: values: ["64512:1", "64512:2"]`),
			`out-of-range filters.f.importV4[0].communities.values: write one`},
		{"filter: no community", filter("importV4", `action: "Accept", communities: values: []`),
			`out-of-range filters.f.importV4[0].communities.values: write one`},
		{"filter: all that is right", `filters: f: {
			exportV4: [{action: "Reject", cidr: "10.0.0.0/8", matchOperator: "In", prefixLength: {min: 8, max: 32}}, {action: "Reject", operations: []}]
			importV6: [{action: "Accept", cidr: "fd00::/8", matchOperator: "NotIn", prefixLength: max: 128, communities: values: ["64512:1:2"],
				operations: [{addCommunity: value: "64512:1"}, {prependASPath: prefix: [64512]}]}]
		}`, ""},

		{"peer: two fields for the next hop", `peers: p: {address: "192.0.2.1", asNumber: 65001, keepOriginalNextHop: true, nextHopMode: "Auto"}`,
			`conflict peers.p.keepOriginalNextHop: delete keepOriginalNextHop`},
		{"peer: keepOriginalNextHop that is off", `peers: p: {address: "192.0.2.1", asNumber: 65001, keepOriginalNextHop: false, nextHopMode: "Keep"}`, ""},
		{"peer: gateway of the other family", `peers: p: {address: "192.0.2.1", asNumber: 65001, reachableBy: "fd00::1"}`,
			`out-of-range peers.p.reachableBy: write the gateway's IPv4 address`},

		{"rack: an option that reflectors cannot pass on", `racks: r: {peer: "routeReflectors", numAllowedLocalASNumbers: 1}`,
			`conflict racks.r.numAllowedLocalASNumbers: delete it and write asOverride: true`},
		{"rack: the same option of sessions of all nodes", `racks: r: numAllowedLocalASNumbers: 1`, ""},

		{"advertise: community that is not defined", `advertise: {communities: blue: "64512:1", prefixes: [{cidr: "10.0.0.0/8", communities: ["blue", "bleu"]}]}`,
			`unknown-reference advertise.prefixes[0].communities[1]: write "blue"`},
		{"advertise: value that is none", `advertise: prefixes: [{cidr: "10.0.0.0/8", communities: ["65536:1"]}]`,
			`unknown-reference advertise.prefixes[0].communities[0]: write a value with two numbers up to 65535`},
		{"advertise: values", `advertise: prefixes: [{cidr: "10.0.0.0/8", communities: ["65535:1", "4294967295:1:2"]}]`, ""},
		{"advertise: communities that nothing uses", `advertise: communities: {red: "64512:2", blue: "64512:1"}`,
			`missing-field advertise.communities: add prefixes, as in prefixes: [{cidr: "10.244.0.0/16", communities: ["blue"]}]`},
		{"bgp: every interface ignored", `bgp: ignoredInterfaces: ["docker*", "*"]`,
			`out-of-range bgp.ignoredInterfaces[1]: name the interfaces`},

		{"pool: IPv6 block size of an IPv4 pool", `ipPools: p: {cidr: "10.1.0.0/16", blockSize: 122}`,
			`out-of-range ipPools.p.blockSize: write a length from 20 to 32, or delete blockSize: the default is 26`},
		{"pool: IPv4 block size of an IPv6 pool", `ipPools: p: {cidr: "fd00::/64", blockSize: 26, disabled: true}`,
			`out-of-range ipPools.p.blockSize: write a length from 116 to 128, or delete blockSize: the default is 122`},
		{"pool: block wider than the pool", `ipPools: p: {cidr: "10.1.0.0/25", blockSize: 24}`,
			`out-of-range ipPools.p.blockSize: write a blockSize from 25 to 32, or a wider cidr`},
		{"pool: default block wider than the pool", `ipPools: p: cidr: "10.1.0.0/28"`,
			`out-of-range ipPools.p.cidr: write a range of /26 or wider, or add a blockSize from 28 to 32`},
		{"pool: smaller than a block and disabled", `ipPools: p: {cidr: "10.1.0.0/28", disabled: true}`, ""},
		{"pool: range of podCIDRs smaller than a block", `podCIDRs: ["10.1.0.0/16", "fd00::/123"]`,
			`out-of-range podCIDRs[1]: write a range of /122 or wider`},
		{"pool: selector that cannot be read", `ipPools: p: {cidr: "10.1.0.0/16", nodeSelector: "rack = 'r'"}`,
			`bad-selector ipPools.p.nodeSelector: a selector looks like`},
		{"pool: rack and selector", `racks: r: {}, ipPools: p: {cidr: "10.1.0.0/16", rack: "r", nodeSelector: "has(a) || has(b)"}`,
			`conflict ipPools.p.nodeSelector: delete nodeSelector, or delete rack and write nodeSelector: "rack == 'r' && (has(a) || has(b))"`},
		{"pool for load balancers: and for pods", `ipPools: p: {cidr: "10.1.0.0/16", encapsulation: "IPIP", allowedUses: ["LoadBalancer", "Workload"]}`,
			`conflict ipPools.p.allowedUses: write allowedUses: ["LoadBalancer"]`},
		{"pool for load balancers: what is about pods", `racks: r: {}, ipPools: p: {cidr: "10.1.0.0/16", allowedUses: ["LoadBalancer"], encapsulation: "VXLAN", disableBGPExport: true, rack: "r"}`,
			`conflict ipPools.p.encapsulation: delete encapsulation; conflict ipPools.p.disableBGPExport: delete disableBGPExport; conflict ipPools.p.rack: delete rack`},
		{"pool for load balancers: a selector", `ipPools: p: {cidr: "10.1.0.0/16", allowedUses: ["LoadBalancer"], nodeSelector: "has(a)"}`,
			`conflict ipPools.p.nodeSelector: delete nodeSelector`},
		{"pool for load balancers: defaults, written", `ipPools: p: {cidr: "10.1.0.0/16", allowedUses: ["LoadBalancer"], encapsulation: "None", nodeSelector: "all()"}`, ""},

		{"mesh: switched off", `bgp: {nodeToNodeMesh: false, meshPassword: {secret: "s", key: "k"}}`,
			`conflict bgp.meshPassword: delete meshPassword, or write nodeToNodeMesh: true`},
		{"mesh: off for reflectors", `routeReflectors: main: nodes: ["n1"], bgp: meshMaxRestartTime: "60s"`,
			`conflict bgp.meshMaxRestartTime: delete meshMaxRestartTime`},
		{"mesh: off for switches", `racks: r: switches: ["leaf"], bgp: {meshMaxRestartTime: "60s", meshPassword: {secret: "s", key: "k"}}`,
			`conflict bgp.meshPassword: delete meshPassword and meshMaxRestartTime`},
		{"mesh: on", `bgp: {meshMaxRestartTime: "60s", meshPassword: {secret: "s", key: "k"}}`, ""},
		{"mesh: on beside reflectors", `routeReflectors: main: nodes: ["n1"], bgp: {nodeToNodeMesh: true, meshMaxRestartTime: "60s"}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, found := link(t, []byte(`name: "t"
switches: leaf: {dialect: "frr", asNumber: 65001, interfaces: v1: address: "192.0.2.1/24"}
clusters: prod: {nodes: n1: address: "192.0.2.11/24"
`+test.text+"\n}"))
			var wants []string
			if test.want != "" {
				wants = strings.Split(test.want, "; ")
			}
			for _, d := range found {
				at := strings.TrimPrefix(string(d.Path), "clusters.prod.")
				got := d.Check + " " + at + ": " + d.Hint
				i := slices.IndexFunc(wants, func(want string) bool { return strings.HasPrefix(got, want) })
				if i < 0 {
					t.Errorf("surplus finding %s (%s)", got, d.Message)
					continue
				}
				wants = slices.Delete(wants, i, i+1)
				if !d.Pos.IsValid() || d.Hint == "" || strings.HasSuffix(d.Message, ".") || strings.Contains(d.Message+d.Hint, "%!") {
					t.Errorf("finding is not of good form: %s: %s; hint: %s", d.Pos, d.Message, d.Hint)
				}
				for _, n := range d.Notes {
					if !n.Pos.IsValid() || n.Path == d.Path {
						t.Errorf("the note %q leads to %q", n.Message, n.Path)
					}
				}
			}
			for _, want := range wants {
				t.Errorf("no finding %s", want)
			}
		})
	}
}
