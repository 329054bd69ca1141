package main

import (
	"fmt"
	"io"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/switchconf"
)

// dialectWord is what explain takes before the name of a dialect. No check has this name.
const dialectWord = "dialect"

// dialectPage is what there is to say of a dialect, also as JSON.
type dialectPage struct {
	Name      string   `json:"name"`
	Platform  string   `json:"platform"` // what snippets are for
	Extension string   `json:"extension"`
	Can       []string `json:"can"`
	Cannot    []string `json:"cannot"`    // what a switch-feature finding tells
	SafePaths int      `json:"safePaths"` // equal-cost paths: those that are derived at most
	MaxPaths  int      `json:"maxPaths"`  // and those that may be written at most
	MaxName   int      `json:"maxName"`   // characters of a generated name
	MaxVRF    int      `json:"maxVRF"`    // of a VRF's; 0: it has none
	Notes     []string `json:"notes"`     // what a snippet cannot say itself
	Doubts    []string `json:"doubts"`    // what was not proved
}

func newDialectPage(d *fabric.Dialect) dialectPage {
	page := dialectPage{
		Name: d.Name, Extension: d.Extension, Can: d.Features.Words(), Cannot: d.Lacks().Words(), SafePaths: d.SafePaths,
		MaxPaths: d.MaxPaths, MaxName: d.MaxName, MaxVRF: d.MaxVRF, Notes: []string{}, Doubts: []string{},
	}
	p := switchconf.PrinterByName(d.Name) // every dialect has one
	page.Platform = p.Platform
	page.Notes, page.Doubts = append(page.Notes, p.Notes...), append(page.Doubts, p.Doubts...)
	return page
}

// explainDialect prints the page of one dialect, or a line for each.
func explainDialect(w io.Writer, args []string, isJSON bool) error {
	var pages []dialectPage
	for _, name := range fabric.DialectNames() {
		if len(args) == 0 || name == args[0] {
			pages = append(pages, newDialectPage(fabric.DialectByName(name)))
		}
	}
	switch {
	case len(pages) == 0:
		hint := nearestHint(args[0], fabric.DialectNames(), "topoc explain dialect lists the dialects")
		return usagef(hint, "explain: no dialect is called %q", args[0])
	case isJSON:
		return writeIndented(w, map[string][]dialectPage{"dialects": pages})
	case len(args) > 0:
		return pages[0].write(w)
	}
	for _, p := range pages {
		if _, err := fmt.Fprintf(w, "%-9s %-5s %s\n", p.Name, p.Extension, p.Platform); err != nil {
			return err
		}
	}
	return nil
}

// write prints the page for people.
func (p dialectPage) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nSnippets are files *.%s; names of groups, lists and policies have at most %d characters",
		p.Name, p.Platform, p.Extension, p.MaxName)
	if p.MaxVRF > 0 {
		fmt.Fprintf(&b, ", those of VRFs %d", p.MaxVRF)
	}
	b.WriteString(".\n")
	if p.MaxPaths > 1 {
		fmt.Fprintf(&b, "Equal-cost paths: %d at most where topoc derives the number, %d where it is written.\n", p.SafePaths, p.MaxPaths)
	} else {
		b.WriteString("It uses one path only: no equal-cost paths.\n")
	}
	for _, part := range []struct {
		title string
		items []string
	}{
		{"It can express", p.Can},
		{"It cannot express, and a switch-feature finding says so where it is asked for", p.Cannot},
		{"To use a snippet", p.Notes},
		{"Not proved on a device", p.Doubts},
	} {
		if len(part.items) > 0 {
			fmt.Fprintf(&b, "\n%s:\n", part.title)
		}
		for _, item := range part.items {
			fmt.Fprintf(&b, "  - %s\n", strings.ReplaceAll(wrapped(item), "\n", "\n    "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
