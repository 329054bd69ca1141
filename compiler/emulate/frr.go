package emulate

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/switchconf"
)

// frrConf writes what the FRR of a switch in one VRF is told: the snippet that topoc writes for the switch, where that is FRR's,
// else what the same model says in FRR's words.
func frrConf(own *fabric.Switch, topology string, t Timing) []byte {
	var b bytes.Buffer
	b.Write(switchconf.CompileAs("frr", own, topology))
	for _, r := range own.Routers {
		frrRest(&b, r, t)
	}
	return b.Bytes()
}

// inVRF is the part of a switch that is in one VRF, as if that were the only one, with interfaces as the machine has them.
func inVRF(s *fabric.Switch, m *Machine) *fabric.Switch {
	own := *s
	own.VRF, own.Routers, own.Statics = "", nil, nil
	for _, r := range s.Routers {
		if r.VRF == m.VRF {
			router := *r
			router.VRF = ""
			router.Neighbors = renamed(r.Neighbors, m)
			own.Routers = append(own.Routers, &router)
		}
	}
	for _, r := range s.Statics {
		if r.VRF == m.VRF {
			route := *r
			route.VRF = ""
			own.Statics = append(own.Statics, &route)
		}
	}
	return &own
}

// renamed are neighbors over interfaces by the names that these have in the kernel.
func renamed(neighbors []*fabric.Neighbor, m *Machine) []*fabric.Neighbor {
	all := slices.Clone(neighbors)
	for i, n := range all {
		if n.Interface == "" {
			continue
		}
		port := slices.IndexFunc(m.Ports, func(p Port) bool { return p.Declared == n.Interface })
		if port < 0 || m.Ports[port].Name == n.Interface {
			continue
		}
		other := *n
		other.Interface = m.Ports[port].Name
		all[i] = &other
	}
	return all
}

// frrRest writes what follows a snippet: passwords, for which it has placeholders only, and the timers of an emulation, of groups
// and of neighbors that stand alone. Of eBGP paths that are alike FRR would keep the one that came first, which nobody can predict:
// the lowest router ID decides.
func frrRest(b *bytes.Buffer, r *fabric.BGPRouter, t Timing) {
	fmt.Fprintf(b, "router bgp %d\n bgp bestpath compare-routerid\n", r.ASN)
	rest := func(name string, c *fabric.SessionConfig) {
		if c.Password != nil {
			fmt.Fprintf(b, " neighbor %s password %s\n", name, Password(c.Password.Secret+"/"+c.Password.Key))
		}
		if t.Connect > 0 {
			fmt.Fprintf(b, " neighbor %s timers connect %d\n", name, t.Connect)
		}
		if t.Hold > 0 {
			fmt.Fprintf(b, " neighbor %s timers %d %d\n", name, t.Keepalive, t.Hold)
		}
	}
	for _, g := range r.Groups {
		rest(g.Name, &g.SessionConfig)
	}
	for _, n := range r.Neighbors {
		switch {
		case n.Group != nil:
		case n.Interface != "":
			rest(n.Interface, &n.SessionConfig)
		default:
			rest(n.Address.String(), &n.SessionConfig)
		}
	}
	if t.Restart > 0 {
		fmt.Fprintf(b, " bgp graceful-restart restart-time %d\n bgp graceful-restart stalepath-time %d\n", t.Restart, t.Restart)
	}
	fmt.Fprint(b, "exit\n")
}

// hasBFD reports whether a configuration asks for BFD, so that bfdd must run.
func hasBFD(conf []byte) bool {
	return slices.ContainsFunc(strings.Split(string(conf), "\n"), func(line string) bool { return strings.HasSuffix(line, " bfd") })
}

// addressIn is the address by which others of its networks reach a machine, of a family; the zero Addr: it is on none.
func (m *Machine) addressIn(network int, f fabric.Family) netip.Addr {
	for _, p := range m.Ports {
		for _, a := range p.Addresses {
			if p.Network == network && fabric.FamilyOf(a.Addr()) == f {
				return a.Addr()
			}
		}
	}
	return netip.Addr{}
}
