package simulate

import (
	"cmp"
	"slices"
	"strings"

	"topoc/compiler/source"
)

// survey is the work in progress of one Failures.
type survey struct {
	*prover
	report *FailureReport
	claims map[int][]*claim      // that hold while nothing has failed, by region
	pairs  map[int][]clusterPair // that reach each other then, by region
}

// effect is what a set of failures breaks. The slices are shared by the rows of alike sets.
type effect struct {
	expectations []string
	pairs        []Pair
}

// effect finds out what a set of failures breaks, in the regions where something failed.
func (s *survey) effect(failed []element) effect {
	var found effect
	t := s.after(failureOf(failed))
	var regions []int
	for _, e := range failed {
		if !slices.Contains(regions, e.region) {
			regions = append(regions, e.region)
		}
	}
	for _, id := range regions {
		for _, c := range s.claims[id] {
			if c.hasLost(failed) || slices.Contains(found.expectations, c.expected.Name) {
				continue
			}
			if x, _ := c.contradiction(t); x != nil || s.unsettledIn(t, []int{id}) != "" {
				found.expectations = append(found.expectations, c.expected.Name)
			}
		}
		for _, pair := range s.pairs[id] {
			if t.lost(party{kind: partyPods, cluster: pair.from}, party{kind: partyPods, cluster: pair.to}) != nil {
				found.pairs = append(found.pairs, Pair{pair.from.Name, pair.to.Name})
			}
		}
	}
	slices.Sort(found.expectations)
	slices.SortFunc(found.pairs, func(a, b Pair) int { return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To)) })
	return found
}

// hasLost reports whether a single device that the claim names is among what has failed: nobody asks any more then.
func (c *claim) hasLost(failed []element) bool {
	named := c.named()
	return slices.ContainsFunc(failed, func(e element) bool {
		return slices.ContainsFunc(e.places, func(at place) bool { return slices.Contains(named, at) })
	})
}

// tell adds a row for each set that a choice stands for.
func (s *survey) tell(picks []pick, found effect) {
	var failed []element
	var choose func(i, from, left int)
	choose = func(i, from, left int) {
		if i == len(picks) {
			s.add(failed, found)
			return
		}
		if left == 0 {
			next := 0
			if i+1 < len(picks) {
				next = picks[i+1].n
			}
			choose(i+1, 0, next)
			return
		}
		all := picks[i].of.elements
		for j := from; j <= len(all)-left; j++ {
			failed = append(failed, all[j])
			choose(i, j+1, left-1)
			failed = failed[:len(failed)-1]
		}
	}
	choose(0, 0, picks[0].n)
}

func (s *survey) add(failed []element, found effect) {
	row := FailureRow{Failed: namesOf(failed), Expectations: found.expectations, Pairs: found.pairs}
	row.Converge, row.Because = converge(failureOf(failed))
	s.report.Sets++
	s.report.Rows = append(s.report.Rows, row)
}

// finish sorts the rows, and sums up what each single failure breaks.
func (s *survey) finish() {
	slices.SortFunc(s.report.Rows, compareRows)
	declared := map[string]source.Path{}
	for _, c := range s.classes {
		for _, e := range c.elements {
			declared[e.name] = e.at
		}
	}
	for _, row := range s.report.Rows {
		if len(row.Failed) == 1 && len(row.Expectations)+len(row.Pairs) > 0 {
			s.report.Damage = append(s.report.Damage, Damage{Name: row.Failed[0], Expectations: len(row.Expectations),
				Pairs: len(row.Pairs), At: declared[row.Failed[0]]})
		}
	}
	slices.SortStableFunc(s.report.Damage, func(a, b Damage) int {
		return cmp.Or(b.Expectations-a.Expectations, b.Pairs-a.Pairs, strings.Compare(a.Name, b.Name))
	})
}
