package conformance

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/simulate"
)

// editedClusters is how many clusters are made up.
const editedClusters = 60

// TestConfdRendersWhatIsPredictedOfEditedObjects holds simulate to confd in what topoc never writes, but people do: BGPPeers for
// all nodes, for one, or at the addresses of nodes, several that meet, with options in any combination, and BGPConfigurations of
// single nodes.
func TestConfdRendersWhatIsPredictedOfEditedObjects(t *testing.T) {
	s := server(t)
	x := &rendering{loader: newLoader(t, s), renderer: newRenderer(t, s)}
	begun, ambiguous := time.Now(), 0
	for seed := uint64(1); x.topologies < editedClusters; seed++ {
		e := &editor{seed: seed, r: rand.New(rand.NewPCG(seed, 0))}
		p := e.cluster(t)
		if isAmbiguous(p) {
			if ambiguous++; ambiguous > editedClusters {
				t.Fatalf("%d clusters depend on the order of their BGPPeers", ambiguous)
			}
			continue
		}
		t.Run(fmt.Sprint("edited-", seed), func(t *testing.T) {
			x.topology(t, p)
			if t.Failed() {
				t.Logf("objects:\n%s", e.text.String())
			}
		})
	}
	t.Logf("%d clusters, %d nodes: %d sessions and %d filter decisions compared in %s; %d more clusters left to luck", x.clusters, x.nodes, x.sessions,
		x.decisions, time.Since(begun).Round(time.Second), ambiguous)
}

// isAmbiguous reports whether it depends on the order of the BGPPeers what becomes of them. Calico goes through them in the
// order of a Go map, so that nobody can predict those.
func isAmbiguous(p *prediction) bool {
	c := p.result.Fabric.Clusters[0]
	objects := *p.objects[c]
	objects.BGPPeers = slices.Clone(objects.BGPPeers)
	told := func(r *simulate.Result) string {
		var b strings.Builder
		for _, n := range c.Nodes {
			for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
				for _, protocol := range r.BIRD(n, f).Protocols {
					protocol.Row.Objects, protocol.Row.At = nil, ""
					fmt.Fprintln(&b, n.Name, protocol.Row, protocol.IsPassive, protocol.TTLSecurity, protocol.ClusterID, protocol.NextHop, protocol.AllowOwnASN,
						protocol.Password, protocol.RestartTime, protocol.Source, protocol.Import.Rules, protocol.Export.Rules)
				}
				fmt.Fprintln(&b, r.BIRD(n, f).Gateways)
			}
		}
		return b.String()
	}
	want := told(p.result)
	for range len(objects.BGPPeers) - 1 { // of up to three, every one comes before every other
		objects.BGPPeers = append(objects.BGPPeers[1:], objects.BGPPeers[0])
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}} {
			for i, peer := range objects.BGPPeers {
				renamed := *peer
				renamed.Name = fmt.Sprint("p", order[i])
				objects.BGPPeers[i] = &renamed
			}
			in := simulate.Input{Fabric: p.result.Fabric, Objects: map[*fabric.Cluster]*calico.Objects{c: &objects}}
			if told(simulate.Run(in)) != want {
				return true
			}
		}
	}
	return false
}

// editor makes up a cluster and its objects.
type editor struct {
	seed     uint64
	r        *rand.Rand
	nodes    map[string]*model.Node
	text     strings.Builder // YAML
	names    []string        // of BGPFilters
	services []localService
}

func (e *editor) chance(percent int) bool { return e.r.IntN(100) < percent }

func pick[T any](e *editor, all ...T) T { return all[e.r.IntN(len(all))] }

// maybe writes a line of YAML in so many percent of cases.
func (e *editor) maybe(percent int, format string, args ...any) {
	if e.chance(percent) {
		fmt.Fprintf(&e.text, format+"\n", args...)
	}
}

func (e *editor) begin(kind, name string) {
	fmt.Fprintf(&e.text, "---\napiVersion: projectcalico.org/v3\nkind: %s\nmetadata: {name: %q}\nspec:\n", kind, name)
}

func (e *editor) cluster(t *testing.T) *prediction {
	t.Helper()
	e.nodes = map[string]*model.Node{}
	for i, host := range []int{2, 9, 10, 33} { // "10.0.0.9" follows "10.0.0.10" as a text
		e.node(fmt.Sprint("n", i+1), host)
	}
	if e.chance(30) {
		e.service()
	}
	e.configuration()
	e.pools()
	for i := range e.r.IntN(3) {
		e.filter(fmt.Sprint("f", i))
	}
	for i := range 1 + e.r.IntN(3) {
		e.peer(fmt.Sprint("p", i))
	}
	topology := &model.Topology{Name: "edited", Clusters: map[string]*model.Cluster{"edited": {Nodes: e.nodes,
		Calico: &model.Calico{Version: strings.TrimPrefix(calicoRelease, "v")}}}}
	f, _ := fabric.Link(topology)
	objects := &calico.Objects{}
	for _, document := range strings.Split(e.text.String(), "---\n")[1:] {
		if err := objects.Read([]byte(document)); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
	}
	p := &prediction{fabric: f, objects: map[*fabric.Cluster]*calico.Objects{f.Clusters[0]: objects}}
	p.result = simulate.Run(simulate.Input{Fabric: f, Objects: p.objects})
	p.services = e.services
	return p
}

// service makes up a Service with endpoints on some nodes.
func (e *editor) service() {
	s := localService{name: "web", clusterIP: netip.AddrFrom4([4]byte{10, 96, byte(1 + e.seed/250), byte(1 + e.seed%250)}),
		external: netip.MustParseAddr("10.97.0.8"), balancer: netip.MustParseAddr("10.98.0.8")}
	for _, name := range []string{"n1", "n2", "n3", "n4"} {
		if n := e.nodes[name]; e.chance(50) {
			s.nodes = append(s.nodes, name)
			n.LocalServices = []netip.Addr{s.clusterIP, s.external, s.balancer}
		}
	}
	if s.nodes != nil {
		e.services = append(e.services, s)
	}
}

func (e *editor) node(name string, host int) {
	n := &model.Node{}
	kind := e.r.IntN(10)
	if kind > 0 {
		n.Address = netip.MustParsePrefix(fmt.Sprintf("10.0.%d.%d/24", e.r.IntN(2), host))
	}
	if kind < 6 {
		n.Address6 = netip.MustParsePrefix(fmt.Sprintf("fd00::%x/64", host))
	}
	if e.chance(30) {
		n.Blocks = []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.64.%d.0/26", host)),
			pick(e, netip.MustParsePrefix("10.64.9.7/32"), netip.MustParsePrefix("10.77.1.1/32"), netip.MustParsePrefix("10.78.0.0/24"))}
	}
	e.nodes[name] = n
	fmt.Fprintf(&e.text, "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n  labels:\n    role: %s\n", name, pick(e, "a", "b"))
	e.maybe(40, "    rack: r1")
	e.maybe(10, "    node.kubernetes.io/exclude-from-external-load-balancers: \"true\"")
	e.text.WriteString("  annotations:\n    x: y\n")
	e.maybe(30, "    projectcalico.org/ASNumber: %q", pick(e, "64512", "64600", "1.10"))
	e.maybe(30, "    projectcalico.org/RouteReflectorClusterID: %s", pick(e, "10.9.9.1", "10.9.9.2"))
}

// configuration writes BGPConfigurations.
func (e *editor) configuration() {
	e.begin("BGPConfiguration", "default")
	isMesh := e.chance(50)
	fmt.Fprintf(&e.text, "  nodeToNodeMeshEnabled: %t\n", isMesh)
	e.maybe(50, "  asNumber: %d", pick(e, 64512, 64700, 4200000000))
	e.maybe(40, "  listenPort: %d", pick(e, 179, 180))
	e.maybe(30, "  bindMode: NodeIP")
	e.maybe(30, "  ignoredInterfaces: [\"docker*\", br-x]")
	if isMesh {
		e.maybe(30, "  nodeMeshPassword: {secretKeyRef: {name: mesh, key: k}}")
		e.maybe(30, "  nodeMeshMaxRestartTime: 90s")
	}
	e.maybe(50, "  serviceClusterIPs: [{cidr: 10.96.0.0/16}, {cidr: \"fd00:96::/112\"}]")
	e.maybe(30, "  serviceExternalIPs: [{cidr: 10.97.0.0/24}]")
	e.maybe(30, "  serviceLoadBalancerIPs: [{cidr: 10.98.0.0/24}]")
	e.maybe(20, "  serviceLoadBalancerAggregation: Disabled")
	e.maybe(40, "  communities: [{name: c, value: \"64512:7\"}]\n  prefixAdvertisements: [{cidr: 10.64.0.0/16, communities: [c, \"1:2:3\", \"64512:7\"]}]")
	for name := range 2 {
		if e.chance(30) {
			e.begin("BGPConfiguration", fmt.Sprint("node.n", name+1))
			e.text.WriteString("  logSeverityScreen: Info\n")
			e.maybe(70, "  listenPort: %d", pick(e, 179, 181))
			e.maybe(40, "  prefixAdvertisements: [{cidr: 10.64.0.0/17, communities: [\"5:6\"]}]")
		}
	}
}

func (e *editor) pools() {
	for i, cidr := range []string{"10.64.0.0/16", "10.80.0.0/16", "fd00:64::/112"} {
		if i == 1 && e.chance(50) {
			continue
		}
		e.begin("IPPool", fmt.Sprint("pool", i))
		fmt.Fprintf(&e.text, "  cidr: %q\n", cidr)
		switch e.r.IntN(4) {
		case 0:
			if i < 2 {
				fmt.Fprintf(&e.text, "  ipipMode: %s\n", pick(e, "Always", "CrossSubnet"))
			}
		case 1:
			fmt.Fprintf(&e.text, "  vxlanMode: %s\n", pick(e, "Always", "CrossSubnet"))
		}
		e.maybe(20, "  disabled: true")
		e.maybe(20, "  disableBGPExport: true")
		e.maybe(20, "  nodeSelector: role == 'a'")
	}
}

// filter writes a BGPFilter.
func (e *editor) filter(name string) {
	e.names = append(e.names, name)
	e.begin("BGPFilter", name)
	fmt.Fprintln(&e.text, "  importV6: []")
	for _, list := range []struct {
		name  string
		cidrs []string
		bits  int
	}{
		{"exportV4", []string{"10.64.0.0/16", "10.64.9.0/26", "10.96.0.0/16", "0.0.0.0/0"}, 32}, {"importV4", []string{"10.64.0.0/16", "10.80.0.0/16"}, 32},
		{"exportV6", []string{"fd00:64::/112", "fd00:96::/112"}, 128},
	} {
		fmt.Fprintf(&e.text, "  %s:\n  - {action: %s, source: RemotePeers, interface: eth1}\n", list.name, pick(e, "Accept", "Reject"))
		for range e.r.IntN(3) {
			fmt.Fprintf(&e.text, "  - action: %s\n", pick(e, "Accept", "Reject"))
			if e.chance(70) {
				cidr := netip.MustParsePrefix(pick(e, list.cidrs...))
				fmt.Fprintf(&e.text, "    cidr: %q\n    matchOperator: %s\n", cidr, pick(e, "Equal", "NotEqual", "In", "NotIn"))
				e.maybe(40, "    prefixLength: {min: %d}", cidr.Bits()+e.r.IntN(list.bits-cidr.Bits()))
			}
			e.maybe(20, "    source: RemotePeers")
			e.maybe(30, "    interface: %q", pick(e, "eth0", "*", "tunl0", "*.calico", "cali*"))
		}
	}
}

// peer writes a BGPPeer that Calico takes.
func (e *editor) peer(name string) {
	e.begin("BGPPeer", name)
	switch e.r.IntN(3) {
	case 0:
		fmt.Fprintf(&e.text, "  node: n%d\n", 1+e.r.IntN(4))
	case 1:
		fmt.Fprintf(&e.text, "  nodeSelector: %s\n", pick(e, "all()", "role == 'a'", "has(rack)", "'!has(rack)'"))
	}
	hasAddress := e.chance(60)
	if hasAddress {
		e.address()
		fmt.Fprintf(&e.text, "  asNumber: %d\n", pick(e, 64512, 64600, 64700, 65546))
	} else {
		fmt.Fprintf(&e.text, "  peerSelector: %s\n", pick(e, "all()", "role == 'b'", "has(rack)"))
	}
	if len(e.names) > 0 {
		e.maybe(60, "  filters: [%s]", strings.Join(e.names, ", "))
	}
	e.maybe(20, "  password: {secretKeyRef: {name: peers, key: %s}}", name)
	e.maybe(20, "  sourceAddress: %s", pick(e, "None", "UseNodeIP"))
	e.maybe(20, "  maxRestartTime: %s", pick(e, "10s", "2500ms"))
	e.maybe(20, "  ttlSecurity: %d", e.r.IntN(3))
	e.maybe(20, "  numAllowedLocalASNumbers: %d", e.r.IntN(3))
	e.maybe(20, "  reversePeering: %s", pick(e, "Auto", "Manual"))
	e.maybe(20, "  localASNumber: %d", pick(e, 64512, 64999))
	e.maybe(25, "  %s", pick(e, "nextHopMode: Auto", "nextHopMode: Self", "nextHopMode: Keep", "keepOriginalNextHop: true"))
}

// address writes where a peer is: at a node or outside, perhaps with a port, perhaps by way of a gateway.
func (e *editor) address() {
	n := e.nodes[fmt.Sprint("n", 1+e.r.IntN(4))]
	all := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	for _, p := range []netip.Prefix{n.Address, n.Address6} {
		if p.IsValid() {
			all = append(all, p.Addr(), p.Addr())
		}
	}
	a := pick(e, all...)
	if e.chance(30) {
		fmt.Fprintf(&e.text, "  peerIP: %q\n", netip.AddrPortFrom(a, pick[uint16](e, 179, 180, 181)))
	} else {
		fmt.Fprintf(&e.text, "  peerIP: %q\n", a)
	}
	e.maybe(20, "  reachableBy: %q", map[bool]string{true: "10.0.0.254", false: "fd00::fe"}[a.Is4()])
}
