package main

import (
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"topoc/compiler"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/load"
	"topoc/compiler/source"
)

// checkFormats are the forms in which check prints; laterFormats are names that the language keeps for later releases.
var (
	checkFormats = []string{"text", "json"}
	laterFormats = []string{"sarif", "junit", "github", "gitlab"}
)

func checkCommand() *command {
	return &command{
		name:    "check",
		args:    "TOPOLOGY...",
		summary: "check topologies, and write nothing",
		help: `
Findings are printed to standard output, with the line at fault, the other
places that matter, and an edit that mends it. topoc explain CHECK says more
about the name in brackets. The exit code is 1 where there is an error, with
--strict also where there is a warning.

Where no check finds an error in the topology itself, the sessions and routes
that it makes are predicted, and what is expected of them is proved: the expect
entries, and that the pods of each cluster, and of clusters in a peering, reach
each other. topoc sim shows the prediction.

Each TOPOLOGY is checked by itself; files named by --file belong to all of them.
One that cannot be read keeps the others from nothing: their findings are
printed, and the exit code is 3.
A finding that is known and accepted is silenced by an entry in the topology's
waivers, with a reason.`,
		minArgs: 1, maxArgs: -1,
		flagWords: map[string]func() []string{
			"format": func() []string { return checkFormats },
			"only":   checkNames,
			"skip":   checkNames,
		},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			c := &checking{}
			flags.StringVar(&c.format, "format", "text", "print as `FORMAT`: text, json")
			flags.StringSliceVar(&c.only, "only", nil, "run these `CHECKS` only, separated by commas")
			flags.StringSliceVar(&c.skip, "skip", nil, "do not run these `CHECKS`")
			c.input.declare(flags)
			c.findings.declare(flags)
			return c.run
		},
	}
}

// checking is one run of the command.
type checking struct {
	input      input
	findings   findings
	format     string
	only, skip []string
}

func (c *checking) run(e *env, topologies []string) error {
	if err := c.validate(topologies); err != nil {
		return err
	}
	options := c.findings.options(e)
	options.Only, options.Skip = c.only, c.skip
	var (
		found  diag.List
		lines  locators
		failed bool
		unread []error
	)
	for _, topology := range topologies {
		r, err := c.input.run(e, topology, compiler.Options{Until: compiler.Simulated, NoFiles: true, Check: options})
		if err != nil {
			unread = append(unread, err)
			var limit *load.LimitError
			if errors.As(err, &limit) {
				break // its evaluation goes on in the background: nothing else should run beside it
			}
			continue
		}
		found = append(found, r.Diagnostics...)
		lines = append(lines, r.Locator)
		failed = failed || r.Failed(c.findings.strict)
	}
	found.Sort()
	found = slices.CompactFunc(found, sameFinding) // a mistake in a file that several topologies share
	if len(lines) > 0 {
		if err := c.print(e, found, lines); err != nil {
			return err
		}
	}
	if len(unread) > 0 {
		return errors.Join(unread...)
	}
	if failed {
		return errFound
	}
	return nil
}

// sameFinding reports whether two diagnostics say the same of the same place.
func sameFinding(a, b *diag.Diagnostic) bool {
	return a.Pos == b.Pos && a.Check == b.Check && a.Path == b.Path && a.Message == b.Message && slices.Equal(a.Notes, b.Notes)
}

// validate refuses what the flags' types let pass.
func (c *checking) validate(topologies []string) error {
	command := checkCommand()
	if slices.Contains(laterFormats, c.format) {
		return command.usagef("check: this version cannot print %s yet; known are text, json", c.format)
	}
	if err := command.oneOf("format", c.format, checkFormats); err != nil {
		return err
	}
	for _, name := range slices.Concat(c.only, c.skip) {
		if !check.Known(name) {
			return usagef(nearestHint(name, checkNames(), "topoc explain lists the checks"), "check: no check is called %q", name)
		}
	}
	for _, name := range c.only {
		if check.Lookup(name) == nil {
			return usagef("topoc explain lists those that it has", "check: this version does not have the check %s yet", name)
		}
	}
	stdin := 0
	for _, file := range slices.Concat(topologies, c.input.files) {
		if file == "-" {
			stdin++
		}
	}
	if stdin > 1 || stdin == 1 && slices.Contains(c.input.files, "-") && len(topologies) > 1 {
		return command.usagef("check: standard input can be read only once")
	}
	return nil
}

func (c *checking) print(e *env, found diag.List, lines source.Locator) error {
	if c.format == "json" {
		return found.WriteJSON(e.stdout)
	}
	return c.findings.print(e, e.stdout, e.stdoutTerminal, found, lines)
}

// checkNames returns the names of the checks of this release, sorted.
func checkNames() []string {
	var names []string
	for _, r := range check.All() {
		names = append(names, r.Name)
	}
	return names
}

// locators is the files of several topologies.
type locators []source.Locator

// Locate implements source.Locator: a path means another value in each topology, so none is found.
func (l locators) Locate(source.Path) source.Pos { return source.Pos{} }

// Line implements source.Locator.
func (l locators) Line(file string, line int) (string, bool) {
	for _, in := range l {
		if text, ok := in.Line(file, line); ok {
			return text, true
		}
	}
	return "", false
}
