package emulate

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// See asks a machine's daemons for their sessions and its kernel for its routes.
func (r *Running) See(ctx context.Context, name string) (*Seen, error) {
	m := r.machineOf(name)
	if m == nil {
		return nil, fmt.Errorf("no machine is called %s", name)
	}
	return r.see(ctx, m)
}

func (r *Running) see(ctx context.Context, m *machine) (*Seen, error) {
	s := &Seen{}
	for _, program := range []string{"bird", "bird6"} {
		if m.daemons[program] == nil {
			continue
		}
		lines, err := birdCommand(m.socketOf(program), "show protocols")
		if err != nil {
			return nil, fmt.Errorf("ask %s of %s: %w: %s", program, m.plan.Name, err, tail(m.daemons[program].log))
		}
		s.Sessions = append(s.Sessions, birdSessions(program, lines)...)
	}
	if m.daemons["bird2"] != nil {
		lines, err := birdCommand(m.socketOf("bird2"), "show protocols all")
		if err != nil {
			return nil, fmt.Errorf("ask BIRD 2 of %s: %w: %s", m.plan.Name, err, tail(m.daemons["bird2"].log))
		}
		s.Sessions = bird2Sessions(lines)
	}
	if m.daemons["bgpd"] != nil {
		out, err := m.vtysh(ctx, "-c", "show bgp summary json")
		if err != nil {
			return nil, fmt.Errorf("ask FRR of %s: %w", m.plan.Name, err)
		}
		if s.Sessions, err = frrSessions(out); err != nil {
			return nil, fmt.Errorf("ask FRR of %s: %w", m.plan.Name, err)
		}
	}
	var err error
	if m.daemons["openbgpd"] != nil {
		if s.Sessions, err = m.seeOpenBGPD(ctx); err != nil {
			return nil, fmt.Errorf("ask OpenBGPD of %s: %w: %s", m.plan.Name, err, tail(m.daemons["openbgpd"].log))
		}
	}
	if m.daemons["gobgpd"] != nil {
		if s.Sessions, err = m.seeGoBGP(ctx); err != nil {
			return nil, fmt.Errorf("ask GoBGP of %s: %w: %s", m.plan.Name, err, tail(m.daemons["gobgpd"].log))
		}
	}
	s.Routes, err = m.kernelRoutes()
	for i := range s.Routes {
		r.translate(m, s.Routes[i].NextHops)
	}
	if own, isSwitch := m.plan.Device.(*fabric.Switch); isSwitch && m.plan.BIRD2 != nil {
		bird2Routes(own, s.Routes)
	}
	return s, err
}

// translate puts the addresses that neighbors announce in the place of their link-local ones.
func (r *Running) translate(m *machine, hops []SeenNextHop) {
	for i := range hops {
		if !hops[i].Address.IsLinkLocalUnicast() {
			continue
		}
		for _, p := range m.plan.Ports {
			if known, ok := r.global[linkLocal{p.Network, hops[i].Address}]; ok && p.Name == hops[i].Interface {
				hops[i].Address = known
			}
		}
	}
}

// birdCommand asks BIRD over its control socket. The lines come without the codes that begin them (BIRD, doc/reply_codes).
func birdCommand(socket, command string) ([]string, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewScanner(c)
	if _, err := birdReply(in); err != nil { // the greeting
		return nil, err
	}
	if _, err := fmt.Fprintln(c, command); err != nil {
		return nil, err
	}
	return birdReply(in)
}

// birdReply reads one reply: its last line has a blank behind the code.
func birdReply(in *bufio.Scanner) ([]string, error) {
	const code = 4
	var lines []string
	for in.Scan() {
		line := in.Text()
		switch {
		case strings.HasPrefix(line, " "):
			lines = append(lines, line[1:])
		case len(line) <= code:
			return lines, fmt.Errorf("an unexpected line: %q", line)
		default:
			lines = append(lines, line[code+1:])
			if line[0] == '8' || line[0] == '9' {
				return nil, fmt.Errorf("%s", line[code+1:])
			}
			if line[code] == ' ' {
				return lines, nil
			}
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("the connection ended")
}

// birdSessions reads `show protocols`: name, protocol, table, state, since, info.
func birdSessions(program string, lines []string) []SeenSession {
	const info = 5
	var all []SeenSession
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) < info || f[1] != "BGP" {
			continue
		}
		text := strings.Join(f[info:], " ")
		all = append(all, SeenSession{Name: f[0], Daemon: program, IsUp: f[3] == "up" && strings.HasPrefix(text, "Established"), Info: f[3] + " " + text})
	}
	return all
}

// frrSessions reads `show bgp summary json`: families, each with its peers. A session that carries two families is one.
func frrSessions(out []byte) ([]SeenSession, error) {
	var families map[string]struct {
		Peers map[string]struct {
			State string `json:"state"`
		} `json:"peers"`
	}
	if err := json.Unmarshal(out, &families); err != nil {
		return nil, fmt.Errorf("read the summary: %w", err)
	}
	var all []SeenSession
	seen := map[string]bool{}
	for _, family := range families {
		for name, peer := range family.Peers {
			if !seen[name] {
				seen[name] = true
				all = append(all, SeenSession{Name: name, Daemon: "bgpd", IsUp: peer.State == "Established", Info: peer.State})
			}
		}
	}
	return all, nil
}

// kernelRoutes reads the main table, without what every IPv6 interface has.
func (m *machine) kernelRoutes() ([]SeenRoute, error) {
	names := map[int]string{}
	links, err := m.ns.links.LinkList()
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	var all []SeenRoute
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		routes, err := m.ns.links.RouteListFiltered(family, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
		if err != nil {
			return nil, fmt.Errorf("read the routes of %s: %w", m.plan.Name, err)
		}
		for i := range routes {
			if route, ok := seenRoute(&routes[i], family, names); ok {
				all = append(all, route)
			}
		}
	}
	return all, nil
}

// seenRoute takes a route of the kernel's; false for link-local and multicast ones.
func seenRoute(r *netlink.Route, family int, names map[int]string) (SeenRoute, bool) {
	route := SeenRoute{Prefix: defaultOf(0), Protocol: Protocol(r.Protocol), Metric: uint32(r.Priority)}
	if family == netlink.FAMILY_V6 {
		route.Prefix = defaultOf(1)
	}
	if r.Dst != nil {
		a, _ := netip.AddrFromSlice(r.Dst.IP)
		if family == netlink.FAMILY_V4 {
			a = a.Unmap()
		}
		ones, _ := r.Dst.Mask.Size()
		route.Prefix = netip.PrefixFrom(a, ones)
	}
	if a := route.Prefix.Addr(); a.IsLinkLocalUnicast() && a.Is6() || a.IsMulticast() {
		return route, false
	}
	switch r.Type {
	case unix.RTN_UNICAST:
		route.Type = simulate.Unicast
	case unix.RTN_BLACKHOLE:
		route.Type = simulate.Blackhole
	case unix.RTN_UNREACHABLE:
		route.Type = simulate.UnreachableRoute
	default:
		return route, false
	}
	if route.Type != simulate.Unicast {
		return route, true
	}
	if len(r.MultiPath) == 0 {
		route.NextHops = []SeenNextHop{{addrOf(r.Gw, r.Via), names[r.LinkIndex], r.Flags&int(netlink.FLAG_ONLINK) != 0}}
		return route, true
	}
	for _, nh := range r.MultiPath {
		route.NextHops = append(route.NextHops, SeenNextHop{addrOf(nh.Gw, nh.Via), names[nh.LinkIndex], nh.Flags&int(netlink.FLAG_ONLINK) != 0})
	}
	return route, true
}

// addrOf is a gateway, of the route's family or of the other one.
func addrOf(gateway net.IP, via netlink.Destination) netip.Addr {
	if v, ok := via.(*netlink.Via); ok {
		gateway = v.Addr
	}
	a, ok := netip.AddrFromSlice(gateway)
	if !ok {
		return netip.Addr{}
	}
	return a.Unmap()
}
