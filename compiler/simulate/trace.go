package simulate

import (
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// Trace follows packets from one place to another and the answers back, while nothing has failed. A cluster as such stands for
// its pods. Of devices that are alike one is followed; of the ways at most maxTraced are listed.
func (r *Result) Trace(from, to Place) *Trace {
	c := newCensus(r)
	t := newTraffic(r.base, c)
	tr := newTracer(t, from, to, c.partyOf(from), c.partyOf(to))
	if why := t.absence(tr.a, tr.b); why != "" {
		tr.trace.Verdict = why
		return tr.trace
	}
	if x := t.lost(tr.a, tr.b); x != nil {
		return tr.failed(x)
	}
	return tr.reached()
}

// tracer writes down the ways of packets between two parties.
type tracer struct {
	t        *traffic
	from, to Place
	a, b     party
	trace    *Trace
}

func newTracer(t *traffic, from, to Place, a, b party) *tracer {
	return &tracer{t: t, from: from, to: to, a: a, b: b, trace: &Trace{From: from, To: to}}
}

// failed traces an exchange that fails: the way that is lost first, then those that are not.
func (tr *tracer) failed(x *exchange) *Trace {
	if x.to == nil {
		tr.trace.Verdict = tr.t.explainDisjoint(tr.from, tr.to, tr.a, tr.b)
		return tr.trace
	}
	lost, at := x.lostCourse()
	way := lost.failing(at)
	l := newLister(tr)
	l.add(0, tr.steps(x, lost, way))
	if at != x.from {
		l.list([]*journey{{x: x, w: x.to, at: x.from}})
	}
	l.finish()
	stop := tr.t.explain(lost, way)
	stop.Outside = lost.outside(way[len(way)-1])
	tr.trace.Stop = &stop.Stop
	tr.trace.Verdict = tr.sentence(x, stop)
	return tr.trace
}

// sentence is the verdict on an exchange that fails: the device, the rule, the edit; and which of the packets it is about where
// that isn't plain.
func (tr *tracer) sentence(x *exchange, stop *finding) string {
	text := stop.sentence
	if stop.Edit != "" {
		text += "; " + stop.Edit
	}
	switch {
	case x.hear != nil:
		return fmt.Sprintf("%s takes packets to %s, and the answers of the pods behind it on %s do not come back to it: %s", nameOf(x.at), x.to.prefix,
			nameOf(x.pods.owner), text)
	case x.pods != nil:
		return fmt.Sprintf("%s takes packets to %s and does not reach the pods behind: %s", nameOf(x.at), x.to.prefix, text)
	case x.back != nil:
		return fmt.Sprintf("packets get to %s, and the answers from %s to %s do not come back: %s", tr.to, nameOf(x.at), prefixText(x.back.prefix), text)
	}
	return text
}

// succeeded traces an exchange that gets there and back over some branch at least.
func (tr *tracer) succeeded(x *exchange) *Trace {
	tr.trace.Reached = true
	all := []*journey{{x: x, w: x.to, at: x.from}}
	if x.back != nil {
		all = append(all, &journey{x: x, w: x.back, at: x.at, isBack: true})
	}
	l := newLister(tr)
	l.list(all)
	l.finish()
	tr.trace.Verdict = fmt.Sprintf("packets from %s get to %s, and %s answers", tr.from, tr.to, nameOf(x.at))
	return tr.trace
}

// reached traces every exchange between the parties: the ways there, then those back.
func (tr *tracer) reached() *Trace {
	tr.trace.Reached = true
	var there, back []*exchange
	for f := range families {
		for _, s := range tr.t.sources(tr.a, tr.b, f) {
			for _, w := range tr.t.targets(tr.b, tr.a, f) {
				s := tr.t.sender(tr.a, s, w)
				if s.part == nil {
					continue
				}
				there = append(there, &exchange{from: s, to: w})
				back = append(back, tr.answers(s, w)...)
			}
		}
	}
	if len(there) == 0 {
		there = tr.onTheSpot()
	}
	tr.trace.Verdict = fmt.Sprintf("packets from %s get to %s, and the answers back", tr.from, tr.to)
	l := newLister(tr)
	l.list(journeys(there, back))
	l.finish()
	tr.trace.Complete = !l.isFull
	switch {
	case l.there > maxTraced:
		tr.trace.Verdict += fmt.Sprintf(", over more than %d ways there and back, of which %d are shown", maxTraced, len(tr.trace.Paths))
	case l.there > 1:
		tr.trace.Verdict += fmt.Sprintf(", over %s", count(l.there, "way"))
	}
	if p := tr.translation(there); p != nil {
		tr.trace.Verdict += fmt.Sprintf("; the nodes put their own addresses in the place of the pods': IPPool %s says natOutgoing, and no IPPool has the address", p.name)
	}
	return tr.trace
}

// onTheSpot are the exchanges of pods with others of their own node: where a cluster has one node, there are no others.
func (tr *tracer) onTheSpot() []*exchange {
	var all []*exchange
	for f := range families {
		for _, w := range tr.t.targets(tr.b, tr.a, f) {
			if w.owner.part != nil {
				all = append(all, &exchange{from: w.owner, to: w})
			}
		}
	}
	return all
}

// answers are the exchanges of a source with a target, one for each way back.
func (tr *tracer) answers(s place, w *course) []*exchange {
	var all []*exchange
	for _, d := range tr.t.departures(tr.a, s, w) {
		for _, at := range w.arrivals(d.next) {
			for _, b := range d.backs {
				if b.owner.part == s.part {
					all = append(all, &exchange{from: s, to: w, at: at, back: b})
				}
			}
		}
	}
	return all
}

// translation is the pool for whose pods a node translates on one of the exchanges, or nil.
func (tr *tracer) translation(all []*exchange) *pool {
	for _, x := range all {
		if p := tr.translates(x); p != nil {
			return p
		}
	}
	return nil
}

// translates is the pool for whose pods the node of an exchange puts its own address in the place of theirs; nil: none.
func (tr *tracer) translates(x *exchange) *pool {
	if tr.a.kind != partyPods || x.to == nil || x.to.services == tr.a.cluster {
		return nil
	}
	for _, d := range tr.t.census.blocks[tr.a.cluster][x.to.family] {
		for _, o := range d.ownedBy(x.from) {
			if p, isNAT := x.from.part.rules.natsTo(someAddress(o.prefix), x.to.addr); isNAT {
				return p
			}
		}
	}
	return nil
}

// leg is what one device does with a packet.
type leg struct {
	at place
	branch
}

// failing returns a way from a device that does not get there. There must be one.
func (w *course) failing(at place) []leg {
	var way []leg
	seen := map[place]bool{}
	for {
		seen[at] = true
		next := leg{at, branch{end: withoutRoute}}
		for _, b := range w.branches(nil, at) {
			if b.end == arrived || b.end == onward && w.from(b.to) == arrives {
				continue
			}
			next.branch = b
			break
		}
		if next.end == onward && seen[next.to] {
			next.end = looped
		}
		way = append(way, next)
		if next.end != onward {
			return way
		}
		at = next.to
	}
}

// steps writes a way down.
func (tr *tracer) steps(x *exchange, w *course, way []leg) []Step {
	var steps []Step
	add := func(at place, action, reason string, declared source.Path) {
		steps = append(steps, Step{Device: nameOf(at), Action: action, Reason: reason, DeclaredAt: declared})
	}
	if p := tr.translates(x); p != nil && w == x.to {
		add(way[0].at, "translates", fmt.Sprintf("natOutgoing of IPPool %s puts the node's address in the place of the pod's: no IPPool of %s has %s",
			p.name, tr.a.cluster.Name, w.addr), p.at)
	}
	verb := "sends"
	if isAnswer := w == x.back || w == x.hear; isAnswer {
		verb = "answers"
	}
	for _, l := range way {
		reason, declared := w.routeText(l.at)
		switch {
		case l.end == arrived:
			text, declared := w.arrivalText(l.at)
			add(l.at, "delivers", text, declared)
			continue
		case l.end == onward && l.over.tunnel != "":
			add(l.at, "encapsulates", fmt.Sprintf("%s, through %s to %s", reason, l.over.tunnel, l.via), declared)
			add(l.to, "decapsulates", fmt.Sprintf("%s is a node of cluster %s", nameOf(l.at), l.at.part.Cluster.Name), l.to.part.Device(l.to.member).At())
		case l.end == onward:
			add(l.at, verb, reason, declared)
		case l.end == looped:
			add(l.at, "loops", fmt.Sprintf("%s: back to %s", reason, nameOf(l.to)), declared)
		default:
			add(l.at, "drops", w.endText(l), declared)
		}
		verb = "forwards"
	}
	return steps
}

// routeText is the route that a device sends packets by, and where it is declared.
func (w *course) routeText(at place) (string, source.Path) {
	act, prefix, d := w.t.v.lookup(at.part, at.member, w.addr)
	device := at.part.Device(at.member)
	switch {
	case act.kind != forward:
		return "no route to " + w.addr.String(), device.At()
	case act == onLink:
		return fmt.Sprintf("%s is on-link", prefix), device.At()
	case len(act.hops) > 0 && act.hops[0].isUnknown && !prefix.IsValid():
		return "the default gateway, which nobody declared", device.At()
	}
	var vias []string
	for _, nh := range w.t.v.nextHops(at, d, ownerOf(d, prefix), act) {
		switch {
		case nh.Address.IsValid():
			vias = append(vias, nh.Address.String())
		case nh.Interface != "":
			vias = append(vias, nh.Interface)
		}
	}
	name, declared := "default", device.At()
	if prefix.IsValid() {
		name = prefix.String()
	}
	if d != nil && d.at != "" {
		declared = d.at
	} else if s := at.staticAt(prefix); s != "" {
		declared = s
	}
	if len(vias) == 0 {
		return name, declared
	}
	return name + " via " + strings.Join(vias, ", "), declared
}

// ownerOf is the member that has a prefix of a destination.
func ownerOf(d *destination, p netip.Prefix) int {
	if d != nil {
		for _, o := range d.owned {
			if o.prefix == p {
				return o.member
			}
		}
	}
	return 0
}

// staticAt is where a static route of a device is declared; empty: it has none to this prefix.
func (at place) staticAt(p netip.Prefix) source.Path {
	var all []fabric.StaticRoute
	switch {
	case at.part.Host != nil:
		all = at.part.Host.Routes
	case at.part.Switch != nil:
		for _, r := range at.part.Switch.Statics {
			all = append(all, *r)
		}
	}
	for _, r := range all {
		if r.Prefix == p {
			return r.At
		}
	}
	return ""
}

// arrivalText says why packets end at a device.
func (w *course) arrivalText(at place) (string, source.Path) {
	device := at.part.Device(at.member)
	switch {
	case w.services != nil:
		return fmt.Sprintf("%s is in services of %s: kube-proxy hands it to a pod, with the node's address as the source", w.addr, w.services.Name), w.services.At()
	case w.isDevice:
		return fmt.Sprintf("%s is its own address", w.addr), device.At()
	}
	return fmt.Sprintf("%s is a block of its pods", w.prefix), device.At()
}

// endText says why packets are lost at a device.
func (w *course) endText(l leg) string {
	switch l.end {
	case deadNextHop:
		return fmt.Sprintf("the next hop %s has failed, and the route is still there", l.via)
	case strayNextHop:
		return fmt.Sprintf("nobody on its networks has the next hop %s", l.via)
	case unknownGateway:
		return fmt.Sprintf("no route to %s but the default one, to a gateway that nobody declared and that knows nothing of pods and services", w.prefix)
	case strayTunnel:
		return fmt.Sprintf("%s is wrapped up for %s, which is %s and no node of cluster %s: nobody unwraps it", w.addr, l.via, nameOf(l.to), l.at.part.Cluster.Name)
	case tunnelLost:
		return fmt.Sprintf("it is wrapped up for %s, and that packet does not get there", l.via)
	}
	if l.at.part.Nodes != nil && w.isLentBy(l.at) && w.action(l.at).kind == deliver {
		return fmt.Sprintf("%s is in a block of its own, which another node has borrowed it from, and no route leads there", w.addr)
	}
	return fmt.Sprintf("no route to %s", w.prefix)
}

// nameOf names a device, a switch with the VRF where it has several.
func nameOf(at place) string {
	if at.part == nil {
		return "nobody"
	}
	name := at.part.Device(at.member).DeviceName()
	if at.part.Switch != nil && at.part.VRF != at.part.Switch.VRF {
		return name + " (VRF " + at.part.VRF + ")"
	}
	return name
}

// count writes a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
