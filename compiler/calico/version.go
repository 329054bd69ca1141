package calico

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// Newest is the newest release whose objects are known. What since lists of later ones was read in the sources that they are to
// be made of.
var Newest = fabric.Version{Major: 3, Minor: 32, Patch: -1}

// IsNewer reports whether a release is of a later minor than Newest.
func IsNewer(v fabric.Version) bool {
	return v.AtLeast(fabric.Version{Major: Newest.Major, Minor: Newest.Minor + 1})
}

// since says which release of Calico first had a kind ("BGPFilter"), a field of a kind wherever in its spec it stands
// ("BGPPeer.nextHopMode"), or a value of such a field ("IPPool.allowedUses=LoadBalancer"). Found by comparing the API types of
// every release tag, before 3.21 by its documentation. Installation's fields are those of the operator release that comes
// with the Calico release (charts/tigera-operator/values.yaml). What isn't listed is older than all that is.
//
// BGPPeer.filters is left out: it names BGPFilters, and those are listed.
var since = map[string]fabric.Version{
	"APIServer":        {Major: 3, Minor: 20},
	"BGPFilter":        {Major: 3, Minor: 26},
	"CalicoNodeStatus": {Major: 3, Minor: 21},

	"BGPConfiguration.serviceClusterIPs":              {Major: 3, Minor: 12},
	"BGPConfiguration.serviceExternalIPs":             {Major: 3, Minor: 12},
	"BGPConfiguration.listenPort":                     {Major: 3, Minor: 16},
	"BGPConfiguration.communities":                    {Major: 3, Minor: 16},
	"BGPConfiguration.prefixAdvertisements":           {Major: 3, Minor: 16},
	"BGPConfiguration.serviceLoadBalancerIPs":         {Major: 3, Minor: 18},
	"BGPConfiguration.nodeMeshPassword":               {Major: 3, Minor: 23},
	"BGPConfiguration.nodeMeshMaxRestartTime":         {Major: 3, Minor: 23},
	"BGPConfiguration.bindMode":                       {Major: 3, Minor: 23},
	"BGPConfiguration.ignoredInterfaces":              {Major: 3, Minor: 25},
	"BGPConfiguration.serviceLoadBalancerAggregation": {Major: 3, Minor: 31},
	"BGPConfiguration.programClusterRoutes":           {Major: 3, Minor: 32},

	"BGPConfiguration.programClusterRoutes=EnabledIPIPOnly":    {Major: 3, Minor: 33},
	"BGPConfiguration.programClusterRoutes=EnabledNoEncapOnly": {Major: 3, Minor: 33},

	"BGPPeer.keepOriginalNextHop":      {Major: 3, Minor: 16},
	"BGPPeer.password":                 {Major: 3, Minor: 17},
	"BGPPeer.sourceAddress":            {Major: 3, Minor: 18},
	"BGPPeer.maxRestartTime":           {Major: 3, Minor: 20},
	"BGPPeer.numAllowedLocalASNumbers": {Major: 3, Minor: 23},
	"BGPPeer.ttlSecurity":              {Major: 3, Minor: 25},
	"BGPPeer.reachableBy":              {Major: 3, Minor: 25},
	"BGPPeer.nextHopMode":              {Major: 3, Minor: 30, Patch: 2},
	"BGPPeer.localASNumber":            {Major: 3, Minor: 31},

	"BGPFilter.source":       {Major: 3, Minor: 27},
	"BGPFilter.interface":    {Major: 3, Minor: 27},
	"BGPFilter.prefixLength": {Major: 3, Minor: 29},
	"BGPFilter.peerType":     {Major: 3, Minor: 32},
	"BGPFilter.communities":  {Major: 3, Minor: 32},
	"BGPFilter.asPathPrefix": {Major: 3, Minor: 32},
	"BGPFilter.priority":     {Major: 3, Minor: 32},
	"BGPFilter.operations":   {Major: 3, Minor: 32},

	"IPPool.disableBGPExport":         {Major: 3, Minor: 21},
	"IPPool.allowedUses":              {Major: 3, Minor: 21},
	"IPPool.allowedUses=LoadBalancer": {Major: 3, Minor: 30},
	"IPPool.assignmentMode":           {Major: 3, Minor: 30},

	"Installation.disableBGPExport":         {Major: 3, Minor: 24}, // operator 1.28
	"Installation.name":                     {Major: 3, Minor: 28}, // operator 1.34, and with it several pools of a family
	"Installation.allowedUses":              {Major: 3, Minor: 28},
	"Installation.disableNewAllocations":    {Major: 3, Minor: 29}, // operator 1.36
	"Installation.assignmentMode":           {Major: 3, Minor: 30}, // operator 1.37, which no Calico release came with
	"Installation.allowedUses=LoadBalancer": {Major: 3, Minor: 30},
}

// declaredAs is the path in the language, from the declaration that an object comes from, of fields that have another name
// or place there. The empty path is the declaration itself.
var declaredAs = map[string][]string{
	"BGPConfiguration.serviceClusterIPs":              {"advertise", "serviceClusterIPs"},
	"BGPConfiguration.serviceExternalIPs":             {"advertise", "serviceExternalIPs"},
	"BGPConfiguration.serviceLoadBalancerIPs":         {"advertise", "serviceLoadBalancerIPs"},
	"BGPConfiguration.serviceLoadBalancerAggregation": {"advertise", "serviceLoadBalancerAggregation"},
	"BGPConfiguration.communities":                    {"advertise", "communities"},
	"BGPConfiguration.prefixAdvertisements":           {"advertise", "prefixes"},
	"BGPConfiguration.listenPort":                     {"bgp", "listenPort"},
	"BGPConfiguration.nodeMeshPassword":               {"bgp", "meshPassword"},
	"BGPConfiguration.nodeMeshMaxRestartTime":         {"bgp", "meshMaxRestartTime"},
	"BGPConfiguration.bindMode":                       {"bgp", "bindMode"},
	"BGPConfiguration.ignoredInterfaces":              {"bgp", "ignoredInterfaces"},
	"BGPConfiguration.programClusterRoutes":           {"bgp", "programClusterRoutes"},
	"Installation.disableNewAllocations":              {"disabled"},
	"Installation.name":                               {},
}

// has reports whether a release has what since lists as name.
func has(v fabric.Version, name string) bool { return v.AtLeast(since[name]) }

// Gate is something that a cluster's objects use and that not every release of Calico has.
type Gate struct {
	What  string // a kind, Kind.field or Kind.field=value
	Since fabric.Version
	At    source.Path // what in the topology asks for it
}

// Gates lists everything that the objects use and that appeared in some release since 3.12, whether the user wrote it or topoc
// derived it, and whether the cluster's release has it or not; sorted by At, then What. It reads the objects themselves, so that
// nothing can be written without being listed.
func (o *Objects) Gates() []Gate { return o.Lacking(fabric.Version{}) }

// Lacking lists the Gates that a release is too old for.
func (o *Objects) Lacking(v fabric.Version) []Gate {
	g := gates{version: v}
	if o.BGPConfiguration != nil { // which somebody may have taken out of what is read
		g.object(v3.KindBGPConfiguration, o.BGPConfiguration, o)
	}
	for _, peer := range o.BGPPeers {
		g.object(v3.KindBGPPeer, peer, o)
	}
	for _, filter := range o.BGPFilters {
		g.object(v3.KindBGPFilter, filter, o)
	}
	for _, pool := range o.IPPools {
		g.object(v3.KindIPPool, pool, o)
	}
	if o.Installation != nil && g.mayLack("Installation") {
		pools := o.Installation.Spec.CalicoNetwork.IPPools
		for i := range pools {
			g.fields("Installation", tree(&pools[i]), o.DeclaredAt(&pools[i]))
		}
	}
	slices.SortFunc(g.found, func(a, b Gate) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.What, b.What)) })
	return slices.Compact(g.found)
}

// gates are what a release is too old for.
type gates struct {
	version fabric.Version
	found   []Gate
}

// completed says which release first had all that since lists of a kind.
var completed = sync.OnceValue(func() map[string]fabric.Version {
	last := map[string]fabric.Version{}
	for name, version := range since {
		if kind, _, _ := strings.Cut(name, "."); version.AtLeast(last[kind]) {
			last[kind] = version
		}
	}
	return last
})

// mayLack reports whether the release lacks a kind, or anything of one.
func (g *gates) mayLack(kind string) bool { return !g.version.AtLeast(completed()[kind]) }

func (g *gates) object(kind string, object any, o *Objects) {
	if !g.mayLack(kind) {
		return
	}
	at := o.DeclaredAt(object)
	g.add(kind, at)
	spec := reflect.ValueOf(object).Elem().FieldByName("Spec")
	g.fields(kind, tree(spec.Addr().Interface()), at)
}

// fields goes through a struct of an object declared at a path.
func (g *gates) fields(kind string, values map[string]any, at source.Path) {
	for _, key := range sortedKeys(values) {
		name := kind + "." + key
		labels, isElsewhere := declaredAs[name]
		if !isElsewhere {
			labels = []string{key}
		}
		g.value(kind, name, values[key], at.Fields(labels...))
	}
}

// value looks at what stands in a field. What is inside of a gated field came with it, but for values of its own.
func (g *gates) value(kind, name string, value any, at source.Path) {
	isGated := g.add(name, at)
	switch v := value.(type) {
	case map[string]any:
		if !isGated {
			g.fields(kind, v, at)
		}
	case []any:
		for i, item := range v {
			switch item := item.(type) {
			case map[string]any:
				if !isGated {
					g.fields(kind, item, at.Index(i))
				}
			case string:
				g.add(name+"="+item, at.Index(i))
			}
		}
	case string:
		g.add(name+"="+v, at)
	}
}

// add notes a use of name, if the release is too old for it. It reports whether that is gated at all.
func (g *gates) add(name string, at source.Path) bool {
	version, isGated := since[name]
	if isGated && !g.version.AtLeast(version) {
		g.found = append(g.found, Gate{What: name, Since: version, At: at})
	}
	return isGated
}
