package simulate

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/source"
)

// finding is a Stop and what it says in one sentence, the edit left out.
type finding struct {
	Stop
	sentence string
}

// explain finds the first device and rule at which a route that packets need stops, on its way from its origin to a device that
// lacks it; where no route is to blame, what drops the packets.
func (t *traffic) explain(w *course, way []leg) *finding {
	last := way[len(way)-1]
	if stop := t.explainPacket(w, last); stop != nil {
		return stop
	}
	if w.dest == nil && !t.isAnnounced(w) {
		return t.explainUnannounced(w, last)
	}
	if stop := t.explainFelix(w, way); stop != nil {
		return stop
	}
	s := t.search(w)
	if stop := s.first(lacking(w, way)); stop != nil {
		return stop
	}
	if stop := s.explainApart(lacking(w, way)); stop != nil {
		return stop
	}
	if stop := t.explainKernel(w, way); stop != nil {
		return stop
	}
	if stop := t.explainLoop(w, way); stop != nil {
		return stop
	}
	edit, declared := t.remedy(w, way[0].at, last.at)
	return t.stop(last.at, w.prefix, declared, edit, "%s drops packets to %s: %s", t.short(last.at), prefixText(w.prefix), w.endText(last))
}

// isAnnounced reports whether somebody brings the target of a course into BGP, though nobody may hear of it.
func (t *traffic) isAnnounced(w *course) bool {
	if w.services == nil {
		return w.dest != nil || w.owner.part != nil && !w.isDevice
	}
	return w.dest != nil || slices.ContainsFunc(t.census.parts[w.services], func(p *Part) bool {
		return p.rules != nil && slices.ContainsFunc(p.rules.services, func(s serviceRange) bool { return s.prefix == w.prefix })
	})
}

// stop is a finding whose rule is a sentence by itself.
func (t *traffic) stop(at place, p netip.Prefix, declared source.Path, edit, format string, args ...any) *finding {
	sentence := fmt.Sprintf(format, args...)
	return &finding{Stop{Device: nameOf(at), Prefix: p, Rule: sentence, Edit: edit, At: declared}, sentence}
}

// short names a device in a sentence: a node without its cluster where no other one is called so.
func (t *traffic) short(at place) string {
	if at.part == nil || at.part.Nodes == nil {
		return nameOf(at)
	}
	n := at.part.Nodes[at.member]
	for _, c := range t.r.Fabric.Clusters {
		if c != n.Cluster && c.Node(n.Name) != nil {
			return nameOf(at)
		}
	}
	return n.Name
}

// explainPacket explains what drops packets though there is a route; nil where a route is missing.
func (t *traffic) explainPacket(w *course, last leg) *finding {
	name, to := t.short(last.at), prefixText(w.prefix)
	declared := last.at.part.Device(last.at.member).At()
	_, prefix, _ := t.v.lookup(last.at.part, last.at.member, w.addr)
	switch last.end {
	case strayTunnel, tunnelLost:
		pool, edit := t.tunnelOf(w, last.at), ""
		if pool != nil {
			declared = pool.at
			edit = fmt.Sprintf("set encapsulation to IPIPCrossSubnet or None for IPPool %s of %s", pool.name, last.at.part.Cluster.Name)
			if pool.isForeign(last.at.part.Cluster) {
				edit, declared = pool.poolEdit(last.at.part.Cluster)
			}
		}
		rule := fmt.Sprintf("%s sends packets to %s through %s to %s", name, to, last.over.tunnel, last.via)
		if last.end == tunnelLost {
			if stop := t.explainUnderlay(w, last); stop != nil {
				return stop
			}
			return t.stop(last.at, w.prefix, declared, edit, "%s, and those do not get there", rule)
		}
		return t.stop(last.at, w.prefix, declared, edit, "%s, which is %s and no node of cluster %s: nothing there unwraps them",
			rule, t.short(last.to), last.at.part.Cluster.Name)
	case deadNextHop:
		if at := last.at.staticAt(prefix); at != "" {
			return t.stop(last.at, prefix, at, fmt.Sprintf("take %s out of via at %s until it is back", t.short(last.to), at),
				"%s keeps its static route to %s over %s, though %s has failed", name, prefixText(prefix), last.via, t.short(last.to))
		}
		return t.stop(last.at, prefix, declared, "", "%s sends packets to %s to %s, and %s has failed", name, to, last.via, t.short(last.to))
	case strayNextHop:
		return t.stop(last.at, prefix, declared, "", "%s sends packets to %s to %s, and nothing on its networks has that address", name, to, last.via)
	}
	return nil
}

// tunnelOf is the pool whose encapsulation takes the packets of a course at a node; nil: none is known.
func (t *traffic) tunnelOf(w *course, at place) *pool {
	if at.part.rules == nil {
		return nil
	}
	return at.part.rules.poolOf(w.prefix)
}

// explainUnannounced explains packets to an address that BGP has no part in.
func (t *traffic) explainUnannounced(w *course, last leg) *finding {
	name, to, declared := t.short(last.at), prefixText(w.prefix), last.at.part.Device(last.at.member).At()
	switch {
	case w.services != nil:
		c := w.services
		edit := fmt.Sprintf("write advertise: serviceClusterIPs: true in %s, or static routes to it at %s", c.At(), name)
		for _, r := range c.Advertised {
			if r.Prefix.Masked() == w.prefix {
				edit = fmt.Sprintf("add %s to the BGPConfiguration of %s again", to, c.Name)
			}
		}
		return t.stop(last.at, w.prefix, c.At(), edit, "%s has no route to %s, services of %s: the BGPConfiguration of %s does not announce them",
			name, to, c.Name, c.Name)
	case w.owner.part == nil:
		return t.stop(last.at, w.prefix, declared, "", "nothing in the topology has the address %s, and %s has no route to it", w.addr, name)
	case last.end == looped:
		return t.stop(last.at, w.prefix, declared, "", "%s sends packets to %s back to %s, where they came from", name, to, t.short(last.to))
	}
	if stop := t.search(w).explainNetwork(last.at); stop != nil {
		return stop
	}
	edit := ""
	if last.at.part.Switch != nil {
		edit = fmt.Sprintf("announce the network of %s to %s, or link them", t.short(w.owner), name)
		if last.at.part.Router == nil {
			edit = fmt.Sprintf("give %s an interface in the network of %s, or an asNumber and a link to a switch that has one", name, t.short(w.owner))
		}
	}
	return t.stop(last.at, w.prefix, declared, edit, "%s has no route to %s, an address of %s", name, to, t.short(w.owner))
}

// explainKernel explains a route that BGP has and the kernel of a device on the way doesn't use; nil: there is none.
func (t *traffic) explainKernel(w *course, way []leg) *finding {
	for _, l := range way {
		a := w.learned(l.at)
		if a == nil || !a.best {
			continue
		}
		device := l.at.part.Device(l.at.member)
		switch {
		case l.end == unknownGateway:
			edit := fmt.Sprintf("set gateway of %s to a switch that has routes to pods", t.short(l.at))
			if wrap := t.wrapEdit(w, l.at); wrap != "" {
				edit = wrap + ", or " + edit
			}
			return t.stop(l.at, w.prefix, device.At(), edit,
				"%s sends packets to %s to its default gateway on the way to their next hop: nobody declared it, and it is believed to know nothing of pods and services",
				t.short(l.at), prefixText(w.prefix))
		case a.note != "":
			return t.stop(l.at, w.prefix, device.At(), "", "%s has a route to %s by BGP and does not use it: %s", t.short(l.at), prefixText(w.prefix), a.note)
		case a.kind == unreachable || a.kind == noRoute:
			return t.stop(l.at, w.prefix, device.At(), "", "%s has a route to %s by BGP and no way to its next hop", t.short(l.at), prefixText(w.prefix))
		}
	}
	return nil
}

// learned is what a device has of the course's target by BGP; nil: nothing.
func (w *course) learned(at place) *action {
	if w.dest == nil {
		return nil
	}
	return w.t.v.at(w.dest, w.slot(at))
}

// lacking are the devices on a way that sent packets on without a route of their own for them, in the order of the way.
func lacking(w *course, way []leg) []place {
	var all []place
	for _, l := range way {
		if a := w.learned(l.at); a == nil || !a.best {
			if !slices.Contains(all, l.at) {
				all = append(all, l.at)
			}
		}
	}
	return all
}

// remedy is the edit that gives a device without BGP a route, and where it is made; empty: none is known.
func (t *traffic) remedy(w *course, from, at place) (edit string, declared source.Path) {
	c, wrap := w.clusterOf(), t.wrapEdit(w, from)
	declared = at.part.Device(at.member).At()
	switch {
	case c == nil:
	case wrap != "":
		declared = from.part.rules.poolOf(w.prefix).at
		if at.part.Switch != nil {
			wrap += fmt.Sprintf(", or peer the nodes with switch %s (racks)", at.part.Switch.Name)
		}
		edit = wrap
	case at.part.Switch != nil && at.part.Router == nil && t.isScattered(w):
		edit = fmt.Sprintf("peer the nodes of %s with switch %s (racks)", c.Name, at.part.Switch.Name)
	case at.part.Switch != nil && at.part.Router == nil:
		edit = fmt.Sprintf("add staticRoutes: %q: via nodes of it to switch %s, or name the switch in a rack", c.Name, at.part.Switch.Name)
	case at.part.Host != nil:
		edit = fmt.Sprintf("add routes: %q: via nodes of it to host %s", c.Name, at.part.Host.Name)
	case at.part.Cluster != nil && at.part.Cluster != c:
		edit = fmt.Sprintf("add a peering of %s and %s", at.part.Cluster.Name, c.Name)
	}
	return edit, declared
}
