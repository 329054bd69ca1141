package fabric

import (
	"math"
	"slices"

	"topoc/compiler/model"
)

// maxRoutes is the most prefixes that a cluster can announce in a family: the blocks that fit in its pools, at most
// blocksPerNode for each node, its services, and some single addresses.
func (c *Cluster) maxRoutes(f Family) int {
	blocks := 0
	for _, p := range c.Pools {
		if p.Own() && !p.LoadBalancerOnly() && FamilyOf(p.CIDR.Addr()) == f {
			blocks += p.Blocks()
		}
	}
	services := 0
	for _, r := range c.Advertised {
		if FamilyOf(r.Prefix.Addr()) == f {
			services++
		}
	}
	return min(blocks, blocksPerNode*c.PlannedNodes) + services + 256
}

// Blocks is how many blocks the pool has, at most 2^30.
func (p *Pool) Blocks() int {
	bits := p.BlockSize - p.CIDR.Bits()
	if bits < 0 {
		return 0
	}
	return 1 << min(bits, 30)
}

// rackMaxPrefixes is the limit on a session to a node of the rack, and how much it may bring.
func (b *routerBuilder) rackMaxPrefixes(r *Rack, f Family) (limit, possible int) {
	possible = r.Cluster.maxRoutes(f)
	limit = max(minMaxPrefixes, 2*possible)
	if d := b.s.Dialect; d != nil && d.AddPath {
		limit, possible = limit*pathsPerPrefix(r), possible*pathsPerPrefix(r)
	}
	return min(limit, math.MaxInt32), min(possible, math.MaxInt32) // more than any platform's table holds
}

// pathsPerPrefix is how many paths of one prefix a speaker of the rack holds, and so sends where add-path is negotiated: a
// reflector has one from the origin and one from each other reflector, a client has all of those from each reflector.
func pathsPerPrefix(r *Rack) int {
	reflectors := 0
	for _, g := range r.Cluster.Groups {
		if g.Rack == nil || g.Rack == r {
			reflectors += len(g.Nodes)
		}
	}
	if r.ByReflectors {
		return max(1, reflectors)
	}
	return max(1, reflectors*reflectors)
}

// switchMaxPrefixes is the limit on a session to another switch, and how much it may bring: what the switches behind it can bring in,
// beside so many entries that are accepted.
func (b *routerBuilder) switchMaxPrefixes(from *Switch, vrf string, entries int, f Family) (limit, possible int) {
	possible = entries
	var counted []*Cluster
	for _, key := range b.reach(vrfKey{from, vrf}, b.s) {
		for _, c := range b.clustersBehind()[key] {
			if !slices.Contains(counted, c) {
				counted = append(counted, c)
				possible = min(possible+c.maxRoutes(f), math.MaxInt32/2)
			}
		}
	}
	return max(minMaxPrefixes, 2*possible), possible
}

// widest returns the most sessions over which one prefix can come, and whether AS paths of equal length can differ there.
func (b *routerBuilder) widest() (most int, differ bool) {
	for _, f := range b.r.Families {
		nodes := map[*Cluster]*fan{}
		links := map[any]*fan{} // by cluster or switch
		for _, s := range b.sessions {
			if !slices.Contains(s.Carries(), f) {
				continue
			}
			if s.Kind == RackSession {
				fanOf(nodes, s.Rack.Cluster).add(s.B.PeerASN)
				continue
			}
			end := s.endOf(b.s).Other()
			asn := end.Switch.ASN
			if asn == b.s.ASN {
				asn = 0 // iBGP paths are never equal to eBGP ones
			}
			for _, key := range b.reach(vrfKey{end.Switch, end.VRF}, b.s) {
				fanOf(links, any(key.s)).add(asn)
				for _, c := range b.clustersBehind()[key] {
					if once := fanOf(links, any(c)); once.last != s {
						once.last = s
						once.add(asn)
					}
				}
			}
		}
		b.planned(nodes)
		for c, n := range nodes {
			total := n.sessions
			if !c.sharesRoutes() {
				total = 1
			}
			if over := links[any(c)]; over != nil {
				total += over.sessions
			}
			most, differ = max(most, total), differ || len(n.asns) > 1
		}
		for _, over := range links {
			most, differ = max(most, over.sessions), differ || len(over.asns) > 1
		}
	}
	return most, differ
}

// sharesRoutes reports whether a prefix of the cluster can come from more than one of its nodes: services from all, pods from
// every node that learned them by iBGP.
func (c *Cluster) sharesRoutes() bool {
	return len(c.Advertised) > 0 || len(c.Groups) > 0 || c.Mesh
}

// planned counts the nodes that are yet to come behind listen ranges.
func (b *routerBuilder) planned(nodes map[*Cluster]*fan) {
	for _, l := range b.r.Listens {
		if c := l.Group.Rack.Cluster; c.Incomplete && nodes[c] != nil {
			nodes[c].sessions = max(nodes[c].sessions, c.PlannedNodes)
		}
	}
}

// fan counts the sessions over which something can come, and their AS numbers.
type fan struct {
	sessions int
	asns     []model.ASN
	last     *Session
}

// add counts a session with a speaker of another AS, or of the same one where asn is 0.
func (f *fan) add(asn model.ASN) {
	f.sessions++
	if asn != 0 && !slices.Contains(f.asns, asn) {
		f.asns = append(f.asns, asn)
	}
}

func fanOf[K comparable](fans map[K]*fan, key K) *fan {
	if fans[key] == nil {
		fans[key] = &fan{}
	}
	return fans[key]
}
