package main

import (
	"fmt"
	"strings"
)

func fishScript(commands []completedCommand) string {
	var b strings.Builder
	b.WriteString("# Completion of topoc for fish; made by: topoc completion fish\n\ncomplete -c topoc -f\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "complete -c topoc -n __fish_use_subcommand -a %s -d %s\n", c.name, fishQuote(c.summary))
	}
	for _, c := range commands {
		on := fmt.Sprintf("complete -c topoc -n '__fish_seen_subcommand_from %s'", c.name)
		if option := fishValue(c.args); option != "" {
			fmt.Fprintf(&b, "%s%s\n", on, option)
		}
		for _, f := range c.flags {
			b.WriteString(on)
			if f.shorthand != "" {
				b.WriteString(" -s " + f.shorthand)
			}
			b.WriteString(" -l " + f.name)
			if !f.isBool {
				b.WriteString(" -r" + fishValue(f.value))
			}
			fmt.Fprintf(&b, " -d %s\n", fishQuote(f.usage))
		}
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func fishValue(v completedValue) string {
	switch {
	case v.words != nil:
		return " -a " + fishQuote(strings.Join(v.words, " "))
	case v.dirs:
		return " -a '(__fish_complete_directories)'"
	case v.files:
		return " -F"
	}
	return ""
}
