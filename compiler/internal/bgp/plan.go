package bgp

import (
	"cmp"
	"reflect"
	"strings"
)

// plan is a Network laid out for the inner loop: indexes instead of pointers, policies answered beforehand.
type plan struct {
	ends      []endPlan     // by End.Index
	speakers  []speakerPlan // by Speaker.Index
	hops      []hopPlan     // by Hop.Index
	judges    []Policy      // what endPlan.imports and exports count; the first is nil and accepts all
	answers   [][]Decision  // by judge, then destination; nil of the first
	decisions []Decision    // by destination, then judge
	maxEnds   int           // of any speaker
	layout    layout
}

type endPlan struct {
	speaker, hop     int32
	far              int32 // speaker of the other end
	position         int32 // among the speaker's ends
	edge             int32 // where its speaker keeps what comes in by it
	imports, exports int32 // judges
	localASN, farASN uint32
	localBit         uint32 // of localASN
	clusterID        uint32 // of this end's reflector
	loopID           uint32 // the cluster ID that must not be in what it takes, where checksList
	allowOwnAS       int32
	nextHop          NextHopMode
	internal         bool
	client           bool
	subnet           int32 // that both ends are on
	onLinkOnly       bool
	sendsAll         bool
	asOverride       bool
	checksList       bool
	holdsLoops       bool // does not send what has clusterID in its list either
}

// sends reports whether routes leave by this end. Of a session within a part one end stands for the senders, the other one for
// the receivers: together they are all pairs of members.
func (e *endPlan) sends(index int32) bool { return e.far != e.speaker || index&1 == 0 }

type speakerPlan struct {
	ends     []int32 // by index
	edge     int32   // of its first end: the others follow
	kind     Kind
	sendsAll bool // over one session at least
	relays   bool // may tell all that it learns, not its own routes alone, over one session at least
	maxPaths int32
	relaxAS  bool
}

// heard is the edges of a speaker's ends.
func (s *speakerPlan) heard(edges []edge) []edge {
	return edges[s.edge : int(s.edge)+len(s.ends)]
}

type hopPlan struct {
	speaker int32 // -1: none
	subnet  int32
	single  bool // it is one address
}

// prepare returns the network's plan, made once.
func (n *Network) prepare() *plan {
	n.planOnce.Do(func() { n.plan = newPlan(n) })
	return n.plan
}

// Resolving returns a Network that shares everything with n, what its policies decided included, but resolves next hops in
// another way.
func (n *Network) Resolving(resolve func(*Speaker, *Hop) Metric, onLink func(*Speaker, *Hop) bool) *Network {
	other := &Network{Speakers: n.Speakers, Ends: n.Ends, Hops: n.Hops, Destinations: n.Destinations, Resolve: resolve, OnLink: onLink}
	other.planOnce.Do(func() { other.plan = n.prepare() })
	return other
}

func newPlan(n *Network) *plan {
	p := &plan{
		ends:     make([]endPlan, len(n.Ends)),
		speakers: make([]speakerPlan, len(n.Speakers)),
		hops:     make([]hopPlan, len(n.Hops)),
	}
	for i, h := range n.Hops {
		p.hops[i] = hopPlan{speaker: -1, subnet: int32(h.Subnet), single: len(h.Addrs) == 1}
		if h.Speaker != nil {
			p.hops[i].speaker = int32(h.Speaker.Index)
		}
	}
	p.groupEnds(n)
	for i, s := range n.Speakers {
		p.speakers[i].describe(s)
	}
	reflectors := reflectorIDs(n)
	for i, e := range n.Ends {
		p.ends[i].describe(e, reflectors)
	}
	for i := range p.speakers {
		p.speakers[i].judgeRoles(p.ends)
	}
	p.askPolicies(n)
	p.layout = p.takeApart(n)
	return p
}

// groupEnds lists the ends of each speaker, ascending. It does not rely on Speaker.Ends, which may be in any order.
func (p *plan) groupEnds(n *Network) {
	counts := make([]int32, len(n.Speakers)+1)
	for _, e := range n.Ends {
		counts[e.Speaker.Index]++
	}
	all := make([]int32, len(n.Ends))
	start := int32(0)
	for i, count := range counts[:len(n.Speakers)] {
		p.speakers[i].ends = all[start : start : start+count]
		p.speakers[i].edge = start
		p.maxEnds = max(p.maxEnds, int(count))
		start += count
	}
	for i, e := range n.Ends {
		s := &p.speakers[e.Speaker.Index]
		p.ends[i].position = int32(len(s.ends))
		p.ends[i].edge = s.edge + p.ends[i].position
		p.ends[i].far = int32(n.Ends[i^1].Speaker.Index)
		s.ends = append(s.ends, int32(i))
	}
}

func (s *speakerPlan) describe(speaker *Speaker) {
	s.kind = speaker.Kind
	s.maxPaths = int32(max(1, speaker.MaxPaths))
	s.relaxAS = speaker.RelaxAS || speaker.Kind == BIRD
}

// judgeRoles finds out what the speaker tells on of what it learned: over iBGP alone, no client anywhere, nothing.
func (s *speakerPlan) judgeRoles(ends []endPlan) {
	tellsOn := false
	for _, i := range s.ends {
		e, first := &ends[i], &ends[s.ends[0]]
		s.sendsAll = s.sendsAll || e.sendsAll
		tellsOn = tellsOn || !e.internal || e.client || e.localASN != first.localASN
	}
	s.relays = s.sendsAll && tellsOn
}

// reflectorIDs returns the cluster ID of each speaker that reflects, nil where it does not.
func reflectorIDs(n *Network) []*End {
	reflectors := make([]*End, len(n.Speakers))
	for _, e := range n.Ends {
		if e.Internal && e.Client && reflectors[e.Speaker.Index] == nil {
			reflectors[e.Speaker.Index] = e
		}
	}
	return reflectors
}

func (p *endPlan) describe(e *End, reflectors []*End) {
	p.speaker = int32(e.Speaker.Index)
	p.hop = int32(e.Hop.Index)
	p.localASN, p.farASN = e.LocalASN, e.FarASN
	p.localBit = bitOf(e.LocalASN)
	p.clusterID = e.ClusterID
	p.allowOwnAS = int32(e.AllowOwnAS)
	p.nextHop = e.NextHop
	p.subnet, p.onLinkOnly = int32(cmp.Or(e.Subnet, e.Hop.Subnet)), e.OnLinkOnly
	p.internal, p.client = e.Internal, e.Internal && e.Client
	p.sendsAll, p.asOverride = e.SendsAll, e.ASOverride
	reflector := reflectors[e.Speaker.Index]
	switch {
	case !e.Internal: // CLUSTER_LIST does not cross eBGP
	case e.Speaker.Kind == Switch && reflector != nil:
		p.checksList, p.loopID = true, reflector.ClusterID
	case e.Speaker.Kind == BIRD && e.Client: // proto/bgp/attrs.c bgp_cluster_list_loopy: "rr client" sessions only, both ways
		p.checksList, p.loopID = true, e.ClusterID
		p.holdsLoops = true
	}
}

// askPolicies asks every policy about all destinations. Ends that share a policy share its answers, and so do policies with the
// same answers that never Depend.
func (p *plan) askPolicies(n *Network) {
	p.judges = append(make([]Policy, 0, 8), nil)
	p.answers = append(make([][]Decision, 0, 8), nil)
	var known map[Policy]int32
	alike, equal := map[*Decision]int32{}, map[string]int32{}
	add := func(policy Policy) int32 {
		answer := policy.Decisions(n.Destinations)
		if len(answer) > 0 {
			if i, ok := alike[&answer[0]]; ok {
				return i
			}
			if text := string(answer); strings.IndexByte(text, byte(Depends)) < 0 {
				i, ok := equal[text]
				if !ok {
					i = int32(len(p.judges))
					equal[text] = i
				}
				if alike[&answer[0]] = i; ok {
					return i
				}
			}
		}
		p.judges, p.answers = append(p.judges, policy), append(p.answers, answer)
		return int32(len(p.judges) - 1)
	}
	judge := func(policy Policy) int32 {
		if policy == nil {
			return 0
		}
		if !reflect.TypeOf(policy).Comparable() {
			return add(policy)
		}
		i, ok := known[policy]
		if !ok {
			if known == nil {
				known = map[Policy]int32{}
			}
			i = add(policy)
			known[policy] = i
		}
		return i
	}
	for i, e := range n.Ends {
		p.ends[i].imports, p.ends[i].exports = judge(e.Import), judge(e.Export)
	}
	p.decisions = byDestination(p.answers, len(n.Destinations))
}

// byDestination turns answers of judges around, so that one destination's lie side by side. The first judge accepts all.
func byDestination(answers [][]Decision, destinations int) []Decision {
	const block = 64 // destinations: what is read and written in turn stays in the cache
	judges := len(answers)
	table := make([]Decision, destinations*judges)
	for from := 0; from < destinations; from += block {
		to := min(from+block, destinations)
		for d := from; d < to; d++ {
			table[d*judges] = Accept
		}
		for j := 1; j < judges; j++ {
			for d := from; d < to; d++ {
				table[d*judges+j] = answers[j][d]
			}
		}
	}
	return table
}
