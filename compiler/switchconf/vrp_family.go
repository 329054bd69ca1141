package switchconf

import (
	"slices"

	"topoc/compiler/fabric"
)

// family prints one address family. Its undo leaves the peers alone: removing them takes their policies too.
func (v *vrp) family(p *part, r *fabric.BGPRouter, family fabric.Family) {
	v.paths(p, r)
	for _, prefix := range r.Networks {
		if fabric.FamilyOf(prefix.Addr()) == family {
			p.line("network %s", lengthApart(prefix))
			p.undo("undo network %s", lengthApart(prefix))
		}
	}
	for _, d := range r.Redistribute {
		if d.Family == family {
			p.line("import-route static route-policy %s", vrpWord(d.Policy.Name))
			p.undo("undo import-route static")
		}
	}
	for _, g := range r.Groups {
		fc := carried(&g.SessionConfig, family)
		if fc == nil {
			continue
		}
		v.carried(p, r, vrpWord(g.Name), fc)
		if r.VRF == "" { // a member follows its group in a family only where that family says that it is one
			for _, n := range membersOf(r, g) {
				p.line("peer %s enable", n.Address)
				p.line("peer %s group %s", n.Address, vrpWord(g.Name))
			}
		}
	}
	for _, n := range alone(r) {
		if fc := carried(&n.SessionConfig, family); fc != nil && n.Interface == "" {
			v.carried(p, r, n.Address.String(), fc)
		}
	}
}

// paths prints multipath and reflection, which VRP has per family. The limits name their kind of session, since a limit for both
// makes the switch the next hop of everything that it announces by iBGP. In a VPN instance the router ID is the cluster ID.
func (v *vrp) paths(p *part, r *fabric.BGPRouter) {
	if r.ClusterID.IsValid() && r.VRF == "" {
		p.line("reflector cluster-id %s", r.ClusterID)
		p.undo("undo reflector cluster-id")
	}
	if r.MaximumPaths == 0 {
		return
	}
	if r.WantedPaths > r.MaximumPaths {
		p.line("# Up to %d equal-cost paths can come, not every platform takes more than %d: see bgp.maximumPaths.",
			r.WantedPaths, r.MaximumPaths)
	}
	kinds := []string{"ebgp"}
	if slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool { return c.Internal }) {
		kinds = append(kinds, "ibgp")
	}
	for _, kind := range kinds {
		p.line("maximum load-balancing %s %d", kind, r.MaximumPaths)
		p.undo("undo maximum load-balancing %s", kind)
	}
	if r.RelaxASPath {
		p.line("load-balancing as-path-relax")
		p.undo("undo load-balancing as-path-relax")
	}
}

// carried prints what a session carries of a family.
func (v *vrp) carried(p *part, r *fabric.BGPRouter, name string, fc *fabric.FamilyConfig) {
	if r.VRF == "" {
		p.line("peer %s enable", name)
	}
	p.line("peer %s advertise-community", name)
	p.line("peer %s route-policy %s import", name, vrpWord(fc.In.Name))
	p.line("peer %s route-policy %s export", name, vrpWord(fc.Out.Name))
	if fc.MaxPrefixes > 0 {
		p.line("peer %s route-limit %d %d idle-timeout %d", name, fc.MaxPrefixes, fc.WarnPercent, min(fc.RestartMinutes, 1200))
	}
	if fc.ASOverride {
		p.line("peer %s substitute-as", name)
	}
	if fc.ReflectorClient {
		p.line("peer %s reflect-client", name)
	}
	if fc.NextHopSelf {
		p.line("peer %s next-hop-local", name)
	}
	if fc.DefaultOriginate {
		p.line("peer %s default-route-advertise", name)
	}
}
