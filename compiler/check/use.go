package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// use is one prefix that one place of the topology uses: a range of a cluster, or a subnet of its nodes, of the switches,
// the links or the hosts. What is wrong with the prefix itself is told once for each use: that is what a user changes, or
// waives.
type use struct {
	prefix    netip.Prefix // masked
	at        source.Path  // the first value that uses it
	claim     *claim       // or addresses
	addresses []*address
}

func (u *use) String() string {
	if u.claim != nil {
		return u.claim.String()
	}
	return (&subnet{prefix: u.prefix, addresses: u.addresses}).String()
}

func usesOf(ranges []*claim, addresses []*address) []*use {
	var all []*use
	for _, r := range ranges {
		all = append(all, &use{prefix: r.prefix, at: r.at, claim: r})
	}
	for _, sub := range subnets(addresses, func(a *address) string { return string(a.place()) }) {
		all = append(all, &use{prefix: sub.prefix, at: sub.addresses[0].at, addresses: sub.addresses})
	}
	return all
}

// hint notes the other addresses of a subnet and proposes another range for it, since it lies where other is.
func (u *use) hint(p *Pass, d *diag.Diagnostic, other netip.Prefix) {
	u.noteOthers(d)
	if u.claim != nil {
		p.hintFree(d, u.claim, other)
	} else if free, ok := p.free(u.at, u.prefix); ok {
		d.WithHint("renumber it, for example from %s, which nothing here uses", free)
	} else {
		d.WithHint("renumber it from a range that does not overlap %s", other)
	}
}

// noteOthers notes the addresses of a subnet that stand in the same place as the first.
func (u *use) noteOthers(d *diag.Diagnostic) {
	if len(u.addresses) < 2 {
		return
	}
	for i, a := range u.addresses[1:min(len(u.addresses), maxNotes)] {
		left := ""
		if more := len(u.addresses) - maxNotes; i == maxNotes-2 && more > 0 {
			left = andOthers(more, "other")
		}
		d.Note(a.at, "%s too%s", a, left)
	}
}

// linkLocalLegally reports whether a subnet is link-local where that is enough.
func (u *use) linkLocalLegally() bool {
	return len(u.addresses) > 0 && !slices.ContainsFunc(u.addresses, func(a *address) bool { return !a.linkLocal() || !a.staysOnLink() })
}

// staysOnLink reports whether nothing but the other end of its link needs to reach the address.
func (a *address) staysOnLink() bool {
	switch a.kind {
	case linkSubnet, interfaceSubnet:
		return true
	case nodeSubnet:
		return a.on != "" // a further interface
	}
	return false
}
