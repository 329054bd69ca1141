package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
)

var _ = rule(Rule{
	Name:     "docker-default-range",
	Severity: diag.Warning,
	Doc: `docker-default-range: keep off the ranges that container software takes on every host

Docker, kind, podman, libvirt and LXC give themselves a range on each host they are installed on: 172.17.0.0/16,
172.18.0.0/16, 10.88.0.0/16, 192.168.122.0/24, 10.0.3.0/24. A node or an administrator's laptop that runs one of them has a
more specific route to its own bridge and cannot reach machines, pods or services with such addresses. calico-node, too, has
taken the address of such a bridge for its node's, told all others to peer with it, and refused to start where two nodes had
the same one, after no more than docker network create (calico#3194, calico#1628).

Mend it by choosing another range. In a laboratory that lives on such a bridge on purpose, waive it.`,
	Source: "calico#3194, calico#1628, calico#2542; the defaults of Docker, kind, podman, libvirt and LXC",
	Run: func(p *Pass) {
		for _, u := range p.space().uses {
			if taken, ok := overlapping(dockerDefaults, u.prefix); ok {
				u.hint(p, p.Reportf(u.at, "%s overlaps %s, %s", u, taken.prefix, taken.what), taken.prefix)
			}
		}
	},
})

var _ = rule(Rule{
	Name:     "reserved-address-space",
	Severity: diag.Error,
	Doc: `reserved-address-space: some address space can belong to no machine

Loopback, multicast, link-local, class E, unspecified and v4-mapped addresses are not forwarded, or mean something else in
every IP stack (RFC 6890): of a machine with a bridge in class E, BIRD logs "Invalid interface address" (calicoctl#2109).
Legal are link-local addresses of links, of switch interfaces and gateways, and of further interfaces of nodes: sessions there
stay on the link. A node's own address, a loopback, a range and a host need more.

Mend it by choosing private address space: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fd00::/8.`,
	Source: "RFC 6890; calicoctl#2109",
	Run: func(p *Pass) {
		for _, u := range p.space().uses {
			if taken, ok := overlapping(reservedSpace, u.prefix); ok && !u.linkLocalLegally() {
				u.hint(p, p.Reportf(u.at, "%s overlaps %s, %s", u, taken.prefix, taken.what), taken.prefix)
			}
		}
		for _, c := range p.Fabric.Clusters {
			for _, name := range sorted(c.Model.Peers) {
				a := c.Model.Peers[name].Address
				if taken, ok := overlapping(reservedSpace, netip.PrefixFrom(a, a.BitLen())); ok && !a.IsLinkLocalUnicast() {
					p.Reportf(c.At().Fields("peers", name, "address"), "peer %s of cluster %s has the address %s of %s, %s",
						name, c.Name, a, taken.prefix, taken.what).WithHint("write the address that the peer has on a network it shares with the nodes")
				}
			}
		}
	},
})

var _ = rule(Rule{
	Name:     "public-address-space",
	Severity: diag.Warning,
	Doc: `public-address-space: addresses outside of private space belong to somebody

What is neither private (RFC 1918, RFC 6598, RFC 4193) nor listed under "owned" is somebody else's part of the Internet. It
works in a closed network until something there has to be reached, and then fails for that alone. A frequent slip is
172.32.0.0 and above, or 173.x, taken for RFC 1918: that range is 172.16.0.0 to 172.31.255.255. The write-up that the example
leaf-spine follows has one rack in 172.20.0.0/24, the other in 173.20.0.0/24, and its links in 100.0.0.0/24.

Mend it by renumbering; if the prefix is the site's own, list it under owned.prefixes.`,
	Source: "RFC 1918, RFC 6598, RFC 4193; write-up: a cluster with route reflectors below leaf switches",
	Run: func(p *Pass) {
		for _, u := range p.space().uses {
			if !p.isPublic(u.prefix) || u.claim != nil && u.claim.kind == podRange && isWiderThanPrivate(u.prefix) {
				continue // of a range that is too wide, unusual-prefix-length tells
			}
			d := p.Reportf(u.at, "%s is public address space that owned.prefixes does not list", u)
			u.noteOthers(d)
			d.WithHint("add owned: prefixes: [%q] if it is this site's own, else use private space", u.prefix)
		}
	},
})

var _ = rule(Rule{
	Name:     "documentation-range",
	Severity: diag.Warning,
	Doc: `documentation-range: addresses of examples are for examples

192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737), 2001:db8::/32 (RFC 3849) and 3fff::/20 (RFC 9637) are reserved for
documentation, 198.18.0.0/15 (RFC 2544) for benchmarks. Routers of others drop them, and a copied example is seldom what was
meant.

Mend it by writing the addresses of the real network.`,
	Source: "RFC 5737, RFC 3849, RFC 9637, RFC 2544",
	Run: func(p *Pass) {
		for _, u := range p.space().uses {
			if taken, ok := overlapping(documentationSpace, u.prefix); ok {
				u.hint(p, p.Reportf(u.at, "%s overlaps %s, which is for %s", u, taken.prefix, taken.what), taken.prefix)
			}
		}
	},
})

// isPublic reports whether some of the prefix is outside of private space and of what the site owns. Special space is not
// public: other rules tell it.
func (p *Pass) isPublic(prefix netip.Prefix) bool {
	for _, private := range privateRanges {
		if contains(private, prefix) {
			return false
		}
	}
	for _, special := range [][]special{reservedSpace, documentationSpace} {
		if _, ok := overlapping(special, prefix); ok {
			return false
		}
	}
	owned := p.Fabric.Model.Owned
	return owned == nil || !slices.ContainsFunc(owned.Prefixes, func(o netip.Prefix) bool { return contains(o.Masked(), prefix) })
}
