package emulate

import (
	"net/netip"
	"slices"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// told is a prediction for one device.
type told struct {
	sessions []simulate.SessionRow
	routes   []simulate.RouteRow
}

func (p told) Sessions(fabric.Device) []simulate.SessionRow { return p.sessions }
func (p told) Routes(fabric.Device) []simulate.RouteRow     { return p.routes }

func TestRoutesAreComparedByWhatTheyDo(t *testing.T) {
	host := &fabric.Host{Name: "host"}
	m := &Machine{Name: "host", Device: host, Ports: []Port{{Name: "port0", Declared: "Vlan-interface20"}, {Name: "eth1", Declared: "eth1"}},
		Unknown: []netip.Addr{netip.MustParseAddr("10.0.0.254")}}
	p, a := netip.MustParsePrefix("10.64.0.0/26"), netip.MustParseAddr("10.0.0.1")
	six, a6 := netip.MustParsePrefix("fd00:64::/122"), netip.MustParseAddr("fd00::1")
	predicted := func(row simulate.RouteRow) []simulate.RouteRow {
		row.Table = simulate.KernelTable
		return []simulate.RouteRow{row}
	}
	bird := simulate.RouteRow{Prefix: p, Type: simulate.Unicast, Proto: "bird", NextHops: []simulate.NextHop{{Address: a, Interface: "Vlan-interface20"}}}
	for _, tt := range []struct {
		name string
		row  simulate.RouteRow
		seen []SeenRoute
		want []Line // that differ
	}{
		{"an interface has its declared name", bird, []SeenRoute{{p, simulate.Unicast, 12, 0, []SeenNextHop{{a, "port0", false}}}}, nil},
		{"another next hop differs, on one line", bird, []SeenRoute{{p, simulate.Unicast, 12, 0, []SeenNextHop{{netip.MustParseAddr("10.0.0.2"), "port0", false}}}},
			[]Line{{"10.64.0.0/26 proto bird via 10.0.0.1 dev Vlan-interface20", "10.64.0.0/26 proto bird via 10.0.0.2 dev Vlan-interface20"}}},
		{"so does another metric", bird, []SeenRoute{{p, simulate.Unicast, 12, 1024, []SeenNextHop{{a, "port0", false}}}},
			[]Line{{"10.64.0.0/26 proto bird via 10.0.0.1 dev Vlan-interface20", "10.64.0.0/26 proto bird metric 1024 via 10.0.0.1 dev Vlan-interface20"}}},
		{"a route that is missing", bird, nil, []Line{{"10.64.0.0/26 proto bird via 10.0.0.1 dev Vlan-interface20", ""}}},
		{"a gateway that nobody declared has no address in the prediction", simulate.RouteRow{Prefix: p, Type: simulate.Unicast, Proto: "bird", NextHops: []simulate.NextHop{{}}},
			[]SeenRoute{{p, simulate.Unicast, 12, 0, []SeenNextHop{{netip.MustParseAddr("10.0.0.254"), "eth1", false}}}}, nil},
		{"another one is no such gateway", simulate.RouteRow{Prefix: p, Type: simulate.Unicast, Proto: "bird", NextHops: []simulate.NextHop{{}}},
			[]SeenRoute{{p, simulate.Unicast, 12, 0, []SeenNextHop{{a, "eth1", false}}}},
			[]Line{{"10.64.0.0/26 proto bird via the gateway", "10.64.0.0/26 proto bird via 10.0.0.1 dev eth1"}}},
		{"IPv6 routes without a metric have the kernel's", simulate.RouteRow{Prefix: six, Type: simulate.Unicast, Proto: "bird", NextHops: []simulate.NextHop{{Address: a6, Interface: "eth1"}}},
			[]SeenRoute{{six, simulate.Unicast, 12, 1024, []SeenNextHop{{a6, "eth1", false}}}}, nil},
		{"what the lab and Felix made is not asked about", simulate.RouteRow{Prefix: p, Type: simulate.Blackhole, Proto: "bird"},
			[]SeenRoute{{p, simulate.Blackhole, 12, 0, nil}, {defaultOf(0), simulate.Unicast, ByLab, 0, nil}, {six, simulate.Unicast, ByFelix, 0, nil}}, nil},
		{"a route that nobody predicted", bird, []SeenRoute{{p, simulate.Unicast, 12, 0, []SeenNextHop{{a, "port0", false}}}, {netip.MustParsePrefix("10.9.0.0/16"), simulate.Unicast, 186, 20, []SeenNextHop{{a, "eth1", false}}}},
			[]Line{{"", "10.9.0.0/16 proto bgp metric 20 via 10.0.0.1 dev eth1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := compare(m, told{routes: predicted(tt.row)}, &Seen{Routes: tt.seen})
			got := slices.DeleteFunc(slices.Clone(c.Routes), Line.IsSame)
			if !slices.Equal(got, tt.want) || c.Differences() != len(tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSessionsAreComparedByBeingUp(t *testing.T) {
	host := &fabric.Host{Name: "host"}
	m := &Machine{Name: "host", Device: host}
	up := simulate.SessionRow{Family: fabric.IPv4, Protocol: "Node_10_0_0_1", PeerAddress: netip.MustParseAddr("10.0.0.1"), PeerASN: 64512, State: simulate.Established}
	down, ofSwitch := up, up
	down.State, ofSwitch.Protocol = simulate.NotCompatible, ""
	for _, tt := range []struct {
		name string
		row  simulate.SessionRow
		seen []SeenSession
		want []Line
	}{
		{"up as predicted", up, []SeenSession{{"Node_10_0_0_1", "bird", true, "up Established"}}, nil},
		{"down where up was predicted, and why", up, []SeenSession{{"Node_10_0_0_1", "bird", false, "start Connect"}},
			[]Line{{"10.0.0.1 AS 64512: up", "10.0.0.1 AS 64512: down, start Connect"}}},
		{"bird6 has other sessions than bird", up, []SeenSession{{"Node_10_0_0_1", "bird6", true, "up Established"}},
			[]Line{{"10.0.0.1 AS 64512: up", ""}, {"", "Node_10_0_0_1: up Established"}}},
		{"up where down was predicted", down, []SeenSession{{"Node_10_0_0_1", "bird", true, "up Established"}},
			[]Line{{"10.0.0.1 AS 64512: down", "10.0.0.1 AS 64512: up, up Established"}}},
		{"a listening switch shows nothing of who cannot call", down, nil, nil},
		{"FRR's sessions go by the address", ofSwitch, []SeenSession{{"10.0.0.1", "bgpd", true, "Established"}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := compare(m, told{sessions: []simulate.SessionRow{tt.row}}, &Seen{Sessions: tt.seen})
			got := slices.DeleteFunc(slices.Clone(c.Sessions), Line.IsSame)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
