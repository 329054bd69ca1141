package check

import (
	"net/netip"

	"topoc/compiler/fabric"
)

// subnetLengths reports subnets of which one lies within another: one network has one length, so what takes it for the larger one
// looks for its gateway or its neighbors where they don't listen. To blame is the one with fewer addresses, of two alike the one
// that was written later. Nothing is said of clusters that nothing connects: those are two networks.
func (p *Pass) subnetLengths() {
	s := p.space()
	var addresses []*address
	for _, a := range s.addresses {
		isNetwork := a.kind == nodeSubnet || a.kind == hostSubnet || a.kind == interfaceSubnet
		if isNetwork && !a.shared && !a.linkLocal() && a.prefix.Addr().BitLen()-a.prefix.Bits() > 1 {
			addresses = append(addresses, a)
		}
	}
	byDomain := map[string][]*subnet{}
	var domains []string
	for _, sub := range subnets(addresses, func(a *address) string { return a.domain }) {
		if byDomain[sub.domain] == nil {
			domains = append(domains, sub.domain)
		}
		byDomain[sub.domain] = append(byDomain[sub.domain], sub)
	}
	for _, domain := range domains {
		all := byDomain[domain]
		spans := make([]span, len(all))
		for i, sub := range all {
			spans[i] = span{sub.prefix, i}
		}
		told := map[*subnet]bool{}
		sweep(spans, func(outer, inner int) bool {
			blame, other := all[outer], all[inner]
			if a, b := len(all[inner].addresses), len(all[outer].addresses); a < b || a == b && p.later(other.addresses[0].at, blame.addresses[0].at) {
				blame, other = other, blame
			}
			if !told[blame] && !apart(s, blame.addresses[0], other.addresses[0]) {
				told[blame] = true
				p.reportLength(blame, other)
			}
			return false
		})
	}
}

func (p *Pass) reportLength(blame, other *subnet) {
	a, b := blame.addresses[0], other.addresses[0]
	relation := "which lies within"
	if blame.prefix.Bits() < other.prefix.Bits() {
		relation = "which contains"
	}
	d := p.Reportf(a.at, "%s%s, in %s, %s %s of %s: one network has one length", a, andOthers(len(blame.addresses)-1, "other"),
		blame.prefix, relation, other.prefix, deviceName(b.device)+b.on).
		Note(b.at, "%s", b)
	if right := netip.PrefixFrom(a.prefix.Addr(), other.prefix.Bits()); right.Masked() == other.prefix {
		d.WithHint("write %q", right)
		return
	}
	d.WithHint("write the length that the others on the network have, or an address of another network")
}

// isNearly reports whether the switch has an address on a network of those nodes of the rack that would peer with it, and another
// length for it, which address-outside-subnet tells.
func (p *Pass) isNearly(r *fabric.Rack, s *fabric.Switch) bool {
	domains := p.space().domains
	for _, i := range s.Interfaces {
		for _, own := range []netip.Prefix{i.Address, i.Address6} {
			for _, n := range r.Speakers() {
				node := n.Prefix(fabric.FamilyOf(own.Addr()))
				if own.IsValid() && node.IsValid() && !node.IsSingleIP() && !own.IsSingleIP() && overlap(own.Masked(), node.Masked()) &&
					domains.ofSwitch(s, i.VRF) == domains.ofNode(n, node) {
					return true
				}
			}
		}
	}
	return false
}
