package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// reportFormats are the forms in which check prints for services that look for files in a repository.
var reportFormats = map[string]func(*diag.Report, io.Writer) error{
	"sarif":  (*diag.Report).WriteSARIF,
	"junit":  (*diag.Report).WriteJUnit,
	"github": (*diag.Report).WriteGitHub,
	"gitlab": (*diag.Report).WriteGitLab,
}

// report makes what the forms for services print of what was found.
func (c *checking) report(results []checked) *diag.Report {
	names := serviceNames{original: map[string]string{}}
	r := &diag.Report{Version: thisVersion().Version, Source: &names, Strict: c.findings.strict}
	ran := map[string]bool{}
	for _, one := range results {
		topology := names.of(one.name)
		found := names.in(one.Diagnostics, topology)
		r.Topologies = append(r.Topologies, diag.Topology{Name: topology, Ran: one.Ran, Found: found})
		r.Found = append(r.Found, found...)
		names.lines = append(names.lines, one.Locator)
		for _, name := range one.Ran {
			ran[name] = true
		}
	}
	r.Found = once(r.Found)
	r.Rules = rules(ran)
	return r
}

// once sorts findings, and tells those of a file that several topologies share once.
func once(found diag.List) diag.List {
	found = slices.Clone(found)
	found.Sort()
	return slices.CompactFunc(found, sameFinding)
}

// sameFinding reports whether two diagnostics say the same of the same place.
func sameFinding(a, b *diag.Diagnostic) bool {
	return a.Pos == b.Pos && a.Check == b.Check && a.Path == b.Path && a.Message == b.Message && slices.Equal(a.Notes, b.Notes)
}

// rules returns what there is to say of checks that ran, and of the mistakes of shape, which are always looked for.
func rules(ran map[string]bool) []diag.Rule {
	var all []diag.Rule
	for _, p := range check.Pages() {
		if ran[p.Name] || check.IsMistake(p.Name) {
			doc := p.Doc + "\n\nSource: " + p.Source
			all = append(all, diag.Rule{Name: p.Name, Severity: p.Severity, Summary: p.Summary, Doc: doc})
		}
	}
	return all
}

// serviceNames are the names of files as a service that reads a form knows them: from the working directory, which is the root of
// the repository there, and with slashes. It is a source.Locator of files by these names.
type serviceNames struct {
	original map[string]string // by the name for services
	lines    locators
}

// standardInput is the name of a topology that has no file.
const standardInput = "stdin"

// of returns the name of a file for services, and remembers which it is.
func (n *serviceNames) of(file string) string {
	name := filepath.Clean(file)
	if filepath.IsAbs(name) {
		if dir, err := os.Getwd(); err == nil {
			if relative, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(relative) {
				name = relative
			}
		}
	}
	if file == "-" {
		name = standardInput
	}
	name = filepath.ToSlash(name)
	n.original[name] = file
	return name
}

// in returns a copy of what was found in a topology that names files for services. What has no place at all gets the topology's.
func (n *serviceNames) in(found diag.List, topology string) diag.List {
	named := make(diag.List, len(found))
	for i, d := range found {
		c := *d
		if c.Notes = slices.Clone(d.Notes); c.Pos.File == "" {
			c.Pos.File = topology
		} else {
			c.Pos.File = n.of(c.Pos.File)
		}
		for j := range c.Notes {
			if file := c.Notes[j].Pos.File; file != "" {
				c.Notes[j].Pos.File = n.of(file)
			}
		}
		named[i] = &c
	}
	return named
}

// Locate implements source.Locator.
func (n *serviceNames) Locate(at source.Path) source.Pos { return n.lines.Locate(at) }

// Line implements source.Locator.
func (n *serviceNames) Line(file string, line int) (string, bool) {
	return n.lines.Line(n.original[file], line)
}

// checkFormats returns the names of the forms in which check prints.
func checkFormats() []string {
	return append([]string{"text", "json"}, slices.Sorted(maps.Keys(reportFormats))...)
}

// locators is the files of several topologies.
type locators []source.Locator

// Locate implements source.Locator: a path means another value in each topology, so none is found.
func (l locators) Locate(source.Path) source.Pos { return source.Pos{} }

// Line implements source.Locator.
func (l locators) Line(file string, line int) (string, bool) {
	for _, in := range l {
		if text, ok := in.Line(file, line); ok {
			return text, true
		}
	}
	return "", false
}
