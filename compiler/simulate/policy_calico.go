package simulate

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
	"topoc/compiler/source"
)

// Releases at which the filters changed.
var (
	hidesTunnels       = fabric.Version{Major: 3, Minor: 27}
	reflectsLBRanges   = fabric.Version{Major: 3, Minor: 27, Patch: 3}
	mapsPriorities     = fabric.Version{Major: 3, Minor: 32}
	reflectsExternal   = fabric.Version{Major: 3, Minor: 33}
	felixOwnsIPIP      = fabric.Version{Major: 3, Minor: 33}
	ignoresLoadBalance = fabric.Version{Major: 3, Minor: 33}
)

// elevatedPreference is BIRD's preference of routes with an elevated LOCAL_PREF: as that of static ones.
const elevatedPreference = 200

// newBirdFilter writes a session's filter, statement by statement as the templates of bird.cfg, bird_ipam.cfg and
// bird_aggr.cfg do (node/filesystem/etc/calico/confd/templates; up to 3.32 in confd/etc/calico/confd/templates).
func (r *clusterRules) newBirdFilter(key filterKey) *birdFilter {
	f := &birdFilter{iface: key.iface, otherwise: bgp.Accept}
	var filters []string
	if key.filters != "" {
		filters = strings.Split(key.filters, "\n")
	}
	named := r.filterStatements(filters, key.family, key.dir, key.peer)
	if key.dir == imports {
		f.statements = named
		if r.version.AtLeast(mapsPriorities) && key.peer == internalPeer {
			f.statements = append(f.statements, statement{route: routeMatch{elevated: true}, change: []change{{preference: elevatedPreference}}})
		}
		return f
	}
	f.otherwise = bgp.Reject
	isLender := key.apart != nil && r.hasFelixPool(key.family)
	if r.version.AtLeast(mapsPriorities) && (key.peer == internalPeer || len(named) > 0 || isLender) {
		// LOCAL_PREF stays on this side of an eBGP session, so that it matters there to BGPFilters and within own blocks alone.
		f.statements = append(f.statements, statement{route: routeMatch{sources: localSources}, change: []change{{localPref: normalLocalPref}}})
		if key.family == fabric.IPv4 && (r.hasFelixPool(key.family) || len(named) > 0) {
			f.statements = append(f.statements, r.withoutMetric(key)...)
		}
	}
	f.statements = slices.Concat(f.statements, named, r.withheldPools(key.family), r.tunnels(key), r.communities(key), r.aggregates(key),
		r.ownServices(key), r.reflectedServices(key), r.poolStatements(key.family))
	return f
}

// withoutMetric gives the highest LOCAL_PREF to the default route and to Felix's routes to other nodes, which have no metric: with
// IPv4 that is 0 (with IPv6 the kernel makes 1024 of it), and MAX - krt_metric does the rest (confd/pkg/backends/calico/bgp_processor.go,
// buildExportFilter).
func (r *clusterRules) withoutMetric(key filterKey) []statement {
	var all []statement
	for _, iface := range []string{"vxlan.calico", "tunl0", key.iface} {
		all = append(all, statement{route: routeMatch{sources: sourcesOf(bgp.FromKernel), iface: iface}, change: []change{{localPref: math.MaxInt32}}})
	}
	return all
}

// withheldPools reject what lies in pools with disableBGPExport.
func (r *clusterRules) withheldPools(f fabric.Family) []statement {
	var all []statement
	for _, p := range r.pools {
		if p.disableBGPExport && fabric.FamilyOf(p.cidr.Addr()) == f {
			all = append(all, statement{prefix: within(p.cidr), verdict: bgp.Reject, name: "IPPool " + p.name + " has disableBGPExport", at: p.at})
		}
	}
	return all
}

// tunnels reject Felix's own routes into tunnels towards iBGP peers, who have such routes themselves. Until 3.31 the template
// took every mesh session for iBGP.
func (r *clusterRules) tunnels(key filterKey) []statement {
	asInternal := key.peer == internalPeer || key.isMesh && !r.version.AtLeast(mapsPriorities)
	if !asInternal || !r.version.AtLeast(hidesTunnels) {
		return nil
	}
	if r.version.AtLeast(felixOwnsIPIP) && !r.programs(ipipPools) {
		return hidden
	}
	return hidden[:len(hidden)-1]
}

// hidden are the statements for the interfaces of tunnels, that of IP in IP last. Shared, do not modify.
var hidden = []statement{hide("*.cali"), hide("*.calico"), hide("tunl0")}

func hide(pattern string) statement {
	return statement{route: routeMatch{iface: pattern}, verdict: bgp.Reject, name: "Calico tells iBGP peers no routes out of interfaces " + pattern}
}

// poolClass is pools whose routes into the kernel either BIRD or Felix writes.
type poolClass uint8

const (
	plainPools poolClass = iota
	ipipPools
)

// programs reports whether BIRD writes the routes of a class of pools into the kernel (BGPConfiguration programClusterRoutes).
func (r *clusterRules) programs(class poolClass) bool {
	word := ""
	if c := r.objects.BGPConfiguration; c != nil && r.version.AtLeast(mapsPriorities) {
		word = c.Spec.ProgramClusterRoutes
	}
	switch {
	case word == "Enabled":
		return true
	case word == "Disabled":
		return false
	case !r.version.AtLeast(felixOwnsIPIP):
		return true
	case word == "EnabledIPIPOnly":
		return class == ipipPools
	}
	return class == plainPools
}

// communities add those of prefixAdvertisements: of the node's own BGPConfiguration, if that has any at all.
func (r *clusterRules) communities(key filterKey) []statement {
	c := r.objects.BGPConfiguration
	if key.apart != nil && key.apart.rules.own != nil && key.apart.rules.own.Spec.PrefixAdvertisements != nil {
		c = key.apart.rules.own
	}
	if c == nil {
		return nil
	}
	values := map[string]string{}
	for _, named := range c.Spec.Communities {
		values[named.Name] = named.Value
	}
	var all []statement
	for _, advertised := range c.Spec.PrefixAdvertisements {
		cidr, err := netip.ParsePrefix(advertised.CIDR)
		if err != nil || fabric.FamilyOf(cidr.Addr()) != key.family {
			continue
		}
		st := statement{prefix: within(cidr.Masked())}
		for _, text := range advertised.Communities {
			if value, isNamed := values[text]; isNamed {
				text = value
			}
			if community, ok := parseCommunity(text); ok {
				st.change = append(st.change, change{community: &community})
			}
		}
		if len(st.change) > 0 {
			all = append(all, st)
		}
	}
	return all
}

// aggregates accept the node's own blocks, in a pool or not, and single addresses within them not at all: calico_aggr. The
// blocks are told by where they come from, since every member of a part has others; static service routes, which a later
// statement would accept as well, come the same way. Only a node in whose blocks others hold addresses can have learned
// anything within one; only blocks of one address come another way, from the kernel, and only where they are in no pool that
// matters. Such nodes are parts of their own.
func (r *clusterRules) aggregates(key filterKey) []statement {
	all := []statement{{route: routeMatch{sources: sourcesOf(bgp.FromStatic)}, verdict: bgp.Accept, name: "Calico announces a node's own blocks and services"}}
	if key.apart == nil || !r.allocations().lenders[key.apart.Nodes[0]] {
		return all
	}
	for _, h := range r.allocations().of[key.apart.Nodes[0]] {
		if h.borrowed || fabric.FamilyOf(h.prefix.Addr()) != key.family {
			continue
		}
		all = append(all, statement{prefix: equalTo(h.prefix), verdict: bgp.Accept, name: "Calico announces a node's own blocks"})
		if r.version.AtLeast(mapsPriorities) {
			all = append(all, statement{prefix: within(h.prefix), route: routeMatch{elevated: true}, verdict: bgp.Accept,
				name: "Calico tells on elevated routes within a node's own block"})
		}
		all = append(all, statement{prefix: inside(h.prefix), verdict: bgp.Reject, at: key.apart.Nodes[0].At(),
			name: fmt.Sprintf("%s holds the block %s, and Calico tells on nothing within a node's own block", key.apart.Nodes[0].Name, h.prefix)})
	}
	return all
}

// inside matches what lies in a prefix, but for itself.
func inside(p netip.Prefix) prefixMatch {
	return prefixMatch{cidr: p, low: p.Bits() + 1, high: p.Addr().BitLen()}
}

// ownServices accept the prefixes of the node's own static routes for services, and what lies in them.
func (r *clusterRules) ownServices(key filterKey) []statement {
	if key.isExcluded {
		return nil
	}
	var all []statement
	for i := range r.services {
		if s := &r.services[i]; r.originates(s) && fabric.FamilyOf(s.prefix.Addr()) == key.family {
			all = append(all, statement{prefix: within(s.prefix), verdict: bgp.Accept, name: "BGPConfiguration announces " + s.prefix.String(),
				at: r.serviceAt(s)})
		}
	}
	if key.apart == nil {
		return all
	}
	n := key.apart.Nodes[0]
	for _, host := range r.localServices(n, key.family) {
		all = append(all, statement{prefix: equalTo(host), verdict: bgp.Accept, name: "a service on " + n.Name + " has " + host.Addr().String(),
			at: n.At().Field("localServices")})
	}
	return all
}

// reflectedServices accept on reflectors what lies in ranges of load balancers and external addresses, whoever announced it.
// There is nothing alike for cluster IPs.
func (r *clusterRules) reflectedServices(key filterKey) []statement {
	if !key.reflects {
		return nil
	}
	since := map[fabric.RangeKind]fabric.Version{fabric.LoadBalancerRange: reflectsLBRanges, fabric.ExternalIPRange: reflectsExternal}
	var all []statement
	for i := range r.services {
		s := &r.services[i]
		if v, ok := since[s.kind]; ok && r.version.AtLeast(v) && fabric.FamilyOf(s.prefix.Addr()) == key.family {
			all = append(all, statement{prefix: within(s.prefix), verdict: bgp.Accept, at: r.serviceAt(s),
				name: "a reflector passes on the " + s.kind.String() + " " + s.prefix.String()})
		}
	}
	return all
}

// poolStatements accept what lies in a pool, whatever it is and whoever told: disabled pools, foreign ones and those for load
// balancers too.
func (r *clusterRules) poolStatements(f fabric.Family) []statement {
	var all []statement
	for _, p := range r.pools {
		if !p.disableBGPExport && fabric.FamilyOf(p.cidr.Addr()) == f {
			all = append(all, statement{prefix: within(p.cidr), verdict: bgp.Accept, name: "IPPool " + p.name + " covers it", at: p.at})
		}
	}
	return all
}

// serviceAt is where a range of services is declared.
func (r *clusterRules) serviceAt(s *serviceRange) source.Path {
	for i := range r.cluster.Advertised {
		if declared := &r.cluster.Advertised[i]; declared.Kind == s.kind && declared.Prefix.Masked() == s.prefix {
			return declared.At
		}
	}
	return r.objects.DeclaredAt(r.objects.BGPConfiguration)
}
