package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Timers that nobody wrote.
const (
	birdHold   = 240 * time.Second // BIRD's default, which Calico leaves as it is (bird.cfg.template)
	switchHold = 180 * time.Second // of most switches
)

// dialectHold is the hold time of dialects whose default is another one.
var dialectHold = map[string]time.Duration{
	"bird2":    240 * time.Second,
	"gobgp":    90 * time.Second,
	"junos":    90 * time.Second,
	"nvue":     9 * time.Second, // FRR's profile for data centers
	"openbgpd": 90 * time.Second,
	"srlinux":  90 * time.Second,
}

// converge is how long routes still point to what has failed, as far as timers tell, and the session that takes longest.
//
// Ends of a link lose its carrier and drop what came over it at once, whether the link or the switch at its far end failed.
// Sessions across a network that many are on see nothing: they wait until the hold time is over, the lower of what both ends
// ask for (RFC 4271 section 4.2). Stale routes are no matter: BIRD keeps those of a neighbor that closes the connection, for
// the restart time, and drops at once those of one whose hold time is over, as here (proto/bgp/bgp.c, bgp_hold_timeout). Nor
// is BFD: Calico has none, and switches ask for it on links, where the carrier is quicker. Passing the news on takes moments.
func converge(f *failure) (time.Duration, string) {
	longest := time.Duration(0)
	because := ""
	for _, p := range slices.SortedFunc(maps.Keys(f.members), func(a, b *Part) int { return a.Index - b.Index }) {
		for _, member := range f.members[p] {
			for _, s := range p.Sessions {
				if s.State != Established || s.Far == nil || s.overLink() {
					continue
				}
				wait := min(s.hold(), s.Far.hold())
				if waits, ok := firstAlive(f, s.Peer); ok && wait > longest {
					longest = wait
					because = fmt.Sprintf("%s waits %ds for keepalives of %s", nameOf(waits), int(wait.Seconds()), nameOf(place{p, member}))
				}
			}
		}
	}
	return longest, because
}

// overLink reports whether a session runs over a point-to-point link, where both ends see that the other is gone.
func (s *Session) overLink() bool {
	return s.neighbor != nil && s.neighbor.Session != nil && s.neighbor.Session.Link != nil
}

// hold is the hold time that an end asks for.
func (s *Session) hold() time.Duration {
	sw := s.Part.Switch
	if sw == nil {
		return birdHold
	}
	seconds := 0
	if n := s.neighbor; n != nil {
		seconds = n.Hold
		if n.Group != nil {
			seconds = cmp.Or(n.Group.Hold, seconds)
		}
	}
	if s.listen != nil && s.listen.Group != nil {
		seconds = cmp.Or(s.listen.Group.Hold, seconds)
	}
	usual := switchHold
	if sw.Dialect != nil {
		usual = cmp.Or(dialectHold[sw.Dialect.Name], usual)
	}
	return cmp.Or(time.Duration(seconds)*time.Second, usual)
}

// firstAlive returns the first member of a part that has not failed.
func firstAlive(f *failure, p *Part) (place, bool) {
	if p == nil {
		return place{}, false
	}
	for member := range p.Size() {
		if !slices.Contains(f.members[p], member) {
			return place{p, member}, true
		}
	}
	return place{}, false
}
