package emulate

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// byBGP is FRR's protocol of BGP's routes in the kernel.
const byBGP = 186

// writeFIB makes the kernel have the routes of a daemon that does not write them itself, as FRR would, and takes away those that it
// no longer has. A next hop that nothing leads to is left out, and so are routes to the machine's own subnets.
func (m *machine) writeFIB(routes map[netip.Prefix][]netip.Addr) error {
	for _, port := range m.plan.Ports {
		for _, a := range port.Addresses {
			delete(routes, a.Masked())
		}
	}
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		there, err := m.ns.links.RouteListFiltered(family, &netlink.Route{Protocol: byBGP, Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
		if err != nil {
			return fmt.Errorf("list the routes of %s: %w", m.plan.Name, err)
		}
		for i := range there {
			seen, ok := seenRoute(&there[i], family, nil)
			if ok && len(routes[seen.Prefix]) == 0 {
				if err := m.ns.links.RouteDel(&there[i]); err != nil {
					return fmt.Errorf("delete %s of %s: %w", seen.Prefix, m.plan.Name, err)
				}
			}
		}
	}
	for prefix, hops := range routes {
		route := &netlink.Route{Dst: ipNet(prefix), Protocol: byBGP, Priority: switchMetric}
		slices.SortFunc(hops, netip.Addr.Compare)
		for _, hop := range slices.Compact(hops) {
			if way := m.wayTo(hop); way != nil {
				route.MultiPath = append(route.MultiPath, way)
			}
		}
		if len(route.MultiPath) == 0 {
			continue
		}
		if err := m.ns.links.RouteReplace(route); err != nil {
			return fmt.Errorf("write %s of %s: %w", prefix, m.plan.Name, err)
		}
	}
	return nil
}

// wayTo is the next hop on the link to an address: itself, or the gateway that the kernel has to it; nil: there is none.
func (m *machine) wayTo(hop netip.Addr) *netlink.NexthopInfo {
	found, err := m.ns.links.RouteGet(net.IP(hop.AsSlice()))
	if err != nil || len(found) == 0 {
		return nil
	}
	gateway := found[0].Gw
	if gateway == nil {
		gateway = net.IP(hop.AsSlice())
	}
	return &netlink.NexthopInfo{LinkIndex: found[0].LinkIndex, Gw: gateway}
}
