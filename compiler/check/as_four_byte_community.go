package check

import (
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// mostTwoByteASN is the largest AS number that the first half of a standard community has room for.
const mostTwoByteASN model.ASN = 65535

var _ = rule(Rule{
	Name:     "as-four-byte-community",
	Severity: diag.Warning,
	Source:   "RFC 8092 section 1; RFC 1997, COMMUNITIES attribute",
	Doc: `as-four-byte-community: nodes of a four-byte AS mark routes with large communities

The first half of a standard community is the AS number of whoever defines what the second half means (RFC 1997), and it has 16
bits. An AS above 65535 doesn't fit. What is then written in its place, the lower half of the number, AS_TRANS or a number from an
example, is another AS's: its community of that value may mean something else to a router on the way, and filters of this site
and of others cannot tell the two apart. Communities in the name of an AS that has been declared, a switch's above the nodes for
instance, are its own to define, and well-known ones (65535:…) everybody's.

Mend it with a large community, three numbers of 32 bits each (RFC 8092), which begins with the nodes' AS number.`,
	Run: func(p *Pass) {
		var known map[model.ASN]bool
		for _, c := range p.Fabric.Clusters {
			asn, asnAt := fourByteASN(c)
			if asn == 0 {
				continue
			}
			communities(c, func(at source.Path, value string) {
				first, second, isStandard := standardCommunity(value)
				if !isStandard || first == 0 || first == mostTwoByteASN {
					return // large, or reserved for what is well known
				}
				if known == nil {
					known = knownASNs(p.Fabric)
				}
				if known[first] {
					return
				}
				p.Reportf(at, "community %s is of AS %s, which is nobody's here, and AS %s of cluster %s has no room in a standard community",
					value, first, asn, c.Name).
					Note(asnAt, "AS %s is set here", asn).
					WithHint(`write the large community "%s:0:%s"`, asn, second)
			})
		}
	},
})

// fourByteASN returns the AS number of the first node of a cluster that has one above 65535, of the cluster where no node is
// listed, and what decides it; 0: none has.
func fourByteASN(c *fabric.Cluster) (model.ASN, source.Path) {
	if len(c.Nodes) == 0 && c.ASN > mostTwoByteASN {
		return c.ASN, c.At().Field("asNumber")
	}
	i := slices.IndexFunc(c.Nodes, func(n *fabric.Node) bool { return n.ASN > mostTwoByteASN })
	if i < 0 {
		return 0, ""
	}
	return c.Nodes[i].ASN, c.Nodes[i].ASNAt()
}

// communities calls visit with every value of a community that the cluster's nodes put onto routes, in the order of the language.
func communities(c *fabric.Cluster, visit func(at source.Path, value string)) {
	if a := c.Model.Advertise; a != nil {
		at := c.At().Field("advertise")
		for i := range a.Prefixes {
			for j, value := range a.Prefixes[i].Communities {
				if _, isName := a.Communities[value]; !isName {
					visit(at.Field("prefixes").Index(i).Field("communities").Index(j), value)
				}
			}
		}
		for _, name := range sorted(a.Communities) {
			visit(at.Fields("communities", name), a.Communities[name])
		}
	}
	for _, name := range sorted(c.Model.Filters) {
		f, at := c.Model.Filters[name], c.At().Fields("filters", name)
		for _, list := range []struct {
			field string
			rules []model.FilterRule
		}{{"exportV4", f.ExportV4}, {"importV4", f.ImportV4}, {"exportV6", f.ExportV6}, {"importV6", f.ImportV6}} {
			for i := range list.rules {
				for j, op := range list.rules[i].Operations {
					if op.AddCommunity != nil {
						visit(at.Field(list.field).Index(i).Field("operations").Index(j).Fields("addCommunity", "value"), op.AddCommunity.Value)
					}
				}
			}
		}
	}
}

// standardCommunity splits a standard community, aa:nn.
func standardCommunity(value string) (asn model.ASN, rest string, ok bool) {
	high, low, found := strings.Cut(value, ":")
	n, err := strconv.ParseUint(high, 10, 16)
	return model.ASN(n), low, found && err == nil && !strings.Contains(low, ":")
}

// knownASNs is the AS numbers that the topology knows an owner of.
func knownASNs(f *fabric.Fabric) map[model.ASN]bool {
	known := map[model.ASN]bool{}
	asNumbers(f, func(_ source.Path, n model.ASN) { known[n] = true })
	for _, c := range f.Clusters {
		known[c.ASN] = true // the default one is written nowhere
	}
	if f.Model.Owned != nil {
		for _, n := range f.Model.Owned.ASNumbers {
			known[n] = true
		}
	}
	return known
}
