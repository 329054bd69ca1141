package hostroute

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/internal/lazyregexp"
)

// forward is what a DNS server sends to the DNS service of one cluster. Every DNS server gets the same ones, in its own form.
type forward struct {
	Cluster string // fit for a comment
	Domain  string
	Service string
	Reverse []netip.Prefix // one reverse zone each, sorted; those that an earlier forward has are left out
	Refused []string       // why nothing is written, fit for a comment; else empty
}

// Names returns the zones of a forward: its domain, then its reverse zones.
func (f forward) Names() []string {
	names := []string{f.Domain}
	for _, p := range f.Reverse {
		names = append(names, reverseName(p))
	}
	return names
}

// forwards returns what a host forwards, in the order of its zones. No two have a zone in common: most servers refuse one that
// stands twice, and none could tell which service to ask.
func forwards(h *fabric.Host) []forward {
	var all []forward
	first := map[string]string{} // a domain in lower case, or a reverse zone, to the cluster that has it
	for _, z := range h.DNS.Zones {
		f := forward{Cluster: word(clusterName(z.Cluster)), Domain: z.Domain, Service: address(z.Service)}
		domain := strings.ToLower(z.Domain)
		switch {
		case !isDomain(z.Domain):
			f.Refused = []string{"the domain", quoted(z.Domain), "is no DNS name."}
		case !z.Service.IsValid():
			f.Refused = []string{"the DNS service has no address."}
		case first[domain] != "":
			f.Refused = []string{"the domain", z.Domain, "is that of cluster", first[domain], "too, and one server can ask only one of them."}
		default:
			first[domain] = f.Cluster
			for _, r := range z.Reverse {
				for _, p := range reverseZones(r) {
					if name := reverseName(p); first[name] == "" {
						first[name] = f.Cluster
						f.Reverse = append(f.Reverse, p)
					}
				}
			}
		}
		all = append(all, f)
	}
	return all
}

// taken returns what is forwarded of what a host is asked to.
func taken(h *fabric.Host) []forward {
	var all []forward
	for _, f := range forwards(h) {
		if f.Refused == nil {
			all = append(all, f)
		}
	}
	return all
}

// eachForward writes a paragraph for each forward: a heading, and what write makes of it, or why there is nothing.
func eachForward(w *cfgtext.Writer, h *fabric.Host, write func(f forward)) {
	for _, f := range forwards(h) {
		w.Blank()
		remark(w, f.Cluster)
		if f.Refused != nil {
			remark(w, append([]string{"Not written:"}, f.Refused...)...)
			continue
		}
		write(f)
	}
}

// forwardingNeeds says what holds for every server that forwards to a cluster.
func forwardingNeeds(w *cfgtext.Writer) {
	remark(w, "This host needs a route to each service, and the cluster must let it in (NetworkPolicy, CoreDNS acl).")
}

// multicastNames warns of the clients of a server that forwards names below .local (RFC 6762).
func multicastNames(w *cfgtext.Writer, h *fabric.Host) {
	if slices.ContainsFunc(h.DNS.Zones, func(z fabric.DNSZone) bool { return strings.HasSuffix(strings.ToLower(z.Domain), ".local") }) {
		remark(w, "Below .local, clients with multicast DNS (nss-mdns, systemd-resolved, macOS) may not ask this server at all.")
	}
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

// reverseName returns the name of the reverse zone of a prefix as reverseZones makes them, without a final dot.
func reverseName(p netip.Prefix) string {
	octets := p.Addr().AsSlice()
	var labels []string
	if p.Addr().Is4() {
		for i := range p.Bits() / 8 {
			labels = append(labels, strconv.Itoa(int(octets[i])))
		}
		slices.Reverse(labels)
		return strings.Join(append(labels, "in-addr.arpa"), ".")
	}
	for i := range p.Bits() / 4 {
		nibble := octets[i/2] >> (4 * (1 - i%2)) & 0xf
		labels = append(labels, strconv.FormatUint(uint64(nibble), 16))
	}
	slices.Reverse(labels)
	return strings.Join(append(labels, "ip6.arpa"), ".")
}

// domainName is a DNS name in letters, digits, hyphens and underscores. Every server here takes those as they are; each has
// others that mean something to it ("/" to dnsmasq, quotes to unbound, braces to BIND and CoreDNS).
var domainName = lazyregexp.New(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$`)

func isDomain(s string) bool { return len(s) <= 253 && domainName().MatchString(s) }
