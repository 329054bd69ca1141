package bgp

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestOrderOfArrivalDoesNotMatter lets random speakers decide at a time, in random order, as messages arrive in life.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	for seed := range uint64(300) {
		l := randomLab(seed)
		rng := rand.New(rand.NewPCG(seed, 3))
		inRounds, shuffled := NewSolver(l.Network), NewSolver(l.Network)
		shuffled.schedule = func(waiting []int32) int {
			rng.Shuffle(len(waiting), func(i, k int) { waiting[i], waiting[k] = waiting[k], waiting[i] })
			return 1 + rng.IntN(len(waiting))
		}
		for _, d := range l.Destinations {
			want := everything(l, d, inRounds.Solve(d))
			if got := everything(l, d, shuffled.Solve(d)); got != want {
				t.Errorf("seed %d, destination %d:\n in rounds %s\n shuffled  %s", seed, d.Index, want, got)
			}
		}
	}
}

// TestDuplicatesChangeNothing compares what is used with what it would be if every path were told on, as BIRD does.
func TestDuplicatesChangeNothing(t *testing.T) {
	dropped := 0
	for seed := range uint64(600) {
		l := randomLab(seed)
		without, with := NewSolver(l.Network), NewSolver(l.Network)
		with.keepsAll = true
		for _, d := range l.Destinations {
			x, y := without.Solve(d), with.Solve(d)
			if got, want := l.table(d, x), l.table(d, y); got != want {
				t.Errorf("seed %d, destination %d:\nwithout duplicates %s\nwith them          %s", seed, d.Index, got, want)
			}
			for slot := range len(l.Speakers) {
				dropped += len(y.Paths(slot)) - len(x.Paths(slot))
				if p, q := x.Best(slot), y.Best(slot); p != nil && q != nil && fmt.Sprint(x.ASPath(p)) != fmt.Sprint(y.ASPath(q)) {
					t.Errorf("seed %d, destination %d: %s prefers another path", seed, d.Index, l.names[slot])
				}
			}
		}
	}
	if dropped < 1000 {
		t.Errorf("%d duplicates dropped: the labs don't show the difference", dropped)
	}
}

// everything writes all that a solution says.
func everything(l *lab, d *Destination, x *Solution) string {
	var b strings.Builder
	b.WriteString(l.table(d, x))
	for slot := range len(l.Speakers) + 1 {
		for _, p := range x.Paths(slot) {
			fmt.Fprint(&b, "\n  ", l.slotName(d, slot), p.NextHop, p.From, p.FromOwner, p.LocalPref, p.Metric, p.Count,
				x.ASPath(&p), x.ClusterList(&p), x.Communities(&p))
		}
	}
	return b.String()
}

func TestSolverStartsAnewWithEveryDestination(t *testing.T) {
	for seed := range uint64(100) {
		l := randomLab(seed)
		used := NewSolver(l.Network)
		for i := len(l.Destinations) - 1; i >= 0; i-- {
			d := l.Destinations[i]
			used.Messages(d)
			got, want := everything(l, d, used.Solution()), everything(l, d, NewSolver(l.Network).Solve(d))
			if got != want {
				t.Fatalf("seed %d, destination %d:\nused solver %s\nnew solver  %s", seed, i, got, want)
			}
		}
	}
}

func TestAcceptsIsWherePathsCameFrom(t *testing.T) {
	for seed := range uint64(100) {
		l := randomLab(seed)
		s := NewSolver(l.Network)
		for _, d := range l.Destinations {
			x := s.Solve(d)
			want := make([]bool, len(l.Ends))
			for slot := range len(l.Speakers) + 1 {
				for _, p := range x.Paths(slot) {
					if p.From >= 0 {
						want[p.From] = true
					}
				}
			}
			for i, end := range l.Ends {
				if got := x.Accepts(end); got != want[i] {
					t.Errorf("seed %d, destination %d: end %d accepts: %v, want %v", seed, d.Index, i, got, want[i])
				}
			}
		}
	}
}

func TestResetForgetsMetricsAndSessions(t *testing.T) {
	l := newLab()
	a, b := l.router("a", 1), l.router("b", 2)
	ab, ba := l.ebgp(a, b, 1, 2, 1)
	d := l.dest(a)
	s := NewSolver(l.Network)
	steps := []struct {
		name   string
		change func()
		want   string
	}{
		{"as it is", func() {}, "a: local; b: a"},
		{"next hop lost", func() { l.metrics[[2]any{b, ab.Hop}] = Unreachable }, "a: local"},
		{"next hop back", func() { clear(l.metrics) }, "a: local; b: a"},
		{"session down", func() { ab.Up, ba.Up = false, false }, "a: local"},
	}
	for _, step := range steps {
		step.change()
		s.Reset()
		if got := l.table(d, s.Solve(d)); got != step.want {
			t.Errorf("%s: got %s, want %s", step.name, got, step.want)
		}
	}
}

// gadget is an origin 0 and speakers around it in ASes of their own, each of which prefers what the next one tells to its own
// session with the origin (Griffin, Shepherd, Wilfong: The stable paths problem and interdomain routing).
func gadget(size int) (*lab, *Destination) {
	l := newLab()
	origin := l.router("0", 10)
	var around []*Speaker
	for i := range size {
		around = append(around, l.router(fmt.Sprint(i+1), byte(i+1)))
		l.ebgp(origin, around[i], 65000, 65001+uint32(i), 1+i)
	}
	subnet := size
	for i, s := range around {
		next := (i + 1) % size
		if size == 2 && i == 1 {
			break
		}
		subnet++
		end, far := l.ebgp(s, around[next], 65001+uint32(i), 65001+uint32(next), subnet)
		end.Import = preferDirect(65001 + uint32(next))
		if size == 2 {
			far.Import = preferDirect(65001)
		}
	}
	return l, l.dest(origin)
}

// preferDirect raises LOCAL_PREF of routes that a neighbor has from the origin itself.
func preferDirect(neighbor uint32) *policy {
	return &policy{decide: func(_ *Destination, r *Route) bool {
		if len(r.ASPath) == 2 && r.ASPath[0] == neighbor {
			r.LocalPref = 200
		}
		return true
	}}
}

func TestOscillationIsAResult(t *testing.T) {
	tests := []struct {
		name    string
		size    int
		settles bool
		flips   string // slots of the cycle
	}{
		{"DISAGREE: each of two prefers the other's way", 2, false, "1 2"},
		{"BAD GADGET: no state is stable", 3, false, "1 2 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l, d := gadget(test.size)
			x := NewSolver(l.Network).Solve(d)
			if x.Settled != test.settles {
				t.Fatalf("settled: %v", x.Settled)
			}
			seen := map[int]bool{}
			first, last := map[int]Flip{}, map[int]Flip{}
			for _, f := range x.Cycle {
				if _, ok := first[f.Slot]; !ok {
					first[f.Slot] = f
				}
				if f.Has && f.Path.NextHop == last[f.Slot].Path.NextHop && last[f.Slot].Has {
					t.Errorf("%s flips to what it has: %+v", l.names[f.Slot], f)
				}
				seen[f.Slot], last[f.Slot] = true, f
			}
			var slots []string
			for i, name := range l.names {
				if seen[i] {
					slots = append(slots, name)
				}
				if seen[i] && first[i].Path.NextHop == last[i].Path.NextHop {
					t.Errorf("%s ends where it begins: the cycle is not whole", name)
				}
			}
			if got := strings.Join(slots, " "); got != test.flips {
				t.Errorf("flips: %s, want %s", got, test.flips)
			}
			if again := NewSolver(l.Network).Solve(d); fmt.Sprint(again.Cycle) != fmt.Sprint(x.Cycle) {
				t.Error("the same network oscillates in another way")
			}
		})
	}
}

func TestLongLineSettles(t *testing.T) {
	l := newLab()
	var all []*Speaker
	for i := range 200 {
		all = append(all, l.router(fmt.Sprint(i), byte(i)))
		if i > 0 {
			l.ebgp(all[i-1], all[i], uint32(i), uint32(i+1), i)
		}
	}
	d := l.dest(all[0])
	x := NewSolver(l.Network).Solve(d)
	if !x.Settled {
		t.Fatal("not settled")
	}
	if got := len(x.ASPath(x.Best(199))); got != 199 {
		t.Errorf("AS path of %d at the far end, want 199", got)
	}
}

func TestSolveDoesNotAllocate(t *testing.T) {
	l, _, b := reflectors(true, 64513)
	d := l.dest(b...)
	s := NewSolver(l.Network)
	s.Solve(d)
	if n := testing.AllocsPerRun(20, func() { s.Solve(d) }); n > 0 {
		t.Errorf("%v allocations by each Solve", n)
	}
}
