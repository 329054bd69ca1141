package emulate

import (
	"fmt"
	"slices"

	"topoc/compiler/fabric"
)

// switchIn plans a switch in one VRF: its own program, where the lab runs that and it can do all that is asked of the switch, or FRR
// in its place.
func (p *planner) switchIn(m *Machine, s *fabric.Switch) {
	own := inVRF(s, m)
	if len(own.Routers) == 0 && len(own.Statics) == 0 {
		return
	}
	topology, dialect, note := p.Predicted.Fabric.Name, "", ""
	if s.Dialect != nil {
		dialect = s.Dialect.Name
	}
	runs := dialect
	if !slices.Contains(p.own, dialect) || isBeyond(s) {
		runs = "frr"
	}
	switch runs {
	case "bird2":
		m.BIRD2 = bird2Conf(own, topology, p.timing)
	case "openbgpd":
		m.OpenBGPD = openbgpdConf(own, topology, p.timing)
		note = fmt.Sprintf("%s: OpenBGPD writes no routes into the kernel here: they are written for it", s.Name)
	case "gobgp":
		m.GoBGP = gobgpConf(own, topology, p.timing)
		note = fmt.Sprintf("%s: GoBGP writes no routes into the kernel: they are written for it", s.Name)
		for _, r := range own.Routers {
			m.Announced = append(m.Announced, r.Networks...)
		}
	default:
		m.FRR = frrConf(own, topology, p.timing)
		switch dialect {
		case "frr":
		case "":
			note = fmt.Sprintf("%s: FRR stands in for it, told the same", s.Name)
		default:
			note = fmt.Sprintf("%s: FRR stands in for %s, told the same", s.Name, dialect)
		}
	}
	if m.VRF != "" {
		note = fmt.Sprintf("%s: VRF %s is a machine of its own", s.Name, m.VRF)
	}
	if note != "" {
		p.Notes = append(p.Notes, note)
	}
}

// isBeyond reports whether a switch is asked what its dialect cannot do. Names of interfaces are no matter: the kernel has others.
func isBeyond(s *fabric.Switch) bool {
	managed := *s
	managed.Managed = true
	return slices.ContainsFunc(fabric.Unsupported(&managed), func(n fabric.Need) bool { return n.Feature != 0 }) ||
		slices.ContainsFunc(s.Routers, func(r *fabric.BGPRouter) bool { return r.MaximumPaths > s.Dialect.MaxPaths })
}

// timed is a switch whose sessions have the timers of an emulation.
func timed(s *fabric.Switch, t Timing) *fabric.Switch {
	if t.Hold == 0 {
		return s
	}
	own := *s
	own.Routers = nil
	for _, r := range s.Routers {
		router := *r
		router.Groups, router.Neighbors = nil, nil
		groups := map[*fabric.PeerGroup]*fabric.PeerGroup{}
		for _, g := range r.Groups {
			group := *g
			group.Keepalive, group.Hold = t.Keepalive, t.Hold
			groups[g] = &group
			router.Groups = append(router.Groups, &group)
		}
		for _, n := range r.Neighbors {
			neighbor := *n
			neighbor.Group, neighbor.Keepalive, neighbor.Hold = groups[n.Group], t.Keepalive, t.Hold
			router.Neighbors = append(router.Neighbors, &neighbor)
		}
		router.Listens = nil
		for _, l := range r.Listens {
			listen := *l
			listen.Group = groups[l.Group]
			router.Listens = append(router.Listens, &listen)
		}
		own.Routers = append(own.Routers, &router)
	}
	return &own
}
