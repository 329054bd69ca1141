package calico

import (
	"slices"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/projectcalico/api/pkg/lib/numorstring"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// addBGPFilter writes a filter. Calico has one type of rule for each family, alike but for the types within.
func (o *Objects) addBGPFilter(f *fabric.Filter) {
	filter := &BGPFilter{
		TypeMeta:   typeMeta(f.Cluster, v3.KindBGPFilter),
		ObjectMeta: managed(f.Name),
		Spec: BGPFilterSpec{
			ExportV4: rules(f.Rules.ExportV4, ruleV4),
			ImportV4: rules(f.Rules.ImportV4, ruleV4),
			ExportV6: rules(f.Rules.ExportV6, ruleV6),
			ImportV6: rules(f.Rules.ImportV6, ruleV6),
		},
	}
	o.BGPFilters = append(o.BGPFilters, filter)
	o.declared[filter] = f.At
}

func rules[R any](from []model.FilterRule, rule func(*model.FilterRule) R) []R {
	var all []R
	for i := range from {
		all = append(all, rule(&from[i]))
	}
	return all
}

func ruleV4(r *model.FilterRule) BGPFilterRuleV4 {
	rule := BGPFilterRuleV4{NewerRule: newerRule(r), BGPFilterRuleV4: v3.BGPFilterRuleV4{
		CIDR:          cidr(r.CIDR),
		MatchOperator: v3.BGPFilterMatchOperator(r.MatchOperator),
		Source:        v3.BGPFilterMatchSource(r.Source),
		Interface:     r.Interface,
		Action:        v3.BGPFilterAction(r.Action),
	}}
	if l := r.PrefixLength; l != nil {
		rule.PrefixLength = &v3.BGPFilterPrefixLengthV4{Min: int32Of(l.Min), Max: int32Of(l.Max)}
	}
	return rule
}

func ruleV6(r *model.FilterRule) BGPFilterRuleV6 {
	rule := BGPFilterRuleV6{NewerRule: newerRule(r), BGPFilterRuleV6: v3.BGPFilterRuleV6{
		CIDR:          cidr(r.CIDR),
		MatchOperator: v3.BGPFilterMatchOperator(r.MatchOperator),
		Source:        v3.BGPFilterMatchSource(r.Source),
		Interface:     r.Interface,
		Action:        v3.BGPFilterAction(r.Action),
	}}
	if l := r.PrefixLength; l != nil {
		rule.PrefixLength = &v3.BGPFilterPrefixLengthV6{Min: int32Of(l.Min), Max: int32Of(l.Max)}
	}
	return rule
}

func newerRule(r *model.FilterRule) NewerRule {
	rule := NewerRule{PeerType: r.PeerType, ASPathPrefix: asNumbers(r.ASPathPrefix)}
	if r.Communities != nil {
		rule.Communities = &CommunityMatch{Values: slices.Clone(r.Communities.Values)}
	}
	if r.Priority != nil {
		rule.Priority = new(*r.Priority)
	}
	for _, op := range r.Operations {
		var operation FilterOperation
		if op.AddCommunity != nil {
			operation.AddCommunity = &AddCommunity{Value: op.AddCommunity.Value}
		}
		if op.PrependASPath != nil {
			operation.PrependASPath = &PrependASPath{Prefix: asNumbers(op.PrependASPath.Prefix)}
		}
		if op.SetPriority != nil {
			operation.SetPriority = &SetPriority{Value: op.SetPriority.Value}
		}
		rule.Operations = append(rule.Operations, operation)
	}
	return rule
}

func asNumbers(from []model.ASN) []numorstring.ASNumber {
	var all []numorstring.ASNumber
	for _, n := range from {
		all = append(all, numorstring.ASNumber(n))
	}
	return all
}

func int32Of(n *int) *int32 {
	if n == nil {
		return nil
	}
	return new(int32(*n))
}
