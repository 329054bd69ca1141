package calico

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	operatorv1 "github.com/tigera/operator/api/v1"
	"sigs.k8s.io/yaml"

	"topoc/compiler/fabric"
)

func TestGatesFindWhatTheUserWroteAndWhatWasDerived(t *testing.T) {
	const nodes = `nodes: {n1: {address: "192.0.2.11/24"}, n2: {address: "192.0.2.12/24"}}, `
	tests := []struct {
		name     string
		topology string // of cluster c, and what else there is
		want     string // what, since and at of the gates that no release before 3.22 has
	}{
		{
			"field of a session, at the peer that says it",
			`clusters: c: {` + nodes + `peers: p: {address: "192.0.2.1", asNumber: 65001, nextHopMode: "Keep", ttlSecurity: 1}}`,
			"BGPPeer.nextHopMode 3.30.2 clusters.c.peers.p.nextHopMode; BGPPeer.ttlSecurity 3.25.0 clusters.c.peers.p.ttlSecurity",
		},
		{
			"field that has another name in the language",
			`clusters: c: {` + nodes + `bgp: {meshPassword: {secret: "s", key: "k"}, ignoredInterfaces: ["docker0"]}, advertise: serviceLoadBalancerAggregation: true}`,
			"BGPConfiguration.serviceLoadBalancerAggregation 3.31.0 clusters.c.advertise.serviceLoadBalancerAggregation; " +
				"BGPConfiguration.ignoredInterfaces 3.25.0 clusters.c.bgp.ignoredInterfaces; BGPConfiguration.nodeMeshPassword 3.23.0 clusters.c.bgp.meshPassword",
		},
		{
			"value of a field",
			`clusters: c: {` + nodes + `bgp: programClusterRoutes: "EnabledIPIPOnly"}`,
			"BGPConfiguration.programClusterRoutes 3.32.0 clusters.c.bgp.programClusterRoutes; " +
				"BGPConfiguration.programClusterRoutes=EnabledIPIPOnly 3.33.0 clusters.c.bgp.programClusterRoutes",
		},
		{
			"rule of a filter, by its index",
			`clusters: c: {` + nodes + `filters: f: exportV6: [{action: "Accept"}, {action: "Reject", source: "RemotePeers", operations: []}]}`,
			"BGPFilter 3.26.0 clusters.c.filters.f; BGPFilter.source 3.27.0 clusters.c.filters.f.exportV6[1].source",
		},
		{
			"derived filter, at the peering that makes it necessary",
			`clusters: {c: {podCIDRs: ["10.1.0.0/16"], ` + nodes + `peers: p: {address: "192.0.2.1", asNumber: 65001}}
			 d: {podCIDRs: ["10.2.0.0/16"], nodes: n1: address: "192.0.2.21/24"}}
			 peerings: cd: {clusters: ["c", "d"], via: "nodes"}`,
			"BGPFilter 3.26.0 peerings.cd",
		},
		{
			"pool for load balancers",
			`clusters: c: {` + nodes + `ipPools: lb: {cidr: "198.51.100.0/24", allowedUses: ["LoadBalancer"]}}`,
			"IPPool.allowedUses=LoadBalancer 3.30.0 clusters.c.ipPools.lb.allowedUses[0]",
		},
		{
			"pools that the operator cannot express are IPPools, which can",
			`clusters: c: {` + nodes + `ipPools: {pods: {cidr: "10.1.0.0/16"}, "default-ipv4-ippool": {cidr: "10.2.0.0/16", disabled: true, allowedUses: ["Workload"]}}}`,
			"",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := link(t, `name: "t", clusters: c: calico: version: "3.22", `+test.topology)
			var got []string
			for _, g := range Compile(f.Clusters[0]).Gates() {
				if !f.Clusters[0].Version.AtLeast(g.Since) {
					got = append(got, g.What+" "+g.Since.String()+" "+string(g.At))
				}
			}
			if got := strings.Join(got, "; "); got != test.want {
				t.Errorf("gates are\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestNothingDerivedIsTooNew: whatever release a cluster runs, topoc adds nothing by itself that the release lacks.
func TestNothingDerivedIsTooNew(t *testing.T) {
	for minor := 20; minor <= 33; minor++ {
		v := fabric.Version{Major: 3, Minor: minor}
		f := link(t, `name: "t", clusters: c: {
			calico: version: "`+v.String()+`"
			podCIDRs: ["10.1.0.0/16", "2001:db8:1::/56"]
			nodes: {n1: {address: "192.0.2.11/24", rack: "r"}, n2: {address: "192.0.2.12/24", rack: "r"}}
			racks: r: {asNumber: 64601, switches: ["leaf"], peer: "routeReflectors"}
			routeReflectors: main: {nodes: ["n1"], rack: "r"}
		}
		switches: leaf: {dialect: "frr", asNumber: 65001, routerID: "192.0.2.1", interfaces: eth1: address: "192.0.2.1/24"}`)
		for _, g := range Compile(f.Clusters[0]).Gates() {
			if !f.Clusters[0].Version.AtLeast(g.Since) {
				t.Errorf("Calico %v lacks %s of %v, at %s", v, g.What, g.Since, g.At)
			}
		}
	}
}

// TestNoPoolIsRefusedForWhatInstallationLacks: what an operator cannot express of a pool is an IPPool's matter.
func TestNoPoolIsRefusedForWhatInstallationLacks(t *testing.T) {
	for minor := 20; minor <= 33; minor++ {
		v := fabric.Version{Major: 3, Minor: minor}
		f := link(t, `name: "t", clusters: c: {
			calico: version: "`+v.String()+`"
			ipPools: {
				named: cidr: "10.1.0.0/16"
				"default-ipv4-ippool": {cidr: "10.2.0.0/16", disabled: true}
				hidden: {cidr: "10.3.0.0/16", disableBGPExport: true}
				tunnels: {cidr: "10.4.0.0/16", allowedUses: ["Tunnel"]}
				"default-ipv6-ippool": {cidr: "2001:db8:1::/56", assignmentMode: "Manual"}
			}
			nodes: n1: address: "192.0.2.11/24"
		}`)
		for _, g := range Compile(f.Clusters[0]).Gates() {
			if strings.HasPrefix(g.What, "Installation.") && !v.AtLeast(g.Since) {
				t.Errorf("Calico %v lacks %s of %v, at %s", v, g.What, g.Since, g.At)
			}
		}
		if pools := Compile(f.Clusters[0]).Pools(); len(pools) != 5 {
			t.Errorf("Calico %v: %d pools are written, want 5", v, len(pools))
		}
	}
}

// ageless is the fields that every release has that topoc writes for.
var ageless = []string{
	"BGPConfiguration.asNumber", "BGPConfiguration.logSeverityScreen", "BGPConfiguration.nodeToNodeMeshEnabled",
	"BGPPeer.asNumber", "BGPPeer.nodeSelector", "BGPPeer.peerIP", "BGPPeer.peerSelector",
	"BGPPeer.filters", // as old as BGPFilter, which is gated
	"BGPFilter.action", "BGPFilter.cidr", "BGPFilter.matchOperator",
	"BGPFilter.exportV4", "BGPFilter.exportV6", "BGPFilter.importV4", "BGPFilter.importV6",
	"IPPool.blockSize", "IPPool.cidr", "IPPool.disabled", "IPPool.ipipMode", "IPPool.natOutgoing", "IPPool.nodeSelector", "IPPool.vxlanMode",
	"Installation.blockSize", "Installation.cidr", "Installation.encapsulation", "Installation.natOutgoing", "Installation.nodeSelector",
}

// unwritten is fields of the API types that the language has nothing for.
var unwritten = []string{
	"BGPConfiguration.localWorkloadPeeringIPV4", "BGPConfiguration.localWorkloadPeeringIPV6",
	"BGPPeer.localWorkloadSelector", "BGPPeer.node", "BGPPeer.reversePeering",
	"IPPool.ipip", "IPPool.namespaceSelector", "IPPool.nat-outgoing",
}

// TestTheAgeOfEveryFieldIsKnown goes through the API types: a field must be gated, ageless or unwritten, and nothing else
// may be in the three lists.
func TestTheAgeOfEveryFieldIsKnown(t *testing.T) {
	known := map[string]bool{}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(since)), ageless, unwritten) {
		if name, _, isValue := strings.Cut(name, "="); !isValue && strings.Contains(name, ".") {
			known[name] = false
		}
	}
	for kind, spec := range map[string]any{
		v3.KindBGPConfiguration: BGPConfigurationSpec{}, v3.KindBGPPeer: v3.BGPPeerSpec{}, v3.KindIPPool: v3.IPPoolSpec{},
		"Installation": operatorv1.IPPool{},
	} {
		markFields(t, known, kind, reflect.TypeOf(spec))
	}
	for _, spec := range []any{BGPFilterSpec{}, BGPFilterRuleV4{}, BGPFilterRuleV6{}} {
		markFields(t, known, v3.KindBGPFilter, reflect.TypeOf(spec))
	}
	for name, exists := range known {
		if !exists {
			t.Errorf("no kind has the field %s", name)
		}
	}
}

func markFields(t *testing.T, known map[string]bool, kind string, spec reflect.Type) {
	for _, field := range reflect.VisibleFields(spec) {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || tag == "" {
			continue
		}
		if _, isKnown := known[kind+"."+tag]; !isKnown {
			t.Errorf("it is not known since when there is %s.%s", kind, tag)
		}
		known[kind+"."+tag] = true
	}
}

// TestOlderReleasesNeedNoOverlay decodes what clusters before 3.32 get into the API module's own types: what the overlay adds
// must not be there.
func TestOlderReleasesNeedNoOverlay(t *testing.T) {
	eachTopology(t, func(t *testing.T, f *fabric.Fabric) {
		for _, c := range f.Clusters {
			if c.Version.AtLeast(fabric.Version{Major: 3, Minor: 32}) {
				continue
			}
			o := Compile(c)
			for _, object := range slices.Concat(all(o.IPPools), all(o.BGPFilters), optional(o.BGPConfiguration)) {
				var into any
				switch object.(type) {
				case *v3.IPPool:
					into = &v3.IPPool{}
				case *BGPFilter:
					into = &v3.BGPFilter{}
				case *BGPConfiguration:
					into = &v3.BGPConfiguration{}
				}
				if err := yaml.UnmarshalStrict(document{}.marshal(object), into); err != nil {
					t.Errorf("cluster %s: %v", c.Name, err)
				}
			}
		}
	})
}
