package check

import (
	"fmt"
	"slices"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "version-gate",
	Severity: diag.Error,
	Doc: `version-gate: a field must exist in the Calico release that the cluster runs

An API server drops or refuses fields it doesn't know, and calico-node ignores them: the session comes up without the filter
or the password that was asked for (calico#4963). topoc refuses instead of leaving out.

Mend it by not asking for the field, or by upgrading the cluster and raising calico.version.`,
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			newer := slices.DeleteFunc(calico.Gates(c), func(g calico.Gate) bool { return c.Version.AtLeast(g.Since) })
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

// reportGates reports what one declaration asks for and the cluster's release lacks.
func (p *Pass) reportGates(c *fabric.Cluster, gates []calico.Gate) {
	since := slices.MaxFunc(gates, func(a, b calico.Gate) int {
		if a.Since.AtLeast(b.Since) {
			return 1
		}
		return -1
	}).Since
	d := p.Reportf(gates[0].At, "Calico %s of cluster %s has no %s: it takes %s", c.Version, c.Name,
		someOf(gates, func(g calico.Gate) string { return g.What }), release(since))
	if c.Model.Calico != nil && c.Model.Calico.Version != "" {
		d.Note(c.At().Fields("calico", "version"), "the release is set here")
	}
	d.WithHint("leave it out, or upgrade the cluster and write calico: version: %q", release(since))
}

// release names the release that something appeared in: the first one of a minor by that minor alone, as users do.
func release(v fabric.Version) string {
	if v.Patch == 0 {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return v.String()
}
