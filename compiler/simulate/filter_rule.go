package simulate

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// filterRule is a rule of a BGPFilter, of either family.
type filterRule struct {
	cidr      string
	operator  v3.BGPFilterMatchOperator
	hasLength bool   // prefixLength is set
	min, max  *int32 // of prefixLength
	source    v3.BGPFilterMatchSource
	iface     string
	action    v3.BGPFilterAction
	newer     *calico.NewerRule
}

func ruleOfV4(r *calico.BGPFilterRuleV4) filterRule {
	rule := filterRule{r.CIDR, r.MatchOperator, r.PrefixLength != nil, nil, nil, r.Source, r.Interface, r.Action, &r.NewerRule}
	if l := r.PrefixLength; l != nil {
		rule.min, rule.max = l.Min, l.Max
	}
	return rule
}

func ruleOfV6(r *calico.BGPFilterRuleV6) filterRule {
	rule := filterRule{r.CIDR, r.MatchOperator, r.PrefixLength != nil, nil, nil, r.Source, r.Interface, r.Action, &r.NewerRule}
	if l := r.PrefixLength; l != nil {
		rule.min, rule.max = l.Min, l.Max
	}
	return rule
}

// filterRules returns the rules of a filter for one family and direction, and the field that has them.
func filterRules(f *calico.BGPFilter, family fabric.Family, dir direction) (rules []filterRule, field string) {
	switch {
	case family == fabric.IPv4 && dir == imports:
		return mapRules(f.Spec.ImportV4, ruleOfV4), "importV4"
	case family == fabric.IPv4:
		return mapRules(f.Spec.ExportV4, ruleOfV4), "exportV4"
	case dir == imports:
		return mapRules(f.Spec.ImportV6, ruleOfV6), "importV6"
	}
	return mapRules(f.Spec.ExportV6, ruleOfV6), "exportV6"
}

func mapRules[R any](from []R, rule func(*R) filterRule) []filterRule {
	all := make([]filterRule, len(from))
	for i := range from {
		all[i] = rule(&from[i])
	}
	return all
}

// filterStatements are what confd makes of the BGPFilters of a session (confd/pkg/resource/template/template_funcs.go), in
// order. Names that no filter has are passed over.
func (r *clusterRules) filterStatements(names []string, family fabric.Family, dir direction, internal peerType) []statement {
	var all []statement
	for _, name := range names {
		f := r.filters[name]
		if f == nil {
			continue
		}
		rules, field := filterRules(f, family, dir)
		for i := range rules {
			if t := rules[i].newer.PeerType; t != "" && t != string(internal) {
				continue
			}
			st := rules[i].statement()
			st.name = fmt.Sprintf("BGPFilter %s, %s rule %d", name, field, i+1)
			st.at = r.filterAt(f, field, i)
			all = append(all, st)
		}
	}
	return all
}

// filterAt is where a rule is declared: derived filters have no rules in the topology, and read ones no place.
func (r *clusterRules) filterAt(f *calico.BGPFilter, field string, i int) source.Path {
	at := r.objects.DeclaredAt(f)
	if at == r.cluster.At().Fields("filters", f.Name) {
		return at.Field(field).Index(i)
	}
	return at
}

func (r *filterRule) statement() statement {
	st := statement{verdict: bgp.Reject, prefix: r.prefixMatch()}
	if r.action == v3.Accept {
		st.verdict = bgp.Accept
		st.change = changes(r.newer.Operations)
	}
	if r.source != "" {
		st.route.sources = sourcesOf(bgp.FromBGP)
	}
	st.route.iface = r.iface
	if c := r.newer.Communities; c != nil && len(c.Values) > 0 {
		if community, ok := parseCommunity(c.Values[0]); ok {
			st.route.community = &community
		}
	}
	st.route.asPath = plainNumbers(r.newer.ASPathPrefix)
	if r.newer.Priority != nil {
		st.route.localPref = localPrefOf(*r.newer.Priority)
	}
	return st
}

// prefixMatch is the condition on the prefix. BIRD compares a prefix with a set of prefixes, which prefixLength makes of the
// cidr, for membership only: they are never equal. A set whose lengths the cidr leaves no room for is empty here; BIRD would
// refuse it and keep its configuration.
func (r *filterRule) prefixMatch() prefixMatch {
	cidr, err := netip.ParsePrefix(r.cidr)
	if err != nil {
		return prefixMatch{}
	}
	m := within(cidr.Masked())
	m.negate = r.operator == v3.NotIn || r.operator == v3.NotEqual
	isEqual := r.operator == v3.Equal || r.operator == v3.NotEqual
	switch {
	case isEqual && r.hasLength:
		m.low, m.high = 1, 0
	case isEqual:
		m.high = m.low
	}
	if r.min != nil && !isEqual {
		m.low = max(m.low, int(*r.min))
	}
	if r.max != nil && !isEqual {
		m.high = min(m.high, int(*r.max))
	}
	return m
}

func changes(operations []calico.FilterOperation) []change {
	var all []change
	for _, op := range operations {
		switch {
		case op.AddCommunity != nil:
			if community, ok := parseCommunity(op.AddCommunity.Value); ok {
				all = append(all, change{community: &community})
			}
		case op.PrependASPath != nil:
			all = append(all, change{prepend: plainNumbers(op.PrependASPath.Prefix)})
		case op.SetPriority != nil:
			all = append(all, change{localPref: localPrefOf(op.SetPriority.Value)})
		}
	}
	return all
}

// maxPriority less a kernel priority is the LOCAL_PREF that stands for it, and the other way round (Calico 3.32).
const maxPriority = math.MaxInt32

// normalLocalPref is the LOCAL_PREF of routes with Felix's default priority, 1024. What is above it is elevated.
const normalLocalPref = maxPriority - 1024

func localPrefOf(priority int) uint32 { return uint32(maxPriority - priority) }

func plainNumbers(from []numorstring.ASNumber) []uint32 {
	var all []uint32
	for _, n := range from {
		all = append(all, uint32(n))
	}
	return all
}

// parseCommunity reads aa:nn or aa:nn:mm.
func parseCommunity(text string) (bgp.Community, bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return bgp.Community{}, false
	}
	c := bgp.Community{Wide: len(parts) == 3}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return bgp.Community{}, false
		}
		c.Part[i] = uint32(n)
	}
	return c, true
}
