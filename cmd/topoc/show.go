package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler"
	"topoc/compiler/diag"
	"topoc/compiler/show"
	"topoc/compiler/source"
)

func showCommand() *command {
	return &command{
		name:    "show",
		args:    "TOPOLOGY [PATH]",
		summary: "print a topology with every default and derived value",
		help: `
The fields are those of the language, with every default filled in. What is
derived and has no field in the language is below "derived": the BGP peers of
each cluster with their selectors, the pools that stand for other clusters,
filters, labels and annotations of nodes; the routers, prefix lists, policies
and neighbors of each switch; all sessions.

PATH leads to a part of it, as CUE writes paths:

  topoc show lab.cue clusters.prod.nodes
  topoc show lab.cue 'derived.switches.leaf01.routers[0].maximumPaths'

With --no-derived the output is a topology again, which compiles to the same
files. The checks are not run.`,
		minArgs: 1, maxArgs: 2,
		flagWords: map[string]func() []string{"format": show.Formats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			s := &showing{}
			flags.StringVar(&s.format, "format", "cue", "print as `FORMAT`: "+strings.Join(show.Formats(), ", "))
			flags.BoolVar(&s.noDerived, "no-derived", false, "leave out what the language has no field for")
			s.input.declare(flags)
			s.findings.declarePrinting(flags)
			return s.run
		},
	}
}

// showing is one run of the command.
type showing struct {
	input     input
	findings  findings
	format    string
	noDerived bool
}

func (s *showing) run(e *env, args []string) error {
	if err := showCommand().oneOf("format", s.format, show.Formats()); err != nil {
		return err
	}
	result, err := s.input.run(e, args[0], compiler.Options{Until: compiler.Linked})
	if err != nil {
		return err
	}
	if err := s.findings.print(e, e.stderr, e.stderrTerminal, result.Diagnostics, result.Locator); err != nil {
		return err
	}
	if result.Fabric == nil {
		return errFound
	}
	value := show.Input(result.Fabric)
	if !s.noDerived {
		value = show.Topology(result.Fabric)
	}
	if len(args) > 1 {
		if value, err = lookup(value, source.Path(args[1])); err != nil {
			return err
		}
	}
	if err := value.Write(e.stdout, s.format); err != nil {
		return err
	}
	if result.Failed(false) {
		return errFound
	}
	return nil
}

// lookup returns the value at path; that there is none is wrong usage.
func lookup(v show.Value, path source.Path) (show.Value, error) {
	found, err := v.Lookup(path)
	var missing *show.NotFoundError
	if !errors.As(err, &missing) {
		return found, err
	}
	hint := "without a PATH everything is printed"
	if near := diag.Nearest(missing.Label, missing.Known); near != "" {
		hint = "did you mean " + near + "?"
	} else if len(missing.Known) > 0 && len(missing.Known) <= mostWords {
		hint = "it has " + strings.Join(missing.Known, ", ")
	}
	return found, usagef(hint, "show: %v", missing)
}
