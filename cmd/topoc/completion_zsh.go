package main

import (
	"fmt"
	"strings"
)

func zshScript(commands []completedCommand) string {
	var names, cases strings.Builder
	var groups []string
	for _, c := range commands {
		if c.group == "" {
			fmt.Fprintf(&names, "\t\t%s\n", shellQuote(c.name+":"+c.summary))
		}
		if c.subcommands != nil {
			groups = append(groups, c.name)
		}
		fmt.Fprintf(&cases, "\t\t%s)\n\t\t\t_arguments -s \\\n", shellQuote(c.name))
		for _, f := range c.flags {
			fmt.Fprintf(&cases, "\t\t\t\t%s \\\n", zshFlag(f))
		}
		fmt.Fprintf(&cases, "\t\t\t\t'--help[say how it is used]' \\\n\t\t\t\t%s ;;\n", shellQuote("*:argument:"+zshValue(c.args, false)))
	}
	return fmt.Sprintf(`#compdef topoc
# Completion of topoc for zsh; made by: topoc completion zsh

_topoc() {
	local curcontext=$curcontext state line
	typeset -A opt_args
	local -a commands=(
%s	)
	_arguments -C '1:command:->command' '*::argument:->argument'
	case $state in
	command) _describe command commands ;;
	argument)
		# A subcommand is one word with its group.
		case $words[1] in
		%s) ((CURRENT > 2)) && words=("$words[1] $words[2]" "${(@)words[3,-1]}") && ((CURRENT--)) ;;
		esac
		case $words[1] in
%s		esac ;;
	esac
}
# Autoloaded from $fpath, this file is the function's first call.
if [[ $funcstack[1] == _topoc ]]; then
	_topoc "$@"
else
	compdef _topoc topoc
fi
`, names.String(), strings.Join(groups, "|"), cases.String())
}

// zshFlag returns a flag as _arguments wants it: its spellings exclude each other, unless it may be repeated.
func zshFlag(f completedFlag) string {
	escape := strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace
	rest := "[" + escape(f.usage) + "]"
	if !f.isBool {
		rest += ":" + f.valueName + ":" + zshValue(f.value, f.isList)
	}
	long, short := "--"+f.name, "-"+f.shorthand
	if !f.isBool {
		long, short = long+"=", short+"+"
	}
	if f.shorthand == "" {
		return shellQuote("*" + long + rest)
	}
	return shellQuote("*"+long+rest) + " " + shellQuote("*"+short+rest)
}

func zshValue(v completedValue, isList bool) string {
	switch {
	case isList:
		return "_sequence compadd - " + strings.Join(v.words, " ")
	case v.words != nil:
		return "(" + strings.Join(v.words, " ") + ")"
	case v.dirs:
		return "_files -/"
	case v.files:
		return "_files"
	}
	return " "
}
