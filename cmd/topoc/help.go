package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

func helpCommand() *command {
	return &command{
		name:    "help",
		args:    "[COMMAND [SUBCOMMAND]]",
		summary: "say how a command is used",
		help: `
Without an argument, the commands are listed. topoc COMMAND --help says the same
as topoc help COMMAND.`,
		maxArgs:  2,
		argWords: commandNames,
		setup:    func(*pflag.FlagSet) func(*env, []string) error { return runHelp },
	}
}

func runHelp(e *env, args []string) error {
	if len(args) == 0 {
		return writeOverview(e.stdout)
	}
	c := commandNamed(args[0])
	switch {
	case c == nil:
		return usagef(nearestHint(args[0], commandNames(), "topoc help lists the commands"), "%q is no command", args[0])
	case len(args) == 1:
		return c.writeHelp(e.stdout)
	case c.subcommands == nil:
		return usagef("topoc help "+c.name, "%s has no subcommands", c.name)
	}
	sub, err := c.subcommand(args[1])
	if err != nil {
		return err
	}
	return sub.writeHelp(e.stdout)
}

// writeOverview prints the list of commands.
func writeOverview(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`topoc compiles a topology of Kubernetes clusters that run Calico, and of the network
around them, to Calico manifests, switch configuration and host routes.

Usage: topoc COMMAND [ARGUMENTS] [FLAGS]

Commands:
`)
	writeSummaries(&b, commands())
	b.WriteString(`
topoc help COMMAND says how one is used. A TOPOLOGY is a file, a directory that
holds one CUE package, or - for standard input.

Exit codes: 0 clean, 1 problems were reported, 2 wrong usage, 3 could not run.
`)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeSummaries prints a line for each command.
func writeSummaries(b *strings.Builder, commands []*command) {
	for _, c := range commands {
		fmt.Fprintf(b, "  %-12s %s\n", c.name, c.summary)
	}
}

// writeHelp prints a command's usage, help and flags; of a group, its commands.
func (c *command) writeHelp(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n", strings.TrimSpace("topoc "+c.name+" "+c.args))
	fmt.Fprintf(&b, "%s.\n", strings.ToUpper(c.summary[:1])+c.summary[1:])
	if c.help != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.Trim(c.help, "\n"))
	}
	if c.subcommands != nil {
		b.WriteString("\nCommands:\n")
		writeSummaries(&b, c.subcommands)
	}
	flags, _ := c.flags()
	if flags.HasFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags.FlagUsages())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
