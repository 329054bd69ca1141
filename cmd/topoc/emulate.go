package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
)

func emulateCommand() *command {
	return &command{
		name:    "emulate",
		args:    "TOPOLOGY",
		summary: "run a topology with real daemons and compare with the prediction",
		help: `
Every device becomes a network namespace of this machine: nodes run BIRD, told
what Calico would tell it, switches run FRR, BIRD 2, OpenBGPD or GoBGP by their
dialect, told what topoc writes for them. Where a switch has another dialect, or
its program is not here, FRR stands in and is told the same in its own words.
Sessions and routes are printed beside the prediction; topoc exits with 1 where
they differ.

It runs on Linux, as root or, where user namespaces are allowed, as anybody.
Nothing outside of its own namespaces is touched, and all of it goes when topoc
ends, however it ends.

With --keep the emulation stays up, and what is printed says how to get a shell
on a device; topoc emulate --clean ends it.

With --fail DEVICE a device dies once everything has settled: topoc says what
changed, and compares with what it predicts for that.`,
		maxArgs: 1,
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			e := &emulation{}
			e.declare(flags)
			return e.run
		},
	}
}

// emulation is the flags of one emulation.
type emulation struct {
	prediction
	keep, clean bool
	fail        []string
	deadline    time.Duration
}

func (e *emulation) declare(flags *pflag.FlagSet) {
	flags.BoolVar(&e.keep, "keep", false, "leave it up, with a shell hint for each device")
	flags.BoolVar(&e.clean, "clean", false, "end what --keep left up; no TOPOLOGY")
	flags.StringArrayVar(&e.fail, "fail", nil, "let `DEVICE` die once everything has settled, and show what changes (repeatable)")
	flags.DurationVar(&e.deadline, "deadline", 60*time.Second, "compare after `TIME`, settled or not")
	flags.StringVar(&e.objects, "objects", "", "read what Calico is told from `DIR`, the output of a build")
	e.format = "text"
	e.input.declare(flags)
	e.findings.declarePrinting(flags)
}

// emulationText prints comparisons.
type emulationText struct{ w *bufio.Writer }

func newEmulationText(w io.Writer) *emulationText { return &emulationText{w: bufio.NewWriter(w)} }

// comparisons prints machines with their sessions and routes: what is as predicted with a blank before it, what was predicted
// and isn't there with a minus, what is there unpredicted with a plus.
func (t *emulationText) comparisons(all []*emulate.Comparison) {
	isFirst := true
	for _, c := range all {
		if len(c.Sessions)+len(c.Routes) == 0 {
			continue
		}
		if !isFirst {
			fmt.Fprintln(t.w)
		}
		isFirst = false
		fmt.Fprintln(t.w, c.Machine.Title())
		t.lines("sessions", c.Sessions)
		t.lines("routes", c.Routes)
	}
}

// changes prints what machines have now and had not before, and the other way round.
func (t *emulationText) changes(before, after []*emulate.Comparison) {
	was := map[*emulate.Machine]*emulate.Comparison{}
	for _, c := range before {
		was[c.Machine] = c
	}
	isAny := false
	for _, c := range after {
		sessions, routes := changed(was[c.Machine].Sessions, c.Sessions), changed(was[c.Machine].Routes, c.Routes)
		if len(sessions)+len(routes) == 0 {
			continue
		}
		fmt.Fprintln(t.w, c.Machine.Title())
		t.lines("sessions", sessions)
		t.lines("routes", routes)
		isAny = true
	}
	if !isAny {
		fmt.Fprintln(t.w, "nothing changed at the others")
	}
}

// changed returns what was seen before and what is seen now, where that differs, as lines: those of one session or prefix together.
func changed(before, after []emulate.Line) []emulate.Line {
	now := map[string]bool{}
	for _, l := range after {
		now[l.Seen] = true
	}
	then := map[string]bool{}
	var lines []emulate.Line
	for _, l := range before {
		then[l.Seen] = true
		if l.Seen != "" && !now[l.Seen] {
			lines = append(lines, emulate.Line{Predicted: l.Seen})
		}
	}
	for _, l := range after {
		if l.Seen == "" || then[l.Seen] {
			continue
		}
		i := slices.IndexFunc(lines, func(gone emulate.Line) bool { return gone.Seen == "" && emulate.SameSubject(gone.Predicted, l.Seen) })
		if i < 0 {
			lines = append(lines, emulate.Line{Seen: l.Seen})
		} else {
			lines[i].Seen = l.Seen
		}
	}
	return lines
}

func (t *emulationText) lines(title string, lines []emulate.Line) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(t.w, "  %s\n", title)
	for _, l := range lines {
		switch {
		case l.IsSame():
			fmt.Fprintf(t.w, "      %s\n", l.Seen)
		default:
			for _, side := range []struct{ mark, text string }{{"-", l.Predicted}, {"+", l.Seen}} {
				if side.text != "" {
					fmt.Fprintf(t.w, "    %s %s\n", side.mark, side.text)
				}
			}
		}
	}
}

// summary is the last line: how much was compared, and what came of it.
func (t *emulationText) summary(all []*emulate.Comparison, took, deadline time.Duration) {
	sessions, routes, differences := emulate.Total(all)
	verdict := "all as predicted"
	switch {
	case sessions+routes == 0:
		verdict = "there is nothing to compare"
	case differences > 0:
		verdict = fmt.Sprintf("%s from the prediction (- predicted, + seen)", plural(differences, "difference"))
	}
	devices := map[fabric.Device]bool{}
	for _, c := range all {
		devices[c.Machine.Device] = true
	}
	fmt.Fprintf(t.w, "\n%s, %s, %s: %s, after %.1f s", plural(len(devices), "device"), plural(sessions, "session end"),
		plural(routes, "route"), verdict, took.Seconds())
	if differences > 0 && took >= deadline {
		fmt.Fprint(t.w, "; what needs longer to settle needs a longer --deadline")
	}
	fmt.Fprintln(t.w)
}

// plural writes a number of things.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "y") {
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}
