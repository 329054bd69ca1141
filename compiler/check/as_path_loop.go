package check

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "as-path-loop",
	Severity: diag.Error,
	Needs:    Routes,
	Doc: `as-path-loop: a device needs another way where its own AS number keeps a route from it

A speaker drops a route whose AS_PATH has its own AS number, silently: the route is taken for a loop (RFC 4271 section 9.1.2).
So racks that share an AS and meet through a fabric of other AS numbers never learn of each other's pods. In calico#4287 pods
on nodes of one AS had no way to each other's addresses: the router above them passed the routes on with that AS still in the
path, and BIRD dropped them. A drop is an error where no other way is left, and information where it works all the same since
the packets go to the gateway, a declared switch that has the route: one AS for all racks, and the leaf as gateway. Nothing is
said of routes that Felix programs without BGP (VXLAN), nor of a route that comes back to where it is known already.

Mend it by an asNumber of its own for each rack, where the routes are another rack's; by reflectors of its own for a rack, or the
leaf as gateway, where they are the same rack's; or in both cases by asOverride: true on the racks, which gives up loop prevention.`,
	Source: "RFC 4271 section 9.1.2; calico#4287",
	Run: func(p *Pass) {
		var loops []*loop
		index := map[loopKey]*loop{}
		var last simulate.Destination
		isRefused := false // the last one, by anybody
		p.wanted(func(d simulate.Destination, part *simulate.Part) {
			if d != last {
				last, isRefused = d, p.Predicted.MayBeRefused(d)
			}
			if !isRefused {
				return
			}
			at, severity := p.loopOn(d, part)
			if at == nil {
				return
			}
			key := loopKey{scopeOf(at), asOf(at), severity}
			l := index[key]
			if l == nil {
				l = &loop{loopKey: key, dest: d, part: at, has: map[scope]bool{}}
				index[key] = l
				loops = append(loops, l)
			}
			l.add(originScope(d), d)
		})
		for _, l := range loops {
			if same := l.likewise(loops); same[0] == l {
				p.reportLoop(l, same[1:])
			}
		}
	},
})

// loop is routes that devices with one AS number drop because it is in the path.
type loop struct {
	loopKey
	dest    simulate.Destination // speaks for the others
	part    *simulate.Part       // likewise, of the droppers
	origins []scope              // whose routes they are, each once
	has     map[scope]bool
}

type loopKey struct {
	at       scope
	asn      uint32
	severity diag.Severity
}

// add adds a destination. One that is not the droppers' own speaks best.
func (l *loop) add(origin scope, d simulate.Destination) {
	if l.has[origin] {
		return
	}
	if len(l.origins) == 1 && l.has[l.at] {
		l.dest = d
	}
	l.has[origin] = true
	l.origins = append(l.origins, origin)
}

// likewise returns the loops among some that one edit mends: those of the racks of one cluster that have one AS number.
func (l *loop) likewise(loops []*loop) []*loop {
	if l.at.rack == nil {
		return []*loop{l}
	}
	return slices.DeleteFunc(slices.Clone(loops), func(o *loop) bool {
		return o.at.rack == nil || o.at.cluster != l.at.cluster || o.asn != l.asn || o.severity != l.severity ||
			(len(o.at.rack.Switches) > 0) != (len(l.at.rack.Switches) > 0) || o.has[o.at] != l.has[l.at]
	})
}

// loopOn finds the part that drops a route to a destination for its own AS in the path, on the way of the packets of a part
// that wants it: Error where they don't arrive, Info where they do over a gateway; nil where there is none.
func (p *Pass) loopOn(d simulate.Destination, part *simulate.Part) (*simulate.Part, diag.Severity) {
	isRefused := func(at *simulate.Part) bool { return p.Predicted.WhyRefused(d, at) == simulate.ASLoop }
	f := p.follower()
	if f.Arrives(d, part) {
		if !isRefused(part) {
			return nil, 0
		}
		for _, next := range f.Next(d, part) {
			if next.Switch == nil || !p.Predicted.Standing(d, next).HasRoute {
				return nil, 0
			}
		}
		return part, diag.Info
	}
	way := f.Way(d, part)
	for _, at := range way {
		if isRefused(at) {
			return at, diag.Error
		}
	}
	if len(way) == 0 {
		return nil, 0
	}
	for _, s := range way[len(way)-1].Sessions { // who would have told the last one
		if s.State == simulate.Established && s.Peer != nil && s.Peer.Switch != nil && isRefused(s.Peer) {
			return s.Peer, diag.Error
		}
	}
	return nil, 0
}

// asOf is the AS number of a part.
func asOf(part *simulate.Part) uint32 {
	switch {
	case part.Nodes != nil:
		return uint32(part.Nodes[0].ASN)
	case part.Switch != nil:
		return uint32(part.Switch.ASN)
	}
	return 0
}

// reportLoop reports a loop, with others that one edit mends.
func (p *Pass) reportLoop(l *loop, others []*loop) {
	path, asn, over := "", l.asn, (*simulate.Session)(nil)
	for _, o := range p.Predicted.Offers(l.dest, l.part) {
		if o.Reason == simulate.ASLoop {
			path = strings.Trim(fmt.Sprint(o.ASPath), "[]")
			asn, over = o.Over.LocalASN, o.Over
			break
		}
	}
	at, asnAt, verb, whose := l.declared()
	if asn != l.asn {
		asnAt = over.At // another number than its own, on this session: localASNumber
		if l.at.rack != nil && over.At == l.at.rack.At() {
			asnAt = asnAt.Field("localASNumber")
		}
	}
	what := fmt.Sprintf("%s of %s", l.dest.Example(), someOf(l.others(), l.originName))
	if l.severity == diag.Info {
		d := p.Report(diag.Info, at, "%s %s %s: %s AS %d is in the path %s; packets get there over the gateway, which has the route",
			l.at, verb, what, whose, asn, path)
		p.noteLoop(d, l, others, asn, asnAt)
		hint := `write bgp: toNodes: "none" at the switches of the nodes, which need not send what is dropped`
		if len(l.origins) > 1 || !l.has[l.at] {
			hint += ", or give each rack an asNumber of its own"
		}
		d.WithHint("%s", hint)
		return
	}
	d := p.Reportf(at, "%s %s %s: %s AS %d is in the path %s, and no other way is left", l.at, verb, what, whose, asn, path)
	p.noteLoop(d, l, others, asn, asnAt)
	racks, own := l.racks(others)
	switch {
	case l.at.rack != nil && len(l.at.rack.Switches) > 0 && l.has[l.at]:
		further := ""
		if len(l.origins) > 1 {
			further = " and an asNumber of its own in each rack"
		}
		d.WithHint("write asOverride: true in %s of cluster %s, or %s (routeReflectors with rack: %q)%s, or the leaf as gateway of the nodes",
			racks, l.at.cluster.Name, own, l.at.rack.Name, further)
	case l.at.rack != nil && len(l.at.rack.Switches) > 0:
		d.WithHint("write asOverride: true in %s of cluster %s, or an asNumber of its own in each rack", racks, l.at.cluster.Name)
	case l.at.cluster != nil:
		d.WithHint("write an asNumber in cluster %s that no other device on the path has", l.at.cluster.Name)
	default:
		d.WithHint("write an asNumber at %s that no other device on the path has", l.at)
	}
}

// racks names the rack of the droppers and those of others, for a hint, and the reflectors that would do for them.
func (l *loop) racks(others []*loop) (racks, own string) {
	if l.at.rack == nil {
		return "", ""
	}
	if len(others) == 0 {
		return "rack " + l.at.rack.Name, "reflectors of its own"
	}
	return "racks " + someOf(append([]*loop{l}, others...), func(o *loop) string { return o.at.rack.Name }), "reflectors of their own"
}

// others is whose routes are dropped, but for the droppers' own where there are any beside.
func (l *loop) others() []scope {
	if len(l.origins) == 1 {
		return l.origins
	}
	others := slices.DeleteFunc(slices.Clone(l.origins), func(s scope) bool { return s == l.at })
	slices.SortStableFunc(others[1:], func(a, b scope) int { return strings.Compare(l.originName(a), l.originName(b)) })
	return others // the first has the example
}

// originName names one of those whose routes are dropped, as far as the droppers are not named with the same words.
func (l *loop) originName(s scope) string {
	switch {
	case s.rack == nil:
		return "cluster " + s.cluster.Name
	case s.cluster == l.at.cluster:
		return "rack " + s.rack.Name
	}
	return "rack " + s.rack.Name + " of cluster " + s.cluster.Name
}

// declared is where findings about the droppers point, what decides their AS number, and the words for them.
func (l *loop) declared() (at, asnAt source.Path, verb, whose string) {
	if l.at.device != nil {
		at = l.at.device.At().Field("asNumber")
		return at, at, "drops", "its own"
	}
	asnAt = l.part.Nodes[0].ASNAt()
	if l.at.rack != nil {
		return l.at.rack.At(), asnAt, "drop", "their own"
	}
	return asnAt, asnAt, "drop", "their own"
}

// noteLoop adds the other sides: what decides the AS number, who has the prefix, and who else drops such routes.
func (p *Pass) noteLoop(d *diag.Diagnostic, l *loop, others []*loop, asn uint32, asnAt source.Path) {
	if asnAt != d.Path {
		d.Note(asnAt, "AS %d is set here", asn)
	}
	if parts := l.dest.OriginParts(); len(parts) > 0 {
		if origin := fabric.Device(parts[0].Device(0)); origin.At() != d.Path {
			d.Note(origin.At(), "%s has %s", deviceName(origin), l.dest.Example())
		}
	}
	for _, o := range others[:min(len(others), maxNotes)] {
		d.Note(o.at.rack.At(), "%s drop %s of %s likewise", o.at, o.dest.Example(), someOf(o.others(), o.originName))
	}
}
