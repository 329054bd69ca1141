// Package compiler runs the stages, and is the only one that knows their order.
package compiler

import (
	"context"
	"slices"
	"sync"

	"topoc/compiler/artifact"
	"topoc/compiler/calico"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/secret"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// Stage is how far a Run goes.
type Stage uint8

const (
	Linked    Stage = iota // to the fabric
	Checked                // to the findings of the checks that need nothing else
	Compiled               // to the files, and the findings of the checks that judge the objects
	Simulated              // to the predicted control plane, and the findings of the checks that judge it
)

// Options of a Run. The zero Options links, without limits.
type Options struct {
	Until     Stage
	Load      load.Options
	Check     check.Options
	Strict    bool               // warnings stop a Run before it compiles, as errors always do
	Anyway    bool               // for who asks for the prediction itself: no finding of a check stops it, and none judges it
	NoFiles   bool               // for who writes none: of files only the names are judged, and there are no Artifacts
	JustFiles bool               // for who wants nothing but files: there are no Objects and no Predicted, and what they took is free for the files
	Progress  func(stage string) // told what begins; nil: nobody is

	// ReadObjects reads what Calico is told in a cluster, for a prediction from files that somebody may have edited: no files are
	// made then, and checks judge the objects even with Anyway. nil: the objects are compiled.
	ReadObjects func(cluster string) (*calico.Objects, error)
}

// Result is what is known of a topology after a Run.
type Result struct {
	Diagnostics diag.List                           // of all stages, located and sorted
	Ran         []string                            // the checks that ran, sorted by name; less than the chosen ones where findings stopped it
	Locator     source.Locator                      // not safe for concurrent use
	Inputs      load.Inputs                         // what was read
	Fabric      *fabric.Fabric                      // nil where mistakes of shape leave nothing to link
	Objects     map[*fabric.Cluster]*calico.Objects // what Calico is told; nil unless Compiled or more was asked for
	Artifacts   *artifact.Set                       // nil unless Compiled or more was asked for, and files are, and nothing that was found stopped it

	// Predicted is nil unless Simulated was asked for, and nothing stopped it; without Anyway also where no chosen check needs it.
	Predicted *simulate.Result
}

// Failed reports whether the diagnostics stop a build: errors do, and with isStrict warnings.
func (r *Result) Failed(isStrict bool) bool {
	return r.Diagnostics.Count(diag.Error) > 0 || isStrict && r.Diagnostics.Count(diag.Warning) > 0
}

// Run takes one topology through the stages. What is wrong with the topology is in the Result; the error is of the
// environment, as load.Load and Options.ReadObjects return it.
func Run(ctx context.Context, files []string, opt Options) (*Result, error) {
	if opt.Progress == nil {
		opt.Progress = func(string) {}
	}
	opt.Progress("reading")
	loaded, err := load.Load(ctx, files, opt.Load)
	if err != nil {
		return nil, err
	}
	r := &Result{Diagnostics: loaded.Diagnostics, Locator: loaded.Locator, Inputs: loaded.Inputs}
	defer r.arrange(loaded.Locator)
	if loaded.Topology == nil {
		return r, nil
	}

	opt.Progress("linking")
	linked, found := fabric.Link(loaded.Topology)
	r.Fabric, r.Diagnostics = linked, append(r.Diagnostics, found...)
	if opt.Until < Checked || slices.ContainsFunc(found, stopsChecks) {
		return r, nil
	}

	opt.Progress("checking")
	ofShape := slices.Clip(r.Diagnostics)
	opt.Check.Places = loaded.Locator
	var made compiled
	var other sync.WaitGroup
	other.Go(func() { made = opt.compile(linked) })
	checks := check.Start(linked, opt.Check)
	other.Wait()
	r.Ran, r.Diagnostics = checks.Ran(), append(ofShape, checks.Found()...)
	if opt.Until < Compiled || opt.stops(r) {
		return r, nil
	}
	if made.err != nil {
		return nil, made.err
	}
	opt.finish(r, checks, made, ofShape)
	return r, nil
}

// compiled is what follows from the fabric alone, whatever is found.
type compiled struct {
	objects map[*fabric.Cluster]*calico.Objects
	small   []artifact.File // of switches and hosts
	found   diag.List       // names of files that cannot be
	err     error           // of Options.ReadObjects
}

// compile makes or reads what a Run needs that goes so far.
func (o Options) compile(f *fabric.Fabric) (made compiled) {
	if o.Until < Compiled {
		return made
	}
	if made.objects, made.err = o.objects(f); o.ReadObjects == nil {
		made.small, made.found = smallFiles(f)
	}
	return made
}

// finish is the rest of a Run, from what checks began with; ofShape are the diagnostics of other stages so far.
func (o Options) finish(r *Result, checks *check.Checks, made compiled, ofShape diag.List) {
	o.Progress("compiling")
	if !o.JustFiles {
		r.Objects = made.objects
	}
	ofShape = append(ofShape, made.found...)
	r.Diagnostics = append(r.Diagnostics, made.found...)
	if o.stops(r) {
		return
	}
	o.judge(r, checks, made.objects, ofShape)
	if o.ReadObjects == nil && !o.NoFiles && !r.Failed(o.Strict) {
		o.Progress("printing")
		p := printing{fabric: r.Fabric, objects: made.objects, isLast: o.JustFiles}
		r.Artifacts = p.set(made.small)
	}
}

// judge predicts the control plane, and has the checks go on with the objects and the prediction; others are the diagnostics of other
// stages.
func (o Options) judge(r *Result, checks *check.Checks, objects map[*fabric.Cluster]*calico.Objects, others diag.List) {
	var predicted *simulate.Result
	if o.Until == Simulated && (o.Anyway || o.Check.Needs() == check.Routes) {
		o.Progress("predicting")
		predicted = simulate.Run(simulate.Input{Fabric: r.Fabric, Objects: objects})
	}
	if !o.JustFiles {
		r.Predicted = predicted
	}
	if o.Anyway && o.ReadObjects == nil {
		return
	}
	if o.Anyway {
		predicted = nil
	}
	checks.Continue(objects, predicted)
	r.Ran, r.Diagnostics = checks.Ran(), append(others, checks.Found()...)
}

// stops reports whether what was found so far ends a Run.
func (o Options) stops(r *Result) bool { return !o.Anyway && r.Failed(o.Strict) }

// arrange brings the diagnostics into the form in which they leave the compiler.
func (r *Result) arrange(places source.Tracer) {
	r.Diagnostics.Locate(places)
	r.Diagnostics = r.Diagnostics.Trace(places, check.IsAboutNames)
	r.Diagnostics.Sort()
	r.Diagnostics = r.Diagnostics.Fold()
	hidden := map[source.Pos]bool{}
	for _, d := range r.Diagnostics {
		hideSecrets(d)
		if d.Check == secretCheck {
			hidden[source.Pos{File: d.Pos.File, Line: d.Pos.Line}] = true
		}
	}
	if len(hidden) > 0 {
		r.Locator = discreet{r.Locator, hidden}
	}
}

// secretCheck finds strings that look like secrets by more than their own form.
const secretCheck = "secret-in-topology"

// discreet quotes no line of which a finding says that it shows a secret.
type discreet struct {
	source.Locator
	hidden map[source.Pos]bool // without columns
}

// Line implements source.Locator.
func (l discreet) Line(file string, line int) (string, bool) {
	if l.hidden[source.Pos{File: file, Line: line}] {
		return "", false
	}
	return l.Locator.Line(file, line)
}

// hideSecrets takes what looks like a secret out of a diagnostic, whatever it is about: findings land in the logs of CI.
func hideSecrets(d *diag.Diagnostic) {
	d.Message, d.Hint, d.Path = secret.Masked(d.Message), secret.Masked(d.Hint), source.Path(secret.Masked(string(d.Path)))
	for i := range d.Notes {
		n := &d.Notes[i]
		n.Message, n.Path = secret.Masked(n.Message), source.Path(secret.Masked(string(n.Path)))
	}
}

// stopsChecks reports whether a diagnostic of Link leaves a fabric that is not worth checking, as mistakes of shape do. Names
// that lead nowhere are left out of it, and it is whole without them; so it is without what another field makes necessary.
func stopsChecks(d *diag.Diagnostic) bool {
	return d.Check != "unknown-reference" && d.Check != "missing-field"
}

// objects compiles or reads what Calico is told in each cluster.
func (o Options) objects(f *fabric.Fabric) (map[*fabric.Cluster]*calico.Objects, error) {
	byCluster := map[*fabric.Cluster]*calico.Objects{}
	if o.ReadObjects != nil {
		for _, c := range f.Clusters {
			objects, err := o.ReadObjects(c.Name)
			if err != nil {
				return nil, err
			}
			byCluster[c] = objects
		}
		return byCluster, nil
	}
	var jobs []func() *calico.Objects
	for _, c := range f.Clusters {
		jobs = append(jobs, func() *calico.Objects { return calico.Compile(c) })
	}
	for i, objects := range parallel(jobs) {
		byCluster[f.Clusters[i]] = objects
	}
	return byCluster, nil
}
