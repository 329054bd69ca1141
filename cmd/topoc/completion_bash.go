package main

import (
	"fmt"
	"strings"
)

func bashScript(commands []completedCommand) string {
	var b, values, flags, args strings.Builder
	var names, groups []string
	for _, c := range commands {
		if c.group == "" {
			names = append(names, c.name)
		}
		if c.subcommands != nil {
			groups = append(groups, c.name)
		}
		var spellings []string
		for _, f := range c.flags {
			spellings = append(spellings, f.spellings()...)
			if !f.isBool {
				var patterns []string
				for _, spelling := range f.spellings() {
					patterns = append(patterns, shellQuote(c.name+":"+spelling))
				}
				fmt.Fprintf(&values, "\t%s) %s; return ;;\n", strings.Join(patterns, "|"), bashValue(f.value, f.isList))
			}
		}
		fmt.Fprintf(&flags, "\t%s) _topoc_words %s ;;\n", shellQuote(c.name), shellQuote(strings.Join(append(spellings, "--help"), " ")))
		fmt.Fprintf(&args, "\t%s) %s ;;\n", shellQuote(c.name), bashValue(c.args, false))
	}
	fmt.Fprintf(&b, `# Completion of topoc for bash; made by: topoc completion bash

_topoc_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_topoc_list() { COMPREPLY=($(compgen -P "${cur%%"${cur##*,}"}" -W "$1" -- "${cur##*,}")); }
_topoc_paths() { local IFS=$'\n'; COMPREPLY=($(compgen "$1" -- "$cur")); }

_topoc() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_topoc_words %s
		return
	fi
	if ((COMP_CWORD > 2)); then
		case $command in
		%s) command+=" ${COMP_WORDS[2]}" ;;
		esac
	fi
	# --flag=value comes as three words.
	if [[ $cur == = ]]; then cur=
	elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $command:$prev in
%s	esac
	if [[ $cur == -* ]]; then
		case $command in
%s		esac
		return
	fi
	case $command in
%s	esac
}
complete -o filenames -F _topoc topoc
`, shellQuote(strings.Join(names, " ")), strings.Join(groups, "|"), values.String(), indented(flags.String()), args.String())
	return b.String()
}

func indented(lines string) string {
	return strings.ReplaceAll("\t"+strings.TrimSuffix(lines, "\n"), "\n", "\n\t") + "\n"
}

func bashValue(v completedValue, isList bool) string {
	switch {
	case isList:
		return "_topoc_list " + shellQuote(strings.Join(v.words, " "))
	case v.words != nil:
		return "_topoc_words " + shellQuote(strings.Join(v.words, " "))
	case v.dirs:
		return "_topoc_paths -d"
	case v.files:
		return "_topoc_paths -f"
	}
	return ":"
}
