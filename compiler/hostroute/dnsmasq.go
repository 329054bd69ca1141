package hostroute

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dnsServer(DNSServer{
	Name:  "dnsmasq",
	File:  "dns-dnsmasq.conf",
	Write: writeDnsmasq,
	Undo:  undoDnsmasq,
})

const dnsmasqFile = "/etc/dnsmasq.d/topoc.conf"

func writeDnsmasq(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for dnsmasq.")
	gap(w)
	commands(w, "Check:", "dnsmasq --test -C dns-dnsmasq.conf")
	commands(w, "Apply:", "install -m 0644 dns-dnsmasq.conf "+dnsmasqFile+" && systemctl restart dnsmasq")
	commands(w, "Remove:", "rm "+dnsmasqFile+" && systemctl restart dnsmasq")
	gap(w)
	remark(w, "/etc/dnsmasq.d must be a conf-dir of dnsmasq; where NetworkManager runs it, use /etc/NetworkManager/dnsmasq.d.",
		"This host needs a route to each service, and the cluster must let it in (NetworkPolicy, CoreDNS acl).")
	if slices.ContainsFunc(h.DNS.Zones, func(z fabric.DNSZone) bool { return strings.HasSuffix(z.Domain, ".local") }) {
		remark(w, "Below .local, clients with multicast DNS (nss-mdns, systemd-resolved, macOS) may not ask this server at all.")
	}
	for _, z := range h.DNS.Zones {
		w.Blank()
		dnsmasqZone(w, z)
	}
}

func dnsmasqZone(w *cfgtext.Writer, z fabric.DNSZone) {
	remark(w, word(clusterName(z.Cluster)))
	switch {
	case !isDomain(z.Domain):
		remark(w, "Not written: the domain", quoted(z.Domain), "is no DNS name.")
		return
	case !z.Service.IsValid():
		remark(w, "Not written: the DNS service has no address.")
		return
	}
	service := address(z.Service)
	w.Line("server=/%s/%s", z.Domain, service)
	remark(w, "Its answers are private addresses, which stop-dns-rebind would drop.")
	w.Line("rebind-domain-ok=/%s/", z.Domain)
	if len(z.Reverse) == 0 {
		return
	}
	remark(w, "Addresses to names. Ranges are cut at whole octets (IPv6: nibbles), which every release takes; others need",
		"2.87 or later, and 2.88 and 2.89 get them wrong.")
	written := map[netip.Prefix]bool{}
	for _, r := range z.Reverse {
		for _, p := range reverseZones(r) {
			if !written[p] {
				written[p] = true
				w.Line("rev-server=%s,%s", p, service)
			}
		}
	}
}

// undoDnsmasq holds nothing but comments, and so undoes the file in whose place it is put.
func undoDnsmasq(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": in the place of dns-dnsmasq.conf this file ends its forwarding; so does removing that one.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 undo-dns-dnsmasq.conf "+dnsmasqFile+" && systemctl restart dnsmasq")
	commands(w, "or:", "rm "+dnsmasqFile+" && systemctl restart dnsmasq")
}

// reverseZones cuts a masked prefix into those that are one reverse zone each: whole octets of an IPv4 address, whole nibbles
// of an IPv6 address (RFC 1035 section 3.5, RFC 3596 section 2.5). Sorted; at most 256.
func reverseZones(p netip.Prefix) []netip.Prefix {
	step := 8
	if p.Addr().Is6() {
		step = 4
	}
	bits := max((p.Bits()+step-1)/step*step, step)
	last := bits/8 - 1 // index of the octet that counts the zones
	shift := 0
	if bits%8 != 0 {
		last, shift = bits/8, 4
	}
	var zones []netip.Prefix
	octets := p.Masked().Addr().AsSlice()
	for range 1 << (bits - p.Bits()) {
		a, _ := netip.AddrFromSlice(octets)
		zones = append(zones, netip.PrefixFrom(a, bits))
		octets[last] += 1 << shift
	}
	return zones
}

// domainName is a DNS name in letters, digits, hyphens and underscores: dnsmasq gives meaning to "/" and "#", and takes
// everything else.
var domainName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$`)

func isDomain(s string) bool { return len(s) <= 253 && domainName.MatchString(s) }
