package bgp

import (
	"fmt"
	"strings"
	"testing"
)

// reflectors builds two clusters on one subnet, each of nodes .3 and .4 (b: .7, .8) and reflectors .5 and .6 (b: .9, .10) of one
// cluster ID, the reflectors of the two connected by eBGP over several hops.
func reflectors(addPath bool, asnB uint32) (l *lab, a, b []*Speaker) {
	l = newLab()
	build := func(prefix string, first byte, asn, clusterID uint32) []*Speaker {
		var all []*Speaker
		for i := range byte(4) {
			all = append(all, l.bird(fmt.Sprintf("%s%d", prefix, first+i), first+i))
		}
		inside := End{LocalASN: asn, Internal: true, SendsAll: addPath}
		client := inside
		client.Client, client.ClusterID = true, clusterID
		for _, rr := range all[2:] {
			l.session(rr, all[0], client, inside, 1)
			l.session(rr, all[1], client, inside, 1)
		}
		l.session(all[2], all[3], inside, inside, 1)
		return all
	}
	a, b = build("a", 3, 64512, 1), build("b", 7, asnB, 2)
	for _, x := range a[2:] {
		for _, y := range b[2:] {
			end := End{LocalASN: 64512, NextHop: Self, SendsAll: addPath}
			far := End{LocalASN: asnB, NextHop: Self, SendsAll: addPath}
			if asnB == 64512 { // iBGP: each takes the other, whose cluster ID it does not know, for a client
				end = End{LocalASN: 64512, Internal: true, Client: true, ClusterID: 1, SendsAll: addPath}
				far = end
				far.ClusterID = 2
			}
			l.session(x, y, end, far, 1)
		}
	}
	return l, a, b
}

func TestTwoClustersWithReflectors(t *testing.T) {
	tests := []struct {
		name    string
		addPath bool
		asn     uint32
		dest    func(l *lab, a, b []*Speaker) *Destination
		want    string
	}{
		{"every node takes both remote reflectors", true, 64513,
			func(l *lab, a, b []*Speaker) *Destination { return l.dest(b[0]) },
			"a3: b9 b10; a4: b9 b10; a5: b9 b10; a6: b9 b10; b7: local; b8: b7; b9: b7; b10: b7"},
		{"services come from all nodes", true, 64513,
			func(l *lab, a, b []*Speaker) *Destination { return l.dest(b...) },
			"a3: b9 b10; a4: b9 b10; a5: b9 b10; a6: b9 b10; b7: local; b8: local; b9: local; b10: local"},
		{"without add-path nodes get the reflectors' best alone", false, 64513,
			func(l *lab, a, b []*Speaker) *Destination { return l.dest(b[0]) },
			"a3: b9; a4: b9; a5: b9 b10; a6: b9 b10; b7: local; b8: b7; b9: b7; b10: b7"},
		{"a route whose gateway is a reflector comes from the other one alone", true, 64513,
			func(l *lab, a, b []*Speaker) *Destination {
				d := l.dest(b[0], b[1], b[2])
				for i := range d.Origins {
					d.Origins[i].Source, d.Origins[i].Preference = FromKernel, 10
					d.Origins[i].Gateway = l.hop(b[3], 1)
				}
				return d
			},
			"a3: b9; a4: b9; a5: b9; a6: b9; b7: b10; b8: b10; b9: b10"},
		{"in one AS next hops stay the nodes", true, 64512,
			func(l *lab, a, b []*Speaker) *Destination { return l.dest(b[0]) },
			"a3: b7; a4: b7; a5: b7; a6: b7; b7: local; b8: b7; b9: b7; b10: b7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, a, b := reflectors(test.addPath, test.asn)
			d := test.dest(l, a, b)
			x := wantTable(t, l, d, test.want)
			for slot := range l.Speakers {
				if n := len(x.Paths(slot)); n > 20 {
					t.Errorf("%s has %d paths", l.names[slot], n)
				}
			}
		})
	}
}

// rackPair builds two racks of three nodes, two of them reflectors with their own addresses as cluster IDs, each under a leaf,
// and a spine.
func rackPair(asn1, asn2 uint32) (l *lab, rack [2][]*Speaker, leaf [2]*Speaker, toLeaf, fromLeaf []*End) {
	l = newLab()
	spine := l.router("spine", 1)
	for r, asn := range []uint32{asn1, asn2} {
		first := byte(10 * (r + 1))
		subnet := r + 1
		leafASN := uint32(65009 + r)
		leaf[r] = l.router(fmt.Sprintf("leaf%d", r+1), first)
		l.ebgp(spine, leaf[r], 65008, leafASN, 100+r)
		for i := range byte(3) {
			rack[r] = append(rack[r], l.bird(fmt.Sprintf("node%d", 3*r+int(i)+1), first+1+i))
		}
		inside := End{LocalASN: asn, Internal: true, SendsAll: true}
		client := func(i int) End {
			end := inside
			end.Client, end.ClusterID = true, uint32(first)+1+uint32(i)
			return end
		}
		l.session(rack[r][0], rack[r][1], client(0), client(1), subnet)
		for i := range 2 {
			l.session(rack[r][i], rack[r][2], client(i), inside, subnet)
			end, far := l.session(rack[r][i], leaf[r],
				End{LocalASN: asn, NextHop: Self, SendsAll: true}, End{LocalASN: leafASN, NextHop: ThirdParty}, subnet)
			toLeaf, fromLeaf = append(toLeaf, end), append(fromLeaf, far)
		}
	}
	return l, rack, leaf, toLeaf, fromLeaf
}

func TestLeafSpine(t *testing.T) {
	tests := []struct {
		name   string
		same   bool // one AS for both racks
		change func(toLeaf, fromLeaf []*End)
		origin int // node of rack 1
		want   string
	}{
		{"a leaf uses both reflectors, even for a third node's block", false, nil, 2,
			"spine: leaf1; leaf1: node1 node2; node1: node3; node2: node3; node3: local; leaf2: spine; " +
				"node4: leaf2; node5: leaf2; node6: leaf2"},
		{"a reflector's own block too", false, nil, 0,
			"spine: leaf1; leaf1: node1 node2; node1: local; node2: node1; node3: node1; leaf2: spine; " +
				"node4: leaf2; node5: leaf2; node6: leaf2"},
		{"kept next hops reach the leaf", false, func(toLeaf, _ []*End) {
			for _, e := range toLeaf {
				e.NextHop = Unchanged
			}
		}, 2, "spine: leaf1; leaf1: node3; node1: node3; node2: node3; node3: local; leaf2: spine; " +
			"node4: leaf2; node5: leaf2; node6: leaf2"},
		{"one AS for both racks: nodes find their own in the path", true, nil, 2,
			"spine: leaf1; leaf1: node1 node2; node1: node3; node2: node3; node3: local; leaf2: spine"},
		{"as-override helps", true, func(_, fromLeaf []*End) {
			for _, e := range fromLeaf {
				e.ASOverride = true
			}
		}, 2, "spine: leaf1; leaf1: node1 node2; node1: node3; node2: node3; node3: local; leaf2: spine; " +
			"node4: leaf2; node5: leaf2; node6: leaf2"},
		{"allowing the own AS towards leaves helps those that peer with them", true, func(toLeaf, _ []*End) {
			for _, e := range toLeaf {
				e.AllowOwnAS = 1
			}
		}, 2, "spine: leaf1; leaf1: node1 node2; node1: node3; node2: node3; node3: local; leaf2: spine; " +
			"node4: leaf2; node5: leaf2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asn2 := uint32(64513)
			if test.same {
				asn2 = 64512
			}
			l, rack, _, toLeaf, fromLeaf := rackPair(64512, asn2)
			if test.change != nil {
				test.change(toLeaf, fromLeaf)
			}
			wantTable(t, l, l.dest(rack[0][test.origin]), test.want)
		})
	}
}

func TestASPathThroughLeavesAndSpine(t *testing.T) {
	tests := []struct {
		name     string
		asn2     uint32
		override bool
		want     string
	}{
		{"ASes of leaf, spine, leaf and rack", 64513, false, "[65010 65008 65009 64512]"},
		{"as-override puts the leaf's in the place of the node's", 64512, true, "[65010 65008 65009 65010]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, rack, _, _, fromLeaf := rackPair(64512, test.asn2)
			for _, e := range fromLeaf {
				e.ASOverride = test.override
			}
			d := l.dest(rack[0][2])
			x := NewSolver(l.Network).Solve(d)
			if got := fmt.Sprint(x.ASPath(x.Best(rack[1][0].Index))); got != test.want {
				t.Errorf("AS path %s, want %s", got, test.want)
			}
		})
	}
}

func TestRefusedNamesTheLoopInOneASForBothRacks(t *testing.T) {
	l, rack, leaf, _, _ := rackPair(64512, 64512)
	d := l.dest(rack[0][2])
	x := NewSolver(l.Network).Solve(d)
	reason, end := x.Refused(rack[1][0].Index)
	if reason != ASLoop || end.Speaker != rack[1][0] || l.Ends[end.Index^1].Speaker != leaf[1] {
		t.Errorf("refused with %d at %v, want ASLoop at the session with leaf2", reason, end)
	}
	if reason, end := x.Refused(rack[1][2].Index); reason != Passed || end != nil {
		t.Errorf("refused with %d at %v, want no offer at all", reason, end)
	}
}

func TestLossOfAReflector(t *testing.T) {
	l, a, b := reflectors(true, 64513)
	d := l.dest(b[0])
	s := NewSolver(l.Network)
	s.Fail(map[*Speaker][]int{b[2]: {0}}, nil)
	if got := l.table(d, s.Solve(d)); strings.Contains(got, "b9") {
		t.Errorf("b9 is gone, and still there: %s", got)
	}
	down := make([]bool, len(l.Ends))
	for _, e := range a[0].Ends {
		down[e.Index] = true
	}
	s.Fail(nil, down)
	if got, want := l.table(d, s.Solve(d)),
		"a4: b9 b10; a5: b9 b10; a6: b9 b10; b7: local; b8: b7; b9: b7; b10: b7"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.Fail(nil, nil)
	if got := l.table(d, s.Solve(d)); !strings.HasPrefix(got, "a3: b9 b10; ") {
		t.Errorf("nothing has failed any more: %s", got)
	}
}
