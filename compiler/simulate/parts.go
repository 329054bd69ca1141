package simulate

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

// makeParts groups the nodes of each cluster that play the same part, and gives every switch in each of its VRFs, host and
// speaker outside a part of its own. Parts have no sessions yet.
func makeParts(in Input, rules map[*fabric.Cluster]*clusterRules) []*Part {
	clusters := in.Fabric.Clusters
	inOrder := make([]*clusterRules, len(clusters))
	for i, c := range clusters {
		inOrder[i] = rules[c]
	}
	d := newDirectory(in.Fabric, inOrder)
	marks := newMarks(in.Fabric, inOrder, d)
	grouped := make([][]*Part, len(clusters))
	inParallel(len(clusters), func(i int) { grouped[i] = groupNodes(inOrder[i], marks) })
	parts := slices.Concat(grouped...)
	for _, s := range in.Fabric.Switches {
		parts = append(parts, switchParts(s)...)
	}
	for _, h := range in.Fabric.Hosts {
		parts = append(parts, &Part{Host: h})
	}
	for _, e := range d.externals {
		parts = append(parts, &Part{External: e})
	}
	for i, p := range parts {
		p.Index = i
	}
	return parts
}

// switchParts makes a part of a switch for each VRF that it has anything in, the default one first.
func switchParts(s *fabric.Switch) []*Part {
	vrfs := []string{s.VRF}
	for _, r := range s.Routers {
		vrfs = append(vrfs, r.VRF)
	}
	for _, i := range s.Interfaces {
		vrfs = append(vrfs, i.VRF)
	}
	for _, e := range s.Links {
		vrfs = append(vrfs, e.VRF)
	}
	for _, r := range s.Statics {
		vrfs = append(vrfs, r.VRF)
	}
	slices.Sort(vrfs)
	var parts []*Part
	for _, vrf := range slices.Compact(vrfs) {
		p := &Part{Switch: s, VRF: vrf}
		if i := slices.IndexFunc(s.Routers, func(r *fabric.BGPRouter) bool { return r.VRF == vrf }); i >= 0 {
			p.Router = s.Routers[i]
		}
		parts = append(parts, p)
	}
	return parts
}

// partKey is all of a node that matters to sessions and routes: nodes of a cluster with equal keys play the same part.
type partKey struct {
	asn, ownASN, declaredASN uint32 // ownASN: of its own Node object; declaredASN: that speakers outside are told
	isExcluded               bool
	class                    int // which selectors match it
	marks                    int // what points at it
	subnet, subnet6          netip.Prefix
	gateway, gateway6        netip.Addr
	iface                    string
	nics                     string
	alone                    *fabric.Node // the node itself, where it plays a part of its own
}

// groupNodes makes the parts of a cluster, sorted by the name of the first member.
func groupNodes(r *clusterRules, m *marks) []*Part {
	groups := map[partKey]int{}
	var members [][]int // indexes of nodes
	apart := r.apart()
	for i, n := range r.cluster.Nodes {
		key := keyOf(r, m, n, i)
		if apart[n] {
			key.alone = n
		}
		g, ok := groups[key]
		if !ok {
			g = len(members)
			groups[key] = g
			members = append(members, nil)
		}
		members[g] = append(members[g], i)
	}
	toSwitches := m.peersOfSwitches(r)
	var parts []*Part
	for _, group := range members {
		sortMembers(r.cluster.Nodes, group)
		if len(group) > 1 && m.speaksWithSwitch(r, group[0], toSwitches) {
			// A speaker that takes one path of several alike takes that of the lowest router ID.
			parts = append(parts, newPart(r, group[:1]))
			group = group[1:]
		}
		parts = append(parts, newPart(r, group))
	}
	slices.SortFunc(parts, func(a, b *Part) int { return strings.Compare(a.Nodes[0].Name, b.Nodes[0].Name) })
	return parts
}

func keyOf(r *clusterRules, m *marks, n *fabric.Node, i int) partKey {
	facts := &r.nodes[i]
	key := partKey{asn: r.asnOf(facts), ownASN: facts.asn, declaredASN: uint32(n.ASN), isExcluded: facts.isExcluded,
		class: facts.class, marks: m.of[n], gateway: n.Gateway, gateway6: n.Gateway6, iface: n.Interface}
	if n.Address.IsValid() {
		key.subnet = n.Address.Masked()
	}
	if n.Address6.IsValid() {
		key.subnet6 = n.Address6.Masked()
	}
	if len(n.NICs) > 0 {
		key.nics = nicsKey(n)
	}
	if facts.clusterID != 0 || facts.own != nil || m.alone[n] {
		key.alone = n
	}
	return key
}

// nicsKey is the further interfaces of a node without the addresses.
func nicsKey(n *fabric.Node) string {
	var b strings.Builder
	for _, nic := range n.NICs {
		b.WriteString(nic.Name + " " + nic.Address.Masked().String() + " " + nic.Address6.Masked().String() + "\n")
	}
	return b.String()
}

// sortMembers sorts indexes of nodes by router ID, then name.
func sortMembers(nodes []*fabric.Node, members []int) {
	if len(members) == 1 {
		return
	}
	hashed := map[int]netip.Addr{}
	for _, i := range members {
		if !nodes[i].Address.IsValid() {
			hashed[i] = routerIDOf(nodes[i])
		}
	}
	id := func(i int) netip.Addr {
		if a := nodes[i].Address.Addr(); a.IsValid() {
			return a
		}
		return hashed[i]
	}
	slices.SortFunc(members, func(a, b int) int {
		return cmp.Or(id(a).Compare(id(b)), strings.Compare(nodes[a].Name, nodes[b].Name))
	})
}

func newPart(r *clusterRules, members []int) *Part {
	p := &Part{Cluster: r.cluster, Nodes: make([]*fabric.Node, len(members))}
	for i, index := range members {
		p.Nodes[i] = r.cluster.Nodes[index]
	}
	facts := &r.nodes[members[0]]
	p.rules = &nodeRules{clusterRules: r, asn: r.asnOf(facts), ownASN: facts.asn, clusterID: facts.clusterID,
		isExcluded: facts.isExcluded, labels: facts.labels, class: facts.class, port: r.port, own: facts.own}
	if p.rules.own != nil {
		p.rules.port = cmp.Or(p.rules.own.Spec.ListenPort, r.port)
	}
	return p
}
