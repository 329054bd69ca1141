package simulate

import (
	"fmt"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// explainUnderlay explains packets that are wrapped up and then do not get to the far end of the tunnel: it names the device that
// stops the packet around them. nil: that one gets there.
func (t *traffic) explainUnderlay(w *course, last leg) *finding {
	under := t.courseToDevice(last.via, last.to)
	if w.isDevice || under.from(last.at) == arrives {
		return nil // a tunnel within a tunnel's own way would be explained by itself
	}
	stop := t.explain(under, under.failing(last.at))
	stop.sentence = fmt.Sprintf("%s sends packets to %s through %s to %s, and those do not get there: %s",
		t.short(last.at), prefixText(w.prefix), last.over.tunnel, last.via, stop.sentence)
	return stop
}

// poolEdit is what takes the tunnel off a pool: one of another cluster's addresses never has one. at is where to write it.
func (p *pool) poolEdit(c *fabric.Cluster) (edit string, at source.Path) {
	field := "ipipMode"
	if p.vxlan != never && p.vxlan != "" {
		field = "vxlanMode"
	}
	if m := c.Model.IPPools[p.name]; m != nil && m.Encapsulation != "" && m.Encapsulation != "None" {
		return fmt.Sprintf("delete encapsulation from IPPool %s of %s", p.name, c.Name), p.at.Field("encapsulation")
	}
	return fmt.Sprintf("set %s: Never in IPPool %s of %s", field, p.name, c.Name), p.at
}

// isForeign reports whether a pool stands for addresses of other clusters.
func (p *pool) isForeign(c *fabric.Cluster) bool {
	for _, of := range c.Pools {
		if of.Name == p.name {
			return !of.Own()
		}
	}
	return p.disabled
}

// isWrapped reports whether a pool has some encapsulation.
func (p *pool) isWrapped() bool {
	return p.ipip != never && p.ipip != "" || p.vxlan != never && p.vxlan != ""
}

// explainFelix explains a route that BGP has and that only Felix may program, who knows nothing of other clusters; nil: none is
// so on the way.
func (t *traffic) explainFelix(w *course, way []leg) *finding {
	for _, l := range way {
		a := w.learned(l.at)
		if a == nil || !a.best || a.note == "" || l.at.part.rules == nil {
			continue
		}
		p := l.at.part.rules.poolOf(w.prefix)
		if p == nil || !p.isWrapped() || w.dest.cluster == l.at.part.Cluster {
			continue
		}
		edit, at := p.poolEdit(l.at.part.Cluster)
		return t.stop(l.at, w.prefix, at, edit, "%s has a route to %s by BGP and does not use it: %s", t.short(l.at), prefixText(w.prefix), a.note)
	}
	return nil
}

// isScattered reports whether a course's pods are in several subnets, and whoever is sent a packet for another's has to send it
// to the router between those as it is: static routes over nodes lead back there.
func (t *traffic) isScattered(w *course) bool {
	c := w.clusterOf()
	if c == nil || len(c.Subnets) < 2 || w.services != nil || len(t.census.parts[c]) == 0 {
		return false
	}
	rules := t.census.parts[c][0].rules
	if rules == nil {
		return false
	}
	p := rules.poolOf(w.prefix)
	return p != nil && !p.isWrapped()
}

// wrapEdit is what carries packets of a cluster's own pods between its subnets where no device between them has routes to pods;
// empty: the packets are others', or wrapped already.
func (t *traffic) wrapEdit(w *course, from place) string {
	c := w.clusterOf()
	if c == nil || from.part.Cluster != c || len(c.Subnets) < 2 || w.services != nil || from.part.rules == nil {
		return ""
	}
	p := from.part.rules.poolOf(w.prefix)
	if p == nil || p.isWrapped() {
		return ""
	}
	if families[w.family] == fabric.IPv6 {
		return fmt.Sprintf("set encapsulation to VXLANCrossSubnet on IPPool %s", p.name)
	}
	return fmt.Sprintf("set encapsulation to IPIPCrossSubnet (or VXLANCrossSubnet) on IPPool %s", p.name)
}
