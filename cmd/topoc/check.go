package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler"
	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/load"
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
printed, and the exit code is 3. All that is printed is one document.

Text is for people, and has at most ten findings of each check. The other forms
have all: json is for programs, sarif for code scanning and editors, junit for
test reports, github for the log of a workflow, gitlab for its Code Quality.
The last four name files as seen from the working directory.

--only and --skip choose checks; --skip wins. Mistakes of shape (unknown-field,
wrong-type, ...) are no checks, and are always reported.
A finding that is known and accepted is silenced by an entry in the topology's
waivers, with a reason.

With --watch it goes on until Ctrl-C, which is exit code 0: whenever a file is
saved that a topology is made of, be it one that it imports or a new one in its
directory, it checks again and prints what changed, the findings that are gone
and those that are new. One whose line moved is no change, nor is one that could
not be looked for because an error stopped the checks. --timeout and
--max-memory hold for each run.`,
		minArgs: 1, maxArgs: -1,
		flagWords: map[string]func() []string{
			"format": checkFormats,
			"only":   checkNames,
			"skip":   checkNames,
		},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			c := &checking{}
			flags.StringVar(&c.format, "format", "text", "print as `FORMAT`: "+strings.Join(checkFormats(), ", "))
			flags.StringSliceVar(&c.only, "only", nil, "run these `CHECKS` only, separated by commas")
			flags.StringSliceVar(&c.skip, "skip", nil, "do not run these `CHECKS`")
			flags.BoolVarP(&c.watch, "watch", "w", false, "check again when a file is saved, and print what changed")
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
	watch      bool
}

func (c *checking) run(e *env, topologies []string) error {
	if err := c.validate(topologies); err != nil {
		return err
	}
	if c.watch && e.getenv(outcomeVariable) == "" {
		return c.keepWatching(e, topologies)
	}
	all, err := c.each(e, topologies)
	if err != nil {
		return err
	}
	if c.watch {
		return writeOutcome(e.stdout, all)
	}
	var (
		results []checked
		failed  bool
		unread  []error
	)
	for _, one := range all {
		if one.err != nil {
			unread = append(unread, one.err)
			continue
		}
		results = append(results, one)
		failed = failed || one.Failed(c.findings.strict)
	}
	if len(results) > 0 {
		if err := c.print(e, results); err != nil {
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

// checked is what came of one topology.
type checked struct {
	name             string // as the user named it
	err              error  // why it could not be read
	*compiler.Result        // nil where it could not
}

// each checks topologies one by one. Where one takes more than it may, it is the last. The error is load.ErrBurst.
func (c *checking) each(e *env, topologies []string) ([]checked, error) {
	options := c.findings.options(e)
	options.Only, options.Skip = c.only, c.skip
	var all []checked
	for _, topology := range topologies {
		r, err := c.input.run(e, topology, compiler.Options{Until: compiler.Simulated, NoFiles: true, Check: options})
		if errors.Is(err, load.ErrBurst) {
			return nil, err
		}
		all = append(all, checked{topology, err, r})
		var limit *load.LimitError
		if errors.As(err, &limit) {
			break // its evaluation goes on in the background: nothing else should run beside it
		}
	}
	return all, nil
}

// validate refuses what the flags' types let pass.
func (c *checking) validate(topologies []string) error {
	command := checkCommand()
	if err := command.oneOf("format", c.format, checkFormats()); err != nil {
		return err
	}
	for _, name := range slices.Concat(c.only, c.skip) {
		if check.IsMistake(name) {
			return usagef("mend it: no other check could be trusted", "check: %s is a mistake of shape, which is always reported", name)
		}
		if !check.Known(name) {
			return usagef(nearestHint(name, checkNames(), "topoc explain lists the checks"), "check: no check is called %q", name)
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
	return c.validateWatch(topologies)
}

// print prints the findings of all topologies, as one document.
func (c *checking) print(e *env, results []checked) error {
	if write := reportFormats[c.format]; write != nil {
		return write(c.report(results), e.stdout)
	}
	var found diag.List
	var lines locators
	for _, r := range results {
		found, lines = append(found, r.Diagnostics...), append(lines, r.Locator)
	}
	found = once(found)
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
