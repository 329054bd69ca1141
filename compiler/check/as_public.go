package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "as-public",
	Severity: diag.Warning,
	Source:   "RFC 6996, AS numbers for private use; RFC 5398, AS numbers for documentation",
	Doc: `as-public: a site's AS numbers are private ones, or its own

What is neither private (RFC 6996) nor listed under owned.asNumbers is somebody else's number on the Internet. It works as long
as the site is alone. Once it gets routes from a provider, those with the real owner in their path look like loops to every
speaker that has the number, and are dropped without a word; and a route of the site that leaks carries the owner's name. 64496
to 64511 and 65536 to 65551 are for documentation (RFC 5398): they come with an example that was copied, and a provider drops
them. A speaker outside the topology (peers) may have a public number: it is its own.

Mend it with a private number, 64512 to 65534 or 4200000000 to 4294967294, or list the number under owned.asNumbers if it was
assigned to the site.`,
	Run: func(p *Pass) {
		var owned []model.ASN
		if p.Fabric.Model.Owned != nil {
			owned = p.Fabric.Model.Owned.ASNumbers
		}
		asNumbers(p.Fabric, func(at source.Path, n model.ASN) {
			switch {
			case isPrivateASN(n) || reservedASN[n] != "":
			case isDocumentationASN(n):
				p.Reportf(at, "AS number %s is for documentation (RFC 5398), and not for a network", n).
					WithHint("write a private AS number: 64512 to 65534, or 4200000000 to 4294967294")
			case !slices.Contains(owned, n) && !isOutside(at):
				p.Reportf(at, "AS number %s is not private (RFC 6996), and owned.asNumbers does not list it", n).
					WithHint("add owned: asNumbers: [%s] if it is this site's own, else write a private AS number: 64512 to 65534, or 4200000000 to 4294967294", n)
			}
		})
	},
})

func isPrivateASN(n model.ASN) bool {
	return n >= 64512 && n <= 65534 || n >= 4200000000 && n <= 4294967294
}

func isDocumentationASN(n model.ASN) bool {
	return n >= 64496 && n <= 64511 || n >= 65536 && n <= 65551
}

// isOutside reports whether the AS number at a path is that of a speaker outside the topology.
func isOutside(at source.Path) bool {
	labels := at.Labels()
	return len(labels) == 5 && labels[2] == "peers" && labels[4] == "asNumber"
}
