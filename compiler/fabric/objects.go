package fabric

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Bounds of Calico's API (api/pkg/apis/projectcalico/v3/{ippool,bgpfilter}.go).
const (
	minBlockSize, maxBlockSize   = 20, 32
	minBlockSize6, maxBlockSize6 = 116, 128
	maxOperations                = 10 // of a filter's rule
	maxPrepended                 = 10 // AS numbers in one prependASPath
)

// loadBalancer is the use of a pool that goes with no other.
const loadBalancer = "LoadBalancer"

// objects reports what Calico would refuse in a single object, or take and then ignore: what its validator
// (libcalico-go/lib/validator/v3) and the CEL rules of its CRDs judge without looking at another object. Nobody else tells
// where objects go to crd.projectcalico.org/v1, past both.
func (l *linker) objects() {
	for _, name := range names(l.t.Clusters) {
		at, c := source.Path("clusters").Field(name), l.t.Clusters[name]
		l.poolObjects(at, c)
		l.advertiseObjects(at.Field("advertise"), c.Advertise)
		for _, name := range names(c.Racks) {
			l.rackObjects(at.Fields("racks", name), c.Racks[name])
		}
		for _, name := range names(c.Peers) {
			l.peerObjects(at.Fields("peers", name), c.Peers[name])
		}
		for _, name := range names(c.Filters) {
			f, at := c.Filters[name], at.Fields("filters", name)
			l.filterRules(at, "exportV4", f.ExportV4, IPv4)
			l.filterRules(at, "importV4", f.ImportV4, IPv4)
			l.filterRules(at, "exportV6", f.ExportV6, IPv6)
			l.filterRules(at, "importV6", f.ImportV6, IPv6)
		}
		if c.BGP != nil {
			for i, pattern := range c.BGP.IgnoredInterfaces {
				if pattern == "*" {
					l.refuse("out-of-range", at.Fields("bgp", "ignoredInterfaces").Index(i),
						"found %q, which would take every interface from the nodes' routes: Calico refuses it", pattern).
						WithHint(`name the interfaces that are meant, as in "docker*"`)
				}
			}
		}
	}
}

// refuse reports what Calico does not take.
func (l *linker) refuse(check string, at source.Path, format string, args ...any) *diag.Diagnostic {
	return l.diags.Add(check, diag.Error, at, format, args...)
}

// poolObjects judges the pools that the user wrote, and those that podCIDRs stands for where there are none.
func (l *linker) poolObjects(at source.Path, c *model.Cluster) {
	for _, name := range names(c.IPPools) {
		p, at := c.IPPools[name], at.Fields("ipPools", name)
		l.poolBlocks(at, p)
		if p.NodeSelector != "" {
			l.matching(at.Field("nodeSelector"), p.NodeSelector, nil)
		}
		if p.NodeSelector != "" && p.Rack != "" {
			l.refuse("conflict", at.Field("nodeSelector"), "pool %s is for the nodes of rack %s and for those that %q selects: it has one selector",
				name, p.Rack, p.NodeSelector).
				Note(at.Field("rack"), "the rack is named here").
				WithHint("delete nodeSelector, or delete rack and write nodeSelector: %q", equals(labelRack, p.Rack)+" && ("+p.NodeSelector+")")
		}
		l.loadBalancerPool(at, name, p)
	}
	if len(c.IPPools) > 0 {
		return
	}
	for i, p := range c.PodCIDRs {
		if size := defaultBlockSize(p); p.Bits() > size {
			l.refuse("out-of-range", at.Field("podCIDRs").Index(i), "the pool of %s is smaller than one block: blocks are of /%d by default", p, size).
				WithHint("write a range of /%d or wider, or the pool in ipPools with a blockSize", size)
		}
	}
}

// poolBlocks judges the size of a pool's blocks. A disabled pool gives out none, so it may be smaller than one.
func (l *linker) poolBlocks(at source.Path, p *model.IPPool) {
	if !p.CIDR.IsValid() {
		return
	}
	family, least, most := FamilyOf(p.CIDR.Addr()), minBlockSize, maxBlockSize
	if family == IPv6 {
		least, most = minBlockSize6, maxBlockSize6
	}
	size, bits := or(p.BlockSize, defaultBlockSize(p.CIDR)), p.CIDR.Bits()
	switch {
	case size < least || size > most:
		l.refuse("out-of-range", at.Field("blockSize"), "found %d, expected %d to %d: the length of a block of %s addresses", size, least, most, family).
			WithHint("write a length from %d to %d, or delete blockSize: the default is %d", least, most, defaultBlockSize(p.CIDR))
	case bits <= size || p.Disabled:
	case p.BlockSize != nil:
		l.refuse("out-of-range", at.Field("blockSize"), "a block of /%d does not fit into the pool's %s", size, p.CIDR).
			Note(at.Field("cidr"), "the pool's range").
			WithHint("write a blockSize from %d to %d, or a wider cidr", bits, most)
	default:
		l.refuse("out-of-range", at.Field("cidr"), "%s is smaller than one block: blocks are of /%d by default", p.CIDR, size).
			WithHint("write a range of /%d or wider, or add a blockSize from %d to %d", size, bits, most)
	}
}

// loadBalancerPool judges a pool that addresses of services come from: nothing about nodes and pods applies to it.
func (l *linker) loadBalancerPool(at source.Path, name string, p *model.IPPool) {
	if !slices.Contains(p.AllowedUses, loadBalancer) {
		return
	}
	if slices.ContainsFunc(p.AllowedUses, func(use string) bool { return use != loadBalancer }) {
		l.refuse("conflict", at.Field("allowedUses"), "pool %s is for %s: a pool for load balancers serves nothing else", name, list(p.AllowedUses)).
			WithHint("write allowedUses: [%q], and a second pool for the other uses", loadBalancer)
		return // whether the rest is wrong depends on which use is meant
	}
	for _, wrong := range []struct {
		is    bool
		field string
		what  string
	}{
		{p.Encapsulation != "" && p.Encapsulation != "None", "encapsulation", "encapsulation"},
		{p.DisableBGPExport, "disableBGPExport", "disableBGPExport"},
		{p.NodeSelector != "" && p.NodeSelector != "all()", "nodeSelector", "a selector of nodes"},
		{p.Rack != "", "rack", "a rack"},
	} {
		if wrong.is {
			l.refuse("conflict", at.Field(wrong.field), "pool %s is for load balancers, and has %s: Calico refuses the two together", name, wrong.what).
				Note(at.Field("allowedUses"), "its use is written here").
				WithHint("delete %s", wrong.field)
		}
	}
}

func (l *linker) advertiseObjects(at source.Path, a *model.Advertise) {
	if a == nil {
		return
	}
	if len(a.Communities) > 0 && len(a.Prefixes) == 0 {
		l.missing(at.Field("communities"), "communities are defined, and there is no prefixes to use them").
			WithHint(`add prefixes, as in prefixes: [{cidr: "10.244.0.0/16", communities: [%q]}], or delete communities`, names(a.Communities)[0])
	}
	for i := range a.Prefixes {
		for j, community := range a.Prefixes[i].Communities {
			if _, defined := a.Communities[community]; defined || isCommunity(community) {
				continue
			}
			at := at.Field("prefixes").Index(i).Field("communities").Index(j)
			if strings.Contains(community, ":") {
				l.refuse("unknown-reference", at, "%q is neither a community nor the name of one", community).
					WithHint("write a value with two numbers up to 65535, as in 64512:100, or with three up to 4294967295, as in 64512:1:100")
				continue
			}
			l.unknown(at, "community in advertise.communities", community, names(a.Communities))
		}
	}
}

// isCommunity reports whether text is the value of a community: aa:nn with numbers of 16 bits (RFC 1997), or aa:nn:mm with
// numbers of 32 bits (RFC 8092).
func isCommunity(text string) bool {
	parts := strings.Split(text, ":")
	bits, ok := map[int]int{2: 16, 3: 32}[len(parts)]
	return ok && !slices.ContainsFunc(parts, func(part string) bool {
		_, err := strconv.ParseUint(part, 10, bits)
		return err != nil
	})
}

// rackObjects judges the session options of a rack. Behind its reflectors the other nodes get the routes from BGPPeers with a
// peerSelector, for which Calico ignores numAllowedLocalASNumbers: they would refuse what the reflectors accept.
func (l *linker) rackObjects(at source.Path, r *model.Rack) {
	if r.NumAllowedLocalASNumbers != nil && r.Peer == "routeReflectors" {
		l.refuse("conflict", at.Field("numAllowedLocalASNumbers"),
			"the rack's reflectors would accept routes with their own AS in the path, and the nodes behind them would not: Calico has no such option there").
			Note(at.Field("peer"), "the reflectors hold the rack's sessions").
			WithHint("delete it and write asOverride: true, which the switches do for all nodes, or delete peer: then every node peers")
	}
}

func (l *linker) peerObjects(at source.Path, p *model.Peer) {
	if or(p.KeepOriginalNextHop, false) && p.NextHopMode != "" {
		l.refuse("conflict", at.Field("keepOriginalNextHop"), "keepOriginalNextHop and nextHopMode %s both say which next hop is announced", p.NextHopMode).
			Note(at.Field("nextHopMode"), "nextHopMode is set here").
			WithHint("delete keepOriginalNextHop, which nextHopMode has replaced")
	}
	if p.ReachableBy.IsValid() && p.Address.IsValid() && FamilyOf(p.ReachableBy) != FamilyOf(p.Address) {
		l.refuse("out-of-range", at.Field("reachableBy"), "found %s, expected an %s gateway, as the peer's address is %s",
			p.ReachableBy, FamilyOf(p.Address), p.Address).
			Note(at.Field("address"), "the peer's address").
			WithHint("write the gateway's %s address, or delete reachableBy", FamilyOf(p.Address))
	}
}

// filterRules judges the rules in one field of a filter, which are for routes of one family.
func (l *linker) filterRules(at source.Path, field string, rules []model.FilterRule, family Family) {
	for i := range rules {
		r, at := &rules[i], at.Field(field).Index(i)
		l.ruleRange(at, field, r, family)
		l.ruleOperations(at.Field("operations"), r)
		if c := r.Communities; c != nil && len(c.Values) != 1 {
			l.refuse("out-of-range", at.Fields("communities", "values"), "found %d communities, expected 1: a rule matches one", len(c.Values)).
				WithHint(`write one, as in values: ["64512:100"], and a rule for each further one`)
		}
	}
}

// ruleRange judges the range of a rule: what a route's prefix is compared with.
func (l *linker) ruleRange(at source.Path, field string, r *model.FilterRule, family Family) {
	everything := map[Family]string{IPv4: "0.0.0.0/0", IPv6: "::/0"}[family]
	switch {
	case r.CIDR.IsValid() && FamilyOf(r.CIDR.Addr()) != family:
		l.refuse("out-of-range", at.Field("cidr"), "found %s, expected an %s range: %s is about %s routes", r.CIDR, family, field, family).
			WithHint("move the rule to %s%d", strings.TrimRight(field, "46"), FamilyOf(r.CIDR.Addr()))
		return
	case r.CIDR.IsValid() && r.MatchOperator == "":
		l.missing(at.Field("cidr"), "cidr has no matchOperator, which says how a route's prefix relates to %s", r.CIDR).
			WithHint(`add matchOperator: "In" for all prefixes within it, "Equal" for itself`)
	case !r.CIDR.IsValid() && r.MatchOperator != "":
		l.missing(at.Field("matchOperator"), "matchOperator %s has no cidr to compare with", r.MatchOperator).
			WithHint("add the range, as in cidr: %q, or delete matchOperator", everything)
	case !r.CIDR.IsValid() && r.PrefixLength != nil:
		l.missing(at.Field("prefixLength"), "prefixLength has no cidr whose prefixes it is about").
			WithHint(`add the range: for all, cidr: %q, matchOperator: "In"`, everything)
	}
	if r.PrefixLength != nil {
		l.prefixLength(at.Field("prefixLength"), r.PrefixLength, r.CIDR, family)
	}
}

// prefixLength judges bounds for the length of a prefix in cidr, which may be the zero Prefix.
func (l *linker) prefixLength(at source.Path, p *model.PrefixLength, cidr netip.Prefix, family Family) {
	least, where := 0, family.String()
	if cidr.IsValid() {
		least, where = cidr.Bits(), cidr.String()
	}
	inRange := true
	for _, bound := range []struct {
		field string
		value *int
	}{{"min", p.Min}, {"max", p.Max}} {
		if bound.value != nil && (*bound.value < least || *bound.value > family.Bits()) {
			inRange = false
			l.refuse("out-of-range", at.Field(bound.field), "found %d, expected %d to %d: the length of a prefix in %s", *bound.value, least, family.Bits(), where).
				WithHint("write a length from %d to %d, or delete %s", least, family.Bits(), bound.field)
		}
	}
	if inRange && p.Min != nil && p.Max != nil && *p.Min > *p.Max {
		l.refuse("out-of-range", at.Field("min"), "found %d, expected at most %d, which is max: no prefix has such a length", *p.Min, *p.Max).
			Note(at.Field("max"), "max is set here").
			WithHint("write min: %d, max: %d", *p.Max, *p.Min)
	}
}

// ruleOperations judges what a rule changes on the routes that it accepts.
func (l *linker) ruleOperations(at source.Path, r *model.FilterRule) {
	if len(r.Operations) > 0 && r.Action == "Reject" {
		l.refuse("conflict", at, "operations change a route that is accepted, and the rule rejects").
			WithHint(`delete operations, or write action: "Accept"`)
	}
	if len(r.Operations) > maxOperations {
		l.refuse("out-of-range", at, "found %d operations, expected at most %d", len(r.Operations), maxOperations).
			WithHint("write at most %d in one rule", maxOperations)
	}
	for i := range r.Operations {
		op, at := &r.Operations[i], at.Index(i)
		var set []string
		if op.AddCommunity != nil {
			set = append(set, "addCommunity")
		}
		if op.PrependASPath != nil {
			set = append(set, "prependASPath")
			if n := len(op.PrependASPath.Prefix); n < 1 || n > maxPrepended {
				l.refuse("out-of-range", at.Fields("prependASPath", "prefix"), "found %d AS numbers, expected 1 to %d", n, maxPrepended).
					WithHint("write at least one AS number, and at most %d", maxPrepended)
			}
		}
		if op.SetPriority != nil {
			set = append(set, "setPriority")
		}
		switch len(set) {
		case 0:
			l.refuse("out-of-range", at, "found an empty operation, expected one of addCommunity, prependASPath, setPriority").
				WithHint("write one of them, or delete the operation")
		case 1:
		default:
			l.refuse("out-of-range", at, "found %s in one operation, expected one of them", list(set)).
				WithHint("write an operation for each, in the order in which they are to happen")
		}
	}
}

// meshOptions reports options of the node-to-node mesh in clusters that have none: Calico refuses them there.
func (l *linker) meshOptions() {
	for _, c := range l.f.Clusters {
		b := c.Model.BGP
		if b == nil || c.Mesh {
			continue
		}
		var options []string
		if b.MeshPassword != nil {
			options = append(options, "meshPassword")
		}
		if b.MeshMaxRestartTime != nil {
			options = append(options, "meshMaxRestartTime")
		}
		if len(options) == 0 {
			continue
		}
		all := strings.Join(options, " and ")
		d := l.refuse("conflict", c.At().Fields("bgp", options[0]), "%s %s about the node-to-node mesh, and cluster %s has none",
			all, map[int]string{1: "is", 2: "are"}[len(options)], c.Name)
		noteNoMesh(d, c)
		d.WithHint("delete %s, or write nodeToNodeMesh: true", all)
	}
}

// noteNoMesh points to what has switched a cluster's mesh off.
func noteNoMesh(d *diag.Diagnostic, c *Cluster) {
	switch withSwitches := slices.IndexFunc(c.Racks, func(r *Rack) bool { return len(r.Switches) > 0 }); {
	case c.Model.BGP.NodeToNodeMesh != nil:
		d.Note(c.At().Fields("bgp", "nodeToNodeMesh"), "the mesh is switched off here")
	case len(c.Groups) > 0:
		d.Note(c.Groups[0].At(), "the mesh is off since the cluster has reflectors")
	case withSwitches >= 0:
		d.Note(c.Racks[withSwitches].At().Field("switches"), "the mesh is off since rack %s has switches", c.Racks[withSwitches].Name)
	}
}
