package conformance

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/conformance/birdcfg"
)

// comparison compares what simulate predicts of a node's BIRD with the configuration that Calico rendered for it.
type comparison struct {
	predicted *simulate.BIRD
	rendered  *birdcfg.Config
	routes    []simulate.RouteRow // that the prediction says the node has

	passwordOf func(ref string) string // what the Secret behind a password holds; empty: nothing
	isLeftOut  func(what string) bool  // what simulate declares out of its scope; nil: nothing is

	differences []string
	sessions    int // compared
	decisions   int // of filters, likewise
	judged      map[string]bool
}

// differ notes a difference.
func (c *comparison) differ(what string, predicted, rendered any) {
	if c.isLeftOut != nil && c.isLeftOut(what) {
		return
	}
	c.differences = append(c.differences, fmt.Sprintf("%s: predicted %v, rendered %v", what, predicted, rendered))
}

// equal notes a difference unless two values print alike.
func (c *comparison) equal(what string, predicted, rendered any) {
	if p, r := fmt.Sprint(predicted), fmt.Sprint(rendered); p != r {
		c.differ(what, p, r)
	}
}

// run compares everything.
func (c *comparison) run() {
	c.judged = map[string]bool{}
	p, r := c.predicted, c.rendered
	c.equal("router ID", p.RouterID, r.RouterID)
	c.equal("listen port", p.ListenPort, r.Listen.Port)
	if a := r.Listen.Address; a.IsValid() {
		c.equal("listen address", p.Node.Addr(p.Family), a)
	}
	c.surroundings()
	c.statics()
	c.protocols()
	c.kernel()
}

// surroundings compares the protocols beside those of sessions. Much of them simulate takes for granted.
func (c *comparison) surroundings() {
	r := c.rendered
	if len(r.Kernels) != 1 || len(r.Devices) != 1 || len(r.Directs) != 1 || len(r.Statics) != 1 {
		c.differ("protocols kernel, device, direct, static", "one each", fmt.Sprint(len(r.Kernels), len(r.Devices), len(r.Directs), len(r.Statics)))
		return
	}
	k := r.Kernels[0]
	c.equal("protocol kernel learns, persists, merges paths, scans", "true true true 2", fmt.Sprint(k.Learns, k.Persists, k.MergesPaths, k.ScanTime))
	c.equal("filters of protocol kernel", "all calico_kernel_programming", k.Import.Name+" "+k.Export.Name)
	var interfaces []birdcfg.InterfacePattern
	for _, pattern := range append(slices.Clone(c.predicted.Ignored), "cali*", "kube-ipvs*") {
		interfaces = append(interfaces, birdcfg.InterfacePattern{Pattern: pattern, Excludes: true})
	}
	c.equal("interfaces of protocol direct", append(interfaces, birdcfg.InterfacePattern{Pattern: "*"}), r.Directs[0].Interfaces)
}

// statics compares static routes as sets.
func (c *comparison) statics() {
	var blackholes []netip.Prefix
	var gateways []string
	for _, s := range c.rendered.Statics {
		for _, route := range s.Routes {
			if route.Via.IsValid() {
				gateways = append(gateways, fmt.Sprintf("%s via %s", route.Prefix, route.Via))
			} else {
				blackholes = append(blackholes, route.Prefix)
			}
		}
	}
	var predicted []string
	for _, g := range c.predicted.Gateways {
		predicted = append(predicted, fmt.Sprintf("%s via %s", netip.PrefixFrom(g.Peer, g.Peer.BitLen()), g.Gateway))
	}
	c.equal("blackholes", sorted(c.predicted.Blackholes), sorted(blackholes))
	slices.Sort(predicted)
	slices.Sort(gateways)
	c.equal("routes to peers", slices.Compact(predicted), slices.Compact(gateways))
}

func sorted(all []netip.Prefix) []netip.Prefix {
	all = slices.Clone(all)
	slices.SortFunc(all, fabric.ComparePrefix)
	return all
}

// protocols compares the sessions, by the names that BIRD knows them by.
func (c *comparison) protocols() {
	rendered := map[string]*birdcfg.BGP{}
	for _, b := range c.rendered.BGP {
		rendered[b.Name] = b
	}
	for i := range c.predicted.Protocols {
		p := &c.predicted.Protocols[i]
		b := rendered[p.Row.Protocol]
		delete(rendered, p.Row.Protocol)
		if b == nil {
			c.differ("session "+p.Row.Protocol, "one", "none")
			continue
		}
		c.session(p, b)
		c.sessions++
	}
	for _, b := range c.rendered.BGP {
		if rendered[b.Name] != nil {
			c.differ("session "+b.Name, "none", "one")
		}
	}
}

func (c *comparison) session(p *simulate.Protocol, b *birdcfg.BGP) {
	hops := 0
	switch {
	case p.TTLSecurity > 0:
		hops = p.TTLSecurity
	case p.IsMultihop:
		hops = 64
	}
	for _, option := range []struct {
		name                string
		predicted, rendered any
	}{
		{"local AS", p.Row.LocalASN, b.LocalASN},
		{"neighbor", p.Row.PeerAddress, b.Neighbor},
		{"port", p.Row.PeerPort, b.Port},
		{"AS of the neighbor", p.Row.PeerASN, b.PeerASN},
		{"source address", p.Source, b.Source},
		{"passive", p.IsPassive, b.IsPassive},
		{"multihop", hops, b.Multihop},
		{"ttl security", p.TTLSecurity > 0, b.TTLSecurity},
		{"rr client", p.ClusterID.IsValid(), b.IsClient},
		{"rr cluster id", p.ClusterID, b.ClusterID},
		{"next hop", p.NextHop, b.NextHop},
		{"allow local as", p.AllowOwnASN, b.AllowsLocalAS},
		{"password", c.passwordOf(p.Password), b.Password},
		{"graceful restart time", p.RestartTime, b.RestartTime},
		{"gateway recursive", true, b.GatewayRecursive},
		{"add paths", true, b.AddPaths},
		{"graceful restart", true, b.GracefulRestart},
	} {
		c.equal("session "+b.Name+", "+option.name, option.predicted, option.rendered)
	}
	c.filters("import of "+b.Name, p.Import, b.Import, false)
	c.filters("export of "+b.Name, p.Export, b.Export, true)
}

// kernel compares what is written into the kernel.
func (c *comparison) kernel() {
	filter := c.rendered.Filters["calico_kernel_programming"]
	if filter == nil {
		c.differ("calico_kernel_programming", "a filter", "none")
		return
	}
	var ranges []birdcfg.PrefixRange
	for _, rule := range c.predicted.Kernel {
		ranges = append(ranges, birdcfg.PrefixRange{Prefix: rule.Prefix, Low: rule.Prefix.Bits(), High: rule.Prefix.Addr().BitLen()})
	}
	hops := c.nextHops()
	for _, prefix := range c.prefixesToTry(append(ranges, filter.Mentions().Prefixes...)) {
		for _, hop := range hops {
			route := birdcfg.Route{Net: prefix, Source: birdcfg.FromBGP, NextHop: hop, LocalPref: new(uint32), Interface: c.predicted.Node.Interface}
			accepted, err := filter.Run(&route)
			c.decisions++
			got := kernelDecision{isWritten: accepted}
			if accepted && route.Tunnel != nil {
				got.tunnel = *route.Tunnel
			}
			if want := c.kernelDecision(prefix, hop); err != nil || want != got {
				c.differ(fmt.Sprintf("kernel, %s by %s", prefix, hop), want, fmt.Sprint(got, err))
			}
		}
	}
}

// kernelDecision is what becomes of a route on its way into the kernel.
type kernelDecision struct {
	isWritten bool
	tunnel    string // that it is sent into
}

func (c *comparison) kernelDecision(prefix netip.Prefix, hop netip.Addr) kernelDecision {
	for _, rule := range c.predicted.Kernel {
		if rule.Prefix.Bits() > prefix.Bits() || !rule.Prefix.Contains(prefix.Addr()) {
			continue
		}
		d := kernelDecision{isWritten: !rule.Rejects}
		if d.isWritten && (!rule.IsFar || !c.predicted.Node.Prefix(c.predicted.Family).Masked().Contains(hop)) {
			d.tunnel = rule.Tunnel
		}
		return d
	}
	return kernelDecision{isWritten: true}
}

// nextHops are one in the node's subnet and one outside.
func (c *comparison) nextHops() []netip.Addr {
	near := c.predicted.Node.Prefix(c.predicted.Family)
	if c.predicted.Family == fabric.IPv4 {
		if !near.IsValid() {
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}
		}
		return []netip.Addr{near.Addr(), netip.MustParseAddr("192.0.2.1")}
	}
	if !near.IsValid() {
		return []netip.Addr{netip.MustParseAddr("2001:db8::1")}
	}
	return []netip.Addr{near.Addr(), netip.MustParseAddr("2001:db8::1")}
}
