package bgp

import (
	"fmt"
	"slices"
	"testing"
)

// line is a - x - b: what a tells x, and what x tells b of it.
type line struct {
	*lab
	a, x, b        *Speaker
	ax, xa, xb, bx *End
	dest           *Destination
}

// newLine makes a line of iBGP or eBGP sessions, each in a subnet of its own.
func newLine(kind Kind, left, right string) *line {
	l := &line{lab: newLab()}
	l.a, l.x, l.b = l.speaker(kind, "a", 1), l.speaker(kind, "x", 2), l.speaker(kind, "b", 3)
	l.dest = l.lab.dest(l.a)
	session := func(p, q *Speaker, how string, asnP, asnQ uint32, subnet int) (*End, *End) {
		if how == "ebgp" {
			return l.ebgp(p, q, asnP, asnQ, subnet)
		}
		end := End{LocalASN: 65002, Internal: true}
		return l.session(p, q, end, end, subnet)
	}
	l.ax, l.xa = session(l.a, l.x, left, 65001, 65002, 1)
	l.xb, l.bx = session(l.x, l.b, right, 65002, 65003, 2)
	return l
}

func TestWhatIsToldOn(t *testing.T) {
	tests := []struct {
		name        string
		left, right string
		change      func(l *line)
		want        Reason // of what x tells b
	}{
		{"iBGP is not told on to iBGP", "ibgp", "ibgp", nil, NotReflected},
		{"from a client to all", "ibgp", "ibgp", func(l *line) { l.xa.Client = true }, Passed},
		{"from a non-client to clients", "ibgp", "ibgp", func(l *line) { l.xb.Client = true }, Passed},
		{"between different local ASes of a BIRD without reflection", "ibgp", "ibgp", func(l *line) {
			l.ax.LocalASN, l.xa.LocalASN = 65009, 65009
		}, Passed},
		{"iBGP to eBGP", "ibgp", "ebgp", nil, Passed},
		{"eBGP to iBGP", "ebgp", "ibgp", nil, Passed},
		{"eBGP to eBGP", "ebgp", "ebgp", nil, Passed},
		{"NO_EXPORT stays inside the AS", "ibgp", "ebgp", func(l *line) { l.ax.Export = adding(NoExport) }, HeldBack},
		{"NO_EXPORT passes iBGP", "ebgp", "ibgp", func(l *line) { l.ax.Export = adding(NoExport) }, Passed},
		{"NO_ADVERTISE goes nowhere", "ebgp", "ibgp", func(l *line) { l.ax.Export = adding(NoAdvertise) }, HeldBack},
		{"communities that the export policy adds hold nothing back yet", "ebgp", "ebgp",
			func(l *line) { l.xb.Export = adding(NoAdvertise) }, Passed},
		{"export policy", "ebgp", "ebgp", func(l *line) { l.xb.Export = denyAll }, DeniedExport},
		{"import policy", "ebgp", "ebgp", func(l *line) { l.bx.Import = denyAll }, DeniedImport},
		{"the receiver's AS in the path", "ebgp", "ebgp", func(l *line) { l.bx.LocalASN = 65001 }, ASLoop},
		{"over iBGP too", "ebgp", "ibgp", func(l *line) { l.ax.Export, l.xa.AllowOwnAS = prepending(65002), 1 }, ASLoop},
		{"the own AS as often as allowed", "ebgp", "ebgp", func(l *line) { l.bx.LocalASN, l.bx.AllowOwnAS = 65001, 1 }, Passed},
		{"the own AS more often", "ebgp", "ebgp", func(l *line) {
			l.bx.LocalASN, l.bx.AllowOwnAS, l.ax.Export = 65001, 1, prepending(65001)
		}, ASLoop},
		{"as-override spares the receiver", "ebgp", "ebgp", func(l *line) {
			l.bx.LocalASN, l.xb.FarASN, l.xb.ASOverride = 65001, 65001, true
		}, Passed},
		{"a session that is down", "ebgp", "ebgp", func(l *line) { l.bx.Up = false }, SessionDown},
		{"the next hop is the receiver", "ibgp", "ebgp", func(l *line) {
			l.xb.NextHop = Unchanged
			l.dest.Origins[0].Gateway = l.bx.Hop
		}, NextHopIsReceiver},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLine(BIRD, test.left, test.right)
			if test.change != nil {
				test.change(l)
			}
			s := NewSolver(l.Network)
			if got := l.reasons(s, l.dest, l.x, l.b); !slices.Equal(got, []Reason{test.want}) {
				t.Errorf("reasons %v, want %v", got, test.want)
			}
			got, end := s.Solution().Refused(l.b.Index)
			if s.Solution().Best(l.b.Index) == nil && (got != test.want || end != l.bx) {
				t.Errorf("refused with %v at %v, want %v", got, end, test.want)
			}
		})
	}
}

func adding(c Community) *policy {
	return &policy{decide: func(_ *Destination, r *Route) bool {
		r.Communities = append(slices.Clone(r.Communities), c)
		return true
	}}
}

func prepending(numbers ...uint32) *policy {
	return &policy{decide: func(_ *Destination, r *Route) bool {
		r.ASPath = slices.Concat(numbers, r.ASPath)
		return true
	}}
}

func TestNextHopMode(t *testing.T) {
	tests := []struct {
		name        string
		left, right string
		mode        NextHopMode
		oneSubnet   bool
		local       bool // the route is x's own
		want        string
	}{
		{"iBGP keeps it", "ibgp", "ibgp", Unchanged, false, false, "a"},
		{"next hop self", "ibgp", "ibgp", Self, false, false, "x"},
		{"self on what came by eBGP", "ebgp", "ibgp", SelfOnExternal, false, false, "x"},
		{"but not on what came by iBGP", "ibgp", "ibgp", SelfOnExternal, false, false, "a"},
		{"eBGP puts in itself", "ebgp", "ebgp", ThirdParty, false, false, "x"},
		{"unless the next hop is on the session's subnet", "ebgp", "ebgp", ThirdParty, true, false, "a"},
		{"eBGP with next hop keep", "ebgp", "ebgp", Unchanged, false, false, "a"},
		{"own routes go with the own address", "ebgp", "ibgp", Unchanged, false, true, "x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLine(BIRD, test.left, test.right)
			l.xa.Client = l.xa.Internal
			l.xb.NextHop = test.mode
			if test.oneSubnet {
				l.ax.Hop.Subnet, l.xb.Hop.Subnet = 2, 2
			}
			if test.local {
				l.dest.Origins[0].Speaker = l.x
			}
			if got := l.hops(NewSolver(l.Network).Solve(l.dest).Used(l.b.Index)); got != test.want {
				t.Errorf("next hop %q, want %q", got, test.want)
			}
		})
	}
}

func TestGatewayOfAKernelRouteGoesOverIBGPAlone(t *testing.T) {
	for how, want := range map[string]string{"ibgp": "a", "ebgp": "x"} {
		l := newLine(BIRD, "ibgp", how)
		l.dest.Origins[0] = Origination{Speaker: l.x, Source: FromKernel, Preference: 10, Gateway: l.ax.Hop}
		x := NewSolver(l.Network).Solve(l.dest)
		if got := l.hops(x.Used(l.b.Index)); got != want {
			t.Errorf("%s: next hop %q, want %q", how, got, want)
		}
		if reason, _ := x.Refused(l.a.Index); reason != NextHopIsReceiver {
			t.Errorf("%s: the gateway itself is refused with %v, want NextHopIsReceiver", how, reason)
		}
	}
}

func TestAttributesAcrossSessions(t *testing.T) {
	tests := []struct {
		name        string
		left, right string
		change      func(l *line)
		want        string // AS path, LOCAL_PREF, cluster list, communities of b's path
	}{
		{"eBGP prepends once and drops LOCAL_PREF", "ibgp", "ebgp",
			func(l *line) { l.ax.Export = withLocalPref(300) }, "[65002] 100 [] 0"},
		{"iBGP prepends nothing and keeps LOCAL_PREF", "ebgp", "ibgp",
			func(l *line) { l.xa.Import = withLocalPref(300) }, "[65001] 300 [] 0"},
		{"reflection adds the cluster ID", "ibgp", "ibgp",
			func(l *line) { l.xa.Client, l.xa.ClusterID = true, 7 }, "[] 100 [7] 0"},
		{"both where the two clients' differ", "ibgp", "ibgp",
			func(l *line) {
				l.xa.Client, l.xa.ClusterID = true, 7
				l.xb.Client, l.xb.ClusterID = true, 8
			}, "[] 100 [8 7] 0"},
		{"export policies prepend to the own AS", "ebgp", "ebgp",
			func(l *line) { l.xb.Export = prepending(9, 9) }, "[9 9 65002 65001] 100 [] 0"},
		{"communities cross eBGP", "ebgp", "ebgp",
			func(l *line) { l.ax.Export = adding(Community{Part: [3]uint32{65001, 1}}) }, "[65002 65001] 100 [] 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLine(BIRD, test.left, test.right)
			test.change(l)
			x := NewSolver(l.Network).Solve(l.dest)
			p := x.Best(l.b.Index)
			if p == nil {
				t.Fatal("b has no path")
			}
			got := fmt.Sprint(x.ASPath(p), p.LocalPref, x.ClusterList(p), len(x.Communities(p)))
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestReflectionLoops(t *testing.T) {
	// x and y reflect for their client a, and tell each other.
	tests := []struct {
		name     string
		kind     Kind
		idX, idY uint32
		mutual   bool   // x and y are each other's clients
		want     string // what becomes of y's routes at x
	}{
		{"BIRDs with one cluster ID take each other's routes", BIRD, 1, 1, false, "[passed split horizon]"},
		{"switches with one cluster ID don't", Switch, 1, 1, false, "[cluster loop]"},
		{"of different clusters they take them, and not their own back", BIRD, 1, 2, true, "[passed split horizon]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab()
			a, x, y := l.speaker(test.kind, "a", 1), l.speaker(test.kind, "x", 2), l.speaker(test.kind, "y", 3)
			l.client(x, a, test.idX)
			l.client(y, a, test.idY)
			xy, yx := l.ibgp(x, y)
			if test.mutual {
				xy.Client, xy.ClusterID, yx.Client, yx.ClusterID = true, test.idX, true, test.idY
			}
			d := l.dest(a)
			if got := fmt.Sprint(l.reasons(NewSolver(l.Network), d, y, x)); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestSplitHorizonSparesOtherMembers(t *testing.T) {
	tests := []struct {
		name    string
		members []byte
		within  bool // of the part itself, else over a leaf
		want    string
	}{
		{"a leaf tells nothing back", []byte{1}, false, "[split horizon]"},
		{"but what one of two told to the other", []byte{1, 2}, false, "[passed]"},
		{"among two nobody is left", []byte{1, 2}, true, "[passed split horizon]"},
		{"among three there is, in the same cluster", []byte{1, 2, 3}, true, "[passed cluster loop]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab()
			n := l.bird("n", test.members...)
			teller, d := n, l.dest(n)
			if test.within {
				end := End{LocalASN: 1, Internal: true, Client: true, SendsAll: true, NextHop: Self}
				l.session(n, n, end, end, 1)
			} else {
				teller = l.router("leaf", 9)
				l.session(n, teller, End{LocalASN: 1, NextHop: Self, AllowOwnAS: 1, SendsAll: true},
					End{LocalASN: 2, NextHop: Self, SendsAll: true}, 1)
			}
			got := fmt.Sprint(l.reasons(NewSolver(l.Network), d, teller, n))
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestBIRDsOfOneClusterDoNotPassEachOthersRoutesToClients(t *testing.T) {
	// a is x's client alone, b is y's alone; x and y have one cluster ID.
	l := newLab()
	a, x, y, b := l.bird("a", 1), l.bird("x", 2), l.bird("y", 3), l.bird("b", 4)
	l.client(x, a, 1)
	l.ibgp(x, y)
	l.client(y, b, 1)
	d := l.dest(a)
	sol := wantTable(t, l, d, "a: local; x: a; y: a")
	if reason, _ := sol.Refused(b.Index); reason != ClusterLoop {
		t.Errorf("b is refused with %v, want ClusterLoop", reason)
	}
}

func TestOriginatorDoesNotTakeItsOwnRouteBack(t *testing.T) {
	l := newLab()
	a, x, y := l.bird("a", 1), l.bird("x", 2), l.bird("y", 3)
	l.client(x, a, 1)
	l.client(y, a, 2)
	l.client(x, y, 1)
	l.Ends[2].NextHop = Self // y tells with its own next hop, else that alone would stop it
	d := l.dest(a)
	if got := l.reasons(NewSolver(l.Network), d, y, a); !slices.Contains(got, OriginatorLoop) {
		t.Errorf("reasons %v, want OriginatorLoop", got)
	}
}

func TestRouteMadeForOneSession(t *testing.T) {
	l := newLab()
	leaf, node, other := l.router("leaf", 1), l.bird("node", 2), l.bird("other", 3)
	toNode, _ := l.ebgp(leaf, node, 65001, 64512, 1)
	l.ebgp(leaf, other, 65001, 64512, 1)
	d := l.dest(leaf)
	d.Origins[0].Only = []*End{toNode}
	wantTable(t, l, d, "node: leaf")
	for _, m := range NewSolver(l.Network).Messages(d) {
		if m.To == other.Index {
			t.Errorf("other is told %+v", m)
		}
	}
}

func TestRouteMadeForASessionStandsBeforeTheBest(t *testing.T) {
	l := newLab()
	spine, leaf, node := l.router("spine", 1), l.router("leaf", 2), l.bird("node", 3)
	l.ebgp(spine, leaf, 65000, 65001, 1)
	toNode, _ := l.ebgp(leaf, node, 65001, 64512, 2)
	d := l.dest(spine, leaf)
	d.Origins[1].Only = []*End{toNode}
	x := wantTable(t, l, d, "spine: local; leaf: spine; node: leaf")
	if got := fmt.Sprint(x.ASPath(x.Best(node.Index))); got != "[65001]" {
		t.Errorf("AS path %s, want the leaf alone", got)
	}
}

func TestMessagesSayWhyNot(t *testing.T) {
	l, a, b := reflectors(false, 64513)
	d := l.dest(b[0])
	s := NewSolver(l.Network)
	tests := []struct {
		name     string
		from, to *Speaker
		want     string
	}{
		{"a reflector without add-path has paths that are not the best", a[2], a[0], "[passed not the best]"},
		{"a client tells the one that it is best by nothing", a[0], a[2], "[not the best split horizon]"},
		{"and the other one neither", a[0], a[3], "[not reflected split horizon]"},
		{"what came from there does not go back", a[2], b[2], "[not the best split horizon]"},
		{"the others see their own AS", a[2], b[3], "[AS loop not the best split horizon]"},
	}
	for _, test := range tests {
		if got := fmt.Sprint(l.reasons(s, d, test.from, test.to)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
