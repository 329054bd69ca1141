package firewall

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
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
	whole   *party          // all of a group
	all     *party          // all nodes of the cluster of a group
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

// place is an address or a range, and what stands for it where there are too many: the subnet of a node, or the same again. The
// zero place is a link-local address that the topology does not say. There is one for each node and session: hence in few bytes.
type place struct {
	addr       netip.Addr
	bits, wide uint8
}

func (p *place) exact() netip.Prefix { return netip.PrefixFrom(p.addr, int(p.bits)) }

func (p *place) subnet() netip.Prefix { return netip.PrefixFrom(p.addr, int(p.wide)).Masked() }

func (p *place) isOf(f fabric.Family) bool { return p.addr.IsValid() && fabric.FamilyOf(p.addr) == f }

func single(a netip.Addr) place { return on(netip.PrefixFrom(a, a.BitLen())) }

// on is the place of an address that is written with the length of its subnet.
func on(p netip.Prefix) place { return place{p.Addr(), uint8(p.Addr().BitLen()), uint8(p.Bits())} }

func whole(p netip.Prefix) place {
	return place{p.Masked().Addr(), uint8(p.Bits()), uint8(p.Bits())}
}

// party is one end of a need: units, and of their addresses those that matter. Immutable.
type party struct {
	units       []*unit // sorted, each once
	places      []place // sorted by address, each once
	ipv4, ipv6  []netip.Prefix
	isLinkLocal bool   // some address is link-local, and none that the topology says
	identity    int32  // the same for parties that are the same; above 0
	title       string // names it
}

// parties makes those of a survey, and knows which are the same.
type parties struct {
	known map[string]int32
	room  []byte
}

// newParty takes over both slices. Most parties are all of a group or a cluster, and known as that.
func (ps *parties) newParty(units []*unit, places []place) *party {
	slices.SortFunc(units, func(a, b *unit) int { return cmp.Compare(a.order, b.order) })
	p := &party{units: slices.Compact(units), places: sortPlaces(places)}
	for _, known := range [...]*party{p.units[0].whole, p.units[0].all} {
		if known != nil && slices.Equal(p.units, known.units) && slices.Equal(p.places, known.places) {
			return known
		}
	}
	p.isLinkLocal = slices.Contains(p.places, place{})
	isIncomplete := slices.ContainsFunc(p.units, (*unit).isIncomplete)
	p.ipv4, p.ipv6 = cover(p.places, fabric.IPv4, isIncomplete), cover(p.places, fabric.IPv6, isIncomplete)
	p.identity = ps.identityOf(p)
	p.title = titleOf(p.units)
	return p
}

// identityOf is the same for parties that are the same.
func (ps *parties) identityOf(p *party) int32 {
	b := ps.room[:0]
	for _, u := range p.units {
		b = append(strconv.AppendInt(b, int64(u.order), 10), ' ')
	}
	for _, f := range bothFamilies {
		b = append(b, '|')
		for _, prefix := range p.of(f) {
			b = append(prefix.AppendTo(b), ' ')
		}
	}
	ps.room = b
	identity, isKnown := ps.known[string(b)]
	if !isKnown {
		identity = int32(len(ps.known) + 1)
		ps.known[string(b)] = identity
	}
	return identity
}

// titleOf names units, the first of them. The groups of a cluster follow one another.
func titleOf(units []*unit) string {
	if len(units) == 1 {
		return units[0].name
	}
	var room [4]string
	names := room[:0]
	for i := 0; i < len(units); {
		u, n := units[i], 1
		for u.cluster != nil && i+n < len(units) && units[i+n].cluster == u.cluster {
			n++
		}
		if n > 1 && n == u.groups {
			names = append(names, "all nodes of "+u.cluster.Name)
			i += n
			continue
		}
		for end := i + n; i < end; i++ {
			if name := units[i].name; len(names) == 0 || names[len(names)-1] != name {
				names = append(names, name)
			}
		}
	}
	return few(len(names), mostUnits, func(i int) string { return names[i] })
}

// sortPlaces sorts places by address, each once.
func sortPlaces(places []place) []place {
	slices.SortFunc(places, func(a, b place) int {
		if order := a.addr.Compare(b.addr); order != 0 { // as a rule
			return order
		}
		return cmp.Or(cmp.Compare(a.bits, b.bits), cmp.Compare(a.wide, b.wide))
	})
	return slices.Compact(places)
}

// union returns the party of all units and places.
func (ps *parties) union(all []*party) *party {
	if !slices.ContainsFunc(all, func(p *party) bool { return p != all[0] }) {
		return all[0]
	}
	units, places := 0, 0
	for _, p := range all {
		units, places = units+len(p.units), places+len(p.places)
	}
	sum := party{units: make([]*unit, 0, units), places: make([]place, 0, places)}
	for _, p := range all {
		sum.units, sum.places = append(sum.units, p.units...), append(sum.places, p.places...)
	}
	return ps.newParty(sum.units, sum.places)
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
	n := 0
	for i := range places {
		if places[i].isOf(f) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	var cover []netip.Prefix
	if n > exactMost || isWide {
		for i := range places {
			p := &places[i]
			if p.isOf(f) && (len(cover) == 0 || !cover[len(cover)-1].Contains(p.addr) || int(p.wide) < cover[len(cover)-1].Bits()) {
				cover = append(cover, p.subnet())
			}
		}
		return merge(cover)
	}
	cover = make([]netip.Prefix, 0, n)
	for i := range places {
		if places[i].isOf(f) {
			cover = append(cover, places[i].exact())
		}
	}
	return merge(cover)
}

// merge returns the fewest prefixes that hold the same addresses, in the place of those given. They are masked, and of one family.
func merge(prefixes []netip.Prefix) []netip.Prefix {
	slices.SortFunc(prefixes, fabric.ComparePrefix)
	merged := prefixes[:0] // never longer than what was looked at
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
	type role struct {
		rack     *fabric.Rack
		reflects string
	}
	byRole := map[role]*unit{}
	var groups []*unit
	for _, n := range c.Nodes {
		r := role{rack: n.Rack}
		if len(n.Reflects) > 0 {
			r = role{reflects: strings.Join(reflected(n), " ")}
		}
		g := byRole[r]
		if g == nil {
			g = newGroup(c, n, taken)
			byRole[r] = g
			groups = append(groups, g)
		}
		g.nodes = append(g.nodes, n)
	}
	slices.SortFunc(groups, func(a, b *unit) int { return strings.Compare(a.file, b.file) })
	for _, g := range groups {
		g.groups = len(groups)
	}
	return groups
}

// newGroup returns the group of nodes that n is one of, without its nodes.
func newGroup(c *fabric.Cluster, n *fabric.Node, taken map[string]bool) *unit {
	g := &unit{name: "nodes of " + c.Name, cluster: c}
	suffix := "nodes"
	switch {
	case len(n.Reflects) > 0:
		names := reflected(n)
		for _, group := range n.Reflects {
			g.role = append(g.role, group.At())
		}
		suffix, g.name = "reflectors-"+names[0], "reflectors "+strings.Join(names, ", ")+" of "+c.Name
		if len(names) > 1 {
			suffix += "-and-others"
		}
	case n.Rack != nil:
		suffix, g.name, g.role = "rack-"+n.Rack.Name, "nodes of rack "+n.Rack.Name+" of "+c.Name, []source.Path{n.Rack.At()}
	case len(c.Groups) > 0 || len(c.Racks) > 0:
		g.name = "other nodes of " + c.Name
	}
	g.file = fileName(taken, c.Name+"-"+suffix)
	return g
}

// reflected returns the names of the groups that a node reflects for.
func reflected(n *fabric.Node) []string {
	var names []string
	for _, g := range n.Reflects {
		names = append(names, g.Name)
	}
	return names
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
