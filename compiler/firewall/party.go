package firewall

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/artifact"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// exactMost is the most addresses that a party stands for by itself. See Compile.
const exactMost = 256

// unit is the smallest that a need speaks of: a group of nodes that need the same, a switch, a speaker outside, ranges of
// addresses. The zero order of units is that in which newSurvey and its needs first meet them.
type unit struct {
	name    string // as in "switch leaf1"
	order   int
	cluster *fabric.Cluster // of a group of nodes; else nil
	nodes   []*fabric.Node  // of a group, sorted by name
	role    []source.Path   // what makes them a group
	file    string          // of a group
	groups  int             // how many the cluster of a group has
}

func (u *unit) declared() []source.Path { return append([]source.Path{u.cluster.At()}, u.role...) }

// isIncomplete reports whether the group may have more nodes than the topology lists. Of reflectors it must list all.
func (u *unit) isIncomplete() bool {
	return u.cluster != nil && u.cluster.Incomplete && len(u.nodes[0].Reflects) == 0
}

// count is how many nodes of a group have an address of a family.
func (u *unit) count(f fabric.Family) int {
	n := 0
	for _, node := range u.nodes {
		if node.Addr(f).IsValid() {
			n++
		}
	}
	return n
}

// place is an address, and what stands for it where there are too many: the subnet of a node, or the address or range itself. The
// zero place is a link-local address that the topology does not say.
type place struct{ exact, wide netip.Prefix }

func single(a netip.Addr) place {
	p := netip.PrefixFrom(a, a.BitLen())
	return place{p, p}
}

func whole(p netip.Prefix) place { return place{p.Masked(), p.Masked()} }

// party is one end of a need: units, and of their addresses those that matter. Immutable once made, and no matter for several
// goroutines: title remembers.
type party struct {
	units       []*unit // sorted, each once
	places      []place // sorted by address, each once
	ipv4, ipv6  []netip.Prefix
	isLinkLocal bool // some address is link-local, and none that the topology says
	name        string
}

func newParty(units []*unit, places []place) *party {
	slices.SortFunc(units, func(a, b *unit) int { return cmp.Compare(a.order, b.order) })
	slices.SortFunc(places, func(a, b place) int { return fabric.ComparePrefix(a.exact, b.exact) })
	p := &party{units: slices.Compact(units), places: slices.Compact(places)}
	p.isLinkLocal = slices.Contains(p.places, place{})
	isIncomplete := slices.ContainsFunc(p.units, (*unit).isIncomplete)
	p.ipv4, p.ipv6 = cover(p.places, fabric.IPv4, isIncomplete), cover(p.places, fabric.IPv6, isIncomplete)
	return p
}

// union returns the party of all units and places.
func union(parties []*party) *party {
	var units []*unit
	var places []place
	for i, p := range parties {
		if i == 0 || p != parties[i-1] {
			units, places = append(units, p.units...), append(places, p.places...)
		}
	}
	return newParty(units, places)
}

// of returns the prefixes that stand for a party's addresses of a family: disjoint, as few as can be, sorted.
func (p *party) of(f fabric.Family) []netip.Prefix {
	if f == fabric.IPv4 {
		return p.ipv4
	}
	return p.ipv6
}

// cover returns what stands for the places of a family: the wide ones where asked for, or where there are too many.
func cover(places []place, f fabric.Family, isWide bool) []netip.Prefix {
	var exact, wide []netip.Prefix
	for _, at := range places {
		if at.exact.IsValid() && fabric.FamilyOf(at.exact.Addr()) == f {
			exact, wide = append(exact, at.exact), append(wide, at.wide)
		}
	}
	if isWide || len(exact) > exactMost {
		return merge(wide)
	}
	return merge(exact)
}

// merge returns the fewest prefixes that hold the same addresses. Those given are masked, and of one family.
func merge(prefixes []netip.Prefix) []netip.Prefix {
	slices.SortFunc(prefixes, fabric.ComparePrefix)
	var merged []netip.Prefix
	for _, p := range prefixes {
		if n := len(merged); n > 0 && merged[n-1].Overlaps(p) {
			continue // sorted: the one before holds it
		}
		merged = append(merged, p)
		for n := len(merged); n > 1; n = len(merged) {
			above := netip.PrefixFrom(merged[n-1].Addr(), merged[n-1].Bits()-1).Masked()
			if merged[n-2].Bits() != merged[n-1].Bits() || !above.Contains(merged[n-2].Addr()) {
				break
			}
			merged = append(merged[:n-2], above)
		}
	}
	return merged
}

// groupNodes makes the groups of a cluster: nodes that reflect for the same groups, and the others by rack. Each then has the same
// sessions, but for sessions with speakers outside that select nodes by label: see need.into.
func groupNodes(c *fabric.Cluster, taken map[string]bool) []*unit {
	byRole := map[string]*unit{}
	var groups []*unit
	for _, n := range c.Nodes {
		key, suffix, name, role := "", "nodes", "nodes of "+c.Name, []source.Path(nil)
		switch {
		case len(n.Reflects) > 0:
			var names []string
			for _, g := range n.Reflects {
				names = append(names, g.Name)
				role = append(role, g.At())
			}
			key = "reflectors " + strings.Join(names, " ")
			suffix, name = "reflectors-"+names[0], "reflectors "+strings.Join(names, ", ")+" of "+c.Name
			if len(names) > 1 {
				suffix += "-and-others"
			}
		case n.Rack != nil:
			key = "rack " + n.Rack.Name
			suffix, name, role = "rack-"+n.Rack.Name, "nodes of rack "+n.Rack.Name+" of "+c.Name, []source.Path{n.Rack.At()}
		case len(c.Groups) > 0 || len(c.Racks) > 0:
			name = "other nodes of " + c.Name
		}
		if byRole[key] == nil {
			byRole[key] = &unit{name: name, cluster: c, role: role, file: fileName(taken, c.Name+"-"+suffix)}
			groups = append(groups, byRole[key])
		}
		byRole[key].nodes = append(byRole[key].nodes, n)
	}
	slices.SortFunc(groups, func(a, b *unit) int { return strings.Compare(a.file, b.file) })
	for _, g := range groups {
		g.groups = len(groups)
	}
	return groups
}

// fileName returns a name that no other file has, also where case does not count: names of clusters, racks and groups are not
// unique once they are joined.
func fileName(taken map[string]bool, name string) string {
	for taken[strings.ToLower(name)] {
		name += "-x"
	}
	taken[strings.ToLower(name)] = true
	return name + ".nft"
}

func sorted(files []artifact.File) []artifact.File {
	slices.SortFunc(files, func(a, b artifact.File) int { return cmp.Compare(a.Path, b.Path) })
	return files
}
