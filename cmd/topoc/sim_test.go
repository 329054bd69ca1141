package main

import (
	"bufio"
	"net/netip"
	"strings"
	"testing"
	"time"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

func ad(s string) netip.Addr   { return netip.MustParseAddr(s) }
func pf(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// printed returns what a printer prints.
func printed(print func(*bufio.Writer)) string {
	var b strings.Builder
	w := bufio.NewWriter(&b)
	print(w)
	w.Flush()
	return b.String()
}

// aFabric has nodes of one name in two clusters, and a node named like a switch.
func aFabric() *fabric.Fabric {
	a, b := &fabric.Cluster{Name: "a"}, &fabric.Cluster{Name: "b"}
	a.Nodes = []*fabric.Node{{Cluster: a, Name: "leaf"}, {Cluster: a, Name: "m1"}, {Cluster: a, Name: "m2"}}
	b.Nodes = []*fabric.Node{{Cluster: b, Name: "m2"}}
	return &fabric.Fabric{Clusters: []*fabric.Cluster{a, b}, Switches: []*fabric.Switch{{Name: "leaf"}}, Hosts: []*fabric.Host{{Name: "pc"}}}
}

func TestDevicesAreFoundByName(t *testing.T) {
	for _, tt := range []struct {
		name, arg string
		want      string // names, or the error
	}{
		{"all", "", "a/leaf a/m1 a/m2 b/m2 leaf pc"},
		{"node in full", "b/m2", "b/m2"},
		{"bare name that one node has", "m1", "a/m1"},
		{"switch before a node of its name", "leaf", "leaf"},
		{"host", "pc", "pc"},
		{"bare name that two nodes have", "m2", `sim routes: several nodes are called "m2": a/m2, b/m2` + "\n    hint: write --node a/m2"},
		{"slip", "leav", `sim routes: no node, switch or host is called "leav"` + "\n    hint: did you mean leaf?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			devices, err := devicesOf(simRoutesCommand(), &simulate.Result{Fabric: aFabric()}, tt.arg)
			var names []string
			for _, d := range devices {
				names = append(names, d.DeviceName())
			}
			got := strings.Join(names, " ")
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestSessionsOfANodeLookAsCalicoctlPrintsThem(t *testing.T) {
	n := aFabric().Clusters[0].Nodes[1]
	rows := []simulate.SessionRow{
		{Device: n, Family: fabric.IPv4, PeerAddress: ad("172.17.0.6"), Protocol: "Mesh_172_17_0_6", Kind: simulate.MeshSession,
			State: simulate.Established, Info: "Established", Reason: "both are in the mesh"},
		{Device: n, Family: fabric.IPv4, PeerAddress: ad("172.17.0.5"), Protocol: "Node_172_17_0_5_port_179", Kind: simulate.NodeSession,
			State: simulate.NotCompatible, Info: "Not compatible", Reason: "expects AS 64513, which is AS 64512", Objects: []string{"BGPPeer x"}},
		{Device: n, Family: fabric.IPv6, PeerAddress: ad("fd00::1"), Protocol: "Global_fd00__1_port_179", Kind: simulate.GlobalSession,
			State: simulate.NotEstablished, Info: "Not established", Reason: "no route to fd00::1"},
	}
	const table = `a/m1

IPv4 BGP status
+---------------------+-------------------+-------+----------------+
|    PEER ADDRESS     |     PEER TYPE     | STATE |      INFO      |
+---------------------+-------------------+-------+----------------+
| 172.17.0.6          | node-to-node mesh | up    | Established    |
| 172.17.0.5.port.179 | node specific     | start | Not compatible |
+---------------------+-------------------+-------+----------------+
172.17.0.5.port.179: expects AS 64513, which is AS 64512 (BGPPeer x)

IPv6 BGP status
+------------------+-----------+-------+-----------------+
|   PEER ADDRESS   | PEER TYPE | STATE |      INFO       |
+------------------+-----------+-------+-----------------+
| fd00::1:port:179 | global    | start | Not established |
+------------------+-----------+-------+-----------------+
fd00::1:port:179: no route to fd00::1
`
	for _, tt := range []struct {
		name      string
		rows      []simulate.SessionRow
		isVerbose bool
		want      string
	}{
		{"both families", rows, false, table},
		{"reasons of all", rows, true, strings.Replace(table, "\n172.17.0.5.port", "\n172.17.0.6: both are in the mesh\n172.17.0.5.port", 1)},
		{"none", nil, false, "a/m1\n\nIPv4 BGP status\nNo IPv4 peers found.\n\nIPv6 BGP status\nNo IPv6 peers found.\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := printed(func(w *bufio.Writer) {
				text := sessionText{textParts: textParts{w: w}, isVerbose: tt.isVerbose}
				text.device(n, tt.rows)
			})
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestSessionsOfASwitchAreListedByVRF(t *testing.T) {
	f := aFabric()
	leaf, m1 := f.Switches[0], f.Clusters[0].Nodes[1]
	rows := []simulate.SessionRow{
		{Device: leaf, Family: fabric.IPv4, PeerAddress: ad("10.0.0.1"), PeerASN: 64512, Peer: m1, Kind: simulate.SwitchSession, State: simulate.Established},
		{Device: leaf, Family: fabric.IPv6, Interface: "swp1", PeerASN: 65001, VRF: "red", Kind: simulate.SwitchSession,
			State: simulate.NotCompatible, Reason: "nobody is at the far end"},
	}
	const want = `leaf
NEIGHBOR  AS     PEER  FAMILY  STATE
10.0.0.1  64512  a/m1  IPv4    Established

leaf, VRF red
NEIGHBOR  AS     PEER  FAMILY  STATE
swp1      65001  -     IPv6    Not compatible
swp1: nobody is at the far end
`
	got := printed(func(w *bufio.Writer) {
		text := sessionText{textParts: textParts{w: w}}
		text.device(f.Hosts[0], nil)
		text.device(leaf, rows)
	})
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSONHasEveryKey(t *testing.T) {
	f := aFabric()
	m1 := f.Clusters[0].Nodes[1]
	hop := simulate.NextHop{Address: ad("10.0.0.1"), Interface: "eth0"}
	for _, tt := range []struct {
		name string
		row  any
		want string
	}{
		{"session with nobody", newJSONSession(simulate.SessionRow{Device: m1, Family: fabric.IPv4, LocalAddress: ad("10.0.0.2"), LocalASN: 64512,
			PeerAddress: ad("10.0.0.1"), PeerASN: 65001, Kind: simulate.GlobalSession, State: simulate.NotEstablished, Reason: "r"}),
			`{"device":"m1","cluster":"a","family":"IPv4","localAddress":"10.0.0.2","localAS":64512,"peer":"","peerAddress":"10.0.0.1",` +
				`"peerAS":65001,"peerCluster":"","kind":"global","state":"NOT_ESTABLISHED","reason":"r"}`},
		{"unnumbered session of a switch", newJSONSession(simulate.SessionRow{Device: f.Switches[0], Family: fabric.IPv6, Peer: m1, Kind: simulate.SwitchSession, State: simulate.Established}),
			`{"device":"leaf","cluster":"","family":"IPv6","localAddress":"","localAS":0,"peer":"m1","peerAddress":"","peerAS":0,"peerCluster":"a","kind":"switch","state":"ESTABLISHED","reason":""}`},
		{"kernel route", newJSONRoute(simulate.RouteRow{Device: m1, Prefix: pf("10.1.0.0/26"), Table: simulate.KernelTable, Type: simulate.Unicast, NextHops: []simulate.NextHop{hop}}),
			`{"device":"m1","cluster":"a","prefix":"10.1.0.0/26","table":"kernel","type":"unicast","nextHops":[{"address":"10.0.0.1","interface":"eth0"}],"asPath":[],"localPref":0,"from":"","best":true}`},
		{"path of BGP", newJSONRoute(simulate.RouteRow{Device: m1, Prefix: pf("10.1.0.0/26"), Table: simulate.BGPTable, Type: simulate.Blackhole,
			ASPath: []uint32{64512, 65001}, LocalPref: 100, From: "leaf", VRF: "red", Status: "s"}),
			`{"device":"m1","cluster":"a","prefix":"10.1.0.0/26","table":"bgp","type":"blackhole","nextHops":[],"asPath":[64512,65001],"localPref":100,"from":"leaf","best":false,"vrf":"red","status":"s"}`},
		{"trace", newJSONTrace(&simulate.Trace{From: simulate.Place{Text: "a"}, To: simulate.Place{Text: "b"}, Verdict: "v",
			Paths: [][]simulate.Step{{{Device: "d", Action: "drops", Reason: "r -> s", DeclaredAt: "x"}}}}, noLines{}),
			`{"from":"a","to":"b","reached":false,"verdict":"v","complete":false,"paths":[[{"device":"d","cluster":"","action":"drops","reason":"r -> s","declaredAt":"lab.cue:7"}]]}`},
	} {
		got, err := compact(tt.row)
		if err != nil || got != tt.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", tt.name, err, got, tt.want)
		}
	}
}

// noLines locates everything in one line.
type noLines struct{}

func (noLines) Locate(source.Path) source.Pos   { return source.Pos{File: "lab.cue", Line: 7, Column: 3} }
func (noLines) Line(string, int) (string, bool) { return "", false }

func TestListsAreValidJSONHoweverLong(t *testing.T) {
	list := func(name string, rows ...any) jsonList {
		return jsonList{name, func(yield func(any) bool) {
			for _, row := range rows {
				if !yield(row) {
					return
				}
			}
		}}
	}
	for _, tt := range []struct {
		name  string
		lists []jsonList
		want  string
	}{
		{"empty", []jsonList{list("a")}, "{\"a\": []}\n"},
		{"one row", []jsonList{list("a", 1)}, "{\"a\": [\n  1\n]}\n"},
		{"two lists", []jsonList{list("a", 1, 2), list("b", "x")}, "{\"a\": [\n  1,\n  2\n], \"b\": [\n  \"x\"\n]}\n"},
	} {
		var b strings.Builder
		if err := writeLists(&b, tt.lists...); err != nil || b.String() != tt.want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", tt.name, err, b.String(), tt.want)
		}
	}
}

func TestRouteFilter(t *testing.T) {
	for _, tt := range []struct {
		name, arg, prefix string
		want              bool
	}{
		{"none lets all pass", "", "10.0.0.0/8", true},
		{"the range itself", "10.1.0.0/16", "10.1.0.0/16", true},
		{"a part of it", "10.1.0.0/16", "10.1.2.0/26", true},
		{"a wider one", "10.1.0.0/16", "10.0.0.0/8", false},
		{"the other family", "10.1.0.0/16", "fd00::/64", false},
		{"address: a route that contains it", "10.1.2.3", "10.1.2.0/26", true},
		{"address: the default route", "10.1.2.3", "0.0.0.0/0", true},
		{"address: one beside it", "10.1.2.3", "10.1.2.64/26", false},
	} {
		var f routeFilter
		if tt.arg != "" {
			if err := f.Set(tt.arg); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(f.of([]simulate.RouteRow{{Prefix: pf(tt.prefix)}})) == 1; got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	for _, bad := range []string{"", "default", "10.1.0.0/33", "10.1.2.3/16", "fe80::1%eth0"} {
		if err := new(routeFilter).Set(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestBGPTableMarksWhatIsUsed(t *testing.T) {
	hop := func(s string) []simulate.NextHop {
		return []simulate.NextHop{{Address: ad("10.0.0.254"), Announced: ad(s)}}
	}
	got := printed(bgpTable([]simulate.RouteRow{
		{Prefix: pf("10.1.0.0/26"), NextHops: hop("10.0.0.1"), From: "a/m1", LocalPref: 100, ASPath: []uint32{64512, 65001}, Best: true, Used: true},
		{Prefix: pf("10.1.0.0/26"), NextHops: hop("10.0.0.2"), From: "a/m2", LocalPref: 100, Used: true},
		{Prefix: pf("10.1.0.0/26"), Status: "longer AS path"},
	}).writeColumns)
	const want = `    PREFIX       NEXT HOP  FROM  LOCAL PREF  AS PATH
*>  10.1.0.0/26  10.0.0.1  a/m1  100         64512 65001
*=  10.1.0.0/26  10.0.0.2  a/m2  100         -
*   10.1.0.0/26  -         -     0           -            longer AS path
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTraceEndsWithItsVerdict(t *testing.T) {
	var b strings.Builder
	err := writeTrace(&b, &simulate.Trace{
		Paths: [][]simulate.Step{{
			{Device: "a/m1", Action: "sends", Reason: "10.1.0.0/26 via 10.0.0.254", DeclaredAt: "x"},
			{Device: "leaf", Action: "drops", Reason: "no route"},
		}},
		Verdict: "leaf drops it: write something",
		Stop:    &simulate.Stop{At: "x"},
	}, noLines{})
	const want = `path 1 of 1
  a/m1  sends  10.1.0.0/26 via 10.0.0.254 (lab.cue:7)
  leaf  drops  no route

leaf drops it: write something
    to edit: lab.cue:7
`
	if err != nil || b.String() != want {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestFailuresListWhatBreaks(t *testing.T) {
	report := &simulate.FailureReport{K: 1, Sets: 2,
		Rows: []simulate.FailureRow{
			{Failed: []string{"a/m1"}},
			{Failed: []string{"leaf"}, Expectations: []string{"e"}, Pairs: []simulate.Pair{{From: "a", To: "a"}, {From: "a", To: "b"}},
				Converge: 90 * time.Second, Because: "a/m1 waits 90s for keepalives of leaf"},
		},
		Damage: []simulate.Damage{{Name: "leaf", Expectations: 1, Pairs: 2, At: "switches.leaf"}},
	}
	const broken = `leaf
    breaks "e"
    pods of a no longer reach each other
    pods of a no longer reach those of b
    settles in 1m30s: a/m1 waits 90s for keepalives of leaf

damage of single failures, the worst first
  FAILED  EXPECTATIONS  PAIRS  DECLARED AT
  leaf    1             2      lab.cue:7

2 sets of at most 1 failure tried, 1 break something
`
	for _, tt := range []struct {
		name      string
		isVerbose bool
		proofs    []simulate.Proof
		want      string
	}{
		{"those that break something", false, nil, broken},
		{"all", true, nil, "a/m1\n" + broken},
		{"nothing failed", false, []simulate.Proof{{Name: "e", Reason: "r"}, {Name: "f", Failed: []string{"leaf"}}, {Name: "g", Holds: true}},
			"with nothing failed \"e\" does not hold: r\n" + broken},
	} {
		var b strings.Builder
		err := failureText{isVerbose: tt.isVerbose, lines: noLines{}}.write(&b, report, tt.proofs)
		if err != nil || b.String() != tt.want {
			t.Errorf("%s: %v\ngot\n%s\nwant\n%s", tt.name, err, b.String(), tt.want)
		}
	}
}

func TestFailuresBreakOnlyWhatShouldSurvive(t *testing.T) {
	report := &simulate.FailureReport{K: 2, Rows: []simulate.FailureRow{
		{Failed: []string{"x"}, Expectations: []string{"e"}},
		{Failed: []string{"x", "y"}, Expectations: []string{"e", "f"}},
	}}
	holds := func(name string, survives int) simulate.Proof {
		return simulate.Proof{Name: name, Holds: true, Expectation: &fabric.Expectation{Survives: survives}}
	}
	for _, tt := range []struct {
		name   string
		proofs []simulate.Proof
		want   bool
	}{
		{"none survives any", []simulate.Proof{holds("e", 0), holds("f", 0)}, false},
		{"one survives fewer", []simulate.Proof{holds("e", 0), holds("f", 1)}, false},
		{"one should survive as many", []simulate.Proof{holds("e", 0), holds("f", 2)}, true},
		{"one should survive that one", []simulate.Proof{holds("e", 1), holds("f", 0)}, true},
		{"one fails with nothing failed", []simulate.Proof{{Name: "g"}}, true},
		{"one fails with more than were tried", []simulate.Proof{{Name: "g", Failed: []string{"a", "b", "c"}}}, false},
	} {
		if got := breaks(report, tt.proofs); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
