package simulate

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"topoc/topologies/topogen"
)

// racksBut writes a fabric of some racks and edits it: pairs of a regular expression and what comes in its place.
func racksBut(t *testing.T, racks, nodes int, edits ...string) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := topogen.WriteFabric(&text, racks, nodes); err != nil {
		t.Fatal(err)
	}
	all := text.String()
	for i := 0; i < len(edits); i += 2 {
		find := regexp.MustCompile(edits[i])
		if !find.MatchString(all) {
			t.Fatalf("nothing to edit: %s", edits[i])
		}
		all = find.ReplaceAllString(all, edits[i+1])
	}
	return []byte(all)
}

// with returns the beginning of a switch, as a regular expression, and what it becomes with a field more.
func with(name, field string) (find, replacement string) {
	return fmt.Sprintf(`("%s": \{\s+role: "\w+",?)`, name), "$1\n" + field + "\n"
}

// TestWhatIsAlikeIsPredictedAlike: what stands for others has their routes, in fabrics whose racks are alike and in those where
// some differ in what decides; and so after every failure.
func TestWhatIsAlikeIsPredictedAlike(t *testing.T) {
	t.Parallel()
	edit := func(find, replacement string) []string { return []string{find, replacement} }
	tests := []struct {
		name  string
		edits []string
		want  bool // something stands for others
	}{
		{"all racks are alike", nil, true},
		{"one leaf uses a single path", edit(with("leaf-1-0", "bgp: maximumPaths: 1")), true},
		{"one leaf sends its nodes a default route", edit(with("leaf-0-1", `bgp: toNodes: "default"`)), true},
		{"one leaf sends something more", edit(with("leaf-2-0", `bgp: send: [{prefix: "10.99.0.0/16", on: "nodes"}]`)), true},
		{"the router IDs of two leaves change places", edit(with("leaf-2-0", `routerID: "10.200.0.1"`)), true},
		{"the router ID of a leaf lies below those of spines", edit(with("leaf-2-1", `routerID: "1.0.0.1"`)), true},
		{"spines in ASes of their own hear of every leaf", edit(`"spine-(\d)": \{(.*)4200020000`, `"spine-$1": {${2}420002000$1`), false},
		{"all leaves in one AS", edit(`asNumber: 420001000\d`, "asNumber: 4200010000"), true},
		{"all leaves in one AS, which they override", edit(
			`asNumber: 4200000\d+, switches`, `asOverride: true, asNumber: 4200000000, switches`), false},
		{"a border leaf", edit(`(?s)(links: \{)(.*)`, `switches: border: {role: "leaf", dialect: "frr", asNumber: 64999, loopback: "10.9.9.9/32"}
$1
	b0: {border: address: "10.13.0.0/31", "spine-0": address: "10.13.0.1/31"}
	b1: {border: address: "10.13.0.2/31", "spine-1": address: "10.13.0.3/31"}
$2`), true},
		{"a rack with a link less", edit(`(?s)\t"leaf-1-1-spine-2": \{.*?\n\t\}\n`, ""), true},
		{"a rack with a node less", edit(`\t\t"node-2-4": .*\n`, ""), true},
		{"a tunnel to all but the own subnet", edit(`podCIDRs: .*`, `podCIDRs: ["10.128.0.0/9"]
	ipPools: main: {cidr: "10.128.0.0/9", encapsulation: "IPIPCrossSubnet"}`), true},
		{"routes of Felix's", edit(`podCIDRs: .*`, `podCIDRs: ["10.128.0.0/9"]
	ipPools: main: {cidr: "10.128.0.0/9", encapsulation: "VXLANCrossSubnet"}`), true},
		{"next hops are the nodes that tell", edit(`nextHopMode: "Keep"`, `nextHopMode: "Self"`), true},
		{"next hops as Calico has them", edit(`, nextHopMode: "Keep"`, ``), true},
		{"one rack's reflectors tell of themselves", edit(`(leaf-1-1"\], .*)"Keep"`, `$1"Self"`), true},
		{"every node speaks with its leaves", edit(`, peer: "routeReflectors", nextHopMode: "Keep"`, ``), true},
		{"a node with a service of its own", edit(`("node-3-3": \{)`, `$1 localServices: ["10.96.0.7"], `), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			isWild := strings.Contains(tt.name, "override") // without loop prevention what has failed is told on for long
			racks := 5
			if isWild {
				racks = 3
			}
			text := racksBut(t, racks, 5, tt.edits...)
			one, ok := linked(t, text)
			all, _ := linked(t, text)
			if !ok {
				t.Fatalf("the topology has mistakes:\n%s", text)
			}
			got, want := Run(one), runForAll(all)
			if diff := resultDifference(got, want); diff != "" {
				t.Fatal(diff)
			}
			others := singleFailures(want)
			for name, f := range singleFailures(got) {
				if !strings.Contains(name, "-1") && !strings.Contains(name, "spine-0") || isWild {
					continue
				}
				if diff := viewDifference(got.after(f), want.after(others[name])); diff != "" {
					t.Errorf("without %s: %s", name, diff)
				}
			}
			if spared := sparedIn(got); spared > 0 != tt.want {
				t.Errorf("in %d solutions some stand for others", spared)
			}
		})
	}
}

// TestRandomTopologiesArePredictedAlike: so it is in topologies that are not made for it.
func TestRandomTopologiesArePredictedAlike(t *testing.T) {
	t.Parallel()
	const seeds = 2000
	spared := make([]int, seeds)
	eachSeed(seeds, func(seed int64) {
		text := topogen.Random(seed)
		one, ok := linked(t, text)
		if !ok {
			return
		}
		all, _ := linked(t, text)
		got, want := Run(one), runForAll(all)
		if diff := resultDifference(got, want); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		spared[seed] = sparedIn(got)
	})
	count := 0
	for _, n := range spared {
		count += n
	}
	t.Logf("in %d solutions some stand for others", count)
}

// runForAll is Run, but solves everything for everybody.
func runForAll(in Input) *Result {
	r := prepare(in)
	r.solvesAll = true
	r.settle()
	return r
}

// resultDifference names what differs first between two predictions of one topology; empty: nothing does.
func resultDifference(got, want *Result) string {
	if one, other := fmt.Sprint(got.Oscillations), fmt.Sprint(want.Oscillations); one != other {
		return fmt.Sprintf("oscillations are %s, where all are solved %s", one, other)
	}
	for i, t := range got.sessions {
		if u := want.sessions[i]; t.a.State != u.a.State || t.b.State != u.b.State {
			return fmt.Sprintf("the session of %s is %s, where all are solved %s", sessionName(t.a), t.a.State, u.a.State)
		}
	}
	if diff := viewDifference(got.base, want.base); diff != "" {
		return diff
	}
	one, other := got.Prove(), want.Prove()
	if !slices.EqualFunc(one, other, func(a, b Proof) bool { return a.Name == b.Name && a.Holds == b.Holds && a.Reason == b.Reason }) {
		return fmt.Sprintf("proofs are %+v, where all are solved %+v", one, other)
	}
	return ""
}

// viewDifference names the first route that differs.
func viewDifference(got, want *view) string {
	for i, d := range got.result.domains {
		tables := want.routes[want.result.domains[i]]
		for _, of := range d.dests {
			one, other := &got.routes[d][of.Index], &tables[of.Index]
			for slot := range one.actions {
				a, b := one.at(slot), other.at(slot)
				if (a == nil) != (b == nil) || a != nil && (!a.equals(b) || a.note != b.note) {
					return fmt.Sprintf("to %s %s does %+v, where all are solved %+v", of.Prefix, partName(of.part(slot)), a, b)
				}
			}
		}
	}
	return ""
}

// sparedIn is in how many solutions of a prediction some stand for others.
func sparedIn(r *Result) int {
	count := 0
	for _, d := range r.domains {
		e := newEngine(d)
		e.begin(r.base)
		e.restart()
		for _, of := range d.dests {
			if e.solveAlike(of).Standing() != nil {
				count++
			}
		}
	}
	return count
}
