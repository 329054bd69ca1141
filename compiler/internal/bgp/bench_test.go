package bgp

import (
	"testing"
)

// clos makes racks of two leaves, two reflectors and a part of 18 nodes under four spines, each rack with its own AS for nodes.
// Every rack has seven destinations: pod blocks of each part, subnets, loopbacks. It is 5 racks + 4 speakers, 15 racks sessions.
func clos(racks int) *lab {
	l := newLab()
	pods := &policy{decision: func(d *Destination) Decision {
		if d.Index%7 < 4 {
			return Accept
		}
		return Reject
	}}
	var spines []*Speaker
	for i := range 4 {
		spines = append(spines, l.router("spine", byte(i+1)))
	}
	subnet := 1
	next := func() int { subnet++; return subnet }
	for r := range racks {
		nodesASN := uint32(64600 + r)
		leaves := []*Speaker{l.router("leaf", 10), l.router("leaf", 11)}
		rrs := []*Speaker{l.bird("rr", 12), l.bird("rr", 13)}
		nodes := l.bird("nodes", 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)
		for i, leaf := range leaves {
			leafASN := uint32(4200000000 + 2*r + i)
			for _, spine := range spines {
				l.ebgp(spine, leaf, 64500, leafASN, next())
			}
			for _, rr := range rrs {
				l.session(rr, leaf, End{LocalASN: nodesASN, NextHop: Self, SendsAll: true, Export: pods},
					End{LocalASN: leafASN, NextHop: ThirdParty}, 10000+r)
			}
		}
		for i, rr := range rrs {
			inside := End{LocalASN: nodesASN, Internal: true, SendsAll: true, Export: pods}
			client := inside
			client.Client, client.ClusterID = true, uint32(r)
			if l.session(rr, nodes, client, inside, 10000+r); i == 1 {
				l.session(rrs[0], rr, inside, inside, 10000+r)
			}
		}
		l.owned(nodes, true)
		l.owned(nodes, false)
		l.dest(rrs[0])
		l.dest(rrs[1])
		l.dest(leaves...)
		l.dest(leaves[0])
		l.dest(leaves[1])
	}
	return l
}

func BenchmarkSolveClos(b *testing.B) {
	l := clos(100)
	b.ReportMetric(float64(len(l.Speakers)), "speakers")
	b.ReportMetric(float64(len(l.Ends)/2), "sessions")
	s := NewSolver(l.Network)
	rounds, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		s.Solve(l.Destinations[n%len(l.Destinations)])
		rounds += s.rounds
		n++
	}
	b.ReportMetric(float64(rounds)/float64(n), "rounds")
}

func BenchmarkUsedClos(b *testing.B) {
	l := clos(100)
	s := NewSolver(l.Network)
	x := s.Solve(l.Destinations[0])
	b.ReportAllocs()
	for b.Loop() {
		s.answers = s.answers[:0]
		for slot := range len(l.Speakers) + 1 {
			x.Used(slot)
		}
	}
}

func BenchmarkNewSolverClos(b *testing.B) {
	l := clos(100)
	b.ReportAllocs()
	for b.Loop() {
		l.Network = &Network{Speakers: l.Speakers, Ends: l.Ends, Hops: l.Hops, Destinations: l.Destinations, Resolve: l.Resolve}
		NewSolver(l.Network)
	}
}

func BenchmarkTiny(b *testing.B) {
	l := newLab()
	x, y, z := l.bird("x", 1), l.bird("y", 2), l.bird("z", 3, 4, 5)
	l.ibgp(x, y)
	l.client(x, z, 1)
	l.client(y, z, 1)
	for _, s := range l.Speakers {
		l.dest(s)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Network = &Network{Speakers: l.Speakers, Ends: l.Ends, Hops: l.Hops, Destinations: l.Destinations, Resolve: l.Resolve}
		s := NewSolver(l.Network)
		for _, d := range l.Destinations {
			s.Solve(d)
		}
	}
}
