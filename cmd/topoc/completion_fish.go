package main

import (
	"fmt"
	"strings"
)

func fishScript(commands []completedCommand) string {
	var b strings.Builder
	b.WriteString("# Completion of topoc for fish; made by: topoc completion fish\n\ncomplete -c topoc -f\n")
	subcommands := map[string][]string{} // by group
	for _, c := range commands {
		word, isNext := c.name, "__fish_use_subcommand"
		if c.group != "" {
			word = strings.TrimPrefix(c.name, c.group+" ")
			isNext = fmt.Sprintf("'%s; and not %s'", fishSeen(c.group), fishSeen(subcommands[c.group]...))
		}
		subcommands[c.name] = c.subcommands
		fmt.Fprintf(&b, "complete -c topoc -n %s -a %s -d %s\n", isNext, word, fishQuote(c.summary))
	}
	for _, c := range commands {
		if c.subcommands != nil {
			continue // offered above
		}
		on := fmt.Sprintf("complete -c topoc -n '%s'", fishSeen(c.name))
		if c.group != "" {
			on = fmt.Sprintf("complete -c topoc -n '%s; and %s'", fishSeen(c.group), fishSeen(strings.TrimPrefix(c.name, c.group+" ")))
		}
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

// fishSeen is a condition: one of words was written.
func fishSeen(words ...string) string {
	return "__fish_seen_subcommand_from " + strings.Join(words, " ")
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
