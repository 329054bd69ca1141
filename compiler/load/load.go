// Package load reads a topology: CUE, YAML or JSON files to a *model.Topology, with the place of every value and all
// mistakes of shape at once.
//
// Files of pure literals are decoded as they stand, the plainest without CUE's parser. All others are evaluated by CUE, alone and without
// the schema. Either way one decoder, driven by the schema package, judges fields, types and ranges, so that both give the same answers.
package load

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Options bound what Load may use. The zero Options are ready to use.
type Options struct {
	Timeout   time.Duration // wall time for all of it; 0: no limit
	MaxMemory uint64        // bytes of heap; 0: no limit
	MaxValues int           // how many values a topology may have; 0: ten million
	Stdin     io.Reader     // what "-" reads; nil: nothing to read
	Read      Files         // what was read before, and is not read again; what is read joins it. nil: all is read
	NoBursts  bool          // rather return ErrBurst than evaluate what may end the process

	notPlain bool // for tests: CUE's parser reads plain files too
}

// Files is what is in files, by their names as Load was told them, or found them in a directory.
type Files map[string][]byte

// defaultMaxValues is far above what a topology holds, and far below what structure sharing can make of a few lines.
const defaultMaxValues = 10_000_000

// Result is what Load found.
type Result struct {
	// Topology is nil where there were mistakes of shape. Nothing else keeps a reference to it.
	Topology *model.Topology
	// Locator knows where every value is written, and the text of every file. It is set in any case, and safe for concurrent
	// use.
	Locator source.Tracer
	// Diagnostics are the mistakes of shape, with their positions, sorted. Empty if and only if Topology is set.
	Diagnostics diag.List
	// Inputs is what was read. It is set in any case.
	Inputs Inputs
}

// Inputs is where a topology comes from: as long as nothing changes in these files and directories, reading it again gives the
// same. Both are sorted, named as the user named them or else as seen from the working directory; standard input is left out.
type Inputs struct {
	Files []string // that were read
	Dirs  []string // in which CUE files count that are not there yet; of a package that wasn't found the directory itself isn't either
}

// LimitError says that a topology needs more time, memory or values than Options allow. Evaluation cannot be interrupted:
// it goes on in the background, so the process should end.
type LimitError struct {
	What string // "60s of time", "512 MiB of memory", "256 MiB of stack", "10000000 values"
}

// TooMuchMemory is what a topology needs that took more than limit bytes (0: there is no limit), or all that there is.
func TooMuchMemory(limit uint64) *LimitError {
	if limit == 0 {
		return &LimitError{What: "the memory that there is"}
	}
	return &LimitError{What: fmt.Sprintf("%d MiB of memory", limit>>20)}
}

func (e *LimitError) Error() string {
	return "the topology needs more than " + e.What + " to read and evaluate: is there a loop, a large range or a doubling in it, or is it just large?"
}

// Load reads one topology. files are files, directories and "-" for standard input; together they are one topology, as if
// CUE unified them. Files called *.yaml, *.yml and *.json are YAML and JSON, standard input is what it looks like, all other
// files are CUE. A directory holds one CUE package.
//
// The files' mistakes are in the Result. The error is for failures of the environment only: a file that cannot be read, a
// canceled ctx, a *LimitError, ErrBurst.
func Load(ctx context.Context, files []string, opt Options) (*Result, error) {
	if opt.MaxValues == 0 {
		opt.MaxValues = defaultMaxValues
	}
	return Watch(ctx, opt, func() (*Result, error) {
		inputs, err := read(files, opt)
		if err != nil {
			return nil, err
		}
		return decodeInputs(inputs, opt, false)
	})
}

// decodeInputs is Load without its watchdog. With forceEvaluation even literal files are evaluated, for tests.
func decodeInputs(inputs []*input, opt Options, forceEvaluation bool) (*Result, error) {
	l := &locator{}
	d := &decoder{locator: l, budget: opt.MaxValues}
	for _, in := range inputs {
		in.source = l.add(in.name, in.data)
		d.inputs.addInput(in)
	}
	topology := &model.Topology{}
	at, dst := inputs[0].source.base, reflect.ValueOf(topology).Elem()
	var root value
	if len(inputs) == 1 && !forceEvaluation {
		root = d.asItStands(inputs[0], opt)
	} else {
		d.parse(inputs)
	}
	switch {
	case root != nil:
		d.root(topologyPlan(), root, at, dst)
	case len(d.found) == 0:
		l.again = newAgain(inputs)
		if err := d.evaluate(inputs, opt.NoBursts, at, dst); err != nil {
			return nil, err
		}
	}
	if d.budget < 0 {
		return nil, &LimitError{What: fmt.Sprintf("%d values", opt.MaxValues)}
	}
	l.done()
	for _, found := range d.placed {
		found.Pos = l.Locate(found.at)
	}
	for _, found := range d.found {
		found.Hint = cmp.Or(found.Hint, lastHints[found.Check])
	}
	r := &Result{Locator: l, Diagnostics: sorted(d.found), Inputs: d.inputs.sorted()}
	if len(r.Diagnostics) == 0 {
		r.Topology = topology
	}
	return r, nil
}

// parse makes the syntax trees of the inputs.
func (d *decoder) parse(inputs []*input) {
	for _, in := range inputs {
		d.found = append(d.found, in.parse(d.locator)...)
	}
}

// asItStands returns the value of a file that means just what stands in it; nil: CUE has to tell, or there are mistakes in its syntax.
func (d *decoder) asItStands(in *input, opt Options) value {
	if !opt.notPlain && in.format == cueFormat && in.unreadable(d.locator) == nil {
		if nodes, isPlain := readPlain(in.data); isPlain {
			d.locator.entries = make([]entry, 0, len(nodes))
			return (&plainFile{data: in.data, base: in.source.base, nodes: nodes}).root()
		}
	}
	d.parse([]*input{in})
	if len(d.found) == 0 && isLiteral(in.file) {
		return literalValue{d.locator, in.file}
	}
	return nil
}

// withoutIndex returns the path of the list that a path leads to an element of, or the path itself.
func withoutIndex(p source.Path) source.Path {
	if i := strings.LastIndexByte(string(p), '['); i >= 0 && strings.HasSuffix(string(p), "]") {
		return p[:i]
	}
	return p
}

// sorted returns a list in its order, without what says the same twice: the same at the same place, and of one value each
// conflict behind the first.
func sorted(l diag.List) diag.List {
	type key struct {
		at             source.Pos
		path           source.Path
		check, message string
	}
	l.Sort()
	undefined := map[source.Pos]bool{}
	for _, d := range l {
		if d.Check == checkUndefined {
			undefined[d.Pos] = true
		}
	}
	var once diag.List
	seen := map[key]bool{}
	for _, d := range l {
		k := key{at: d.Pos, check: d.Check, message: d.Message}
		if d.Check == checkConflict && undefined[d.Pos] {
			continue // the interpolation of a name that is not defined
		}
		if d.Check == checkConflict {
			k = key{path: withoutIndex(d.Path), check: d.Check} // of the elements of one list, as of one value, the first is enough
		}
		if !seen[k] {
			once = append(once, d)
		}
		seen[k] = true
	}
	return once
}
