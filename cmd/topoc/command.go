package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler/artifact"
	"topoc/compiler/diag"
	"topoc/compiler/load"
)

// command is one command: data for help and completion, and a setup that makes one run of it.
type command struct {
	name    string // of a subcommand with the name of its group before it: "sim routes"
	args    string // what follows the name in its usage: "TOPOLOGY [PATH]"
	summary string // one line, no full stop
	help    string // what the summary leaves out: paragraphs, no line over 80 columns

	// setup declares the flags of one run and returns the run. Flag values live in what it returns, not in globals.
	setup func(*pflag.FlagSet) func(*env, []string) error

	minArgs, maxArgs int // how many positional arguments it takes; maxArgs -1: any number

	subcommands []*command // of a group, which is nothing but their common name: it has no setup

	argWords  func() []string            // what its positional arguments may be; nil: files and directories, if any
	flagWords map[string]func() []string // what a flag's value may be, by its name
}

// run runs the command that args name, and returns the exit code.
func run(e *env, args []string) int {
	err := dispatch(e, args)
	if errors.Is(err, load.ErrBurst) {
		err = supervise(e, args)
	}
	var usage *usageError
	var refused *artifact.RefusedError
	var failed *buildError
	var said errSaid
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFound
	case errors.As(err, &said):
		return int(said)
	case errors.As(err, &usage):
		fmt.Fprintln(e.stderr, "topoc:", usage)
		return exitUsage
	case errors.As(err, &refused):
		fmt.Fprintln(e.stderr, "topoc:", err)
		return exitFound
	case errors.As(err, &failed):
		fmt.Fprintln(e.stderr, "topoc:", failed)
		return exitFailure
	}
	for line := range strings.Lines(err.Error()) { // several errors are a line each
		fmt.Fprintln(e.stderr, "topoc:", strings.TrimSuffix(line, "\n"))
	}
	return exitFailure
}

// errFound ends a command that has told what it found.
var errFound = errors.New("problems were reported")

// errSaid ends a command with a status, why having been said.
type errSaid int

func (e errSaid) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// statusError is what ends this process with the status of another, which has said why.
func statusError(status int) error {
	switch status {
	case exitOK:
		return nil
	case exitFound:
		return errFound
	}
	return errSaid(status)
}

func dispatch(e *env, args []string) error {
	if len(args) == 0 {
		return usagef("topoc help lists the commands", "no command given")
	}
	name, rest := args[0], args[1:]
	switch name {
	case "-h", "--help":
		name = "help"
	case "--version":
		name = "version"
	}
	c := commandNamed(name)
	switch {
	case c != nil && c.subcommands != nil:
		return c.dispatch(e, rest)
	case c != nil:
		return c.start(e, rest)
	case strings.HasPrefix(name, "-"):
		return usagef("flags follow the command: topoc COMMAND "+name, "%s is no command", name)
	}
	return usagef(nearestHint(name, commandNames(), "topoc help lists the commands"), "%q is no command", name)
}

// dispatch runs the subcommand that args name.
func (c *command) dispatch(e *env, args []string) error {
	if len(args) == 0 {
		return c.usagef("%s needs one of %s", c.name, strings.Join(c.words(), ", "))
	}
	if args[0] == "-h" || args[0] == "--help" {
		return c.writeHelp(e.stdout)
	}
	sub, err := c.subcommand(args[0])
	if err != nil {
		return err
	}
	return sub.start(e, args[1:])
}

// subcommand returns the subcommand of that name.
func (c *command) subcommand(name string) (*command, error) {
	for _, sub := range c.subcommands {
		if sub.name == c.name+" "+name {
			return sub, nil
		}
	}
	if strings.HasPrefix(name, "-") {
		return nil, usagef(fmt.Sprintf("flags follow the command: topoc %s COMMAND %s", c.name, name), "%s is no command of %s", name, c.name)
	}
	return nil, usagef(nearestHint(name, c.words(), c.helpHint()), "%q is no command of %s", name, c.name)
}

// words returns the names of the subcommands as they follow that of their group.
func (c *command) words() []string {
	var words []string
	for _, sub := range c.subcommands {
		words = append(words, strings.TrimPrefix(sub.name, c.name+" "))
	}
	return words
}

// start parses the flags of one run and runs it.
func (c *command) start(e *env, args []string) error {
	flags, runWith := c.flags()
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return c.writeHelp(e.stdout)
		}
		return c.flagError(flags, err)
	}
	switch n := flags.NArg(); {
	case n < c.minArgs:
		return c.usagef("%s needs %s", c.name, c.args)
	case c.maxArgs >= 0 && n > c.maxArgs:
		return c.usagef("%s has no use for %q", c.name, flags.Arg(c.maxArgs))
	}
	return runWith(e, flags.Args())
}

// flags declares the flags of one run. A group has none, and no run.
func (c *command) flags() (*pflag.FlagSet, func(*env, []string) error) {
	flags := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	flags.SortFlags = false
	flags.Usage = func() {} // start prints the help
	if c.setup == nil {
		return flags, nil
	}
	return flags, c.setup(flags)
}

// flagError says what pflag found wrong, and the flag that may have been meant.
func (c *command) flagError(flags *pflag.FlagSet, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return c.usagef("%s: %v", c.name, err)
	}
	var known []string
	flags.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	name := unknown.GetSpecifiedName()
	hint := c.helpHint()
	if near := diag.Nearest(name, known); near != "" && len(name) > 1 {
		hint = "did you mean --" + near + "?"
	}
	if unknown.GetSpecifiedShortnames() == "" {
		name = "--" + name
	} else {
		name = "-" + name
	}
	return usagef(hint, "%s has no flag %s", c.name, name)
}

func (c *command) helpHint() string {
	return fmt.Sprintf("topoc %s --help says how it is used", c.name)
}

// usagef is wrong usage of this command.
func (c *command) usagef(format string, args ...any) error {
	return usagef(c.helpHint(), format, args...)
}

// usageError is wrong usage: what was wrong, and what would be right.
type usageError struct{ message, hint string }

func usagef(hint, format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...), hint: hint}
}

func (e *usageError) Error() string { return e.message + "\n    hint: " + e.hint }

// nearestHint offers the candidate that name was most likely meant to be, or else says otherwise.
func nearestHint(name string, candidates []string, otherwise string) string {
	if near := diag.Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return otherwise
}

// oneOf is a usage error unless value is one of words; what names the thing.
func (c *command) oneOf(what, value string, words []string) error {
	if slices.Contains(words, value) {
		return nil
	}
	all := strings.Join(words, ", ")
	if len(words) > mostWords {
		all = strings.Join(words[:mostWords], ", ") + ", …"
	}
	return usagef(nearestHint(value, words, c.helpHint()), "%s: no %s is called %q; known are %s", c.name, what, value, all)
}

// mostWords is how many names a message lists.
const mostWords = 20

func commandNamed(name string) *command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return nil
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}
