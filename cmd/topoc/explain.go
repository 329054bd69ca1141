package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler/check"
	"topoc/compiler/diag"
)

func explainCommand() *command {
	formats := func() []string { return []string{"text", "json"} }
	return &command{
		name:    "explain",
		args:    "[CHECK]",
		summary: "say what a check means, why it is there, and what mends its findings",
		help: `
CHECK is the name in brackets behind a finding. Without an argument all checks
are listed.`,
		maxArgs:   1,
		argWords:  explainable,
		flagWords: map[string]func() []string{"format": formats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			format := flags.String("format", "text", "print as `FORMAT`: text, json")
			return func(e *env, args []string) error {
				if err := explainCommand().oneOf("format", *format, formats()); err != nil {
					return err
				}
				return explain(e.stdout, args, *format == "json")
			}
		},
	}
}

// explanation is what there is to say about a check, or about a mistake of shape.
type explanation struct {
	Check    string `json:"check"`
	Severity string `json:"severity"` // the worst that it reports
	Summary  string `json:"summary"`  // one sentence
	Doc      string `json:"doc"`      // paragraphs: why, where the need comes from, how to mend it; none for mistakes of shape

	severity diag.Severity
}

func explain(w io.Writer, args []string, isJSON bool) error {
	all := explanations()
	if len(args) > 0 {
		i := slices.IndexFunc(all, func(x explanation) bool { return x.Check == args[0] })
		switch {
		case i < 0 && check.Known(args[0]):
			return usagef("topoc explain lists those that it has", "explain: this version does not have the check %s yet", args[0])
		case i < 0:
			hint := nearestHint(args[0], explainable(), "topoc explain lists the checks")
			return usagef(hint, "explain: no check is called %q", args[0])
		}
		all = all[i : i+1]
	}
	switch {
	case isJSON:
		return writeExplanations(w, all)
	case len(args) > 0:
		return all[0].write(w)
	}
	return listExplanations(w, all)
}

// writeExplanations prints {"checks": [...]}.
func writeExplanations(w io.Writer, all []explanation) error {
	return writeIndented(w, map[string][]explanation{"checks": all})
}

func (x explanation) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s (%s)\n\n%s\n", x.Check, x.Severity, strings.TrimSpace(x.Summary+"\n\n"+x.Doc))
	return err
}

// listExplanations prints a line for each.
func listExplanations(w io.Writer, all []explanation) error {
	var b strings.Builder
	width := 0
	for _, x := range all {
		width = max(width, len(x.Check))
	}
	for _, x := range all {
		fmt.Fprintf(&b, "%-*s  %-7s  %s\n", width, x.Check, x.Severity, x.Summary)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explanations returns everything that can be explained, sorted by name.
func explanations() []explanation {
	var all []explanation
	for _, r := range check.All() {
		title, doc, _ := strings.Cut(r.Doc, "\n")
		all = append(all, explanation{
			Check:    r.Name,
			Severity: r.Severity.String(),
			Summary:  strings.TrimSpace(strings.TrimPrefix(title, r.Name+":")),
			Doc:      strings.TrimSpace(doc),
			severity: r.Severity,
		})
	}
	for name, sentence := range mistakes {
		all = append(all, explanation{Check: name, Severity: diag.Error.String(), Summary: sentence})
	}
	slices.SortFunc(all, func(a, b explanation) int { return cmp.Compare(a.Check, b.Check) })
	return all
}

func explainable() []string {
	var names []string
	for _, x := range explanations() {
		names = append(names, x.Check)
	}
	return names
}

// mistakes are the mistakes of shape, which are no checks: they are found in reading and linking a topology.
var mistakes = map[string]string{
	"bad-address":       "an IP address must stand here",
	"bad-name":          "a name must have the form of what it names, and be fit for a file where one is called after it",
	"bad-prefix":        "an address with the length of its subnet, or a range of addresses, must stand here, in CIDR notation",
	"bad-selector":      "a selector must be one that Calico can read: all(), rack == 'r1', has(disk) && zone in {'a', 'b'}",
	"conflict":          "two values for one field must agree, since CUE unifies all that is written for it; and fields must not exclude each other",
	"missing-field":     "a required field must be written, also one that another field makes necessary",
	"out-of-range":      "a number must lie within the bounds of its field",
	"syntax":            "a file must be readable as CUE, YAML or JSON",
	"undefined":         "a CUE reference must lead to a field or a definition",
	"unknown-field":     "a field must be one of the language's: topoc schema lists them",
	"unknown-reference": "a name must be declared in the topology: a cluster, node, rack, group, switch or host",
	"unknown-word":      "a word must be one that the language knows for its field",
	"wrong-type":        "a value must have the type of its field: a string, a number, a list, a struct",
}
