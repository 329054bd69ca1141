package check

import "net/netip"

// special is a range of addresses that means something in particular, and what.
type special struct {
	prefix netip.Prefix
	what   string
}

func specials(pairs ...string) []special {
	var all []special
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, special{netip.MustParsePrefix(pairs[i]), pairs[i+1]})
	}
	return all
}

// overlapping returns the first of all that p, which is masked, overlaps.
func overlapping(all []special, p netip.Prefix) (special, bool) {
	for _, s := range all {
		if overlap(s.prefix, p) {
			return s, true
		}
	}
	return special{}, false
}

var (
	// privateV4 is RFC 1918, and sharedV4 RFC 6598 (carrier-grade NAT), which sites use like it.
	privateV4   = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}
	sharedV4    = netip.MustParsePrefix("100.64.0.0/10")
	uniqueLocal = netip.MustParsePrefix("fc00::/7") // RFC 4193

	// privateRanges is what a site may number from without asking anybody.
	privateRanges = append(append([]netip.Prefix{}, privateV4...), sharedV4, uniqueLocal)

	// reservedSpace cannot be given to hosts at all (RFC 6890). v4-mapped addresses (RFC 4291 2.5.5.2) never stand in packets.
	reservedSpace = specials(
		"0.0.0.0/8", "\"this network\" (RFC 791)",
		"127.0.0.0/8", "loopback space (RFC 1122)",
		"169.254.0.0/16", "link-local space (RFC 3927)",
		"224.0.0.0/4", "multicast space (RFC 5771)",
		"240.0.0.0/4", "class E, reserved space (RFC 1112)",
		"::/128", "the unspecified address (RFC 4291)",
		"::1/128", "the loopback address (RFC 4291)",
		"::ffff:0:0/96", "the space of v4-mapped addresses (RFC 4291)",
		"fe80::/10", "link-local space (RFC 4291)",
		"ff00::/8", "multicast space (RFC 4291)",
	)

	// documentationSpace is for examples and for benchmarks in a laboratory.
	documentationSpace = specials(
		"192.0.2.0/24", "documentation (RFC 5737)",
		"198.51.100.0/24", "documentation (RFC 5737)",
		"203.0.113.0/24", "documentation (RFC 5737)",
		"198.18.0.0/15", "benchmarks (RFC 2544)",
		"2001:db8::/32", "documentation (RFC 3849)",
		"3fff::/20", "documentation (RFC 9637)",
	)

	// dockerDefaults is what container and virtual machine software takes on a host without being asked.
	dockerDefaults = specials(
		"172.17.0.0/16", "Docker's default bridge",
		"172.18.0.0/16", "Docker's first further network, which kind uses",
		"10.88.0.0/16", "podman's default network",
		"192.168.122.0/24", "libvirt's default network",
		"10.0.3.0/24", "LXC's default bridge",
	)
)
