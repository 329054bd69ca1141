package check

import (
	"iter"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

var waiverUnused = rule(Rule{
	Name:     "waiver-unused",
	Severity: diag.Warning,
	Doc: `waiver-unused: a waiver must silence something

A waiver that matches no finding was written for a problem that is gone, or for a path that has been renamed. Left in
place it would silence the next problem there, which nobody has looked at. A waiver of a check that did not run is not
judged.

Mend it by deleting the waiver, or by correcting its path in "at".`,
	Source: "the schema of topologies, waivers (topoc schema)",
})

var waiverExpired = rule(Rule{
	Name:     "waiver-expired",
	Severity: diag.Warning,
	Doc: `waiver-expired: a waiver must not be older than its last day

"until" is the last day on which a waiver holds. From the next day on its findings are reported again, so that a
temporary measure does not become the rule by being forgotten.

Mend it by removing the cause of the finding and the waiver with it, or by deciding anew and moving "until".`,
	Source: "the schema of topologies, waivers (topoc schema)",
})

// waiver is one entry of the waivers list at work.
type waiver struct {
	*model.Waiver
	at      source.Path // where it is written
	expired bool
	used    bool
}

// waiving is the waivers of a topology and what they are judged by.
type waiving struct {
	written []*model.Waiver
	ran     map[string]bool // the checks that ran: a waiver of another one cannot be told to be unused
	isAll   bool            // nothing that was to run is still to come
	today   string          // YYYY-MM-DD; empty: none expires
}

// atWork returns the waivers as they are on a day; none has been used.
func atWork(written []*model.Waiver, today string) []*waiver {
	var waivers []*waiver
	for i, m := range written {
		waivers = append(waivers, &waiver{
			Waiver:  m,
			at:      source.Path("waivers").Index(i),
			expired: m.Until != "" && m.Until < today, // both YYYY-MM-DD: the order of the text is the order of the days
		})
	}
	return waivers
}

// silencedBy returns whether a waiver silences a finding.
func silencedBy(written []*model.Waiver, today string) func(*diag.Diagnostic) bool {
	index := indexWaivers(atWork(written, today))
	return func(d *diag.Diagnostic) bool {
		for range index.matching(d) {
			return true
		}
		return false
	}
}

// isWaived reports whether a waiver is written for a check at a place, be it expired.
func (p *Pass) isWaived(check string, at source.Path) bool {
	return slices.ContainsFunc(p.Fabric.Model.Waivers, func(m *model.Waiver) bool { return m.Check == check && at.Has(source.Path(m.At)) })
}

// apply returns the findings that no waiver silences, and what there is to say of the waivers themselves. It uses up found.
func (w waiving) apply(found diag.List) diag.List {
	waivers := atWork(w.written, w.today)
	kept := silence(found, waivers)

	about := w.judge(waivers)
	// Waivers of the two rules about waivers are judged after all others, since those are what they can silence.
	aboutWaivers := func(w *waiver) bool { return w.Check == waiverUnused.Name || w.Check == waiverExpired.Name }
	w.reportUnused(&about, waivers, func(w *waiver) bool { return !aboutWaivers(w) })
	about = silence(about, waivers)
	if w.isAll { // a waiver of a rule still to come may yet give them something to silence
		w.reportUnused(&about, waivers, aboutWaivers)
	}
	return append(kept, about...)
}

// judge reports the waivers whose check is no check's name, and those that have expired.
func (w waiving) judge(waivers []*waiver) diag.List {
	var about diag.List
	for _, one := range waivers {
		if IsMistake(one.Check) {
			about.Add("unknown-word", diag.Error, one.at.Field("check"), "%s is a mistake of shape and no check: no waiver silences it", one.Check).
				WithHint("delete the waiver, and mend what it was written for")
		} else if !Known(one.Check) {
			d := about.Add("unknown-word", diag.Error, one.at.Field("check"), "there is no check named %q", one.Check)
			if near := diag.Nearest(one.Check, catalogue); near != "" {
				d.WithHint("write %q", near)
			} else {
				d.WithHint("topoc explain lists the checks")
			}
		} else if one.expired && w.ran[waiverExpired.Name] {
			about.Add(waiverExpired.Name, waiverExpired.Severity, one.at.Field("until"),
				"the waiver of %s held until %s, today is %s", one.Check, one.Until, w.today).
				WithHint("delete the waiver once its cause is gone, or move until to a later day")
		}
	}
	return about
}

// reportUnused reports those of some waivers that have silenced nothing.
func (w waiving) reportUnused(list *diag.List, waivers []*waiver, of func(*waiver) bool) {
	if !w.ran[waiverUnused.Name] {
		return
	}
	for _, one := range waivers {
		if one.used || one.expired || !w.ran[one.Check] || !of(one) {
			continue
		}
		where := "in the whole topology"
		if one.At != "" {
			where = "at " + one.At
		}
		list.Add(waiverUnused.Name, waiverUnused.Severity, one.at.Field("check"),
			"the waiver of %s silences nothing: there is no such finding %s", one.Check, where).
			WithHint("delete the waiver")
	}
}

// silence returns the findings that no waiver matches, and marks every waiver that matches one as used: of two waivers that
// cover the same finding both are.
func silence(found diag.List, waivers []*waiver) diag.List {
	if len(waivers) == 0 {
		return found
	}
	index := indexWaivers(waivers)
	return slices.DeleteFunc(found, func(d *diag.Diagnostic) bool {
		silenced := false
		for w := range index.matching(d) {
			w.used, silenced = true, true
		}
		return silenced
	})
}

// waiverIndex finds waivers that have not expired by their check and what flat makes of their path: there may be as many waivers as
// findings.
type waiverIndex map[waiverKey][]*waiver

type waiverKey struct{ check, at string }

func indexWaivers(waivers []*waiver) waiverIndex {
	index := waiverIndex{}
	for _, w := range waivers {
		if !w.expired {
			key := waiverKey{w.Check, flat(source.Path(w.At))}
			index[key] = append(index[key], w)
		}
	}
	return index
}

// matching returns the waivers of a finding, some perhaps twice: those whose path the finding or one of its notes lies at or below. The
// notes are the other parties of the finding, and which party is told first is topoc's choice, not the user's: an overlap of two
// clusters can be waived at either. So a rule must not note a place that has the same problem independently: that is a
// finding of its own, for a waiver of its own.
func (x waiverIndex) matching(d *diag.Diagnostic) iter.Seq[*waiver] {
	return func(yield func(*waiver) bool) {
		if len(x) == 0 {
			return
		}
		for i := range len(d.Notes) + 1 {
			path := d.Path
			if i > 0 {
				path = d.Notes[i-1].Path
			}
			for at := range ancestors(flat(path)) {
				for _, w := range x[waiverKey{d.Check, at}] {
					if !yield(w) {
						return
					}
				}
			}
		}
	}
}

// flat is a path in a form in which it begins like all its ancestors, however these quote their labels: a node's name may have dots, and
// clusters.prod.nodes.n1.example.com is what people write.
func flat(p source.Path) string {
	labels := p.Labels()
	if len(labels) == 0 {
		return ""
	}
	return strings.Join(labels, ".") + "."
}

// ancestors returns the empty path, and every beginning of a flat path that may be one.
func ancestors(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield("") {
			return
		}
		for i := range len(path) {
			if path[i] == '.' && !yield(path[:i+1]) {
				return
			}
		}
	}
}
