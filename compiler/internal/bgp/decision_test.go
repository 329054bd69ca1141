package bgp

import (
	"math/rand/v2"
	"testing"
)

// rivals is a solver and two ends at which paths may have come in, the first from the lower peer address, both alike.
func rivals(kind Kind) *Solver {
	l := newLab()
	x := l.speaker(kind, "x", 1)
	l.ibgp(x, l.bird("a", 2))
	l.ibgp(x, l.bird("b", 3))
	d := l.dest(x)
	s := NewSolver(l.Network)
	s.Solve(d)
	return s
}

// learned is a path learned by BGP in an ordinary way.
func learned(change func(s *Solver, p *Path)) func(*Solver) *Path {
	return func(s *Solver) *Path {
		p := &Path{From: 0, Origination: -1, Source: FromBGP, Preference: 100, LocalPref: 100, lowestID: 50, Count: 1}
		s.setASPath(p, s.asPaths.intern([]uint32{65001}))
		if change != nil {
			change(s, p)
		}
		return p
	}
}

var ordinary = learned(nil)

var decisionTests = []struct {
	name          string
	kind          Kind
	better, worse func(*Solver) *Path
	want          string // the step that decides
}{
	{"direct before static", BIRD,
		learned(func(_ *Solver, p *Path) { p.From, p.Preference = -1, 240 }),
		learned(func(_ *Solver, p *Path) { p.From, p.Preference = -1, 200 }), "highest preference"},
	{"static before BGP", BIRD,
		learned(func(_ *Solver, p *Path) { p.From, p.Preference = -1, 200 }), ordinary, "highest preference"},
	{"BGP before alien routes of the kernel", BIRD,
		ordinary, learned(func(_ *Solver, p *Path) { p.From, p.Preference = -1, 10 }), "highest preference"},
	{"elevated BGP route before an ordinary one that is resolvable", BIRD,
		learned(func(_ *Solver, p *Path) { p.Preference, p.Metric = 200, Unreachable }), ordinary, "highest preference"},
	{"a switch's own route before any preference", Switch,
		learned(func(_ *Solver, p *Path) { p.From, p.Preference, p.LocalPref = -1, 0, 1 }), ordinary, "own route"},
	{"resolvable before LOCAL_PREF", BIRD,
		ordinary, learned(func(_ *Solver, p *Path) { p.Metric, p.LocalPref = Unreachable, 300 }), "resolvable next hop"},
	{"LOCAL_PREF before AS path length", BIRD,
		learned(func(s *Solver, p *Path) {
			p.LocalPref = 101
			s.setASPath(p, s.asPaths.intern([]uint32{1, 2, 3}))
		}), ordinary, "highest LOCAL_PREF"},
	{"shorter AS path", Switch,
		ordinary, learned(func(s *Solver, p *Path) {
			p.lowestID = 1
			s.setASPath(p, s.asPaths.intern([]uint32{1, 2}))
		}), "shortest AS_PATH"},
	{"IGP before incomplete", BIRD,
		ordinary, learned(func(_ *Solver, p *Path) { p.Incomplete, p.lowestID = true, 1 }), "lowest ORIGIN"},
	{"external before internal, whatever the metric", BIRD,
		learned(func(_ *Solver, p *Path) { p.Metric = ViaGateway }),
		learned(func(_ *Solver, p *Path) { p.Internal = true }), "eBGP over iBGP"},
	{"on the link before behind a gateway", BIRD,
		ordinary, learned(func(_ *Solver, p *Path) { p.Metric, p.lowestID = ViaGateway, 1 }), "lowest metric to the next hop"},
	{"lower router ID", BIRD,
		learned(func(_ *Solver, p *Path) { p.lowestID = 49; p.clusterLength = 9 }), ordinary, "lowest router ID"},
	{"shorter cluster list", BIRD,
		learned(func(_ *Solver, p *Path) { p.From = 2 }),
		learned(func(_ *Solver, p *Path) { p.clusterLength = 1 }), "shortest CLUSTER_LIST"},
	{"lower peer address", Switch,
		ordinary, learned(func(_ *Solver, p *Path) { p.From = 2 }), "lowest peer address"},
	{"paths of one peer in a fixed order", BIRD,
		ordinary, learned(func(_ *Solver, p *Path) { p.NextHop.Hop = 1 }), "order of arrival"},
}

func TestDecisionProcess(t *testing.T) {
	for _, test := range decisionTests {
		t.Run(test.name, func(t *testing.T) {
			s := rivals(test.kind)
			better, worse := test.better(s), test.worse(s)
			if c := s.compare(test.kind, better, worse); c >= 0 {
				t.Errorf("compare(better, worse) = %d", c)
			}
			if c := s.compare(test.kind, worse, better); c <= 0 {
				t.Errorf("compare(worse, better) = %d", c)
			}
			if got := s.solution.Decides(0, better, worse); got != test.want {
				t.Errorf("decided by %q, want %q", got, test.want)
			}
		})
	}
}

func TestTieIsEqualityInAllStepsBeforeTieBreaks(t *testing.T) {
	s := rivals(BIRD)
	rng := rand.New(rand.NewPCG(1, 2))
	random := func() *Path {
		return &Path{
			From: rng.Int32N(2) * 2, Preference: 100 + rng.Int32N(2), LocalPref: rng.Uint32N(2), asLength: uint16(rng.IntN(2)),
			Incomplete: rng.IntN(2) == 0, Internal: rng.IntN(2) == 0, Metric: Metric(rng.IntN(2)), lowestID: rng.Uint32N(2),
		}
	}
	for range 2000 {
		a, b := random(), random()
		want := true
		for _, step := range processes[BIRD] {
			want = want && (step.tieBreak || step.compare(s, a, b) == 0)
		}
		if got := isTie(a, b); got != want {
			t.Fatalf("isTie(%+v, %+v) = %v", a, b, got)
		}
	}
}

var multipathTests = []struct {
	name   string
	change func(l *lab, x *Speaker, ends []*End) // ends are x's, to a, b and c in three ASes
	want   string
}{
	{"equal in length of the AS path is equal", func(*lab, *Speaker, []*End) {}, "a b c"},
	{"without relaxation neighbors must be of one AS", func(_ *lab, x *Speaker, _ []*End) { x.RelaxAS = false }, "a"},
	{"whatever is behind them", func(l *lab, x *Speaker, e []*End) {
		x.RelaxAS = false
		for i, end := range e {
			far := l.Ends[end.Index^1]
			end.FarASN, far.LocalASN, far.Export = 65001, 65001, prepending(uint32(i))
		}
	}, "a b c"},
	{"over iBGP the whole AS path must be the same", func(l *lab, x *Speaker, e []*End) {
		x.RelaxAS = false
		for i, end := range e {
			far := l.Ends[end.Index^1]
			end.Internal, far.Internal, far.Export = true, true, prepending(uint32(i/2))
		}
	}, "a b"},
	{"at most MaxPaths, the lowest addresses", func(_ *lab, x *Speaker, _ []*End) { x.MaxPaths = 2 }, "a b"},
	{"no multipath", func(_ *lab, x *Speaker, _ []*End) { x.MaxPaths = 1 }, "a"},
	{"a higher LOCAL_PREF is alone", func(_ *lab, _ *Speaker, e []*End) { e[1].Import = withLocalPref(200) }, "b"},
	{"another metric is not equal", func(l *lab, x *Speaker, e []*End) {
		l.metrics[[2]any{x, l.Ends[e[0].Index^1].Hop}] = ViaGateway
	}, "b c"},
	{"what a switch cannot reach is not used", func(l *lab, x *Speaker, e []*End) {
		for _, end := range e[1:] {
			l.metrics[[2]any{x, l.Ends[end.Index^1].Hop}] = Unreachable
		}
	}, "a"},
	{"a BIRD merges nothing that it cannot reach", func(l *lab, x *Speaker, e []*End) {
		x.Kind = BIRD
		for _, end := range e {
			l.metrics[[2]any{x, l.Ends[end.Index^1].Hop}] = Unreachable
		}
	}, "a?"},
	{"eBGP and iBGP do not mix", func(_ *lab, _ *Speaker, e []*End) { e[0].Internal = true }, "b c"},
}

func TestMultipath(t *testing.T) {
	for _, test := range multipathTests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab()
			x := l.router("x", 9)
			var ends []*End
			var origins []*Speaker
			for i, name := range []string{"a", "b", "c"} {
				origins = append(origins, l.router(name, byte(i+1)))
				_, end := l.ebgp(origins[i], x, 65001+uint32(i), 65000, 1)
				ends = append(ends, end)
			}
			test.change(l, x, ends)
			d := l.dest(origins...)
			if got := l.hops(NewSolver(l.Network).Solve(d).Used(x.Index)); got != test.want {
				t.Errorf("uses %q, want %q", got, test.want)
			}
		})
	}
}

func TestLocalRouteThatIsBestIsAlone(t *testing.T) {
	l := newLab()
	a, b, c := l.bird("a", 1), l.bird("b", 2), l.bird("c", 3)
	l.ibgp(a, b)
	l.ibgp(b, c)
	l.ibgp(a, c)
	wantTable(t, l, l.dest(a, b), "a: local; b: local; c: a b")
}

func TestSwitchWithoutReachablePathHasNoneAndTellsNone(t *testing.T) {
	l := newLab()
	a, x, b := l.router("a", 1), l.router("x", 2), l.router("b", 3)
	l.ebgp(a, x, 65001, 65002, 1)
	l.ebgp(x, b, 65002, 65003, 2)
	l.metrics[[2]any{x, l.hop(a, 1)}] = Unreachable
	d := l.dest(a)
	x0 := wantTable(t, l, d, "a: local")
	if paths := x0.Paths(x.Index); len(paths) != 1 || paths[0].Metric != Unreachable {
		t.Errorf("x has paths %v, want the one that it cannot reach", paths)
	}
	if reason, _ := x0.Refused(b.Index); reason != Unresolvable {
		t.Errorf("b is refused with %d, want Unresolvable", reason)
	}
}

func TestBIRDTellsOnWhatItCannotReach(t *testing.T) {
	l := newLab()
	a, x, b := l.bird("a", 1), l.bird("x", 2), l.bird("b", 3)
	l.client(x, a, 1)
	l.client(x, b, 1)
	l.metrics[[2]any{x, l.hop(a, 1)}] = Unreachable
	wantTable(t, l, l.dest(a), "a: local; x: a?; b: a")
}
