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
		args:    "[COMMAND]",
		summary: "say how a command is used",
		help: `
Without an argument, the commands are listed. topoc COMMAND --help says the same
as topoc help COMMAND.`,
		maxArgs:  1,
		argWords: commandNames,
		setup:    func(*pflag.FlagSet) func(*env, []string) error { return runHelp },
	}
}

func runHelp(e *env, args []string) error {
	if len(args) == 0 {
		return writeOverview(e.stdout)
	}
	if c := commandNamed(args[0]); c != nil {
		return c.writeHelp(e.stdout)
	}
	return usagef(nearestHint(args[0], commandNames(), "topoc help lists the commands"), "%q is no command", args[0])
}

// writeOverview prints the list of commands.
func writeOverview(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`topoc compiles a topology of Kubernetes clusters that run Calico, and of the network
around them, to Calico manifests, switch configuration and host routes.

Usage: topoc COMMAND [ARGUMENTS] [FLAGS]

Commands:
`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-12s %s\n", c.name, c.summary)
	}
	b.WriteString(`
topoc help COMMAND says how one is used. A TOPOLOGY is a file, a directory that
holds one CUE package, or - for standard input.

Exit codes: 0 clean, 1 problems were reported, 2 wrong usage, 3 could not run.
`)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeHelp prints a command's usage, help and flags.
func (c *command) writeHelp(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n", strings.TrimSpace("topoc "+c.name+" "+c.args))
	fmt.Fprintf(&b, "%s.\n", strings.ToUpper(c.summary[:1])+c.summary[1:])
	if c.help != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.Trim(c.help, "\n"))
	}
	flags, _ := c.flags()
	if flags.HasFlags() {
		fmt.Fprintf(&b, "\nFlags:\n%s", flags.FlagUsages())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
