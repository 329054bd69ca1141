package simulate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
)

// maxSets bounds the sets of failures that one Prove tries, over all sizes and claims. The sets of one size are tried all or
// not at all: any 2 of 199, 3 of 49 and 4 of 26 different devices and links are few enough, and take seconds.
const maxSets = 20_000

// proveFailures proves what is still to hold after failures, of those claims that hold without: the smallest set that breaks
// one, the first in the order of names, is told. It ends when no claim is open, or their sets are too many.
func (p *prover) proveFailures(proofs []Proof) {
	left := maxSets
	for size := 1; ; size++ {
		open := p.stillOpen(proofs, size)
		if len(open) == 0 {
			return
		}
		if p.classes == nil {
			p.prepareToFail()
		}
		for _, g := range open {
			classes := p.classesIn(g.regions)
			sets := choices(classes, size)
			if sets > left {
				g.leave(proofs, classes, size, sets)
				continue
			}
			left -= sets
			for chosen := range chunks(picks(classes, size)) {
				if !g.isOpen(proofs) {
					break
				}
				p.proveSets(proofs, g.claims, chosen)
			}
		}
	}
}

// openClaims are claims about the same regions that hold as far as is known, by index.
type openClaims struct {
	regions []int // sorted
	claims  []int
}

// stillOpen returns the claims that are to hold after so many failures and are not broken by fewer, in the order of the first of
// each.
func (p *prover) stillOpen(proofs []Proof, size int) []*openClaims {
	var all []*openClaims
	for i, c := range p.claims {
		if !proofs[i].Holds || c.expected.Survives < size {
			continue
		}
		regions := slices.Sorted(slices.Values(c.regions))
		at := slices.IndexFunc(all, func(g *openClaims) bool { return slices.Equal(g.regions, regions) })
		if at < 0 {
			at = len(all)
			all = append(all, &openClaims{regions: regions})
		}
		all[at].claims = append(all[at].claims, i)
	}
	return all
}

func (g *openClaims) isOpen(proofs []Proof) bool {
	return slices.ContainsFunc(g.claims, func(i int) bool { return proofs[i].Holds })
}

// leave gives the claims up: there are too many sets to try.
func (g *openClaims) leave(proofs []Proof, classes []*class, size, sets int) {
	elements := 0
	for _, c := range classes {
		elements += len(c.elements)
	}
	proved := "is not proved for any failure"
	if size > 1 {
		proved = fmt.Sprintf("is proved for any %s only", count(size-1, "failure"))
	}
	number := "more than a million"
	if sets < 1_000_000 {
		number = thousands(sets)
	}
	for _, i := range g.claims {
		proof := &proofs[i]
		proof.Holds, proof.Untried = false, true
		proof.Reason = fmt.Sprintf("%s: any %d of %s devices and links are %s sets, and at most %s are tried in all",
			proved, size, thousands(elements), number, thousands(maxSets))
	}
}

// thousands writes a number below a million with a comma.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// classesIn returns the classes of some regions, in the order of names.
func (p *prover) classesIn(regions []int) []*class {
	return slices.DeleteFunc(slices.Clone(p.classes), func(c *class) bool { return !slices.Contains(regions, c.elements[0].region) })
}

// choices is how many ways picks yields, or the greatest int.
func choices(classes []*class, size int) int {
	ways := make([]int, size+1) // by how many are chosen from the classes so far
	ways[0] = 1
	for _, c := range classes {
		for chosen := size; chosen > 0; chosen-- {
			for n := 1; n <= min(chosen, len(c.elements)); n++ {
				if ways[chosen] += ways[chosen-n]; ways[chosen] < 0 || ways[chosen] > math.MaxInt/2 {
					return math.MaxInt
				}
			}
		}
	}
	return ways[size]
}

// refutation is what contradicts a claim after a set of failures.
type refutation struct {
	claim, to int
	exchange  *exchange // nil: something never settles
	after     *traffic
	unsettled string // what, if anything
}

// proveSets proves those of some claims that still hold after each of some sets of failures.
func (p *prover) proveSets(proofs []Proof, claims []int, chosen [][]pick) {
	found := make([][]refutation, len(chosen))
	inParallel(len(chosen), func(n int) {
		failed := firstOf(chosen[n])
		var t *traffic
		for _, i := range claims {
			c := p.claims[i]
			if !proofs[i].Holds || !c.concerns(failed) {
				continue
			}
			if t == nil {
				t = p.after(failureOf(failed))
			}
			if x, to := c.contradiction(t); x != nil {
				found[n] = append(found[n], refutation{claim: i, to: to, exchange: x, after: t})
			} else if text := p.unsettledIn(t, c.regions); text != "" {
				found[n] = append(found[n], refutation{claim: i, unsettled: text})
			}
		}
	})
	for n, all := range found {
		for _, f := range all {
			proof := &proofs[f.claim]
			if !proof.Holds {
				continue
			}
			c := p.claims[f.claim]
			if gone := c.gone(firstOf(chosen[n])); gone != nil {
				proof.Holds, proof.Reason = false, fmt.Sprintf("no node of cluster %s is left", gone.Name)
			} else if f.exchange != nil {
				p.refute(proof, c, f.after, f.exchange, f.to)
			} else {
				proof.Holds, proof.Reason = false, f.unsettled
			}
			proof.Failed = namesOf(firstOf(chosen[n]))
			proof.Reason = fmt.Sprintf("without %s: %s", strings.Join(proof.Failed, " and "), proof.Reason)
		}
	}
}

// gone returns the cluster of the two that a claim is about of which every node is among the failed; nil: neither.
func (c *claim) gone(failed []element) *fabric.Cluster {
	for _, of := range []*fabric.Cluster{c.expected.From.Cluster, c.expected.To.Cluster} {
		dead := 0
		for _, e := range failed {
			for _, at := range e.places {
				if at.part.Nodes != nil && at.part.Cluster == of {
					dead++
				}
			}
		}
		if of != nil && dead > 0 && dead >= len(of.Nodes) {
			return of
		}
	}
	return nil
}

// unsettledIn tells what never settles in one of some regions after a failure and does while nothing has failed: what packets
// find there changes for ever. Empty: nothing.
func (p *prover) unsettledIn(t *traffic, regions []int) string {
	for _, o := range t.v.oscillations {
		isOld := slices.ContainsFunc(p.r.Oscillations, func(before Oscillation) bool { return before.Prefix == o.Prefix })
		if isOld || o.domain != nil && !slices.Contains(regions, p.region[o.domain.parts[0].Index]) {
			continue
		}
		what := "sessions come up and go down for ever"
		if o.Prefix.IsValid() {
			what = fmt.Sprintf("routes to %s never settle", o.Prefix)
		}
		return fmt.Sprintf("%s: %s", what, strings.Join(o.Cycle, ", then "))
	}
	return ""
}

// concerns reports whether a claim is about the network after these failures: a single device that it names doesn't fail, and
// what fails elsewhere changes nothing.
func (c *claim) concerns(failed []element) bool {
	for _, e := range failed {
		if !slices.Contains(c.regions, e.region) {
			return false
		}
		for _, at := range e.places {
			if slices.Contains(c.named(), at) {
				return false
			}
		}
	}
	return true
}

// named returns the single devices that a claim names.
func (c *claim) named() []place {
	all := slices.Clone(c.from.devices)
	for _, to := range c.to {
		all = append(all, to.devices...)
	}
	return all
}
