package check

import (
	"fmt"
	"slices"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "version-gate",
	Severity: diag.Error,
	Doc: `version-gate: a field must exist in the Calico release that the cluster runs

An API server drops or refuses fields it doesn't know, and calico-node ignores them: the session comes up without the filter
or the password that was asked for. The other way round it is louder: a BGPPeer with a peerSelector was refused with
"spec.peerIP: Required value", since the CRDs in the cluster were those of an older release (calico#4963, libcalico-go#1390).
topoc refuses instead of leaving out. It knows the releases up to the one that its findings name: what a later one has changed
it cannot look at, and says so in a warning.

Mend it by not asking for the field, or by upgrading the cluster and raising calico.version. A filter that topoc derived is
not needed where the peering has transit: true and exchanges everything, nor where its routes have no other way out of the
cluster.`,
	Source: "calico#4963, libcalico-go#1390",
	Needs:  Objects,
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if calico.IsNewer(c.Version) {
				p.Warnf(c.At().Fields("calico", "version"), "cluster %s runs Calico %s, and topoc knows Calico up to %s: what has changed since is not looked at",
					c.Name, c.Version, calico.Newest).
					WithHint("write %q, or waive it once you have read the release notes", calico.Newest)
			}
			newer := p.Objects[c].Lacking(c.Version)
			if c.Model.Calico != nil && c.Model.Calico.Version != "" && declarations(newer) > 1 {
				p.reportRelease(c, newer)
				continue
			}
			for len(newer) > 0 {
				end := 1 // what one declaration asks for is one finding: a filter is a kind and the field that names it
				for end < len(newer) && newer[end].At == newer[0].At {
					end++
				}
				p.reportGates(c, newer[:end])
				newer = newer[end:]
			}
		}
	},
})

// declarations counts the declarations that gates come from.
func declarations(gates []calico.Gate) int {
	at := map[source.Path]bool{}
	for _, g := range gates {
		at[g.At] = true
	}
	return len(at)
}

// reportRelease reports a release that lacks what several declarations ask for: it more likely is the one that is wrong.
func (p *Pass) reportRelease(c *fabric.Cluster, gates []calico.Gate) {
	var what []string
	for _, g := range gates {
		if !slices.Contains(what, g.What) {
			what = append(what, g.What)
		}
	}
	d := p.Reportf(c.At().Fields("calico", "version"), "Calico %s of cluster %s has no %s: they take %s", c.Version, c.Name,
		someOf(what, func(s string) string { return s }), release(latestOf(gates)))
	noted := map[source.Path]bool{}
	for _, g := range gates {
		if !noted[g.At] && len(noted) < maxNotes && g.At != d.Path {
			d.Note(g.At, "%s is asked for here", g.What)
			noted[g.At] = true
		}
	}
	d.WithHint("write version: %q or later, the release that the cluster runs, or leave out what it lacks", release(latestOf(gates)))
}

// latestOf is the release that has all of what gates ask for.
func latestOf(gates []calico.Gate) fabric.Version {
	return slices.MaxFunc(gates, func(a, b calico.Gate) int {
		if a.Since.AtLeast(b.Since) {
			return 1
		}
		return -1
	}).Since
}

// reportGates reports what one declaration asks for and the cluster's release lacks.
func (p *Pass) reportGates(c *fabric.Cluster, gates []calico.Gate) {
	since := latestOf(gates)
	d := p.Reportf(gates[0].At, "Calico %s of cluster %s has no %s: it takes %s", c.Version, c.Name,
		someOf(gates, func(g calico.Gate) string { return g.What }), release(since))
	if c.Model.Calico != nil && c.Model.Calico.Version != "" {
		d.Note(c.At().Fields("calico", "version"), "the release is set here")
	}
	if ways := waysAround(c, gates[0].At); ways != "" {
		d.WithHint("upgrade the cluster and write calico: version: %q or later, or %s", release(since), ways)
	} else {
		d.WithHint("leave it out, or upgrade the cluster and write calico: version: %q", release(since))
	}
}

// waysAround says how to do without the filters that topoc derived from the declaration at a path; empty where there are none:
// they hold back routes of other clusters, which peerings have not been told to let pass, and ranges of the cluster's own,
// which a peering doesn't exchange.
func waysAround(c *fabric.Cluster, at source.Path) string {
	own := slices.Concat(c.PodRanges(), c.Advertised)
	var holdsOwn, holdsOthers bool
	for _, f := range c.Filters {
		if !f.Derived || f.At != at {
			continue
		}
		for _, r := range slices.Concat(f.Rules.ExportV4, f.Rules.ExportV6) {
			if slices.ContainsFunc(own, func(o fabric.Range) bool { return o.Prefix.Masked() == r.CIDR }) {
				holdsOwn = true
			} else {
				holdsOthers = true
			}
		}
	}
	const exchange, transit = "delete exchange, so that the peering exchanges everything",
		"write transit: true in its peerings, or drop them or its other ways out"
	switch {
	case holdsOwn && holdsOthers:
		return exchange + ", and " + transit
	case holdsOwn:
		return exchange
	case holdsOthers:
		return transit
	}
	return ""
}

// release names the release that something appeared in: the first one of a minor by that minor alone, as users do.
func release(v fabric.Version) string {
	if v.Patch == 0 {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return v.String()
}
