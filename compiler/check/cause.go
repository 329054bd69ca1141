package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// causes are the checks that tell why routes or packets stop, at the declaration that is to blame.
var causes = []string{
	"as-path-loop", "cluster-routes-inconsistent", "encapsulation-missing", "filter-blocks-expected", "foreign-pool-missing",
	"foreign-pool-one-way", "next-hop-unresolvable", "rr-cluster-id-split", "rr-node-isolated", "rr-partition",
	"session-as-mismatch", "session-half-open", "session-no-match", "session-no-path", "session-one-sided", "session-own-address",
}

// errorCauses are checks that tell why where they find an error; what they warn of stops nothing.
var errorCauses = []string{"as-leaves-share", "as-mesh-mixed", "session-family-mismatch", "session-port-mismatch", "session-ttl-security"}

// leaveCauses drops what expectation-failed says where another check has told what breaks the expectation: one mistake is one
// finding. Of one that nobody wrote a cause at the cluster or peering that it is about is enough, be it waived, or a warning since
// an IGP may carry what is missing. One that somebody wrote is dropped only for an error at the very place where its route stops, or
// with a note that leads to it.
func (c *Checks) leaveCauses() {
	all := slices.Clone(c.found)
	waived := silencedBy(c.fabric.Model.Waivers, c.options.Today)
	c.found = slices.DeleteFunc(c.found, func(d *diag.Diagnostic) bool {
		if d.Check != "expectation-failed" {
			return false
		}
		about := c.implied(d.Path)
		return slices.ContainsFunc(all, func(cause *diag.Diagnostic) bool {
			switch {
			case !isCause(cause):
				return false
			case about != nil:
				return names(cause, about)
			}
			return cause.Severity == diag.Error && !waived(cause) && tells(cause, d)
		})
	})
}

// isCause reports whether a finding tells why routes or packets stop.
func isCause(d *diag.Diagnostic) bool {
	return d.Severity != diag.Info && slices.Contains(causes, d.Check) || d.Severity == diag.Error && slices.Contains(errorCauses, d.Check)
}

// tells reports whether a cause is what makes an expectation fail that somebody wrote.
func tells(cause, failed *diag.Diagnostic) bool {
	for _, n := range failed.Notes {
		if n.Path.Has(cause.Path) || cause.Path.Has(n.Path) {
			return true
		}
		if slices.ContainsFunc(cause.Notes, func(of diag.Note) bool { return of.Path == n.Path }) {
			return true // at one of the devices that the cause is about
		}
	}
	return slices.ContainsFunc(cause.Notes, func(n diag.Note) bool { return n.Path.Has(failed.Path) })
}

// implied returns what an expectation at a path is about if nobody wrote it: the cluster, or the peering and its clusters; nil: it
// was written.
func (c *Checks) implied(at source.Path) []source.Path {
	for _, cluster := range c.fabric.Clusters {
		if cluster.At() == at {
			return []source.Path{at}
		}
	}
	for _, p := range c.fabric.Peerings {
		if p.At() == at {
			return []source.Path{at, p.Clusters[0].At(), p.Clusters[1].At()}
		}
	}
	return nil
}

// names reports whether a finding or one of its notes is within one of the declarations.
func names(d *diag.Diagnostic, about []source.Path) bool {
	within := func(at source.Path) bool {
		return slices.ContainsFunc(about, func(declared source.Path) bool { return at.Has(declared) })
	}
	return within(d.Path) || slices.ContainsFunc(d.Notes, func(n diag.Note) bool { return within(n.Path) })
}
