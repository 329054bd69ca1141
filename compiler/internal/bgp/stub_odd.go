package bgp

import (
	"slices"
	"strings"
)

// oddities is which stubs of a shape the policies treat otherwise than one of them, by destination: a policy accepts there and
// rejects here, or goes by more than the prefix. Ascending.
type oddities struct {
	stub  int32
	stubs [][]int32
}

// triedModels is of how many stubs of a shape the oddities are known: where the first does not stand for others, since the
// destination is its own for instance, the next one may.
const triedModels = 2

// compareAnswers finds the oddities of each shape that has several stubs.
func (l *layout) compareAnswers(p *plan, destinations int) {
	c := newAnswerComparison(p, destinations)
	l.odd = make([][]oddities, len(l.shapes))
	for shape, stubs := range l.shapes {
		if len(stubs) < 2 {
			continue
		}
		for _, model := range stubs[:min(triedModels, len(stubs))] {
			o := oddities{model, make([][]int32, destinations)}
			for _, other := range stubs {
				for _, d := range c.between(p, &l.stubs[model], &l.stubs[other]) {
					if all := o.stubs[d]; len(all) == 0 || all[len(all)-1] != other {
						o.stubs[d] = append(all, other)
					}
				}
			}
			l.odd[shape] = append(l.odd[shape], o)
		}
	}
}

// answerComparison compares answers of judges, each two once.
type answerComparison struct {
	answers []string // by judge, of Decisions: to compare strings is quick
	known   map[[2]int32][]int32
	found   []int32 // scratch
}

func newAnswerComparison(p *plan, destinations int) *answerComparison {
	c := &answerComparison{answers: make([]string, len(p.answers)), known: map[[2]int32][]int32{}}
	c.answers[0] = strings.Repeat(string([]Decision{Accept}), destinations)
	for i, answers := range p.answers[1:] {
		c.answers[i+1] = string(answers)
	}
	return c
}

// between returns the destinations of which policies at corresponding ends of two stubs say different things, or Depend.
func (c *answerComparison) between(p *plan, a, b *stub) []int32 {
	c.found = c.found[:0]
	add := func(one, other int32) {
		x, y := &p.ends[one], &p.ends[other]
		c.found = append(c.found, c.judges(x.imports, y.imports)...)
		c.found = append(c.found, c.judges(x.exports, y.exports)...)
	}
	for i := range a.ends {
		add(a.ends[i], b.ends[i])
	}
	for hub := range a.facing {
		for i := range a.facing[hub] {
			add(a.facing[hub][i], b.facing[hub][i])
		}
	}
	slices.Sort(c.found)
	return c.found
}

func (c *answerComparison) judges(one, other int32) []int32 {
	key := [2]int32{one, other}
	differing, isKnown := c.known[key]
	if isKnown {
		return differing
	}
	x, y := c.answers[one], c.answers[other]
	const step = 64
	for from := 0; from < len(x); from += step {
		to := min(from+step, len(x))
		if x[from:to] == y[from:to] && strings.IndexByte(x[from:to], byte(Depends)) < 0 {
			continue
		}
		for i := from; i < to; i++ {
			if x[i] != y[i] || x[i] == byte(Depends) {
				differing = append(differing, int32(i))
			}
		}
	}
	c.known[key] = differing
	return differing
}
