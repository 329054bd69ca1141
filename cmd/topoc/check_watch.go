package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"topoc/compiler/diag"
	"topoc/compiler/load"
)

// validateWatch refuses what cannot be watched, or printed while watching.
func (c *checking) validateWatch(topologies []string) error {
	switch {
	case !c.watch:
	case c.format != "text":
		return usagef("leave one of the two out", "check: --watch prints text: --format %s has no words for what is gone", c.format)
	case slices.Contains(topologies, "-") || slices.Contains(c.input.files, "-"):
		return usagef("write it to a file", "check: --watch cannot read standard input again")
	}
	return nil
}

// watch is a check that goes on: what it has printed so far.
type watch struct {
	*checking
	*env
	topologies []*watched
}

// watched is what is known of one topology.
type watched struct {
	found  diag.List                  // of the last run, and of earlier ones what that did not look for
	depths map[*diag.Diagnostic]depth // of the run that found it
	inputs load.Inputs                // when it was last read
}

// keepWatching prints all findings, and with every change of a file what changed in them, until it is interrupted. A topology that
// cannot be read ends the first run as it does without --watch; a later one tells it, and waits for it to come back.
func (c *checking) keepWatching(e *env, topologies []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	arguments := slices.Concat(topologies, c.input.files)
	files := newWatcher(arguments)
	defer files.close()
	w := &watch{checking: c, env: e}
	for range topologies {
		w.topologies = append(w.topologies, &watched{})
	}

	began := time.Now()
	o, err := readOutcome(ctx, e)
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	if err := w.first(o); err != nil {
		return err
	}
	files.watch(w.inputs(arguments), began)
	fmt.Fprintf(e.stdout, "%s watching %s until Ctrl-C\n", w.time(), plural(len(files.seen), "file"))
	for {
		changed := files.wait(ctx)
		if len(changed) == 0 {
			return nil
		}
		began = time.Now()
		o, err := readOutcome(ctx, e)
		if err != nil {
			if err = unlessInterrupted(ctx, err); err == nil {
				return nil
			}
			w.complain(err.Error())
			o = &outcome{}
		}
		if err := w.again(o, changed); err != nil {
			return err
		}
		files.watch(w.inputs(arguments), began)
	}
}

// unlessInterrupted returns err, or nil where it comes of Ctrl-C, which ends the process of a run too, and may be faster there.
func unlessInterrupted(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(200 * time.Millisecond):
		return err
	}
}

// first prints what the first run found.
func (w *watch) first(o *outcome) error {
	_, now, _ := w.update(o)
	if err := w.findings.print(w.env, w.stdout, w.stdoutTerminal, now, o.Lines); err != nil {
		return err
	}
	var unread []error
	for _, t := range o.Topologies {
		if t.Unread != "" {
			unread = append(unread, errors.New(t.Unread))
		}
	}
	return errors.Join(unread...)
}

// again prints what a later run found otherwise than those before it, because the named files changed.
func (w *watch) again(o *outcome, changed []string) error {
	unread := len(w.topologies) - len(o.Topologies)
	for _, t := range o.Topologies {
		if t.Unread != "" {
			w.complain(t.Unread)
			unread++
		}
	}
	before, now, held := w.update(o)
	if unread == len(w.topologies) {
		return nil // that is all there is to say
	}
	c := slices.Concat(now, held)
	changes := once(c).Since(before)
	changes.Left, changes.Held = now, len(held)
	return w.findings.text(w.env, w.stdoutTerminal, o.Lines).PrintChanges(w.stdout, w.time()+" "+some(changed), changes)
}

// update takes in what a run found. It returns what was known before, what was found, and what was known and not looked for; each
// sorted, and once where topologies share a file.
func (w *watch) update(o *outcome) (before, now, held diag.List) {
	for i, t := range w.topologies {
		before = append(before, t.found...)
		if i >= len(o.Topologies) {
			held = append(held, t.found...)
			continue
		}
		kept := t.update(&o.Topologies[i])
		now, held = append(now, o.Topologies[i].Found...), append(held, kept...)
	}
	return once(before), once(now), once(held)
}

// update takes in what a run found in one topology. It returns what was known and not looked for.
func (t *watched) update(o *topologyOutcome) (kept diag.List) {
	depths := map[*diag.Diagnostic]depth{}
	for _, d := range o.Found.Since(t.found).Gone {
		if !o.looksFor(d, t.depths[d]) {
			kept = append(kept, d)
			depths[d] = t.depths[d]
		}
	}
	for _, d := range o.Found {
		depths[d] = o.Depth
	}
	t.found, t.depths = once(slices.Concat(o.Found, kept)), depths
	if o.Unread == "" {
		t.inputs = o.Inputs
	}
	return kept
}

// inputs returns what is to be watched: all that was read, and what the user named even if it could not be.
func (w *watch) inputs(arguments []string) load.Inputs {
	all := argumentInputs(arguments)
	for _, t := range w.topologies {
		all.Files = append(all.Files, t.inputs.Files...)
		all.Dirs = append(all.Dirs, t.inputs.Dirs...)
	}
	return all
}

// complain says on standard error what kept a run from its end.
func (w *watch) complain(message string) {
	for line := range strings.Lines(message) {
		fmt.Fprintln(w.stderr, "topoc:", strings.TrimSuffix(line, "\n"))
	}
}

func (w *watch) time() string { return w.now().Format(time.TimeOnly) }

// some lists the first of many names.
func some(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
