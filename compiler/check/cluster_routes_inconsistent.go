package check

import (
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "cluster-routes-inconsistent",
	Severity: diag.Error,
	Doc: `cluster-routes-inconsistent: exactly one of BIRD and Felix must write the routes to other nodes' pods

From Calico 3.32 on programClusterRoutes says whether BIRD writes to the kernel the routes of pools without encapsulation and of
IPIP pools; Felix has a field of the same name in FelixConfiguration, which must say the opposite. Nothing in Calico compares the
two. Where both write, routes flap; where neither does, no node reaches pods of another, and BGP looks well all the while. topoc
writes no FelixConfiguration, so what Felix does is its default: nothing in 3.32, IPIP from 3.33 on.

It is an error where another cluster's routes are left to Felix: it computes routes from the blocks of its own cluster and knows no
others, so what a peering brings gets into no kernel.

Mend it by deleting programClusterRoutes. Where Felix is to write the routes, set its own field as well (with the operator
clusterRoutingMode in Installation sets both), and waive the warning.`,
	Source: "Calico, design/cluster-route-programming/DESIGN.md section 1; felix/config/config_params.go, ProgramClusterRoutes",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if b := c.Model.BGP; b != nil && b.ProgramClusterRoutes != "" && hasWord(c.Version, b.ProgramClusterRoutes) {
				p.dividedRoutes(c, b.ProgramClusterRoutes)
			}
		}
	},
})

// programmed is which classes of pools a component writes the routes of: those without encapsulation, and those with IPIP. Those
// of VXLAN are always Felix's.
type programmed struct{ plain, ipip bool }

// programWords are the values of programClusterRoutes.
var programWords = map[string]programmed{
	"Disabled": {false, false}, "EnabledIPIPOnly": {false, true}, "EnabledNoEncapOnly": {true, false}, "Enabled": {true, true},
}

// String is the word for it.
func (w programmed) String() string {
	for _, word := range sorted(programWords) {
		if programWords[word] == w {
			return word
		}
	}
	panic("check: a value of programClusterRoutes has no word")
}

// splitRelease is the first release that tells IPIP from no encapsulation there.
var splitRelease = fabric.Version{Major: 3, Minor: 33}

// hasWord reports whether a release knows a value of programClusterRoutes; version-gate tells where it doesn't.
func hasWord(v fabric.Version, word string) bool {
	if word == "Enabled" || word == "Disabled" {
		return v.AtLeast(fabric.Version{Major: 3, Minor: 32})
	}
	return v.AtLeast(splitRelease)
}

// felixDefault is what Felix does where nobody tells it.
func felixDefault(v fabric.Version) programmed {
	return programmed{plain: false, ipip: v.AtLeast(splitRelease)}
}

// dividedRoutes judges what a cluster's BIRD is told.
func (p *Pass) dividedRoutes(c *fabric.Cluster, word string) {
	bird, at := programWords[word], c.At().Fields("bgp", "programClusterRoutes")
	foreign := slices.IndexFunc(c.Pools, func(pool *fabric.Pool) bool { return !pool.Own() && pool.Encapsulation == "None" })
	if foreign >= 0 && !bird.plain {
		pool := c.Pools[foreign]
		d := p.Reportf(at, "cluster %s leaves the routes of pools without encapsulation to Felix, which knows no blocks of cluster %s: what comes from there gets into no kernel",
			c.Name, pool.Foreign.Name)
		if i := slices.IndexFunc(c.Peerings, func(peering *fabric.Peering) bool { return peering.Other(c) == pool.Foreign }); i >= 0 {
			d.Note(c.Peerings[i].At(), "the peering is declared here")
		}
		d.WithHint("delete programClusterRoutes: BIRD then writes them")
		return
	}
	felix := felixDefault(c.Version)
	var nobody, both []string
	for _, class := range []struct {
		bird, felix bool
		what        string
		in          func(*fabric.Pool) bool
	}{
		{bird.plain, felix.plain, "without encapsulation", func(pool *fabric.Pool) bool { return pool.Encapsulation == "None" }},
		{bird.ipip, felix.ipip, "with IPIP", func(pool *fabric.Pool) bool { return strings.HasPrefix(pool.Encapsulation, "IPIP") }},
	} {
		switch used := slices.ContainsFunc(c.Pools, func(pool *fabric.Pool) bool { return pool.Own() && !pool.LoadBalancerOnly() && class.in(pool) }); {
		case used && !class.bird && !class.felix:
			nobody = append(nobody, class.what)
		case used && class.bird && class.felix:
			both = append(both, class.what)
		}
	}
	if len(nobody)+len(both) == 0 {
		return
	}
	what := "BIRD and Felix both write the routes of pools " + strings.Join(both, " and ")
	if len(nobody) > 0 {
		what = "neither BIRD nor Felix writes the routes of pools " + strings.Join(nobody, " and ")
	}
	opposite := programmed{!bird.plain, !bird.ipip}
	p.Warnf(at, "%s in cluster %s, unless its FelixConfiguration says programClusterRoutes: %s, not the default %s", what, c.Name, opposite, felix).
		WithHint("delete programClusterRoutes, or waive this where FelixConfiguration says so")
}
