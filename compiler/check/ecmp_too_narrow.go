package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "ecmp-too-narrow",
	Severity: diag.Error,
	Doc: `ecmp-too-narrow: a switch must be allowed as many equal-cost paths as are expected of it

A switch spreads flows over at most maximumPaths next hops; the rest of the equal routes wait. With one path all flows go to
one reflector or leaf, which then carries everything and whose loss interrupts everything until BGP has converged. Seen from
the cluster it looks like a fault of its own: in metallb#720 a router knew three routes to an address, and one node got all
connections. topoc derives maximumPaths from the sessions over which one prefix can come; this check judges what was written,
and dialects that know no multipath.

Mend it by deleting maximumPaths, or by raising it.`,
	Source: "Calico, Advertise Kubernetes service IP addresses: the switch must allow multipath; metallb#720",
	Run: func(p *Pass) {
		told := map[*fabric.Switch]bool{}
		for _, e := range p.Fabric.Expected {
			if s := e.From.Switch; s != nil && !told[s] {
				told[s] = p.narrowFor(e, s)
			}
		}
		for _, s := range p.Fabric.Switches {
			for _, r := range s.Routers {
				if r.MaximumPaths == 1 && r.PossiblePaths > 1 && !told[s] {
					p.reportNarrow(s, r)
				}
			}
		}
	},
})

// reportNarrow reports a router that uses one path where several are there.
func (p *Pass) reportNarrow(s *fabric.Switch, r *fabric.BGPRouter) {
	if s.Model.BGP != nil && s.Model.BGP.MaximumPaths != nil {
		p.Warnf(s.At().Fields("bgp", "maximumPaths"), "switch %s uses 1 path, and one prefix can come over %d sessions", s.Name, r.PossiblePaths).
			WithHint("delete maximumPaths: it is derived, here %d", 1<<bitsFor(r.PossiblePaths))
		return
	}
	p.Warnf(s.At().Field("dialect"), "switch %s uses 1 path, since %s has no multipath, and one prefix can come over %d sessions",
		s.Name, s.Model.Dialect, r.PossiblePaths).
		WithHint("use a dialect that has multipath, or waive this check")
}

// narrowFor reports a switch that may use fewer paths than an expectation asks of it, which then cannot hold, and whether it is
// one.
func (p *Pass) narrowFor(e *fabric.Expectation, s *fabric.Switch) bool {
	b := s.Model.BGP
	if b == nil || b.MaximumPaths == nil || *b.MaximumPaths >= e.Paths {
		return false // a limit of the dialect is a switch-feature finding
	}
	p.Reportf(s.At().Fields("bgp", "maximumPaths"), "switch %s uses at most %s, and expectation %q asks for %d", s.Name,
		count(*b.MaximumPaths, "path"), e.Name, e.Paths).
		Note(e.At().Field("paths"), "the paths are expected here").
		WithHint("write maximumPaths: %d, or delete it", e.Paths)
	return true
}

// bitsFor is the number of bits that can count n things: 1 for 2, 2 for 3 and 4.
func bitsFor(n int) int {
	bits := 0
	for 1<<bits < n {
		bits++
	}
	return bits
}
