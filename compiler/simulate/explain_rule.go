package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// stop says what a hurdle is, in one sentence, and the edit that takes it away. lacking is the device that misses the route.
func (s *search) stop(h *hurdle, lacking place) *finding {
	switch {
	case h.message != nil:
		return s.stopAtMessage(h, lacking)
	case h.session != nil:
		return s.stopAtSession(h.session)
	case h.missing != nil:
		return s.stopAtMissing(h.missing)
	case h.gone != nil:
		return s.stopAtGone(place{part: h.gone}, lacking)
	}
	c := h.mesh.cluster
	rule := "the node-to-node mesh is off, and no BGPPeer takes its place"
	return &finding{Stop{Device: nameOf(s.member(h.from, lacking)), Prefix: s.w.prefix, At: c.At().Fields("bgp", "nodeToNodeMesh"), Rule: rule,
		Edit: fmt.Sprintf("set nodeToNodeMeshEnabled: true in the BGPConfiguration of %s, or give it route reflectors", c.Name)},
		fmt.Sprintf("the nodes of %s have no sessions with each other: %s", c.Name, rule)}
}

// stopAtGone is a device that would have passed the route on.
func (s *search) stopAtGone(at, lacking place) *finding {
	stop := s.t.stop(at, s.w.prefix, at.part.Device(at.member).At(), "", "%s has failed, and nothing else passes %s on to %s",
		s.t.short(at), prefixText(s.w.prefix), s.t.short(lacking))
	if n := at.node(); n != nil && len(n.Reflects) > 0 {
		stop.Edit, stop.At = fmt.Sprintf("add a node to routeReflectors: %s of %s", n.Reflects[0].Name, n.Cluster.Name), n.Reflects[0].At()
	}
	return stop
}

// member is a device to name for members that are alike: the one that lacks the route, if it is one of them.
func (s *search) member(k holderKey, lacking place) place {
	if k.part == lacking.part && !k.owner {
		return lacking
	}
	if k.owner || k.part == s.w.owner.part && k.part.Size() == 1 {
		return s.w.owner
	}
	for member := range k.part.Size() {
		if at := (place{k.part, member}); at != s.w.owner && !s.t.isDead(at) {
			return at
		}
	}
	return place{part: k.part}
}

// stopAtMessage is a rule of BGP's or of a policy that stops the route between two devices.
func (s *search) stopAtMessage(h *hurdle, lacking place) *finding {
	from, to := s.member(h.from, lacking), s.member(h.to, lacking)
	e := s.t.short
	prefix := prefixText(s.w.prefix)
	if h.message.Reason == bgp.Passed { // it is there, and leads nowhere
		hop := "its next hop"
		if i := h.message.Path.NextHop.Hop; i >= 0 && s.w.dest.domain.network.Hops[i].Addrs[0].IsValid() {
			hop = s.w.dest.domain.network.Hops[i].Addrs[0].String()
		}
		return s.t.stop(to, s.w.prefix, to.part.Device(to.member).At(), fmt.Sprintf("give %s a route to %s", e(to), hop),
			"%s has %s from %s, and no route to %s", e(to), prefix, e(from), hop)
	}
	rule, at := s.inquiry.rule(h.message)
	rule = strings.Replace(rule, "covers "+s.w.dest.Prefix.String(), "covers it", 1)
	said := rule
	if strings.HasPrefix(rule, "BGPFilter ") {
		said += " rejects it"
	}
	if h.message.Reason == bgp.DeniedExport && s.isExcluded(from) {
		said = fmt.Sprintf("the label %s keeps it from announcing services", excludeLabel)
	}
	stop := &finding{Stop: Stop{Prefix: s.w.prefix, Rule: said, At: at}}
	if isReceivers(h.message.Reason) {
		stop.Device = nameOf(to)
		stop.sentence = fmt.Sprintf("%s does not take %s from %s: %s", e(to), prefix, e(from), said)
	} else {
		stop.Device = nameOf(from)
		stop.sentence = fmt.Sprintf("%s does not pass %s on to %s: %s", e(from), prefix, e(to), said)
	}
	if twin := s.twin(to); twin != nil && h.message.Reason == bgp.DeniedExport && from.part.Switch != nil {
		names := []string{twin.Name, to.part.Switch.Name}
		slices.Sort(names)
		stop.Rule = fmt.Sprintf("%s is AS %d, as is %s, which it comes from", e(to), twin.ASN, twin.Name)
		stop.sentence = fmt.Sprintf("%s does not pass %s on to %s: %s", e(from), prefix, e(to), stop.Rule)
		stop.Edit, stop.At = fmt.Sprintf("give switches %s and %s different AS numbers", names[0], names[1]), to.part.Switch.At().Field("asNumber")
		return stop
	}
	var edited source.Path
	stop.Edit, edited = s.edit(h.message, from, to, rule)
	if stop.At == "" || edited.Has(stop.At) && strings.HasPrefix(string(edited), "peerings.") {
		stop.At = edited // of a filter that is derived from a peering: the field that decides
	}
	return stop
}

// edit is what makes a device pass a route on, or take it, and where to write it.
func (s *search) edit(m *bgp.Message, from, to place, rule string) (string, source.Path) {
	switch m.Reason {
	case bgp.DeniedExport:
		return s.policyEdit(from, to, rule, "send")
	case bgp.DeniedImport:
		return s.policyEdit(to, from, rule, "accept")
	case bgp.ASLoop:
		return s.loopEdit(to, from)
	case bgp.NotReflected:
		if n := from.node(); n != nil && len(n.Reflects) > 0 && from.part.rules != nil && from.part.rules.clusterID == 0 {
			return fmt.Sprintf("annotate node %s with %s=%s", n.Name, clusterIDAnnotation, n.ClusterID), n.At()
		}
		if n := from.node(); n != nil {
			return fmt.Sprintf("make %s a route reflector (routeReflectors of %s), or give the two a session with one", n.Name, n.Cluster.Name), n.Cluster.At()
		}
	case bgp.Unresolvable:
		return fmt.Sprintf("give %s a route to the next hop", s.t.short(from)), from.part.Device(from.member).At()
	}
	return "", from.part.Device(from.member).At()
}

func (at place) node() *fabric.Node {
	if at.part == nil || at.part.Nodes == nil {
		return nil
	}
	return at.part.Nodes[at.member]
}

// policyEdit is what makes the policy of a device let the route pass to or from a neighbor. direction is the switch's field.
func (s *search) policyEdit(at, neighbor place, rule, direction string) (string, source.Path) {
	covering := s.covering()
	if sw := at.part.Switch; sw != nil {
		on := "switches"
		if neighbor.part.Cluster != nil {
			on = "nodes"
		}
		entry := fmt.Sprintf("{prefix: %q, on: %q}", covering, on)
		if s.w.prefix.Bits() > covering.Bits() {
			entry = fmt.Sprintf("{prefix: %q, le: %d, on: %q}", covering, s.w.prefix.Bits(), on)
		}
		return fmt.Sprintf("add %s to bgp: %s of switch %s", entry, direction, sw.Name), sw.At().Fields("bgp", direction)
	}
	c := at.part.Cluster
	if c == nil {
		return "", ""
	}
	switch {
	case direction == "send" && s.isExcluded(at):
		return fmt.Sprintf("take the label %s off node %s", excludeLabel, at.node().Name), at.node().At()
	case strings.HasPrefix(rule, "no IPPool"):
		return fmt.Sprintf("add an IPPool (disabled: true) for %s to %s", covering, c.Name), c.At().Field("ipPools")
	case strings.HasSuffix(rule, "has disableBGPExport"):
		name := strings.TrimSuffix(strings.TrimPrefix(rule, "IPPool "), " has disableBGPExport")
		return fmt.Sprintf("delete disableBGPExport from IPPool %s of %s", name, c.Name), c.At().Fields("ipPools", name, "disableBGPExport")
	case strings.HasPrefix(rule, "BGPFilter "):
		return s.filterEdit(c, neighbor, rule, covering)
	}
	return "", c.At()
}

// isExcluded reports whether a node is kept from announcing the course's services, which are its own cluster's.
func (s *search) isExcluded(at place) bool {
	return at.part.rules != nil && at.part.rules.isExcluded && s.w.dest.cluster == at.part.Cluster && Destination{s.w.dest}.IsServices()
}

// filterEdit is what makes a BGPFilter let the route pass: an accepting rule of the user's before the one that rejects it, or,
// where the filter keeps a cluster from giving transit, that it may.
func (s *search) filterEdit(c *fabric.Cluster, neighbor place, rule string, covering netip.Prefix) (string, source.Path) {
	name, _, _ := strings.Cut(strings.TrimPrefix(rule, "BGPFilter "), ",")
	i := slices.IndexFunc(c.Filters, func(f *fabric.Filter) bool { return f.Name == name })
	if i >= 0 && c.Filters[i].Derived {
		return s.exchangeEdit(c, neighbor)
	}
	at := c.At().Fields("filters", name)
	if i >= 0 {
		at = c.Filters[i].At
	}
	return fmt.Sprintf("put a rule before it in BGPFilter %s of %s: {action: Accept, matchOperator: In, cidr: %s}", name, c.Name, covering), at
}

// exchangeEdit is what makes a derived filter let the route pass to a neighbor: the peering that it is derived from says so.
func (s *search) exchangeEdit(c *fabric.Cluster, neighbor place) (string, source.Path) {
	of, declared := s.w.dest.cluster, c.At()
	for _, p := range c.Peerings {
		switch {
		case of == c && p.Other(c) == neighbor.part.Cluster: // the peering doesn't exchange what is the cluster's own
			what := "pods"
			if (Destination{s.w.dest}).IsServices() {
				what = "services"
			}
			return fmt.Sprintf("set exchange: %s: true on peering %s", what, p.Name), p.At().Fields("exchange", what)
		case p.Other(c) == of:
			declared = p.At().Field("transit")
		}
	}
	whose := "others"
	if of != nil {
		whose = of.Name
	}
	return fmt.Sprintf("set transit: true on the peerings over which %s is to pass on what is of %s", c.Name, whose), declared
}

// loopEdit is what makes a device take a route whose path has its own AS number in it.
func (s *search) loopEdit(at, from place) (string, source.Path) {
	for _, of := range []place{at, s.w.owner} {
		if edit, declared := s.nodeASNEdit(of); edit != "" {
			return edit, declared
		}
	}
	if n := at.node(); n != nil && n.Rack != nil && from.part.Switch != nil {
		edit := fmt.Sprintf("set asOverride: true on rack %s of %s, or ", n.Rack.Name, n.Cluster.Name)
		if rackOf(s.w.owner) == n.Rack {
			return edit + fmt.Sprintf("give it reflectors of its own (routeReflectors with rack: %q), or make %s the gateway of its nodes",
				n.Rack.Name, s.t.short(from)), n.Rack.At()
		}
		return edit + "give each rack an asNumber of its own", n.Rack.At()
	}
	if n := at.node(); n != nil {
		return fmt.Sprintf("give %s and the origin of the route different AS numbers", n.Name), n.ASNAt()
	}
	return fmt.Sprintf("give %s an AS number that no other device on the path has", s.t.short(at)), at.part.Device(at.member).At().Field("asNumber")
}

// covering is the range of the topology that the route is of.
func (s *search) covering() netip.Prefix {
	if c := s.w.clusterOf(); c != nil {
		for _, r := range slices.Concat(c.PodRanges(), c.ServiceCIDRs, c.Advertised) {
			if r.Prefix.Bits() <= s.w.prefix.Bits() && r.Prefix.Contains(s.w.prefix.Addr()) {
				return r.Prefix.Masked()
			}
		}
	}
	return s.w.prefix
}

// clusterOf is whose pods or services a course leads to, or nil.
func (w *course) clusterOf() *fabric.Cluster {
	switch {
	case w.services != nil:
		return w.services
	case w.dest != nil:
		return w.dest.cluster
	case w.owner.part != nil && !w.isDevice:
		return w.owner.part.Cluster
	}
	return nil
}

// stopAtSession is a session that is configured at one end at least and does not come up.
func (s *search) stopAtSession(session *Session) *finding {
	near, far := place{part: session.Part}, place{part: session.Peer}
	stop := &finding{Stop: Stop{Device: nameOf(near), Prefix: s.w.prefix, At: session.At}}
	kind, reason, isKind := strings.Cut(session.Reason, ": ")
	if !isKind {
		kind, reason = "", session.Reason
	}
	switch {
	case strings.HasSuffix(kind, "mismatch"):
		reason = session.Reason
	case kind == "HALF_OPEN":
		if of := s.ownSession(far.part, near.part); of != nil {
			return s.stopAtMissing(of)
		}
		stop.Device = nameOf(far)
	}
	stop.Rule, stop.sentence = reason, s.noSession(near, far, reason)
	if kind != "AS mismatch" {
		stop.Edit = s.sessionEdit(session, kind)
		return stop
	}
	var edited source.Path
	if stop.Edit, edited = s.asMismatchEdit(session); edited != "" {
		stop.At = edited
	}
	return stop
}

// sessionEdit is what makes a session come up whose AS numbers are right; empty: nothing is known.
func (s *search) sessionEdit(session *Session, kind string) string {
	near, far := place{part: session.Part}, place{part: session.Peer}
	switch kind {
	case "NO_REMOTE_AS":
		return fmt.Sprintf("set asNumber%s at %s", objectText(session), s.t.short(near))
	case "HALF_OPEN":
		if far.part.Cluster != nil {
			return fmt.Sprintf("add a BGPPeer for %s to %s", s.t.short(near), far.part.Cluster.Name)
		}
		return fmt.Sprintf("add a neighbor for %s to %s", s.t.short(near), s.t.short(far))
	case "NO_MATCH_FOUND":
		return fmt.Sprintf("correct peerIP%s at %s", objectText(session), s.t.short(near))
	case "password mismatch":
		return "name the same secret at both ends"
	case "TTL mismatch":
		return "set the same ttlSecurity at both ends, or at neither"
	case "port mismatch":
		return fmt.Sprintf("give the port in peerIP%s, or listen on the usual one", objectText(session))
	case "UNREACHABLE":
		return fmt.Sprintf("give %s and %s a way to each other: a gateway, a link, or a subnet in common", s.t.short(near), s.t.short(far))
	}
	return ""
}

// objectText says in which object an end is configured, for the middle of a sentence.
func objectText(session *Session) string {
	if len(session.Objects) > 0 {
		return " in " + session.Objects[0]
	}
	return ""
}

// ownSession is a session of the topology between two parts that a BGPPeer of the first one's cluster is behind; nil: none.
func (s *search) ownSession(of, with *Part) *fabric.Session {
	for _, session := range s.t.r.Fabric.Sessions {
		if session.Peer != nil && session.Peer.Cluster == of.Cluster && s.isBetween(session, of, with) {
			return session
		}
	}
	return nil
}

func (s *search) isBetween(of *fabric.Session, a, b *Part) bool {
	x, y := s.partOf(of.A.Device, of.VRF), s.partOf(of.B.Device, of.VRF)
	return x == a && y == b || x == b && y == a
}

// noSession says that two devices have no session, and why.
func (s *search) noSession(a, b place, why string) string {
	return fmt.Sprintf("%s and %s have no session: %s", s.t.short(a), s.t.short(b), why)
}

// stopAtMissing is a session that the topology has and no object makes: its BGPPeer is gone, or selects other nodes.
func (s *search) stopAtMissing(of *fabric.Session) *finding {
	a, b := s.t.r.places(of.A.Device)[0], s.t.r.places(of.B.Device)[0]
	stop := &finding{Stop: Stop{Device: nameOf(a), Prefix: s.w.prefix, At: of.At}}
	if of.Peer == nil {
		stop.Rule, stop.Edit = "neither has a neighbor for it", fmt.Sprintf("set bgp: true on the link of %s and %s", s.t.short(a), s.t.short(b))
	} else {
		s.missPeer(stop, of)
	}
	stop.sentence = s.noSession(a, b, stop.Rule)
	return stop
}

// missPeer says what became of the BGPPeer behind a session.
func (s *search) missPeer(stop *finding, of *fabric.Session) {
	cluster, name := of.Peer.Cluster, of.Peer.Name
	rules := s.t.census.parts[cluster][0].rules
	stop.At = of.Peer.At
	stop.Edit = fmt.Sprintf("apply BGPPeer %s to %s again, as it was built", name, cluster.Name)
	i := slices.IndexFunc(rules.peers, func(p *peerRule) bool { return p.object.Name == name })
	if i < 0 {
		stop.Rule = fmt.Sprintf("the objects of %s have no BGPPeer %s", cluster.Name, name)
		if rules.mesh && len(cluster.Groups) > 0 {
			stop.Rule += ", and the node-to-node mesh leaves reflectors out"
		}
		return
	}
	spec := &rules.peers[i].object.Spec
	for _, selection := range []struct {
		field, text string
		of          fabric.Device
	}{{"nodeSelector", spec.NodeSelector, of.A.Device}, {"peerSelector", spec.PeerSelector, of.B.Device}} {
		n, isNode := selection.of.(*fabric.Node)
		if selection.text == "" || !isNode || rules.selects(selection.text, n) {
			continue
		}
		stop.Device, stop.At = n.DeviceName(), n.At()
		stop.Rule = fmt.Sprintf("%s of BGPPeer %s (%s) does not select %s", selection.field, name, selection.text, n.Name)
		stop.Edit = s.labelEdit(rules.clusterRules, n)
		return
	}
	stop.Rule = fmt.Sprintf("BGPPeer %s no longer makes it", name)
}

// selects reports whether a selector of the cluster's BGPPeers matches a node.
func (r *clusterRules) selects(text string, n *fabric.Node) bool {
	i, known := r.selection.texts[text]
	at := slices.Index(r.cluster.Nodes, n)
	return known && at >= 0 && r.selection.isMatch(i, r.nodes[at].class)
}

// labelEdit is what gives a node back the labels that it has in the topology and not in the objects.
func (s *search) labelEdit(r *clusterRules, n *fabric.Node) string {
	var gone []string
	have := r.nodes[slices.Index(r.cluster.Nodes, n)].labels
	for _, l := range n.Labels {
		if have[l.Key] != l.Value {
			gone = append(gone, l.Key+"="+l.Value)
		}
	}
	if gone == nil {
		return "correct the selector"
	}
	return fmt.Sprintf("label node %s %s", n.Name, strings.Join(gone, " "))
}
