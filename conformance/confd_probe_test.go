package conformance

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/conformance/birdcfg"
)

// probe is a route that both filters are asked about.
type probe struct {
	prefix    netip.Prefix
	source    simulate.RouteSource
	iface     string
	isGateway bool // a static route to a peer: simulate counts it among the direct ones, which announce alike
	isReal    bool // the prediction says that the node has it
}

func (p probe) String() string {
	names := map[simulate.RouteSource]string{simulate.StaticSource: "static", simulate.KernelSource: "kernel", simulate.DirectSource: "direct",
		simulate.BGPSource: "BGP"}
	return fmt.Sprintf("%s from %s out of %q", p.prefix, names[p.source], p.iface)
}

// mostTold is how many differences of one filter are told: more of them mostly are of one cause.
const mostTold = 3

// filters compares two filters by what they decide about routes, and what they make of them. Filters that were compared on the
// same node already are not compared again.
func (c *comparison) filters(what string, predicted *simulate.Filter, rendered *birdcfg.Filter, isExport bool) {
	key := fmt.Sprintf("%v %s %s %v", isExport, rendered.Name, rendered.Text, predicted.Rules)
	if c.judged[key] {
		return
	}
	c.judged[key] = true
	found := 0
	for _, p := range c.probes(predicted, rendered, isExport) {
		if isExport && c.isUnknown(predicted, p) {
			continue
		}
		c.decisions++
		want, got := runPredicted(predicted, p), runRendered(rendered, p)
		if want == got {
			continue
		}
		if found++; found <= mostTold {
			c.differ(what+", "+p.String(), want, got)
		}
	}
	if found > mostTold {
		c.differ(what, fmt.Sprintf("otherwise of %d routes", found), "what is told of some")
	}
}

// isUnknown reports whether simulate deliberately does not say what becomes of a route, which is the one way in which its
// filters differ from Calico's. Within a node's own blocks Calico announces the blocks alone. Simulate knows no other routes
// there, of the node's own pods for one, unless others hold addresses of the block: only then its filters have a rule for the
// block. So what is no blackhole of the node's own is not asked about there; but that is no excuse for routes which simulate
// itself predicts.
func (c *comparison) isUnknown(predicted *simulate.Filter, p probe) bool {
	if p.isReal || p.source == simulate.StaticSource {
		return false
	}
	return slices.ContainsFunc(c.predicted.Blocks, func(block netip.Prefix) bool {
		isWithin := block.Bits() <= p.prefix.Bits() && block.Contains(p.prefix.Addr())
		return isWithin && !slices.ContainsFunc(predicted.Rules, func(r simulate.FilterRule) bool {
			isOfFilter := strings.HasPrefix(r.Name, "BGPFilter ")
			return !isOfFilter && r.Verdict == simulate.Rejects && r.Prefix == block && r.Min == block.Bits()+1
		})
	})
}

// probes are the routes to try: those that the node has by the prediction, and made-up ones where either filter may change its
// mind.
func (c *comparison) probes(predicted *simulate.Filter, rendered *birdcfg.Filter, isExport bool) []probe {
	mentions := rendered.Mentions()
	for _, rule := range predicted.Rules {
		if rule.Prefix.IsValid() {
			mentions.Prefixes = append(mentions.Prefixes, birdcfg.PrefixRange{Prefix: rule.Prefix, Low: rule.Min, High: rule.Max})
		}
		if rule.Interface != "" {
			mentions.Interfaces = append(mentions.Interfaces, rule.Interface)
		}
	}
	interfaces := c.interfacesToTry(mentions.Interfaces)
	var all []probe
	for _, row := range c.routes {
		if row.Table == simulate.BGPTable && row.From != "" && fabric.FamilyOf(row.Prefix.Addr()) == c.predicted.Family {
			all = append(all, probe{prefix: row.Prefix.Masked(), source: simulate.BGPSource, iface: c.predicted.Node.Interface, isReal: isExport})
		}
	}
	for _, prefix := range c.prefixesToTry(mentions.Prefixes) {
		for _, iface := range interfaces {
			if iface != "" { // simulate takes it that routes learned by BGP lead somewhere
				all = append(all, probe{prefix: prefix, source: simulate.BGPSource, iface: iface})
			}
			if isExport {
				all = append(all, probe{prefix: prefix, source: simulate.KernelSource, iface: iface})
			}
			if isExport && iface != "" {
				all = append(all, probe{prefix: prefix, source: simulate.DirectSource, iface: iface})
			}
		}
	}
	if !isExport {
		return all
	}
	for _, prefix := range c.predicted.Blackholes {
		all = append(all, probe{prefix: prefix, source: simulate.StaticSource, isReal: true})
	}
	for _, g := range c.predicted.Gateways {
		all = append(all, probe{prefix: netip.PrefixFrom(g.Peer, g.Peer.BitLen()), source: simulate.DirectSource,
			iface: c.predicted.Node.Interface, isGateway: true, isReal: true})
	}
	return all
}

// prefixesToTry returns, of the family, what lies at the edges of ranges of prefixes, sorted: of every length at which the
// answer may change the first and the last one, and one beyond.
func (c *comparison) prefixesToTry(ranges []birdcfg.PrefixRange) []netip.Prefix {
	found := map[netip.Prefix]bool{}
	for _, r := range ranges {
		if fabric.FamilyOf(r.Prefix.Addr()) != c.predicted.Family {
			continue
		}
		all := r.Prefix.Addr().BitLen()
		for _, bits := range []int{r.Prefix.Bits() - 1, r.Prefix.Bits(), r.Prefix.Bits() + 1, r.Low - 1, r.Low, r.High, r.High + 1, all} {
			if bits < 0 || bits > all {
				continue
			}
			for _, a := range []netip.Addr{r.Prefix.Addr(), lastOf(r.Prefix), lastOf(r.Prefix).Next()} {
				if p, err := a.Prefix(bits); err == nil {
					found[p] = true
				}
			}
		}
	}
	everything := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if c.predicted.Family == fabric.IPv6 {
		everything = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	found[everything] = true
	var prefixes []netip.Prefix
	for p := range found {
		prefixes = append(prefixes, p)
	}
	return sorted(prefixes)
}

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(raw); bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(raw)
	return a
}

// interfacesToTry returns the node's own interface, none, and for every pattern one that it matches. Those that the eBPF data
// plane gives routes to pods (bpf*.cali) are left out: simulate knows no such data plane.
func (c *comparison) interfacesToTry(patterns []string) []string {
	all := []string{"", c.predicted.Node.Interface, "tunl0", "vxlan.calico"}
	for _, nic := range c.predicted.Node.NICs {
		all = append(all, nic.Name)
	}
	for _, pattern := range patterns {
		if name := strings.NewReplacer("*", "x", "?", "y").Replace(pattern); !strings.HasPrefix(pattern, "bpf") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// outcome is what a filter makes of a route: what is rejected has no attributes.
type outcome struct {
	accepts     bool
	err         string
	preference  int
	localPref   uint32
	asPath      string
	communities string
}

// The attributes that probes begin with.
const (
	probePreference = 100
	probeLocalPref  = 100
)

var probePath = []uint32{64999, 65000}

func runPredicted(f *simulate.Filter, p probe) outcome {
	r := simulate.FilterRoute{Source: p.source, Interface: p.iface, Preference: probePreference, LocalPref: probeLocalPref}
	if p.source == simulate.BGPSource {
		r.ASPath = probePath
	}
	if !f.Run(p.prefix, &r) {
		return outcome{}
	}
	slices.Sort(r.Communities)
	return outcome{true, "", r.Preference, r.LocalPref, fmt.Sprint(r.ASPath), fmt.Sprint(r.Communities)}
}

func runRendered(f *birdcfg.Filter, p probe) outcome {
	localPref := uint32(probeLocalPref)
	r := birdcfg.Route{Net: p.prefix, Interface: p.iface, Preference: probePreference, LocalPref: &localPref, ASPath: []uint32{}}
	switch {
	case p.source == simulate.BGPSource:
		r.Source, r.ASPath = birdcfg.FromBGP, probePath
	case p.source == simulate.StaticSource || p.isGateway:
		r.Source = birdcfg.FromStatic
	case p.source == simulate.KernelSource:
		r.Source = birdcfg.FromKernel
	default:
		r.Source = birdcfg.FromDevice
	}
	accepted, err := f.Run(&r)
	if err != nil {
		return outcome{err: err.Error()}
	}
	if !accepted {
		return outcome{}
	}
	var communities []string
	for _, community := range r.Communities {
		communities = append(communities, community.String())
	}
	for _, community := range r.LargeCommunities {
		communities = append(communities, community.String())
	}
	slices.Sort(communities)
	return outcome{true, "", int(r.Preference), *r.LocalPref, fmt.Sprint(r.ASPath), fmt.Sprint(communities)}
}
