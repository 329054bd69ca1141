package simulate

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/oracle"
)

// prediction is what is predicted of a topology, in a form that the simulation and the oracle have in common: by device and VRF,
// then by session or prefix, a line of text. Where a device has several alike, the lines are joined.
type prediction map[string]map[string]string

func (p prediction) add(device, key, line string) {
	if p[device] == nil {
		p[device] = map[string]string{}
	}
	if was, known := p[device][key]; known {
		all := append(strings.Split(was, "; "), line)
		slices.Sort(all)
		line = strings.Join(all, "; ")
	}
	p[device][key] = line
}

func (p prediction) addSession(device, vrf string, local, peer netip.Addr, asn uint32, isUp bool) {
	p.add(device+" "+vrf, fmt.Sprint("session ", local, " ", peer, " AS ", asn), map[bool]string{true: "up", false: "down"}[isUp])
}

// fact is a route as both know it: what decides where packets go, and what is told on.
type fact struct {
	kind      string // of oracle.Route
	nextHops  []netip.Addr
	metric    uint32 // of nodes; a switch's is the same for all
	asPath    []uint32
	localPref uint32
}

// addRoute adds a route. Felix's routes are told from those of BIRD to the same prefix.
func (p prediction) addRoute(at device, prefix netip.Prefix, proto string, f fact) {
	key := prefix.String()
	if proto == felixProto {
		key += " of Felix"
	}
	hops := fmt.Sprint(f.nextHops)
	if n := len(f.nextHops); n > 1 && n == at.maxPaths {
		hops = fmt.Sprint(n, " of many") // which of them goes by the release of the switch
	}
	p.add(at.name+" "+at.vrf, key, fmt.Sprintf("%s %s metric %d path %v local preference %d", f.kind, hops, f.metric, f.asPath, f.localPref))
}

// device is what has routes: a node, or a switch in one VRF.
type device struct {
	name, vrf string
	isSwitch  bool
	maxPaths  int // that a switch uses at once
}

func deviceOf(d fabric.Device, vrf string) device {
	at := device{name: d.DeviceName(), vrf: vrf}
	if s, ok := d.(*fabric.Switch); ok {
		at.isSwitch = true
		for _, r := range s.Routers {
			if r.VRF == vrf {
				at.maxPaths = r.MaximumPaths
			}
		}
	}
	return at
}

// oraclePrediction writes down what the oracle predicts, but for services that a node brings in itself and keeps out of its kernel.
func oraclePrediction(f *fabric.Fabric, r *oracle.Result) prediction {
	devices := map[string]fabric.Device{}
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			devices[n.DeviceName()] = n
		}
	}
	for _, s := range f.Switches {
		devices[s.DeviceName()] = s
	}
	p := prediction{}
	for _, s := range r.Sessions {
		p.addSession(s.Device, s.VRF, s.LocalAddress, s.PeerAddress, s.PeerASN, s.Up)
	}
	for _, row := range r.Routes {
		if row.Kind != "rib" || row.LocalPref != 0 {
			p.addRoute(deviceOf(devices[row.Device], row.VRF), row.Prefix, row.Proto, fact{row.Kind, row.NextHops, row.Metric, row.ASPath, row.LocalPref})
		}
	}
	return p
}

// enginePrediction writes down what the simulation predicts, but for what the oracle leaves out: hosts, connected subnets, default
// gateways, what a device brings in itself and does not have in its kernel.
func enginePrediction(r *Result) prediction {
	p := prediction{}
	for _, d := range r.Devices() {
		if _, isHost := d.(*fabric.Host); isHost {
			continue
		}
		for _, s := range r.Sessions(d) {
			p.addSession(d.DeviceName(), s.VRF, shown(s.LocalAddress), shown(s.PeerAddress), s.PeerASN, s.State == Established)
		}
		best, inKernel := map[string]RouteRow{}, map[string]bool{}
		rows := r.Routes(d)
		for _, row := range rows {
			key := row.VRF + " " + row.Prefix.String()
			switch {
			case row.Table == BGPTable && row.Best && row.From != "":
				best[key] = row
			case row.Table == KernelTable && !row.Own && !isOfFelix(row):
				inKernel[key] = true
			}
		}
		for _, row := range rows {
			key := row.VRF + " " + row.Prefix.String()
			if row.Table == KernelTable {
				p.addKernelRow(deviceOf(d, row.VRF), row, best[key])
			}
		}
		for key, b := range best {
			if !inKernel[key] {
				p.addRoute(deviceOf(d, b.VRF), b.Prefix, "", fact{kind: "rib", asPath: b.ASPath, localPref: b.LocalPref})
			}
		}
	}
	return p
}

// addKernelRow adds a route of the kernel, with what the best path of BGP that it was made of says; none for the zero RouteRow.
func (p prediction) addKernelRow(at device, row, best RouteRow) {
	if row.Own && row.Proto != "static" && row.Proto != "bird" {
		return
	}
	f := fact{kind: string(row.Type), metric: row.Metric}
	for _, h := range row.NextHops {
		if isOfFelix(row) {
			h.Address = h.Announced // the node's own address, not that in the tunnel
		}
		f.nextHops = append(f.nextHops, shown(h.Address))
	}
	slices.SortFunc(f.nextHops, netip.Addr.Compare)
	switch {
	case isOfFelix(row):
		row.Proto = felixProto
	case !row.Own:
		f.asPath, f.localPref = best.ASPath, best.LocalPref
	}
	if at.isSwitch {
		f.metric = 0
	}
	p.addRoute(at, row.Prefix, row.Proto, f)
}

// isOfFelix reports whether Felix wrote a route of the kernel: through VXLAN it has no protocol of its own.
func isOfFelix(row RouteRow) bool {
	return row.Proto == felixProto || len(row.NextHops) > 0 && slices.Contains([]string{vxlanTunnel, vxlanTunnel6}, row.NextHops[0].Interface)
}

// shown hides what stands for the address of an unnumbered link.
func shown(a netip.Addr) netip.Addr {
	if a.IsLinkLocalUnicast() {
		return netip.Addr{}
	}
	return a
}

// differing returns the devices, and their keys, in which two predictions differ.
func differing(a, b prediction) map[[2]string]bool {
	keys := map[[2]string]bool{}
	for _, pair := range [][2]prediction{{a, b}, {b, a}} {
		for device, lines := range pair[0] {
			for key, line := range lines {
				if other, known := pair[1][device][key]; !known || other != line {
					keys[[2]string{device, key}] = true
				}
			}
		}
	}
	return keys
}

// difference tells in what the first device that differs does; empty: none. What is open doesn't count.
func difference(got, want prediction, open map[[2]string]bool) string {
	keys := differing(got, want)
	maps.DeleteFunc(keys, func(key [2]string, _ bool) bool { return open[key] })
	sorted := slices.SortedFunc(maps.Keys(keys), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var b strings.Builder
	for _, key := range sorted {
		device, of := key[0], key[1]
		if device != sorted[0][0] {
			break
		}
		fmt.Fprintf(&b, "\n%s: %s\n  is   %s\n  want %s", device, of, got[device][of], want[device][of])
	}
	return b.String()
}
