package check

import (
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// deadSessions is predicted sessions of one declaration that don't come up, for one kind of reason.
type deadSessions struct {
	at        source.Path
	first     *simulate.Session // speaks for the others
	near, far deviceSet
	reason    string // of first, as the end of a sentence
}

// deadSessions gathers the predicted sessions that fit is true of by what declares them, in the order of the parts. Of the two
// ends of a session that of the earlier part counts.
func (p *Pass) deadSessions(fit func(*simulate.Session) bool) []*deadSessions {
	var all []*deadSessions
	byDeclaration := map[source.Path]*deadSessions{}
	for _, part := range p.Predicted.Parts {
		for _, s := range part.Sessions {
			if s.Peer == nil || s.Far != nil && s.Far.Part.Index < part.Index || !fit(s) {
				continue
			}
			at := s.At
			if at == "" {
				at = part.Device(0).At()
			}
			dead := byDeclaration[at]
			if dead == nil {
				dead = &deadSessions{at: at, first: s}
				_, dead.reason, _ = strings.Cut(s.Reason, ": ")
				byDeclaration[at] = dead
				all = append(all, dead)
			}
			dead.add(s)
		}
	}
	return all
}

// add adds the two ends of a session, but for an end that is there as the other one.
func (x *deadSessions) add(s *simulate.Session) {
	if s.Part == s.Peer { // each with each: none is nearer
		for member := range s.Part.Size() {
			x.near.add(s.Part.Device(member))
		}
		return
	}
	for member := range s.Part.Size() {
		if d := s.Part.Device(member); !x.far.has[d] {
			x.near.add(d)
		}
	}
	for member := range s.Peer.Size() {
		if d := s.Peer.Device(member); !x.near.has[d] {
			x.far.add(d)
		}
	}
}

// ends says whose sessions these are: "node prod/n1 has no session with switch leaf1".
func (x *deadSessions) ends() string {
	has := "has"
	if len(x.near.list) > 1 {
		has = "have"
	}
	near := someOf(x.near.list, deviceName)
	if len(x.far.list) == 0 {
		return near + " " + has + " no session with each other"
	}
	return near + " " + has + " no session with " + someOf(x.far.list, deviceName)
}

// declaration says in words what a session comes from.
func (x *deadSessions) declaration() string {
	labels := x.at.Labels()
	switch {
	case x.first.Kind == simulate.MeshSession:
		return "the mesh of cluster " + x.first.Part.Cluster.Name
	case len(labels) == 4 && labels[0] == "clusters" && labels[2] == "racks":
		return "rack " + labels[3] + " of cluster " + labels[1]
	case len(labels) == 4 && labels[0] == "clusters" && labels[2] == "peers":
		return "peer " + labels[3] + " of cluster " + labels[1]
	case len(labels) >= 3 && labels[0] == "clusters" && labels[2] == "routeReflectors":
		return "routeReflectors of cluster " + labels[1]
	case len(labels) == 2 && labels[0] == "peerings":
		return "peering " + labels[1]
	case len(labels) == 2 && labels[0] == "links":
		return "link " + labels[1]
	}
	return "this"
}

// told reports whether a finding of one of the checks, be it waived or not, names the value at a path, what contains it or what
// it contains.
func (p *Pass) told(at source.Path, checks ...string) bool {
	touches := func(other source.Path) bool { return other.Has(at) || at.Has(other) }
	for _, d := range *p.found {
		if !slices.Contains(checks, d.Check) {
			continue
		}
		if touches(d.Path) {
			return true
		}
		for _, n := range d.Notes {
			if touches(n.Path) {
				return true
			}
		}
	}
	return false
}

// sessionTold reports whether one of the checks has told of what declares the sessions, or of a device at one of their ends.
func (p *Pass) sessionTold(x *deadSessions, checks ...string) bool {
	devices := slices.Concat(x.near.list, x.far.list)
	return p.told(x.at, checks...) ||
		slices.ContainsFunc(devices, func(d fabric.Device) bool { return p.told(d.At(), checks...) })
}
