package simulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"topoc/topologies/topogen"
)

// TestEveryTraceTellsSomething traces between all places of topologies of all kinds.
func TestEveryTraceTellsSomething(t *testing.T) {
	for seed := range int64(100) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := Run(inputOf(t, topogen.Random(seed)))
			c := newCensus(r)
			tr := newTraffic(r.base, c)
			for _, from := range placesIn(r) {
				for _, to := range placesIn(r) {
					trace := r.Trace(from, to)
					a, b := c.partyOf(from), c.partyOf(to)
					isAsked := tr.isAsked(a, b)
					switch {
					case trace.Verdict == "":
						t.Errorf("from %s to %s: no verdict", from, to)
					case trace.Reached && len(trace.Paths) == 0:
						t.Errorf("from %s to %s: reached over no way at all", from, to)
					case trace.Reached && slices.ContainsFunc(trace.Paths, isCutShort):
						t.Errorf("from %s to %s: reached, and yet a way does not arrive: %v", from, to, trace.Paths)
					case trace.Reached && trace.Stop != nil:
						t.Errorf("from %s to %s: reached, and stopped: %s", from, to, trace.Verdict)
					case trace.Reached && isAsked && tr.found(a, b) == nil:
						t.Errorf("from %s to %s: reached over every branch and over none", from, to)
					case !trace.Reached && isAsked && (trace.Stop == nil || len(trace.Paths) == 0):
						t.Errorf("from %s to %s: not reached, and nothing shows why: %s", from, to, trace.Verdict)
					}
				}
			}
		})
	}
}

func isCutShort(way []Step) bool { return way[len(way)-1].Action != "delivers" }

// isAsked reports whether anybody sends anything from one party to another, and waits for answers.
func (t *traffic) isAsked(from, to party) bool {
	if t.absence(from, to) != "" {
		return false
	}
	for f := range families {
		for _, w := range t.targets(to, from, f) {
			for _, s := range t.sources(from, to, f) {
				if s = t.sender(from, s, w); s.part == nil {
					continue
				}
				for _, d := range t.departures(from, s, w) {
					if len(d.backs) == 0 || slices.ContainsFunc(d.backs, func(b *course) bool { return b.owner.part == s.part }) {
						return true
					}
				}
			}
		}
	}
	return false
}

// placesIn are places of all kinds.
func placesIn(r *Result) []Place {
	var all []Place
	for _, c := range r.Fabric.Clusters {
		all = append(all, Place{Cluster: c}, Place{Cluster: c, Services: true}, Place{Node: c.Nodes[0]}, Place{Node: c.Nodes[0], Pods: true})
	}
	for _, s := range r.Fabric.Switches {
		all = append(all, Place{Switch: s})
	}
	for _, h := range r.Fabric.Hosts {
		all = append(all, Place{Host: h})
	}
	return append(all, Place{Address: pf("192.0.2.1/32").Addr()}, Place{Address: pf("10.64.0.1/32").Addr()})
}

func TestTraceOfAnAddress(t *testing.T) {
	r := Run(seedInput(t, "two-clusters"))
	for _, tt := range []struct{ name, from, to, want string }{
		{"of a node", "cluster-a", "172.17.0.7", "packets from the pods of cluster-a get to 172.17.0.7, and the answers back, over 3 ways; " +
			"the nodes put their own addresses in the place of the pods': IPPool default-ipv4-ippool says natOutgoing, and no IPPool has the address"},
		{"of a pod", "10.200.97.1", "10.210.74.1", "packets from 10.200.97.1 get to 10.210.74.1, and the answers back, over 2 ways"},
		{"of a service", "10.200.97.1", "10.211.0.10", "packets from 10.200.97.1 get to 10.211.0.10, and the answers back, over 2 ways"},
		{"of nobody", "cluster-a/cluster-a", "192.0.2.1", "nothing in the topology has the address 192.0.2.1, and cluster-a has no route to it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, _ := ParsePlace(r.Fabric, tt.from)
			to, _ := ParsePlace(r.Fabric, tt.to)
			if got := r.Trace(from, to).Verdict; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestWaysOfATrace: none is told twice, and every start and end is told of before others are told of again.
func TestWaysOfATrace(t *testing.T) {
	topology := func(leaves, spines int) string {
		return fmt.Sprintf(`
import "list"
name: "t"
#leaves: list.Range(1, %d, 1)
#spines: list.Range(1, %d, 1)
switches: {
	for s in #spines {"s\(s)": {dialect: "frr", asNumber: 65000, loopback: "10.0.0.\(s)/32"}}
	for l in #leaves {"l\(l)": {dialect: "frr", asNumber: 65000+l, loopback: "10.0.1.\(l)/32", interfaces: a: address: "10.1.\(l).1/24"}}
}
links: {for l in #leaves for s in #spines for i in [0, 1] {"l\(l)-s\(s)-\(i)": {
	"l\(l)": address: "10.2.\(4*l+s-1).\(2*i)/31", "s\(s)": address: "10.2.\(4*l+s-1).\(2*i+1)/31"}}}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	racks: {for l in #leaves {"r\(l)": switches: ["l\(l)"]}}
	nodes: {for l in #leaves for n in [1, 2] {"n\(l)-\(n)": {address: "10.1.\(l).1\(n)/24", rack: "r\(l)"}}}
}
`, leaves+1, spines+1)
	}
	for _, tt := range []struct {
		name           string
		leaves, spines int
		isComplete     bool
		want           string
	}{
		{"few enough", 2, 1, true, "over 12 ways"},
		{"too many with those back", 2, 2, false, "over 20 ways"},
		{"too many", 10, 3, false, "over more than 32 ways there and back, of which 32 are shown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Run(inputOf(t, []byte(topology(tt.leaves, tt.spines))))
			trace := traceText(t, r, "prod", "prod")
			if trace.Complete != tt.isComplete || !strings.HasSuffix(trace.Verdict, tt.want) {
				t.Errorf("complete %v: %s\nwant %v: %s", trace.Complete, trace.Verdict, tt.isComplete, tt.want)
			}
			seen, first, last := map[string]bool{}, map[string]bool{}, map[string]bool{}
			for _, way := range trace.Paths {
				if text := fmt.Sprint(way); seen[text] {
					t.Errorf("told twice: %s", text)
				}
				seen[fmt.Sprint(way)] = true
				rack := func(s Step) string { name, _, _ := strings.Cut(s.Device, "-"); return name }
				first[rack(way[0])], last[rack(way[len(way)-1])] = true, true
			}
			if len(first) != tt.leaves || len(last) != tt.leaves {
				t.Errorf("%d racks send and %d are reached, want %d", len(first), len(last), tt.leaves)
			}
		})
	}
}

func TestStepsOfATrace(t *testing.T) {
	r := Run(seedInput(t, "static-gateway"))
	from, _ := ParsePlace(r.Fabric, "harbor")
	to, _ := ParsePlace(r.Fabric, "prod/ip-10-20-1-81/pods")
	want := [][]Step{
		{{"harbor", "sends", "10.200.0.0/23 via 10.20.1.84, 10.20.1.85", "hosts.harbor.routes.prod"},
			{"prod/ip-10-20-1-84", "forwards", "10.200.0.64/26 via 10.20.1.81", `clusters.prod.ipPools."default-ipv4-ippool"`},
			{"prod/ip-10-20-1-81", "delivers", "10.200.0.64/26 is a block of its pods", `clusters.prod.nodes."ip-10-20-1-81"`}},
		{{"harbor", "sends", "10.200.0.0/23 via 10.20.1.84, 10.20.1.85", "hosts.harbor.routes.prod"},
			{"prod/ip-10-20-1-85", "forwards", "10.200.0.64/26 via 10.20.1.81", `clusters.prod.ipPools."default-ipv4-ippool"`},
			{"prod/ip-10-20-1-81", "delivers", "10.200.0.64/26 is a block of its pods", `clusters.prod.nodes."ip-10-20-1-81"`}},
		{{"prod/ip-10-20-1-81", "answers", "10.20.0.0/23 is on-link", `clusters.prod.nodes."ip-10-20-1-81"`},
			{"harbor", "delivers", "10.20.1.222 is its own address", "hosts.harbor"}},
	}
	got := r.Trace(from, to).Paths
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}
