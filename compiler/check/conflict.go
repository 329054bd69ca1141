package check

import (
	"net/netip"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

// verdict is what a rule says of two ranges that overlap.
type verdict uint8

const (
	legal verdict = iota // another range that equals the outer one may be wrong
	told                 // by another rule or severity: enough of this range
	wrong
)

// conflicts collects overlaps so that one mistake gives one finding: all that a range contains of one cluster is told at the
// range around it; of equal ranges the later one is told. The zero conflicts is empty and ready.
type conflicts struct {
	index map[conflictKey]int
	all   []*conflict // in the order in which they were found
}

type conflictKey struct {
	outer source.Path
	inner *fabric.Cluster
}

// conflict is one range and what it contains of one cluster.
type conflict struct {
	severity diag.Severity
	outer    *claim
	inner    []*claim // never empty
}

// sweep adds the overlaps among ranges that judge finds wrong.
func (c *conflicts) sweep(severity diag.Severity, ranges []*claim, judge func(outer, inner *claim) verdict) {
	spans := make([]span, len(ranges))
	for i, r := range ranges {
		spans[i] = span{r.prefix, i}
	}
	sweep(spans, func(outer, inner int) bool {
		v := judge(ranges[outer], ranges[inner])
		if v == wrong {
			c.add(severity, ranges[outer], ranges[inner])
		}
		return v == legal
	})
}

func (c *conflicts) add(severity diag.Severity, outer, inner *claim) {
	key := conflictKey{outer.at, inner.cluster}
	i, ok := c.index[key]
	if !ok {
		if c.index == nil {
			c.index = map[conflictKey]int{}
		}
		i = len(c.all)
		c.index[key] = i
		c.all = append(c.all, &conflict{severity: severity, outer: outer})
	}
	found := c.all[i]
	found.severity = min(found.severity, severity) // the lower, the worse
	if !slices.Contains(found.inner, inner) {
		found.inner = append(found.inner, inner)
	}
}

func (c *conflicts) report(p *Pass) {
	for _, found := range c.all {
		blame, others := found.outer, found.inner
		if found.isInnerToBlame(p) {
			blame, others = found.inner[0], append([]*claim{found.outer}, found.inner[1:]...)
		}
		apart := ""
		if found.severity == diag.Warning {
			apart = ", though nothing connects the two yet"
		}
		d := p.Report(found.severity, blame.at, "%s overlaps %s%s%s", blame, others[0], andOthers(len(others)-1, "other range"), apart)
		for _, o := range others[:min(len(others), maxNotes)] {
			d.Note(o.at, "%s is written here", o)
		}
		p.hintFree(d, blame, others[0].prefix)
	}
}

// isInnerToBlame reports whether the inner of two ranges is the one that is wrong. Two that begin alike clash whatever their
// lengths, and two far apart in length are no slip in a length either: then it is the one that was written later. A range that a
// bit or two more would keep off the other is too wide itself, as is one that contains several.
func (c *conflict) isInnerToBlame(p *Pass) bool {
	inner := c.inner[0]
	if inner.prefix == c.outer.prefix {
		return !p.later(c.outer.at, inner.at)
	}
	const slip = 2
	narrower := netip.PrefixFrom(c.outer.prefix.Addr(), c.outer.prefix.Bits()+slip)
	isSlip := !narrower.IsValid() || !overlap(narrower.Masked(), inner.prefix)
	return len(c.inner) == 1 && !isSlip && p.later(inner.at, c.outer.at)
}
