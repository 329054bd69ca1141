package check

import (
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "as-reserved",
	Severity: diag.Error,
	Doc: `as-reserved: some AS numbers can belong to no speaker

0 (RFC 7607), 23456 (AS_TRANS, RFC 6793), 65535 and 4294967295 (RFC 7300) are reserved: a speaker that sees one of them
in an OPEN or in a path refuses the session or drops the route.

Mend it with a private number (RFC 6996): 64512 to 65534, or 4200000000 to 4294967294.`,
	Source: "RFC 7607, RFC 6793, RFC 7300, RFC 6996",
	Run: func(p *Pass) {
		asNumbers(p.Fabric, func(at source.Path, n model.ASN) {
			if why := reservedASN[n]; why != "" {
				p.Reportf(at, "AS number %s is reserved: %s", n, why).
					WithHint("write a private AS number: 64512 to 65534, or 4200000000 to 4294967294")
			}
		})
	},
})

var reservedASN = map[model.ASN]string{
	0:          "it means no AS (RFC 7607)",
	23456:      "it stands for 4-byte numbers towards old speakers, AS_TRANS (RFC 6793)",
	65535:      "the last 2-byte number (RFC 7300)",
	4294967295: "the last 4-byte number (RFC 7300)",
}

// asNumbers calls visit with every AS number of a topology that a speaker has, is expected to have, or gets into a path, in
// the order of the language.
func asNumbers(f *fabric.Fabric, visit func(at source.Path, n model.ASN)) {
	optional := func(at source.Path, field string, n *model.ASN) {
		if n != nil {
			visit(at.Field(field), *n)
		}
	}
	for _, c := range f.Clusters {
		at := c.At()
		optional(at, "asNumber", c.Model.ASNumber)
		for _, n := range c.Nodes {
			if n.Model.ASNumber != nil { // else its path is not worth making
				visit(n.At().Field("asNumber"), n.ASN)
			}
		}
		for _, r := range c.Racks {
			optional(r.At(), "asNumber", r.Model.ASNumber)
			optional(r.At(), "localASNumber", r.Model.LocalASNumber)
		}
		for _, name := range sorted(c.Model.Peers) {
			peer, at := c.Model.Peers[name], at.Fields("peers", name)
			visit(at.Field("asNumber"), peer.ASNumber)
			optional(at, "localASNumber", peer.LocalASNumber)
		}
		for _, name := range sorted(c.Model.Filters) {
			f, at := c.Model.Filters[name], at.Fields("filters", name)
			ruleASNumbers(at.Field("exportV4"), f.ExportV4, visit)
			ruleASNumbers(at.Field("importV4"), f.ImportV4, visit)
			ruleASNumbers(at.Field("exportV6"), f.ExportV6, visit)
			ruleASNumbers(at.Field("importV6"), f.ImportV6, visit)
		}
	}
	for _, s := range f.Switches {
		optional(s.At(), "asNumber", s.Model.ASNumber)
	}
}

// ruleASNumbers visits what filter rules put in front of a path. What they compare paths with may be anything.
func ruleASNumbers(at source.Path, rules []model.FilterRule, visit func(at source.Path, n model.ASN)) {
	for i := range rules {
		for j, op := range rules[i].Operations {
			if op.PrependASPath == nil {
				continue
			}
			for k, n := range op.PrependASPath.Prefix {
				visit(at.Index(i).Field("operations").Index(j).Fields("prependASPath", "prefix").Index(k), n)
			}
		}
	}
}
