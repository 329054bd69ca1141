package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

var _ = rule(Rule{
	Name:     "rr-partition",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `rr-partition: reflectors of one AS must tell each other what their clients announce

Within an AS routes go from client to reflector to client, and no further than reflectors peer: they need a full mesh among
themselves, as all iBGP speakers that are nobody's clients do (RFC 4456 section 4), or the same clients. topoc peers the reflectors
of all racks with one AS number. It goes by the rack's: reflectors whose AS number is written at the nodes alone stay apart, and
so do all nodes behind them, unless a fabric of other AS numbers or a gateway joins them.

Mend it by writing the AS number at the racks, or by one group of reflectors for the whole cluster.`,
	Source: "RFC 4456 section 4; calico#1839",
	Run: func(p *Pass) {
		served := p.reflected()
		for _, c := range p.Fabric.Clusters {
			byAS := map[uint32][]*simulate.Part{}
			var order []uint32
			for _, part := range served.reflectors[c] {
				asn := asOf(part)
				if byAS[asn] == nil {
					order = append(order, asn)
				}
				byAS[asn] = append(byAS[asn], part)
			}
			for _, asn := range order {
				p.partition(byAS[asn], served.examples)
			}
		}
	},
})

// reflected is the reflectors of each cluster, and for each of them destinations that it reflects.
type reflected struct {
	reflectors map[*fabric.Cluster][]*simulate.Part
	examples   map[*simulate.Part][]simulate.Destination // one of each family: a client's if it has any, else its own
}

func (p *Pass) reflected() reflected {
	x := reflected{map[*fabric.Cluster][]*simulate.Part{}, map[*simulate.Part][]simulate.Destination{}}
	for _, part := range p.Predicted.Parts {
		if part.Nodes != nil && len(part.Nodes[0].Reflects) > 0 {
			x.reflectors[part.Cluster] = append(x.reflectors[part.Cluster], part)
		}
	}
	if len(x.reflectors) == 0 {
		return x
	}
	byOwner := map[*simulate.Part][]simulate.Destination{} // one of each family
	for d := range p.Predicted.Destinations() {
		if origins := d.OriginParts(); d.IsPods() && len(origins) > 0 {
			owner := origins[0]
			if !slices.ContainsFunc(byOwner[owner], func(o simulate.Destination) bool { return o.Family() == d.Family() }) {
				byOwner[owner] = append(byOwner[owner], d)
			}
		}
	}
	for _, reflectors := range x.reflectors {
		for _, r := range reflectors {
			x.examples[r] = byOwner[r]
			for _, s := range r.Sessions {
				if client := s.Peer; client != nil && s.State == simulate.Established && client.Cluster == r.Cluster && client.Nodes != nil &&
					len(client.Nodes[0].Reflects) == 0 && len(byOwner[client]) > 0 {
					x.examples[r] = byOwner[client]
					break
				}
			}
		}
	}
	return x
}

// partition reports the first two of the reflectors of one AS that don't meet.
func (p *Pass) partition(reflectors []*simulate.Part, examples map[*simulate.Part][]simulate.Destination) {
	for _, from := range reflectors {
		for _, d := range examples[from] {
			for _, to := range reflectors {
				if to != from && !peers(from, to) && p.misses(d, to) {
					p.reportPartition(from, to, d)
					return
				}
			}
		}
	}
}

// peers reports whether two parts have a session, be it established or not: what keeps it down is told by others.
func peers(a, b *simulate.Part) bool {
	return slices.ContainsFunc(a.Sessions, func(s *simulate.Session) bool { return s.Peer == b }) ||
		slices.ContainsFunc(b.Sessions, func(s *simulate.Session) bool { return s.Peer == a })
}

// misses reports whether a reflector hears nothing of a destination, and its packets don't get there either. What it drops is
// told by as-path-loop, and sessions that don't come up by session-no-path.
func (p *Pass) misses(d simulate.Destination, part *simulate.Part) bool {
	s := p.Predicted.Standing(d, part)
	if s.HasPath || s.HasRoute || s.IsOwn || s.Refused == simulate.ASLoop || !part.Nodes[0].Addr(d.Family()).IsValid() {
		return false
	}
	return !p.follower().Arrives(d, part) && !p.told(part.Nodes[0].At(), "session-no-path", "session-half-open")
}

func (p *Pass) reportPartition(from, to *simulate.Part, d simulate.Destination) {
	a, b := from.Nodes[0], to.Nodes[0]
	left, right := a.Reflects[0], b.Reflects[0]
	at := right.At()
	r := p.Reportf(at, "reflectors %s don't meet %s, of the same AS %d of cluster %s: %s hears nothing of %s, which %s reflects",
		someOf(left.Nodes, nodeName), someOf(right.Nodes, nodeName), a.ASN, a.Cluster.Name, b.Name, d.Example(), a.Name)
	if left != right {
		r.Note(left.At(), "the others are named here")
	}
	for _, n := range []*fabric.Node{b, a} {
		if n.Rack != nil && n.Rack.ASN != n.ASN {
			r.Note(n.ASNAt(), "AS %d is set here, and its rack %s is of AS %d", n.ASN, n.Rack.Name, n.Rack.ASN)
			r.WithHint("write asNumber: %d in rack %s, and not at its nodes: reflectors of racks with one AS peer with each other", n.ASN, n.Rack.Name)
			return
		}
	}
	if left.Rack != nil || right.Rack != nil {
		r.WithHint("delete rack from groups %s and %s: they then reflect for the whole cluster", left.Name, right.Name)
		return
	}
	r.WithHint("name all reflectors of cluster %s in one group", a.Cluster.Name)
}
