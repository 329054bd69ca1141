package simulate

import (
	"fmt"

	"topoc/compiler/fabric"
)

// explainLoop explains packets that come back to a device where they were, though every device on the way has a route; nil where
// they don't. To blame is the first device of the circle whose route leads away from the target: a switch, where there is one.
func (t *traffic) explainLoop(w *course, way []leg) *finding {
	last := way[len(way)-1]
	if last.end != looped {
		return nil
	}
	first := 0
	for i, l := range way {
		if w.key(l.at) == w.key(last.to) {
			first = i
			break
		}
	}
	circle := way[first:]
	at := circle[0]
	for _, l := range circle {
		if l.at.part.Switch != nil {
			at = l
			break
		}
	}
	rule := fmt.Sprintf("%s sends packets to %s to %s, and they come back", t.short(at.at), prefixText(w.prefix), t.short(at.to))
	declared, edit := at.at.part.Device(at.at.member).At(), ""
	if r := w.sharedAS(at.to); r != nil {
		declared = r.At()
		if r.Model.ASNumber != nil {
			declared = declared.Field("asNumber")
		}
		var alike []string
		for _, other := range r.Cluster.Racks {
			if other.ASN == r.ASN {
				alike = append(alike, other.Name)
			}
		}
		rule += fmt.Sprintf(": its AS path over %s is the shortest, as the racks on both sides are AS %d", t.short(at.to), r.ASN)
		edit = fmt.Sprintf("give each of racks %s an asNumber of its own", someNames(alike))
	}
	return t.stop(at.at, w.prefix, declared, edit, "%s", rule)
}

// sharedAS returns the rack of a node whose AS is also that of another rack, in which the owner of the target is; nil: there is none.
func (w *course) sharedAS(at place) *fabric.Rack {
	near, far := rackOf(at), rackOf(w.owner)
	if near == nil || far == nil || near == far || near.ASN != far.ASN {
		return nil
	}
	return near
}

func rackOf(at place) *fabric.Rack {
	if at.part == nil || at.part.Nodes == nil {
		return nil
	}
	return at.part.Nodes[at.member].Rack
}
