package main

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strconv"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// jsonCandidate is one route that a device has, was offered, or could have been, and what became of it.
type jsonCandidate struct {
	Device     string        `json:"device"`
	Cluster    string        `json:"cluster"`
	Prefix     netip.Prefix  `json:"prefix"`
	From       string        `json:"from"`
	NextHop    string        `json:"nextHop"`
	Interface  string        `json:"interface,omitempty"` // of a next hop on an unnumbered link
	ASPath     []uint32      `json:"asPath"`
	LocalPref  uint32        `json:"localPref"`
	Fate       simulate.Fate `json:"fate"`
	Rule       string        `json:"rule"`
	DeclaredAt string        `json:"declaredAt"` // file:line, or "" where nobody wrote the rule
}

// answers are the answers to --why.
type answers struct {
	predicted *simulate.Result
	lines     source.Locator
	filter    routeFilter
	known     []netip.Prefix // what passes the filter and any kind of device has a path to, sorted; none without a filter
}

func newAnswers(r *simulate.Result, lines source.Locator, filter routeFilter) *answers {
	a := &answers{predicted: r, lines: lines, filter: filter}
	if !filter.isSet() {
		return a
	}
	// The members of a part have paths to the same prefixes, but for some of their own.
	for _, part := range r.Parts {
		a.known = append(a.known, pathPrefixes(filter.of(r.Routes(part.Device(0))))...)
	}
	a.known = distinct(a.known)
	return a
}

// questions returns the prefixes that there is something to say of at a device with these rows, sorted: those that it has a path
// to, and of those asked for by --prefix also the others.
func (a *answers) questions(rows []simulate.RouteRow) []netip.Prefix {
	asked := distinct(append(pathPrefixes(rows), a.known...))
	if len(asked) == 0 && a.filter.isSet() {
		asked = append(asked, a.filter.prefix)
	}
	return asked
}

// pathPrefixes returns the prefixes that BGP has a path to.
func pathPrefixes(rows []simulate.RouteRow) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, row := range rows {
		if row.Table == simulate.BGPTable {
			prefixes = append(prefixes, row.Prefix)
		}
	}
	return prefixes
}

func distinct(prefixes []netip.Prefix) []netip.Prefix {
	slices.SortFunc(prefixes, fabric.ComparePrefix)
	return slices.Compact(prefixes)
}

// rows makes the rows of devices.
func (a *answers) rows(devices []fabric.Device) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, d := range devices {
			for _, prefix := range a.questions(a.filter.of(a.predicted.Routes(d))) {
				for _, c := range a.predicted.Why(d, prefix) {
					if !yield(a.newJSONCandidate(d, c)) {
						return
					}
				}
			}
		}
	}
}

func (a *answers) newJSONCandidate(d fabric.Device, c simulate.Candidate) jsonCandidate {
	_, from := splitName(c.From)
	return jsonCandidate{
		Device: bareName(d), Cluster: clusterName(d), Prefix: c.Prefix, From: from, NextHop: addressText(c.NextHop), Interface: c.Interface,
		ASPath: listOf(c.ASPath), LocalPref: c.LocalPref, Fate: c.Fate, Rule: c.Rule, DeclaredAt: declaredAt(a.lines, c.At),
	}
}

// write prints the answers of a device with these rows.
func (a *answers) write(t *textParts, d fabric.Device, rows []simulate.RouteRow) {
	for _, prefix := range a.questions(rows) {
		candidates := a.predicted.Why(d, prefix)
		if len(candidates) == 0 {
			fmt.Fprintf(t.w, "\nwhy %s: BGP knows nothing of it\n", prefix)
			continue
		}
		fmt.Fprintf(t.w, "\nwhy %s\n", candidates[0].Prefix)
		a.table(candidates).writeColumns(t.w)
	}
}

func (a *answers) table(candidates []simulate.Candidate) *textTable {
	table := &textTable{header: []string{"  FATE", "FROM", "NEXT HOP", "LOCAL PREF", "AS PATH", "BECAUSE"}}
	for _, c := range candidates {
		table.rows = append(table.rows, []string{
			"  " + string(c.Fate), c.From, cmp.Or(addressText(c.NextHop), c.Interface, "-"), strconv.FormatUint(uint64(c.LocalPref), 10),
			asPathText(c.ASPath), withPlace(c.Rule, a.lines, c.At),
		})
	}
	return table
}
