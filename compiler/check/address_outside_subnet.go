package check

import (
	"fmt"
	"net/netip"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "address-outside-subnet",
	Severity: diag.Error,
	Doc: `address-outside-subnet: what talks to each other directly must be in one subnet

The gateway of a node or host must be in its subnet, and the two ends of a link in the same one: no ARP request finds it
otherwise, and sessions between the ends never start. A published write-up of static routes to a cluster lists an office's
machine as 10.35.1.61 in the subnet 10.30.1.0/24: one of the two is wrong, and who copies both has a gateway that is never
found. The first and the last address of an IPv4 subnet (network and broadcast address), and the first of an IPv6 one (RFC
4291 2.6.1: every router in the subnet), cannot be a device's. Legal are /31 and /127 links, whose two addresses are both
usable (RFC 3021, RFC 6164), single addresses with an on-link gateway (/32, /128), and link-local IPv6 gateways.

Mend it by correcting the address or the length behind it.`,
	Source: "RFC 1122 section 3.3.1.1, RFC 3021, RFC 6164, RFC 4291 section 2.6.1; write-up: a cluster that an office reaches by static routes",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			for _, n := range c.Nodes {
				p.gatewayOnLink(n, n.Address, n.Model.Gateway, "gateway")
				p.gatewayOnLink(n, n.Address6, n.Model.Gateway6, "gateway6")
			}
		}
		for _, h := range p.Fabric.Hosts {
			p.gatewayOnLink(h, h.Address, h.Model.Gateway, "gateway")
			p.gatewayOnLink(h, h.Address6, h.Model.Gateway6, "gateway6")
		}
		for _, l := range p.Fabric.Links {
			p.endsOnLink(l.Ends[0], l.Ends[1], fabric.IPv4)
			p.endsOnLink(l.Ends[0], l.Ends[1], fabric.IPv6)
		}
		for _, s := range p.Fabric.Switches {
			for _, i := range s.Interfaces {
				p.sharedOnLink(i)
			}
		}
		for _, a := range p.space().addresses {
			if what := edge(a.prefix); what != "" {
				p.reportEdge(a, what)
			}
		}
		p.subnetLengths()
	},
})

// gatewayOnLink judges a gateway that the user wrote; one that is derived is on the subnet by its making.
func (p *Pass) gatewayOnLink(d fabric.Device, own netip.Prefix, gateway netip.Addr, field string) {
	if !gateway.IsValid() || !own.IsValid() || own.IsSingleIP() || gateway.IsLinkLocalUnicast() {
		return
	}
	at := d.At().Field(field)
	subnet := own.Masked()
	switch what := edge(netip.PrefixFrom(gateway, own.Bits())); {
	case gateway == own.Addr():
		p.Reportf(at, "%s is its own gateway: %s", deviceName(d), gateway).
			Note(d.At().Field(addressField(own)), "the address is %s", own).
			WithHint("write the address that the gateway has in %s", subnet)
	case !subnet.Contains(gateway):
		p.Reportf(at, "%s has its gateway %s outside of its subnet %s", deviceName(d), gateway, subnet).
			Note(d.At().Field(addressField(own)), "the address is %s", own).
			WithHint("write the address that the gateway has in %s", subnet)
	case what != "":
		p.Reportf(at, "%s has the gateway %s, which is the %s address of %s", deviceName(d), gateway, what, subnet).
			Note(d.At().Field(addressField(own)), "the address is %s", own).
			WithHint("write the address that the gateway has in %s", subnet)
	}
}

// sharedOnLink judges the shared addresses of an interface: they answer for it on its subnet.
func (p *Pass) sharedOnLink(i *fabric.Interface) {
	for k, shared := range i.Shared {
		own := i.Prefix(fabric.FamilyOf(shared))
		if !own.IsValid() || own.Masked().Contains(shared) || shared.IsLinkLocalUnicast() {
			continue
		}
		p.Reportf(i.At().Field("shared").Index(k), "switch %s shares %s on %s, outside of its subnet %s", i.Switch.Name, shared, i.Name, own.Masked()).
			Note(i.At().Field(addressField(own)), "the address is %s", own).
			WithHint("write an address of %s", own.Masked())
	}
}

func addressField(p netip.Prefix) string {
	if p.Addr().Is4() {
		return "address"
	}
	return "address6"
}

func (p *Pass) endsOnLink(a, b *fabric.LinkEnd, f fabric.Family) {
	own, other := a.Prefix(f), b.Prefix(f)
	if !own.IsValid() || !other.IsValid() || own.Masked().Contains(other.Addr()) && other.Masked().Contains(own.Addr()) {
		return
	}
	at := func(e *fabric.LinkEnd) source.Path { return e.At().Field(addressField(own)) }
	if p.later(at(a), at(b)) {
		a, b, own, other = b, a, other, own
	}
	d := p.Reportf(at(b), "link %s joins %s of switch %s with %s of switch %s, which are in different subnets", a.Link.Name,
		own, a.Switch.Name, other, b.Switch.Name).
		Note(at(a), "the other end is %s", own)
	if free, ok := p.freeAddress(own); ok {
		d.WithHint("write %q", free)
	} else {
		d.WithHint("write an address of %s", own.Masked())
	}
}

// edge says which address of its subnet an address is, if it is one that no device can have: "network", "broadcast" or
// "subnet-router anycast"; else "".
func edge(p netip.Prefix) string {
	switch {
	case p.Addr().BitLen()-p.Bits() < 2 || p.Addr().IsLinkLocalUnicast():
		return ""
	case p.Addr().Is6() && p.Addr() == p.Masked().Addr():
		return "subnet-router anycast"
	case p.Addr() == p.Masked().Addr():
		return "network"
	case p.Addr().Is4() && !p.Masked().Contains(p.Addr().Next()):
		return "broadcast"
	}
	return ""
}

func (p *Pass) reportEdge(a *address, what string) {
	d := p.Reportf(a.at, "%s, which is the %s address of %s", a, what, a.prefix.Masked())
	subnet := netip.PrefixFrom(a.prefix.Masked().Addr(), a.prefix.Bits())
	if free, ok := p.freeAddress(subnet); ok {
		d.WithHint("write %s", quoteLike(a, free))
	} else {
		d.WithHint("write an address between the first and the last of %s", subnet)
	}
}

// quoteLike writes a proposal in the form that the address is written in: a virtual address stands without length.
func quoteLike(a *address, p netip.Prefix) string {
	if a.shared {
		return fmt.Sprintf("%q", p.Addr())
	}
	return fmt.Sprintf("%q", p)
}
