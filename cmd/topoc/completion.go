package main

import (
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// shells are the shells that topoc completes for, each with the writer of its script.
var shells = map[string]func(commands []completedCommand) string{"bash": bashScript, "fish": fishScript, "zsh": zshScript}

func completionCommand() *command {
	names := func() []string { return []string{"bash", "zsh", "fish"} }
	return &command{
		name:    "completion",
		args:    "SHELL",
		summary: "print a script that completes commands, flags and names in a shell",
		help: `
SHELL is bash, zsh or fish. To complete in the running shell:

  bash  source <(topoc completion bash)
  zsh   source <(topoc completion zsh)
  fish  topoc completion fish | source

For every shell to come, write it to
~/.local/share/bash-completion/completions/topoc, to a file _topoc in a
directory of zsh's $fpath, or to ~/.config/fish/completions/topoc.fish.`,
		minArgs: 1, maxArgs: 1,
		argWords: names,
		setup: func(*pflag.FlagSet) func(*env, []string) error {
			return func(e *env, args []string) error {
				if err := completionCommand().oneOf("shell", args[0], names()); err != nil {
					return err
				}
				_, err := io.WriteString(e.stdout, shells[args[0]](completedCommands()))
				return err
			}
		},
	}
}

// completedCommand is what a script knows of a command. The arguments of a group are the names of its subcommands, which follow
// it in the list; their names have its own before them.
type completedCommand struct {
	name, summary string
	group         string   // of a subcommand: the name of the group
	subcommands   []string // of a group
	flags         []completedFlag
	args          completedValue
}

type completedFlag struct {
	name, shorthand, usage string // shorthand may be ""
	isBool                 bool
	isList                 bool // of values with commas
	valueName              string
	value                  completedValue
}

// completedValue is what may stand for an argument or the value of a flag.
type completedValue struct {
	files, dirs bool
	words       []string
}

// completedCommands reads the command table.
func completedCommands() []completedCommand {
	var all []completedCommand
	for _, c := range commands() {
		all = append(all, c.completed(""))
		for _, sub := range c.subcommands {
			all = append(all, sub.completed(c.name))
		}
	}
	return all
}

// completed returns what a script knows of c; group is the name of its group, if it is a subcommand.
func (c *command) completed(group string) completedCommand {
	done := completedCommand{name: c.name, summary: c.summary, group: group, subcommands: c.words()}
	switch {
	case c.subcommands != nil:
		done.args.words = done.subcommands
	case c.argWords != nil:
		done.args.words = c.argWords()
	}
	done.args.files = strings.Contains(c.args, "TOPOLOGY")
	flags, _ := c.flags()
	flags.VisitAll(func(f *pflag.Flag) { done.flags = append(done.flags, c.completedFlag(f)) })
	return done
}

func (c *command) completedFlag(f *pflag.Flag) completedFlag {
	valueName, usage := pflag.UnquoteUsage(f)
	done := completedFlag{
		name: f.Name, shorthand: f.Shorthand, usage: usage,
		isBool: f.Value.Type() == "bool", isList: f.Value.Type() == "stringSlice",
		valueName: valueName,
		value:     completedValue{files: valueName == "FILE", dirs: valueName == "DIR"},
	}
	if words := c.flagWords[f.Name]; words != nil {
		done.value.words = words()
	}
	return done
}

// spellings returns a flag as it may be written.
func (f completedFlag) spellings() []string {
	if f.shorthand == "" {
		return []string{"--" + f.name}
	}
	return []string{"--" + f.name, "-" + f.shorthand}
}

// shellQuote quotes s for bash and zsh.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
