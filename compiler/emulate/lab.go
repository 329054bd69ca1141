package emulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// Lab is a topology as machines on networks, before anything is started: each machine is a network namespace, each network a
// bridge or a wire. Immutable.
type Lab struct {
	Predicted *simulate.Result // by which everything is configured, and with which it is compared
	Machines  []*Machine       // in the order of stations, then routers of the site
	Notes     []string         // what is not as on the real devices, for people

	timing Timing
	own    []string
}

// Machine is one device, a switch in one of its VRFs, a speaker outside, or a router of the site that nobody declared.
type Machine struct {
	Name   string        // unique in the lab; a file name
	Device fabric.Device // nil: a router of the site
	VRF    string        // of a switch
	Ports  []Port
	Local  []Local // addresses beside those of the ports
	Routes []Route
	Tunnel []Tunnel // Felix's devices of VXLAN

	Unknown []netip.Addr // gateways that nobody declared: predictions know no address of theirs

	BIRD  []byte // configuration of BIRD for IPv4; nil: none runs
	BIRD6 []byte // likewise for IPv6
	FRR   []byte // likewise of FRR
	BIRD2 []byte // likewise of the BIRD 2 of a switch

	OpenBGPD []byte // likewise of OpenBGPD, but for its control socket
	GoBGP    []byte // likewise of GoBGP

	Announced []netip.Prefix // what GoBGP announces itself, which its configuration cannot say
}

// Title names the machine for people: as the topology names the device, of a switch with the VRF that isn't its own.
func (m *Machine) Title() string {
	switch d := m.Device.(type) {
	case nil:
		return m.Name
	case *fabric.Switch:
		if m.VRF != d.VRF {
			return d.Name + " (VRF " + m.VRF + ")"
		}
	}
	return m.Device.DeviceName()
}

// Port is an interface.
type Port struct {
	Name      string // in the kernel
	Declared  string // in the topology; empty: nobody named it
	Network   int
	Addresses []netip.Prefix
	Shared    []netip.Prefix     // virtual addresses that the machine may hold; one machine of those on the network has each in Addresses
	Link      *fabric.SwitchLink // nil: a network that many can be on
}

// Local is an address on an interface that leads nowhere: of a pod, a service, a loopback.
type Local struct {
	Interface string
	Address   netip.Addr
	IsRouted  bool // the kernel's main table has a route to it too, which BIRD learns
}

// Interfaces of addresses that lead nowhere. Calico keeps BIRD from looking at the last two.
const (
	loopback = "lo"
	Pods     = "cali00000000000"
	Services = "kube-ipvs0"
)

// Addresses are those of a machine on an interface that leads nowhere.
func (m *Machine) Addresses(iface string) []netip.Addr {
	var all []netip.Addr
	for _, l := range m.Local {
		if l.Interface == iface {
			all = append(all, l.Address)
		}
	}
	return all
}

// middleName is the namespace of the bridges.
const middleName = "networks"

// labPort begins the names of interfaces on networks that the topology doesn't have.
const labPort = "topoc"

// Route is a route that a machine has before any daemon runs.
type Route struct {
	Prefix    netip.Prefix
	Gateways  []netip.Addr // none: on-link at Interface
	Interface string       // empty: the one that leads to the gateways
	Protocol  Protocol
	Metric    int
	IsOnLink  bool // the gateways are taken to be on-link
	IsDropped bool // a blackhole
}

// Tunnel is a VXLAN device, which leads to those of the same name of the cluster's other nodes.
type Tunnel struct {
	Name    string
	Cluster *fabric.Cluster
	Outer   netip.Addr // the node's own address
	Inner   netip.Addr // the device's: what routes have for a gateway; zero: not known
}

// Protocol is who made a route, as the kernel has it (linux/rtnetlink.h).
type Protocol int

const (
	ByBoot   Protocol = 3
	ByStatic Protocol = 4
	ByFelix  Protocol = 80
	ByLab    Protocol = 250 // stands for something that no prediction speaks of: the rest of the site
)

// NewLab plans the emulation of a prediction. The prediction must be of Plain input. own are the dialects whose switches run their
// own programs, see Own; FRR stands in for all others.
func NewLab(r *simulate.Result, timing Timing, own ...string) *Lab {
	l := &Lab{Predicted: r, timing: timing, own: own}
	stations := r.Stations()
	p := &planner{Lab: l, names: map[string]bool{middleName: true}, shared: map[netip.Addr]map[int]bool{}, vxlan: map[*fabric.Cluster]bool{}}
	for i := range stations {
		l.Machines = append(l.Machines, p.machine(&stations[i]))
	}
	p.addSites(stations)
	isFelix := func(r Route) bool { return r.Protocol == ByFelix }
	if slices.ContainsFunc(l.Machines, func(m *Machine) bool { return slices.ContainsFunc(m.Routes, isFelix) }) {
		l.Notes = append(l.Notes, "Felix does not run: the routes that it writes are made as predicted, and not compared")
	}
	return l
}

// planner plans the machines of a lab.
type planner struct {
	*Lab
	names  map[string]bool
	shared map[netip.Addr]map[int]bool // networks on which somebody has a shared address already
	vxlan  map[*fabric.Cluster]bool
}

func (p *planner) machine(s *simulate.Station) *Machine {
	m := &Machine{Name: p.nameOf(s), Device: s.Device, VRF: s.VRF}
	used := map[string]bool{loopback: true, Pods: true, Services: true}
	for i := range s.Ports {
		m.Ports = append(m.Ports, p.port(&s.Ports[i], used))
	}
	for _, a := range s.Loopbacks {
		m.Local = append(m.Local, Local{Interface: loopback, Address: a})
	}
	for i, d := range s.Defaults {
		if d.Gateway.IsValid() {
			m.Routes = append(m.Routes, Route{Prefix: defaultOf(i), Gateways: []netip.Addr{d.Gateway}, Protocol: ByBoot})
		}
	}
	switch d := s.Device.(type) {
	case *fabric.Node:
		p.node(m, d)
	case *fabric.Switch:
		p.switchIn(m, d)
	case *fabric.Host:
		m.addStatics(s)
	case *fabric.External:
		p.outside(m, d)
	}
	return m
}

// defaultOf is the prefix of the default route of a family, by index: IPv4, IPv6.
func defaultOf(i int) netip.Prefix {
	return netip.PrefixFrom([]netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}[i], 0)
}

// nameOf names the machine of a station: its device as a file name.
func (p *planner) nameOf(s *simulate.Station) string {
	name := s.Device.DeviceName()
	if sw, ok := s.Device.(*fabric.Switch); ok && s.VRF != sw.VRF {
		name += "." + s.VRF
	}
	return p.unique(strings.ReplaceAll(name, "/", "."))
}

func (p *planner) unique(name string) string {
	wanted := name
	for i := 2; p.names[name]; i++ {
		name = fmt.Sprintf("%s-%d", wanted, i)
	}
	p.names[name] = true
	return name
}

// port plans an interface. Of a shared address the first station of a network is the holder, as with VRRP.
func (p *planner) port(s *simulate.Port, used map[string]bool) Port {
	port := Port{Name: kernelName(s.Interface, used), Declared: s.Interface, Network: s.Network, Addresses: slices.Clone(s.Addresses), Link: s.Link}
	for _, a := range s.Shared {
		for _, own := range s.Addresses {
			if own.Masked().Contains(a) {
				port.Shared = append(port.Shared, netip.PrefixFrom(a, own.Bits()))
				break
			}
		}
	}
	for _, a := range port.Shared {
		if p.shared[a.Addr()] == nil {
			p.shared[a.Addr()] = map[int]bool{}
		}
		if !p.shared[a.Addr()][s.Network] {
			p.shared[a.Addr()][s.Network] = true
			port.Addresses = append(port.Addresses, a)
		}
	}
	return port
}

// noNames are no names of interfaces to the kernel, labPrefixes begin those that are not a topology's to give.
var (
	noNames     = []string{".", "..", "all", "default"}
	labPrefixes = []string{"cali", "kube-ipvs", "vxlan", labPort}
)

// kernelName is what an interface is called in the kernel: its own name where that is one.
func kernelName(declared string, used map[string]bool) string {
	const longest = 15 // IFNAMSIZ less the NUL
	name := declared
	isTaken := func(prefix string) bool { return strings.HasPrefix(name, prefix) } // by the lab, or a pattern of Calico's
	if isBad := strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '/' || r == ':' || r > '~' }); isBad || name == "" ||
		len(name) > longest || slices.Contains(noNames, name) || used[name] || slices.ContainsFunc(labPrefixes, isTaken) {
		for i := 0; ; i++ {
			if name = fmt.Sprintf("port%d", i); !used[name] {
				break
			}
		}
	}
	used[name] = true
	return name
}

// addStatics adds the static routes of a host.
func (m *Machine) addStatics(s *simulate.Station) {
	for _, r := range s.Statics {
		m.Routes = append(m.Routes, Route{Prefix: r.Prefix, Gateways: r.Gateways, Protocol: ByStatic})
	}
}

func (p *planner) outside(m *Machine, e *fabric.External) {
	rows := p.Predicted.Sessions(e)
	passwords := map[netip.Addr]string{}
	for _, row := range rows {
		n, ok := row.Peer.(*fabric.Node)
		if !ok {
			continue
		}
		for _, protocol := range p.Predicted.BIRD(n, row.Family).Protocols {
			if protocol.Row.PeerAddress == e.Address {
				passwords[row.PeerAddress] = protocol.Password
			}
		}
	}
	conf := outsideConf(e, rows, passwords, p.timing)
	if fabric.FamilyOf(e.Address) == fabric.IPv4 {
		m.BIRD = conf
	} else {
		m.BIRD6 = conf
	}
}

// node plans a node: its BIRDs, the addresses of its pods and of the services that kube-proxy would take, and Felix's routes.
func (p *planner) node(m *Machine, n *fabric.Node) {
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		b := p.Predicted.BIRD(n, f)
		if b.IsDisabled {
			continue
		}
		conf := birdConf(b, p.timing)
		if f == fabric.IPv4 {
			m.BIRD = conf
		} else {
			m.BIRD6 = conf
		}
		own := map[netip.Prefix]bool{}
		for _, r := range n.Cluster.Advertised {
			own[r.Prefix.Masked()] = true
		}
		for _, prefix := range b.Blackholes {
			if !own[prefix] && !prefix.IsSingleIP() {
				m.Local = append(m.Local, Local{Interface: Pods, Address: prefix.Addr().Next()})
			}
		}
		for _, prefix := range b.Workloads {
			m.Local = append(m.Local, Local{Interface: Pods, Address: prefix.Addr(), IsRouted: true})
		}
	}
	for _, r := range n.Cluster.Advertised {
		if a := someAddress(r.Prefix); n.Addr(fabric.FamilyOf(a)).IsValid() {
			m.Local = append(m.Local, Local{Interface: Services, Address: a})
		}
	}
	p.felix(m, n)
}

// someAddress is an address of a range that a service can have.
func someAddress(p netip.Prefix) netip.Addr {
	if p.IsSingleIP() {
		return p.Addr()
	}
	return p.Masked().Addr().Next()
}

// felix adds what Felix writes into the kernel beside BIRD, as it is predicted: no Felix runs here.
func (p *planner) felix(m *Machine, n *fabric.Node) {
	for _, row := range p.Predicted.Routes(n) {
		if row.Table != simulate.KernelTable || !isFelix(row) {
			continue
		}
		r := Route{Prefix: row.Prefix, Protocol: ByFelix, IsDropped: row.Type == simulate.Blackhole}
		for _, nh := range row.NextHops {
			r.Interface, r.IsOnLink = nh.Interface, nh.OnLink
			if nh.Address.IsValid() {
				r.Gateways = append(r.Gateways, nh.Address)
			} else if isVXLAN(nh.Interface) && !row.Prefix.IsSingleIP() {
				r.Gateways = append(r.Gateways, row.Prefix.Addr()) // an address that IPAM gave it besides: as innerAddress has it
			}
			if isVXLAN(nh.Interface) && !slices.ContainsFunc(m.Tunnel, func(t Tunnel) bool { return t.Name == nh.Interface }) {
				f := fabric.FamilyOf(row.Prefix.Addr())
				m.Tunnel = append(m.Tunnel, Tunnel{Name: nh.Interface, Cluster: n.Cluster, Outer: n.Addr(f), Inner: p.innerAddress(n, f)})
			}
		}
		m.Routes = append(m.Routes, r)
	}
	if !p.usesVXLAN(n.Cluster) {
		return
	}
	for i, f := range families { // others may send where the node itself sends nothing
		name := []string{"vxlan.calico", "vxlan-v6.calico"}[i]
		inner := p.innerAddress(n, f)
		if inner.IsValid() && !slices.ContainsFunc(m.Tunnel, func(t Tunnel) bool { return t.Name == name }) {
			m.Tunnel = append(m.Tunnel, Tunnel{Name: name, Cluster: n.Cluster, Outer: n.Addr(f), Inner: inner})
		}
	}
}

// usesVXLAN reports whether any node of a cluster has a route by VXLAN.
func (p *planner) usesVXLAN(c *fabric.Cluster) bool {
	uses, known := p.vxlan[c]
	if !known {
		isTunneled := func(row simulate.RouteRow) bool {
			return slices.ContainsFunc(row.NextHops, func(nh simulate.NextHop) bool { return isVXLAN(nh.Interface) })
		}
		for _, n := range c.Nodes {
			uses = uses || slices.ContainsFunc(p.Predicted.Routes(n), isTunneled)
		}
		p.vxlan[c] = uses
	}
	return uses
}

// innerAddress is the address of a node's VXLAN device: the gateway by which another node has a route to what this one holds.
// The zero Addr: nobody has one.
func (p *planner) innerAddress(n *fabric.Node, f fabric.Family) netip.Addr {
	b := p.Predicted.BIRD(n, f)
	for _, other := range n.Cluster.Nodes {
		if other == n {
			continue
		}
		for _, row := range p.Predicted.Routes(other) {
			holds := slices.Contains(b.Blackholes, row.Prefix) || slices.Contains(b.Workloads, row.Prefix)
			if holds && len(row.NextHops) == 1 && isVXLAN(row.NextHops[0].Interface) {
				if a := row.NextHops[0].Address; a.IsValid() {
					return a
				}
				return row.Prefix.Addr()
			}
		}
	}
	return netip.Addr{}
}

// isVXLAN reports whether an interface is one of Felix's VXLAN devices.
func isVXLAN(iface string) bool { return iface == "vxlan.calico" || iface == "vxlan-v6.calico" }

// isFelix reports whether a predicted route is Felix's: of its protocol, or through its tunnels, where `ip route` prints none.
func isFelix(row simulate.RouteRow) bool {
	return row.Proto == "80" || len(row.NextHops) == 1 && isVXLAN(row.NextHops[0].Interface)
}
