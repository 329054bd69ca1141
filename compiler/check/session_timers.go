package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// Timers in seconds.
const (
	leastNodeHold = 9   // that a session with a node holds through: a third of it is three seconds
	calicoHold    = 240 // what BIRD offers where nothing is written, as Calico does
)

var _ = rule(Rule{
	Name:     "session-timers",
	Severity: diag.Warning,
	Source:   "calico#7086; RFC 4271 section 4.4",
	Doc: `session-timers: sessions to nodes hold for 9 seconds at least, with three keepalives in that time

The two ends take the lower of their hold times; Calico's is 240 seconds, so a switch decides. On a node BIRD shares processors with
everything else there. With a hold time of 3 seconds sessions fell about once a day, though the switch's keepalives had arrived
(calico#7086), and with each of them the node's routes. Sessions between switches may be as fast as they like. A keepalive
interval of more than a third of the hold time (RFC 4271 section 4.4) lets a session fall for one or two lost packets, or where
the device knows better is not what is used.

Mend it by a hold time of 9 seconds and more and a third of it as keepalive; where a dead node must be noticed sooner, by more
than one path to what it has.`,
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			p.judgeTimers(s)
		}
	},
})

func (p *Pass) judgeTimers(s *fabric.Switch) {
	b := s.Model.BGP
	if b == nil || b.Keepalive == nil && b.Hold == nil {
		return
	}
	at := s.At().Field("bgp")
	hasNodes := slices.ContainsFunc(s.Routers, func(r *fabric.BGPRouter) bool { return len(r.Groups) > 0 })
	if b.Hold != nil && *b.Hold < leastNodeHold && hasNodes {
		p.Reportf(at.Field("hold"), "switch %s holds its sessions to nodes for %d s without a sign of life, expected at least %d s",
			s.Name, *b.Hold, leastNodeHold).
			Note(s.Racks[0].At(), "rack %s of cluster %s peers with it", s.Racks[0].Name, s.Racks[0].Cluster.Name).
			WithHint("write keepalive: %d, hold: %d", leastNodeHold/3, leastNodeHold)
		return
	}
	if b.Keepalive == nil {
		return
	}
	hold, whose := 3**b.Keepalive, "" // what is configured where no hold time is written
	if b.Hold != nil {
		hold, whose = *b.Hold, "its hold time"
	}
	if hasNodes && hold > calicoHold {
		hold, whose = calicoHold, "the hold time of its sessions to nodes, which is Calico's,"
	}
	if 3**b.Keepalive <= hold {
		return
	}
	d := p.Reportf(at.Field("keepalive"), "switch %s sends a keepalive every %d s, and %s is %d s: expected at most a third of it, %d s",
		s.Name, *b.Keepalive, whose, hold, hold/3)
	if b.Hold != nil && hold == *b.Hold {
		d.Note(at.Field("hold"), "the hold time is set here")
	}
	d.WithHint("write keepalive: %d", hold/3)
}
