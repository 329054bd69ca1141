package bgp

import (
	"math/rand/v2"
	"testing"
)

// TestResumeIsSolve: after random failures, one after the other, what Resume makes of a kept destination is what Solve finds, or
// another of several outcomes.
func TestResumeIsSolve(t *testing.T) {
	resumed, missed := 0, 0
	for seed := range uint64(300) {
		l := randomLab(seed)
		rng := rand.New(rand.NewPCG(seed, 4))
		anew, again := NewSolver(l.Network), NewSolver(l.Network)
		var kept []*Kept
		for _, d := range l.Destinations {
			kept = append(kept, again.Keep(d))
		}
		for range 5 {
			dead, down, detours := l.fail(rng)
			for _, s := range []*Solver{anew, again} {
				s.Reset()
				s.Fail(dead, down)
			}
			for i, d := range l.Destinations {
				solved := anew.Solve(d)
				if kept[i] == nil || !solved.Settled {
					continue
				}
				want := everything(l, d, solved)
				x, _, ok := again.Resume(kept[i], detours)
				if !ok {
					missed++
					continue
				}
				if got := everything(l, d, x); got != want && !isOutcome(l, d, anew, rng, got) {
					t.Errorf("seed %d, destination %d:\nresumed %s\nsolved  %s", seed, i, got, want)
				}
				resumed++
			}
		}
	}
	if resumed < 5000 || missed > resumed/1000 {
		t.Errorf("%d solutions are resumed and %d cannot be: the labs tell too little", resumed, missed)
	}
}

// isOutcome reports whether a destination settles like this in some order of messages.
func isOutcome(l *lab, d *Destination, s *Solver, rng *rand.Rand, want string) bool {
	s.schedule = func(waiting []int32) int {
		rng.Shuffle(len(waiting), func(i, k int) { waiting[i], waiting[k] = waiting[k], waiting[i] })
		return 1 + rng.IntN(len(waiting))
	}
	defer func() { s.schedule = nil }()
	for range 3000 {
		if everything(l, d, s.Solve(d)) == want {
			return true
		}
	}
	return false
}

// fail takes a speaker away or not, some sessions down, and next hops out of reach that were in.
func (l *lab) fail(rng *rand.Rand) (dead map[*Speaker][]int, down []bool, detours []Detour) {
	if rng.IntN(2) == 0 {
		s := l.Speakers[rng.IntN(len(l.Speakers))]
		dead = map[*Speaker][]int{s: nil}
		for i := range s.RouterIDs {
			dead[s] = append(dead[s], i)
		}
	}
	down = make([]bool, len(l.Ends))
	for range min(len(l.Ends), rng.IntN(3)) {
		end := rng.IntN(len(l.Ends))
		down[end], down[end^1] = true, true
	}
	clear(l.metrics)
	for range min(len(l.Hops), rng.IntN(3)) {
		d := Detour{l.Speakers[rng.IntN(len(l.Speakers))], l.Hops[rng.IntN(len(l.Hops))]}
		l.metrics[[2]any{d.Speaker, d.Hop}] = Unreachable
		detours = append(detours, d)
	}
	return dead, down, detours
}

func TestResumeTellsWhoHeardNews(t *testing.T) {
	l := newLab()
	a, b, c := l.router("a", 1), l.router("b", 2), l.router("c", 3)
	l.ebgp(a, b, 1, 2, 1)
	bc, _ := l.ebgp(b, c, 2, 3, 2)
	d := l.dest(a)
	s := NewSolver(l.Network)
	kept := s.Keep(d)
	down := make([]bool, len(l.Ends))
	down[bc.Index], down[bc.Index^1] = true, true
	s.Fail(nil, down)
	x, heard, ok := s.Resume(kept, nil)
	if got := l.table(d, x); !ok || got != "a: local; b: a" {
		t.Errorf("resumed: %s (%v), want a: local; b: a", got, ok)
	}
	if len(heard) != 1 || heard[0] != int32(c.Index) {
		t.Errorf("%v heard news, want c alone", heard)
	}
}

func TestResumeCannotTell(t *testing.T) {
	l := newLab()
	a, b := l.router("a", 1), l.router("b", 2, 3)
	l.ebgp(a, b, 1, 2, 1)
	d := l.dest(a)
	s := NewSolver(l.Network)
	kept := s.Keep(d)
	for _, test := range []struct {
		name string
		dead map[*Speaker][]int
		want bool
	}{
		{"nothing has failed", nil, true},
		{"one of two members has failed", map[*Speaker][]int{b: {0}}, false},
		{"both members have failed", map[*Speaker][]int{b: {0, 1}}, true},
	} {
		s.Fail(test.dead, nil)
		if _, _, ok := s.Resume(kept, nil); ok != test.want || s.CanResume() != test.want {
			t.Errorf("%s: it can tell: %v, want %v", test.name, ok, test.want)
		}
	}
}
