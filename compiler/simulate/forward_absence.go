package simulate

import (
	"fmt"
	"net/netip"
	"slices"

	"topoc/compiler/fabric"
)

// absence says why nothing can be asked of two parties: nobody of one sends, or nothing of the other is there to be reached.
// Empty: something can. "Every packet arrives" is true of no packets at all, and nobody is reached by it.
func (c *census) absence(from, to party) string {
	switch {
	case from.kind == partyNobody:
		return fmt.Sprintf("nothing in the topology has the address %s", from.addr)
	case !c.isThere(from):
		return c.absenceOf(from, "send")
	case to.kind != partyNobody && !c.isThere(to):
		return c.absenceOf(to, "reach")
	}
	return ""
}

// isThere reports whether a party has pods, services or addresses, of any family, while nothing has failed.
func (c *census) isThere(p party) bool {
	switch p.kind {
	case partyPods:
		return hasBlocks(c.devicesOf(p))
	case partyServices:
		return len(c.parts[p.cluster]) > 0 && slices.ContainsFunc(serviceRanges(p.cluster), func(r netip.Prefix) bool {
			return p.addr.IsValid() || !c.isSingles(p.cluster, r)
		})
	}
	return slices.ContainsFunc(p.devices, func(at place) bool {
		return slices.ContainsFunc(families[:], func(f fabric.Family) bool { return len(at.ownAddresses(familyIndex(f))) > 0 })
	})
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
	case p.kind == partyServices:
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
