package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"topoc/compiler/check"
	"topoc/compiler/fabric"
)

func explainCommand() *command {
	formats := func() []string { return []string{"text", "json"} }
	return &command{
		name:    "explain",
		args:    "[CHECK | dialect [NAME]]",
		summary: "say what a check means and what mends it, or what a dialect can do",
		help: `
CHECK is the name in brackets behind a finding: a check's, or that of a mistake
of shape. Its page says what happens where it is not minded, and has a topology
on which it fires, the edit that mends this one, the waiver that accepts it, and
where the need for it comes from. Without an argument all names are listed; with
--format json all pages are printed.

explain dialect lists the dialects of switches; with the NAME of one it says
what that cannot express, its limits, and what of it was not proved.`,
		maxArgs:   2,
		argWords:  func() []string { return slices.Concat(explainable(), []string{dialectWord}, fabric.DialectNames()) },
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

func explain(w io.Writer, args []string, isJSON bool) error {
	if len(args) > 0 && args[0] == dialectWord {
		return explainDialect(w, args[1:], isJSON)
	}
	if len(args) > 1 {
		return explainCommand().usagef("explain has no use for %q", args[1])
	}
	pages := check.Pages()
	if len(args) > 0 {
		i := slices.IndexFunc(pages, func(p *check.Page) bool { return p.Name == args[0] })
		if i < 0 {
			hint := nearestHint(args[0], explainable(), "topoc explain lists the checks")
			return usagef(hint, "explain: no check is called %q", args[0])
		}
		pages = pages[i : i+1]
	}
	switch {
	case isJSON:
		return writeExplanations(w, pages)
	case len(args) > 0:
		return writePage(w, pages[0])
	}
	return listPages(w, pages)
}

// explanation is a page as JSON.
type explanation struct {
	Check    string `json:"check"`
	Severity string `json:"severity"` // the worst that it reports
	Summary  string `json:"summary"`  // one sentence
	Doc      string `json:"doc"`      // paragraphs: why, what happened, how to mend it
	Source   string `json:"source"`   // where the need comes from
	Example  string `json:"example"`  // a topology on which it fires
	Finding  string `json:"finding"`  // what topoc check says of that
	Mended   string `json:"mended"`   // the same topology, mended
	Waiver   string `json:"waiver"`   // what accepts the finding when added to the example; "" where nothing does
}

// writeExplanations prints {"checks": [...]}.
func writeExplanations(w io.Writer, pages []*check.Page) error {
	all := []explanation{}
	for _, p := range pages {
		e := p.Example()
		all = append(all, explanation{
			Check:    p.Name,
			Severity: p.Severity.String(),
			Summary:  p.Summary,
			Doc:      p.Doc,
			Source:   p.Source,
			Example:  e.Fires,
			Finding:  e.Finding,
			Mended:   e.Mended,
			Waiver:   e.Waiver,
		})
	}
	return writeIndented(w, map[string][]explanation{"checks": all})
}

// writePage prints a page for people.
func writePage(w io.Writer, p *check.Page) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n\n", p.Name, p.Severity)
	for _, paragraph := range append([]string{p.Summary}, strings.Split(p.Doc, "\n\n")...) {
		fmt.Fprintf(&b, "%s\n\n", wrapped(paragraph))
	}
	e := p.Example()
	for _, part := range []struct{ title, text string }{
		{"Example", e.Fires},
		{"topoc check says", e.Finding},
		{"Mended", e.Edit()},
		{"To accept it", e.Waiver},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "%s:\n\n%s\n", part.title, setOff(part.text))
		}
	}
	fmt.Fprintf(&b, "%s\n", wrapped("Source: "+p.Source))
	_, err := io.WriteString(w, b.String())
	return err
}

// textWidth is how wide prose is printed.
const textWidth = 80

// wrapped breaks a paragraph anew into lines that fit a terminal.
func wrapped(paragraph string) string {
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(paragraph) {
		n := utf8.RuneCountInString(word)
		switch {
		case width == 0:
		case width+1+n > textWidth:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += n
	}
	return b.String()
}

// setOff sets lines of CUE, or about it, off from prose. Tabs would leave no room for the text on a narrow terminal.
func setOff(text string) string {
	const indent = "    "
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(text, "\t", indent)) {
		if line != "\n" {
			b.WriteString(indent)
		}
		b.WriteString(line)
	}
	return b.String()
}

// listPages prints a line for each.
func listPages(w io.Writer, pages []*check.Page) error {
	var b strings.Builder
	width := 0
	for _, p := range pages {
		width = max(width, len(p.Name))
	}
	for _, p := range pages {
		fmt.Fprintf(&b, "%-*s  %-7s  %s\n", width, p.Name, p.Severity, p.Summary)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explainable returns the names that can be explained, sorted.
func explainable() []string {
	var names []string
	for _, p := range check.Pages() {
		names = append(names, p.Name)
	}
	return names
}
