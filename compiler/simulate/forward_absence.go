package simulate

import (
	"fmt"
	"slices"
)

// absence says why nothing can be asked of two parties while nothing has failed: nobody of one sends, or nothing of the other is
// there to be reached. Empty: something can. "Every packet arrives" is true of no packets at all, and nobody is reached by it.
func (t *traffic) absence(from, to party) string {
	if from.kind == partyServices {
		from = party{kind: partyPods, cluster: from.cluster} // the pods behind them send
	}
	switch {
	case from.kind == partyNobody:
		return fmt.Sprintf("nothing in the topology has the address %s", from.addr)
	case from.kind == partyPods && !hasBlocks(t.census.devicesOf(from)), !anyFamily(func(f int) bool { return len(t.sources(from, to, f)) > 0 }):
		return t.census.absenceOf(from, "send")
	case !anyFamily(func(f int) bool { return len(t.targets(to, from, f)) > 0 }):
		return t.census.absenceOf(to, "reach")
	}
	return ""
}

// anyFamily reports whether something is so of any family, by familyIndex.
func anyFamily(is func(f int) bool) bool {
	for f := range families {
		if is(f) {
			return true
		}
	}
	return false
}

// devicesOf returns the devices of a party: all nodes of its cluster where none are told.
func (c *census) devicesOf(p party) []place {
	if p.devices == nil {
		return c.nodesOf(p.cluster)
	}
	return p.devices
}

// absenceOf says what a party has not, that would send or be reached.
func (c *census) absenceOf(p party, verb string) string {
	nodes := c.devicesOf(p)
	switch {
	case p.kind == partyDevice && len(p.devices) == 0:
		return "there is nobody to " + verb
	case p.kind == partyDevice:
		return nameOf(p.devices[0]) + " has no address"
	case len(nodes) == 0:
		return fmt.Sprintf("%s has no nodes: write some", p.cluster.Name)
	case p.kind == partyServices && len(serviceRanges(p.cluster)) == 0:
		return fmt.Sprintf("%s has no services to reach: write serviceCIDRs", p.cluster.Name)
	case p.kind == partyServices: // serviceAggregation is off
		return fmt.Sprintf("%s announces single addresses of its services, and nobody knows which: ask for one of them", p.cluster.Name)
	}
	who, whose := p.cluster.Name, "its nodes"
	if p.devices != nil {
		who, whose = nameOf(nodes[0]), "it"
	}
	if !slices.ContainsFunc(nodes, func(at place) bool { return at.node().Model.Blocks == nil }) {
		return fmt.Sprintf("%s has no pods to %s: blocks: [] says so of %s", who, verb, whose)
	}
	return fmt.Sprintf("%s has no pods to %s: no IPPool of %s gives %s blocks", who, verb, p.cluster.Name, whose)
}
