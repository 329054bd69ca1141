// Package check is what topoc proves or refuses about a topology: one Rule per name of the catalogue, each in a file of its
// own or of its close family, and the waivers that silence them.
package check

import (
	"cmp"
	"maps"
	"slices"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// Rule is one check. Its name is part of the product's interface: users put it into waivers and CI configuration.
type Rule struct {
	Name     string
	Severity diag.Severity // the worst that it reports, and what Reportf reports
	Doc      string        // "name: one sentence", a blank line, then why and what happened where it was not minded, how to mend it
	Source   string        // where the need comes from: an RFC's section, an issue or a page of Calico's, a write-up; one line
	Needs    Need
	Run      func(*Pass) // reports through the Pass; only reads the fabric; nil: judged by Run itself, as waivers are
}

// Need is what must exist before a rule can run.
type Need uint8

const (
	Fabric  Need = iota // the linked topology
	Objects             // the objects and files that were compiled from it
	Routes              // the predicted control plane
)

// Pass is one run of one rule over one topology.
type Pass struct {
	Fabric    *fabric.Fabric
	Objects   map[*fabric.Cluster]*calico.Objects // what Calico is told, by cluster; nil for rules that need the fabric only
	Predicted *simulate.Result                    // nil for rules that don't need routes
	Rule      *Rule
	found     *diag.List
	shared    *shared
}

// shared is what several rules of one run look at; made by the first that asks.
type shared struct {
	fabric *fabric.Fabric
	places source.Tracer // nil: unknown
	space  *space
	free   *freeRanges
	proofs []simulate.Proof // of the prediction

	supplies map[*fabric.Cluster][]*supply

	follower *simulate.Follower // of packets in the prediction

	meetings    []*meeting
	hasMeetings bool
}

// Reportf reports a finding with the rule's own severity, at the value that the user would change. The other sides and
// the one edit that mends it are chained on: .Note(…).WithHint(…).
func (p *Pass) Reportf(at source.Path, format string, args ...any) *diag.Diagnostic {
	return p.Report(p.Rule.Severity, at, format, args...)
}

// Warnf reports a finding that is a warning though the rule can find errors.
func (p *Pass) Warnf(at source.Path, format string, args ...any) *diag.Diagnostic {
	return p.Report(diag.Warning, at, format, args...)
}

// Report reports a finding of a severity that depends on what was found.
func (p *Pass) Report(s diag.Severity, at source.Path, format string, args ...any) *diag.Diagnostic {
	return p.found.Add(p.Rule.Name, s, at, format, args...)
}

var registry = map[string]*Rule{}

// rule registers a Rule; called while the package's variables are initialized, so registry needs no lock.
func rule(r Rule) *Rule {
	if registry[r.Name] != nil {
		panic("check: two rules are named " + r.Name)
	}
	registry[r.Name] = &r
	return &r
}

// All returns every rule of this release, sorted by name.
func All() []*Rule {
	all := make([]*Rule, 0, len(registry))
	for _, r := range registry {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *Rule) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the rule of that name, or nil.
func Lookup(name string) *Rule { return registry[name] }

// Options chooses what Run does. The zero Options runs every rule and lets no waiver expire.
type Options struct {
	Today string   // YYYY-MM-DD: waivers whose last day is before it no longer hold; empty: all hold
	Only  []string // the only rules to run; empty: all
	Skip  []string // rules not to run

	// Places is where everything is written: of two declarations that are equally wrong the later one is told, which more often is
	// the copy. nil: the order of the fabric decides.
	Places source.Tracer
}

func (o Options) runs(name string) bool {
	return (len(o.Only) == 0 || slices.Contains(o.Only, name)) && !slices.Contains(o.Skip, name)
}

// Needs returns the most that any of the chosen rules needs: what is beyond it need not be made for them.
func (o Options) Needs() Need {
	most := Fabric
	for _, r := range All() {
		if o.runs(r.Name) {
			most = max(most, r.Needs)
		}
	}
	return most
}

// Run runs the rules that need nothing but the linked topology, and applies its waivers. The findings come by rule, in the
// order of their names, and have paths but no positions yet: see diag.List.Locate and Sort.
func Run(f *fabric.Fabric, o Options) diag.List { return Start(f, o).Found() }

// Checks is the chosen rules at work on one topology. They run in two passes, since the objects and the prediction, which some
// need, are worth making only where the others found no error.
type Checks struct {
	fabric  *fabric.Fabric
	options Options
	found   diag.List // before waivers
	ran     map[string]bool
	shared  *shared
}

// Start runs the chosen rules that need nothing but the linked topology.
func Start(f *fabric.Fabric, o Options) *Checks {
	c := &Checks{fabric: f, options: o, ran: map[string]bool{}, shared: &shared{fabric: f, places: o.Places}}
	c.pass(Fabric, Pass{})
	return c
}

// Continue runs the chosen rules that need the compiled objects, and where predicted isn't nil those that need routes. To be
// called once.
func (c *Checks) Continue(objects map[*fabric.Cluster]*calico.Objects, predicted *simulate.Result) {
	c.pass(Objects, Pass{Objects: objects})
	if predicted != nil {
		c.pass(Routes, Pass{Objects: objects, Predicted: predicted})
		c.leaveCauses()
	}
}

// pass runs the chosen rules that need just this; evidence is what they look at beside the fabric.
func (c *Checks) pass(need Need, evidence Pass) {
	for _, r := range All() {
		if r.Needs != need || !c.options.runs(r.Name) {
			continue
		}
		c.ran[r.Name] = true
		if r.Run == nil {
			continue
		}
		p := evidence
		p.Fabric, p.Rule, p.found, p.shared = c.fabric, r, &c.found, c.shared
		r.Run(&p)
	}
}

// Ran returns the names of the rules that ran so far, sorted.
func (c *Checks) Ran() []string { return slices.Sorted(maps.Keys(c.ran)) }

// Found returns what the rules that ran have found and no waiver silences, and what there is to say of the waivers. Waivers see
// the findings of all passes; one of a rule that has not run is not judged.
func (c *Checks) Found() diag.List {
	w := waiving{written: c.fabric.Model.Waivers, ran: c.ran, isAll: true, today: c.options.Today}
	for _, r := range All() {
		w.isAll = w.isAll && (c.ran[r.Name] || !c.options.runs(r.Name))
	}
	return w.apply(slices.Clone(c.found))
}
