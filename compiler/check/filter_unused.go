package check

import (
	"fmt"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "filter-unused",
	Severity: diag.Warning,
	Doc: `filter-unused: a filter that no session carries stops nothing

A BGPFilter works only on the sessions of BGPPeers that name it. One that nothing names is written out, and shows up in
kubectl get bgpfilters as if it were in force. It is the same with a filter that only a rack without switches names, or a
peering via the fabric: neither has sessions that it could be applied to. A node-to-node mesh has no filters at all.

Mend it by naming the filter in the rack, peer or peering whose routes it is for, or by deleting it.`,
	Source: "Calico, reference/resources/bgpfilter and confd's bird.cfg.template: filters are those of a BGPPeer",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if len(c.Model.Filters) == 0 {
				continue
			}
			u := usesOfFilters(c)
			for _, f := range c.Filters {
				if !f.Derived && !u.applied[f.Name] {
					p.unusedFilter(f, u.idle[f.Name])
				}
			}
		}
	},
})

// filterUses is who names the filters of a cluster.
type filterUses struct {
	cluster *fabric.Cluster
	applied map[string]bool          // on a session, or told by another rule
	idle    map[string][]idleMention // where no session is, by filter
}

// idleMention is a rack or peering that names a filter and has no session to apply it to.
type idleMention struct {
	what, why string
	at        source.Path
}

func usesOfFilters(c *fabric.Cluster) *filterUses {
	u := &filterUses{cluster: c, applied: map[string]bool{}, idle: map[string][]idleMention{}}
	for _, r := range c.Racks {
		m := idleMention{what: "rack " + r.Name, at: r.At()}
		if len(r.Model.Switches) == 0 {
			m.why = "has no switches"
		}
		u.add(r.Model.Filters, m)
	}
	for _, e := range entriesOf(c) {
		u.add(e.model.Filters, idleMention{what: "peer " + e.Name, at: e.At})
	}
	for _, peering := range c.Peerings {
		m := idleMention{what: "peering " + peering.Name, at: peering.At()}
		if peering.Via == fabric.ViaFabric {
			m.why = "has no sessions of its own"
		}
		u.add(peering.Model.Filters, m)
	}
	return u
}

// add notes the names in the filters of what m says; without a reason why not, they are applied.
func (u *filterUses) add(names []string, m idleMention) {
	at := m.at.Field("filters")
	for i, name := range names {
		switch {
		case u.cluster.Model.Filters[name] == nil:
			// filter-unknown tells the name, which was perhaps meant to be this one.
			u.applied[diag.Nearest(name, sorted(u.cluster.Model.Filters))] = true
		case m.why == "":
			u.applied[name] = true
		default:
			m.at = at.Index(i)
			u.idle[name] = append(u.idle[name], m)
		}
	}
}

func (p *Pass) unusedFilter(f *fabric.Filter, idle []idleMention) {
	hint := fmt.Sprintf("add %q to the filters of %s, or delete it", f.Name, placeOfSessions(f.Cluster))
	if len(idle) == 0 {
		p.Reportf(f.At, "no rack, peer or peering names filter %s of cluster %s: it is applied to no session", f.Name, f.Cluster.Name).WithHint("%s", hint)
		return
	}
	d := p.Reportf(f.At, "filter %s of cluster %s is applied to no session: %s names it and %s", f.Name, f.Cluster.Name, idle[0].what, idle[0].why)
	for _, m := range idle[:min(len(idle), maxNotes)] {
		d.Note(m.at, "%s names it here", m.what)
	}
	d.WithHint("%s", hint)
}

// placeOfSessions says where in a cluster filters are applied, by name where there is one such place only.
func placeOfSessions(c *fabric.Cluster) string {
	var places []string
	for _, r := range c.Racks {
		if len(r.Model.Switches) > 0 {
			places = append(places, "rack "+r.Name)
		}
	}
	for _, e := range entriesOf(c) {
		places = append(places, "peer "+e.Name)
	}
	for _, peering := range c.Peerings {
		if peering.Via != fabric.ViaFabric {
			places = append(places, "peering "+peering.Name)
		}
	}
	if len(places) == 1 {
		return places[0]
	}
	return "the rack, peer or peering that it is for"
}
