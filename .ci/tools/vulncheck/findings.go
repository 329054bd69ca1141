package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// finding is a vulnerability in code that may be called.
type finding struct {
	id, summary string
	module      string
	version     string
	fixed       string   // the version that mends it; "": none does
	packages    []string // those with what may be called, sorted
}

// standardLibrary is the module of Go's own packages, as govulncheck calls it.
const standardLibrary = "stdlib"

// findings are what govulncheck found.
type findings struct {
	summaries map[string]string
	byKey     map[string]*finding // by module and identifier
}

// message is what govulncheck says, of what matters here: golang.org/x/vuln/internal/govulncheck.
type message struct {
	OSV *struct {
		ID, Summary string
	}
	Finding *struct {
		OSV          string
		FixedVersion string `json:"fixed_version"`
		Trace        []struct{ Module, Version, Package, Function string }
	}
}

// read takes in what one run of govulncheck says. What is linked and can be called by nothing is no finding.
func (f *findings) read(r io.Reader) error {
	if f.byKey == nil {
		f.summaries, f.byKey = map[string]string{}, map[string]*finding{}
	}
	for decoder := json.NewDecoder(r); ; {
		var m message
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if m.OSV != nil {
			f.summaries[m.OSV.ID] = m.OSV.Summary
		}
		if m.Finding == nil || len(m.Finding.Trace) == 0 || m.Finding.Trace[0].Function == "" {
			continue
		}
		at := m.Finding.Trace[0] // the vulnerable function; what calls it follows
		key := at.Module + " " + m.Finding.OSV
		found := f.byKey[key]
		if found == nil {
			found = &finding{
				id: m.Finding.OSV, summary: f.summaries[m.Finding.OSV], module: at.Module, version: at.Version, fixed: m.Finding.FixedVersion,
			}
			f.byKey[key] = found
		}
		if !slices.Contains(found.packages, at.Package) {
			found.packages = append(found.packages, at.Package)
			slices.Sort(found.packages)
		}
	}
}

// report prints the findings, and reports whether none has to be mended here. That an accepted vulnerability is not found any more
// has to be mended too.
func (f *findings) report(w io.Writer) (isClean bool, err error) {
	isClean = true
	var standard []*finding
	isUsed := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(f.byKey)) {
		found := f.byKey[key]
		switch a, isAccepted := acceptedFor(found); {
		case found.module == standardLibrary:
			standard = append(standard, found)
		case isAccepted:
			isUsed[a.id] = true
			_, err = fmt.Fprintf(w, "accepted: %v\n\t%s\n", found, a.reason)
		default:
			isClean = false
			_, err = fmt.Fprintf(w, "vulnerable: %v\n\tmay be called: %s\n", found, strings.Join(found.packages, ", "))
		}
		if err != nil {
			return false, err
		}
	}
	for _, a := range accepted {
		if !isUsed[a.id] {
			isClean = false
			fmt.Fprintf(w, "%s is accepted, and is not found any more: take it out of the list\n", a.id)
		}
	}
	for _, found := range standard {
		fmt.Fprintf(w, "in the standard library: %v\n", found)
	}
	if len(standard) > 0 {
		_, err = fmt.Fprintf(w, "The standard library is that of the Go here. Do not build a release with this one.\n")
	}
	return isClean, err
}

func (f *finding) String() string {
	mend := "no version mends it"
	if f.fixed != "" {
		mend = f.fixed + " mends it"
	}
	return fmt.Sprintf("%s in %s %s: %s; %s", f.id, f.module, f.version, f.summary, mend)
}
