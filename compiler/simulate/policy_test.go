package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// rulesOf returns what the objects of a cluster say that is written as the body of clusters.c, for one release of Calico.
func rulesOf(t testing.TB, version, body string) *clusterRules {
	t.Helper()
	in := inputOf(t, fmt.Appendf(nil, "name: \"t\"\nclusters: c: {\n\tcalico: version: %q\n\tnodes: {n1: address: \"192.168.0.1/24\", n2: address: \"192.168.0.2/24\"}\n%s\n}", version, body))
	return readCluster(in.Fabric.Clusters[0], in.Objects[in.Fabric.Clusters[0]])
}

// routeText writes what policies may change of a route.
func routeText(r *bgp.Route) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lp %d", r.LocalPref)
	for _, asn := range r.ASPath {
		fmt.Fprintf(&b, " %d", asn)
	}
	for _, c := range r.Communities {
		if c.Wide {
			fmt.Fprintf(&b, " %d:%d:%d", c.Part[0], c.Part[1], c.Part[2])
		} else {
			fmt.Fprintf(&b, " %d:%d", c.Part[0], c.Part[1])
		}
	}
	if r.Preference != 0 {
		fmt.Fprintf(&b, " preference %d", r.Preference)
	}
	return b.String()
}

// Keys of sessions that tests are about.
var (
	toInternal  = filterKey{family: fabric.IPv4, peer: internalPeer, iface: "eth0"}
	toExternal  = filterKey{family: fabric.IPv4, peer: externalPeer, iface: "eth0"}
	toMeshOther = filterKey{family: fabric.IPv4, peer: externalPeer, isMesh: true, iface: "eth0"}
)

func reflecting(k filterKey) filterKey {
	k.reflects = true
	return k
}

func excluded(k filterKey) filterKey {
	k.isExcluded = true
	return k
}

func filtered(k filterKey, names ...string) filterKey {
	k.filters = strings.Join(names, "\n")
	return k
}

const pools = `ipPools: {
	own: cidr: "10.64.0.0/16"
	off: {cidr: "10.70.0.0/16", disabled: true}
	quiet: {cidr: "10.80.0.0/16", disableBGPExport: true}
	wrapped: {cidr: "10.81.0.0/16", encapsulation: "VXLAN"}
}
`

func TestExportOfCalico(t *testing.T) {
	learned := func() bgp.Route { return bgp.Route{Source: bgp.FromBGP, LocalPref: 100, ASPath: []uint32{65001}} }
	static := func() bgp.Route { return bgp.Route{Source: bgp.FromStatic, LocalPref: 100} }
	kernel := func(iface string) func() bgp.Route {
		return func() bgp.Route { return bgp.Route{Source: bgp.FromKernel, Interface: iface, LocalPref: 100} }
	}
	services := pools + `serviceCIDRs: ["10.65.0.0/16"], advertise: {serviceClusterIPs: true, serviceExternalIPs: ["198.51.100.0/24"], serviceLoadBalancerIPs: ["203.0.113.0/24"]}`
	unaggregated := pools + `advertise: {serviceLoadBalancerIPs: ["203.0.113.0/24"], serviceLoadBalancerAggregation: false}`
	tagged := pools + `advertise: {communities: good: "64512:7", prefixes: [{cidr: "10.64.0.0/16", communities: ["good", "1:2:3"]}, {cidr: "10.70.0.0/16", communities: ["64512:9"]}]}`
	acceptAll := pools + `filters: {all: exportV4: [{action: "Accept"}], "no-64": exportV4: [{action: "Reject", cidr: "10.64.0.0/16", matchOperator: "In"}], peers: exportV4: [{action: "Reject", source: "RemotePeers"}]}`
	routing := func(word string) string { return pools + fmt.Sprintf("bgp: programClusterRoutes: %q", word) }
	for _, tt := range []struct {
		name    string
		version string // 3.31 unless written
		body    string
		key     filterKey
		prefix  string
		route   func() bgp.Route
		want    string // who decides: the start of the statement's name; empty: none does. "-": rejected, "+": accepted
		left    string // what is left of an accepted route, where it matters
	}{
		{"in the pool is transit", "", pools, toExternal, "10.64.1.0/26", learned, "+ IPPool own covers it", ""},
		{"a disabled pool counts", "", pools, toInternal, "10.70.1.0/26", learned, "+ IPPool off covers it", ""},
		{"a VXLAN pool counts", "", pools, toInternal, "10.81.1.0/26", learned, "+ IPPool wrapped covers it", ""},
		{"in no pool is not told on", "", pools, toInternal, "10.99.1.0/26", learned, "-", ""},
		{"what covers a pool is not in it", "", pools, toInternal, "10.0.0.0/8", learned, "-", ""},
		{"an own block needs no pool", "", pools, toExternal, "10.99.1.0/26", static, "+ Calico announces a node's own", ""},
		{"disableBGPExport holds own blocks too", "", pools, toInternal, "10.80.1.0/26", static, "- IPPool quiet has disableBGPExport", ""},

		{"an accepting filter goes past everything", "", acceptAll, filtered(toExternal, "all"), "10.99.1.0/26", learned, "+ BGPFilter all, exportV4 rule 1", ""},
		{"even disableBGPExport", "", acceptAll, filtered(toExternal, "all"), "10.80.1.0/26", static, "+ BGPFilter all, exportV4 rule 1", ""},
		{"filters run in the order of the peer", "", acceptAll, filtered(toExternal, "no-64", "all"), "10.64.1.0/26", static, "- BGPFilter no-64, exportV4 rule 1", ""},
		{"the other order", "", acceptAll, filtered(toExternal, "all", "no-64"), "10.64.1.0/26", static, "+ BGPFilter all, exportV4 rule 1", ""},
		{"where no rule matches Calico's own follow", "", acceptAll, filtered(toExternal, "no-64"), "10.99.1.0/26", learned, "-", ""},
		{"a missing filter is passed over", "", acceptAll, filtered(toExternal, "none", "no-64"), "10.64.1.0/26", learned, "- BGPFilter no-64, exportV4 rule 1", ""},
		{"RemotePeers is what was learned", "", acceptAll, filtered(toExternal, "peers"), "10.64.1.0/26", learned, "- BGPFilter peers, exportV4 rule 1", ""},
		{"and not what is local", "", acceptAll, filtered(toExternal, "peers"), "10.64.1.0/26", static, "+ Calico announces", ""},

		{"tunnels are not told iBGP peers", "", pools, toInternal, "10.81.1.0/26", kernel("vxlan.calico"), "- Calico tells iBGP peers no routes out of interfaces *.calico", ""},
		{"nor those of WireGuard", "", pools, toInternal, "10.64.1.0/26", kernel("wireguard.cali"), "- Calico tells iBGP peers no routes out of interfaces *.cali", ""},
		{"eBGP peers are told", "", pools, toExternal, "10.81.1.0/26", kernel("vxlan.calico"), "+ IPPool wrapped covers it", ""},
		{"until 3.26 all were", "3.26", pools, toInternal, "10.81.1.0/26", kernel("vxlan.calico"), "+ IPPool wrapped covers it", ""},
		{"a mesh of several AS counts as iBGP until 3.31", "3.31", pools, toMeshOther, "10.81.1.0/26", kernel("vxlan.calico"), "- Calico tells iBGP peers", ""},
		{"and as what it is from 3.32 on", "3.32", pools, toMeshOther, "10.81.1.0/26", kernel("vxlan.calico"), "+ IPPool wrapped covers it", ""},
		{"routes over the own subnet are told all", "", pools, toInternal, "10.81.1.0/26", kernel("eth0"), "+ IPPool wrapped covers it", ""},
		{"tunl0 is told until 3.32", "3.32", pools, toInternal, "10.64.1.0/26", kernel("tunl0"), "+ IPPool own covers it", ""},
		{"tunl0 is Felix's from 3.33 on", "3.33", pools, toInternal, "10.64.1.0/26", kernel("tunl0"), "- Calico tells iBGP peers no routes out of interfaces tunl0", ""},
		{"unless BIRD writes routes of IPIP", "3.33", routing("EnabledIPIPOnly"), toInternal, "10.64.1.0/26", kernel("tunl0"), "+ IPPool own covers it", ""},
		{"or all", "3.33", routing("Enabled"), toInternal, "10.64.1.0/26", kernel("tunl0"), "+ IPPool own covers it", ""},
		{"none", "3.33", routing("Disabled"), toInternal, "10.64.1.0/26", kernel("tunl0"), "- Calico tells iBGP peers", ""},

		{"communities are added to what is told on", "", tagged, toExternal, "10.64.1.0/26", learned, "+ IPPool own", "lp 100 65001 64512:7 1:2:3"},
		{"and to what is local", "", tagged, toInternal, "10.70.1.0/26", static, "+ Calico announces", "lp 100 64512:9"},

		{"own ranges of services", "", services, toInternal, "10.65.0.0/16", static, "+ Calico announces", ""},
		{"what lies in them", "", services, toInternal, "10.65.0.7/32", learned, "+ BGPConfiguration announces 10.65.0.0/16", ""},
		{"not on an excluded node", "", services, excluded(toInternal), "10.65.0.7/32", learned, "-", ""},
		{"a reflector passes on no cluster IPs where it is excluded", "", services, excluded(reflecting(toInternal)), "10.65.0.0/16", learned, "-", ""},
		{"but ranges of load balancers", "3.27.3", services, excluded(reflecting(toInternal)), "203.0.113.7/32", learned, "+ a reflector passes on the load balancer range", ""},
		{"since 3.27.3", "3.27.2", services, excluded(reflecting(toInternal)), "203.0.113.7/32", learned, "-", ""},
		{"and external ones since 3.33", "3.33", services, excluded(reflecting(toInternal)), "198.51.100.7/32", learned, "+ a reflector passes on the external IP range", ""},
		{"not before", "3.32", services, excluded(reflecting(toInternal)), "198.51.100.7/32", learned, "-", ""},
		{"a node that is no reflector passes on nothing of a range that is not aggregated", "", unaggregated, toInternal, "203.0.113.7/32", learned, "-", ""},
		{"a reflector does", "", unaggregated, reflecting(toInternal), "203.0.113.7/32", learned, "+ a reflector passes on", ""},

		{"3.31 leaves LOCAL_PREF alone", "3.31", pools, toInternal, "10.64.1.0/26", static, "+", "lp 100"},
		{"3.32 sets that of local routes", "3.32", pools, toInternal, "10.64.1.0/26", static, "+", "lp 2147482623"},
		{"and keeps that of learned ones", "3.32", pools, toInternal, "10.64.1.0/26", learned, "+", "lp 100 65001"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := rulesOf(t, cmp.Or(tt.version, "3.31"), tt.body)
			f, prefix, r := rules.birdFilter(tt.key, exports), pf(tt.prefix), tt.route()
			source := r.Source
			st, accepted := f.run(prefix, &r)
			got := map[bool]string{true: "+", false: "-"}[accepted]
			if st != nil {
				got += " " + st.name
			}
			if !strings.HasPrefix(got, tt.want) || tt.want == "-" && st != nil {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if text := routeText(&r); tt.left != "" && text != tt.left {
				t.Errorf("left %s, want %s", text, tt.left)
			}
			wantSound(t, f, prefix.String(), source, accepted, routeText(&r) != routeText(new(tt.route())))
		})
	}
}

// wantSound holds what a filter says of a prefix beforehand to what it then does to a route.
func wantSound(t *testing.T, f *birdFilter, prefix string, source bgp.Source, accepted, changed bool) {
	t.Helper()
	for _, set := range []sourceSet{sourcesOf(source), sourcesOf(source, bgp.FromBGP), sourcesOf(bgp.FromStatic, bgp.FromKernel, bgp.FromBGP)} {
		decision := f.decide(pf(prefix), scope{set, true})
		if decision == bgp.Accept && (!accepted || changed) || decision == bgp.Reject && accepted {
			t.Errorf("decided %d of sources %b beforehand; accepted %t, changed %t", decision, set, accepted, changed)
		}
	}
}

func TestWhatDependsOnThePrefixIsSaidBeforehand(t *testing.T) {
	rules := rulesOf(t, "3.31", pools+`filters: {peers: exportV4: [{action: "Reject", source: "RemotePeers"}], com: exportV4: [{action: "Reject", communities: values: ["1:2"]}],
		eth: exportV4: [{action: "Reject", interface: "eth*"}], both: exportV4: [{action: "Accept", source: "RemotePeers", cidr: "10.64.0.0/16", matchOperator: "In"}]}`)
	own, learned := sourcesOf(bgp.FromStatic, bgp.FromBGP), sourcesOf(bgp.FromBGP)
	for _, tt := range []struct {
		name    string
		key     filterKey
		sources sourceSet
		prefix  string
		want    bgp.Decision
	}{
		{"in a pool", toExternal, learned, "10.64.0.0/26", bgp.Accept},
		{"in no pool", toExternal, learned, "10.99.0.0/26", bgp.Reject},
		{"in no pool, and somebody's own", toExternal, own, "10.99.0.0/26", bgp.Depends},
		{"only own", toExternal, sourcesOf(bgp.FromStatic), "10.99.0.0/26", bgp.Accept},
		{"by source, learned", filtered(toExternal, "peers"), learned, "10.64.0.0/26", bgp.Reject},
		{"by source, either", filtered(toExternal, "peers"), own, "10.64.0.0/26", bgp.Depends},
		{"by source, to the same end", filtered(toExternal, "both"), own, "10.64.0.0/26", bgp.Accept},
		{"by community", filtered(toExternal, "com"), learned, "10.64.0.0/26", bgp.Depends},
		{"by community, where the end is the same", filtered(toExternal, "com"), learned, "10.99.0.0/26", bgp.Reject},
		{"by interface, of learned routes", filtered(toExternal, "eth"), learned, "10.64.0.0/26", bgp.Reject},
		{"by interface, of blackholes", filtered(toExternal, "eth"), sourcesOf(bgp.FromStatic), "10.64.0.0/26", bgp.Accept},
		{"out of tunnels, maybe", toInternal, sourcesOf(bgp.FromKernel, bgp.FromBGP), "10.81.0.0/26", bgp.Depends},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := rules.birdFilter(tt.key, exports).decide(pf(tt.prefix), scope{sources: tt.sources}); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestLendersTellOnNothingWithinTheirBlocks(t *testing.T) {
	rules := rulesOf(t, "3.32", `ipPools: own: cidr: "10.64.0.0/16", nodes: {n1: blocks: ["10.64.0.0/26"], n2: blocks: ["10.64.0.9/32"]}`)
	key := toInternal
	key.apart = &Part{Nodes: rules.cluster.Nodes[:1], rules: &nodeRules{clusterRules: rules}}
	for _, tt := range []struct {
		name, prefix string
		localPref    uint32
		want         bool
	}{
		{"an address within", "10.64.0.9/32", normalLocalPref, false},
		{"an elevated one", "10.64.0.9/32", normalLocalPref + 1, true},
		{"the block itself, from elsewhere", "10.64.0.0/26", normalLocalPref, true},
		{"another block", "10.64.0.64/26", normalLocalPref, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bgp.Route{Source: bgp.FromBGP, LocalPref: tt.localPref}
			if st, got := rules.birdFilter(key, exports).run(pf(tt.prefix), &r); got != tt.want {
				t.Errorf("accepted: %t, by %v", got, st)
			}
		})
	}
}

func TestImportOfCalico(t *testing.T) {
	body := pools + `filters: {no: importV4: [{action: "Reject", cidr: "10.70.0.0/16", matchOperator: "In"}], up: importV4: [{action: "Accept", operations: [{setPriority: value: 10}]}]}`
	for _, tt := range []struct {
		name, version string
		key           filterKey
		prefix        string
		localPref     uint32
		accepted      bool
		left          string
	}{
		{"everything is taken", "3.31", toExternal, "0.0.0.0/0", 100, true, "lp 100"},
		{"but for what a filter rejects", "3.31", filtered(toExternal, "no"), "10.70.0.0/26", 100, false, ""},
		{"an elevated route is preferred from 3.32 on", "3.32", toInternal, "10.64.0.0/26", normalLocalPref + 1, true, "lp 2147482624 preference 200"},
		{"a normal one is not", "3.32", toInternal, "10.64.0.0/26", normalLocalPref, true, "lp 2147482623"},
		{"nor one before", "3.31", toInternal, "10.64.0.0/26", normalLocalPref + 1, true, "lp 2147482624"},
		{"nor one that a filter accepted, since that ends it", "3.32", filtered(toInternal, "up"), "10.64.0.0/26", 100, true, "lp 2147483637"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bgp.Route{Source: bgp.FromBGP, LocalPref: tt.localPref}
			_, accepted := rulesOf(t, tt.version, body).birdFilter(tt.key, imports).run(pf(tt.prefix), &r)
			if accepted != tt.accepted || accepted && routeText(&r) != tt.left {
				t.Errorf("accepted %t with %s, want %t with %s", accepted, routeText(&r), tt.accepted, tt.left)
			}
		})
	}
}

func TestAliasedSlicesOfRoutesStayAsTheyAre(t *testing.T) {
	shared := make([]bgp.Community, 1, 8)
	r, other := bgp.Route{Communities: shared}, bgp.Route{Communities: shared}
	(&change{community: &bgp.Community{Part: [3]uint32{1}}}).apply(&r)
	(&change{community: &bgp.Community{Part: [3]uint32{2}}}).apply(&other)
	if r.Communities[1].Part[0] != 1 || !slices.Equal(shared, []bgp.Community{{}}) {
		t.Errorf("got %v and %v", r.Communities, shared)
	}
}
