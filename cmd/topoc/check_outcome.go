package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"slices"

	"topoc/compiler"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/load"
	"topoc/compiler/source"
)

// outcomeVariable tells topoc that it was started by itself, by a check that watches, which reads an outcome from its standard output.
const outcomeVariable = "TOPOC_OUTCOME"

// outcome is what a run of check tells the one that watches. Each run is a process of its own: CUE cannot be interrupted, and what
// leaves its limits of time or memory ends with the process; so does all the memory that a run took.
type outcome struct {
	Topologies []topologyOutcome // in the order of the call; the last ones are missing behind one that took more than it may
	Lines      quotedLines
}

// topologyOutcome is what came of one topology.
type topologyOutcome struct {
	Unread string // why it could not be read; "": it could
	Found  diag.List
	Ran    []string // the checks that ran, sorted
	Depth  depth
	Inputs load.Inputs
}

// depth is how far a run got, and with it which mistakes of shape it looked for: those of a stage and of all before it.
type depth uint8

const (
	parsed   depth = iota // files that are no CUE, YAML or JSON
	decoded               // no further than values
	linked                // no further than names, and the checks that ran
	compiled              // all
)

func depthOf(r *compiler.Result) depth {
	switch {
	case r.Objects != nil:
		return compiled
	case r.Fabric != nil:
		return linked
	case slices.ContainsFunc(r.Diagnostics, func(d *diag.Diagnostic) bool { return d.Check == "syntax" }):
		return parsed
	}
	return decoded
}

// looksFor reports whether the run would have found what an earlier run found at a depth, were it still there.
func (t *topologyOutcome) looksFor(d *diag.Diagnostic, at depth) bool {
	switch {
	case t.Unread != "":
		return false
	case check.IsMistake(d.Check):
		return at <= t.Depth
	case d.Check == "waiver-unused" && t.Depth < compiled: // a waiver is not judged before the check that it is for
		return false
	}
	return slices.Contains(t.Ran, d.Check)
}

// quotedLines is the lines of files that findings are quoted with. It is a source.Locator that knows no paths.
type quotedLines map[string]map[int]string

// Locate implements source.Locator.
func (quotedLines) Locate(source.Path) source.Pos { return source.Pos{} }

// Line implements source.Locator.
func (q quotedLines) Line(file string, line int) (string, bool) {
	text, ok := q[file][line]
	return text, ok
}

// quote adds the lines that findings are quoted with.
func (q quotedLines) quote(found diag.List, lines source.Locator) {
	for _, d := range found {
		text, ok := lines.Line(d.Pos.File, d.Pos.Line)
		if !ok {
			continue
		}
		if q[d.Pos.File] == nil {
			q[d.Pos.File] = map[int]string{}
		}
		q[d.Pos.File][d.Pos.Line] = text
	}
}

// writeOutcome tells the check that watches what came of all topologies.
func writeOutcome(w io.Writer, all []checked) error {
	o := outcome{Lines: quotedLines{}}
	for _, one := range all {
		if one.err != nil {
			o.Topologies = append(o.Topologies, topologyOutcome{Unread: one.err.Error()})
			continue
		}
		o.Topologies = append(o.Topologies, topologyOutcome{
			Found: one.Diagnostics, Ran: one.Ran, Depth: depthOf(one.Result), Inputs: one.Inputs,
		})
		o.Lines.quote(one.Diagnostics, one.Locator)
	}
	return gob.NewEncoder(w).Encode(o)
}

// readOutcome runs this very command in a process that ends after one run, and returns what that tells. It ends with ctx.
func readOutcome(ctx context.Context, e *env) (*outcome, error) {
	var told bytes.Buffer
	p, err := e.runItself(ctx, func(p *process) {
		told.Reset()
		p.Stdout = &told
		p.Env = append(p.Env, outcomeVariable+"=1")
	})
	if err != nil {
		return nil, err
	}
	if !p.ProcessState.Success() {
		return nil, fmt.Errorf("check in a process of its own: %v", p.ProcessState)
	}
	o := &outcome{}
	if err := gob.NewDecoder(&told).Decode(o); err != nil {
		return nil, fmt.Errorf("check in a process of its own: %w: was topoc replaced?", err)
	}
	return o, nil
}
