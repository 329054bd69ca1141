package simulate

import (
	"fmt"
	"slices"
	"testing"

	"topoc/topologies/topogen"
)

func TestWhatTheExamplesExpectHolds(t *testing.T) {
	eachTopology(t, func(t *testing.T, r *Result) {
		proofs := r.Prove()
		if len(proofs) < len(r.Fabric.Expected) {
			t.Errorf("%d proofs of %d expectations", len(proofs), len(r.Fabric.Expected))
		}
		for _, p := range proofs {
			if !p.Holds {
				t.Errorf("%s: without %v: %s", p.Name, p.Failed, p.Reason)
			}
		}
	})
}

// TestFindingsSayWhy runs over topologies of all kinds, some of them with mistakes.
func TestFindingsSayWhy(t *testing.T) {
	for seed := range int64(300) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			for _, p := range Run(inputOf(t, topogen.Random(seed))).Prove() {
				switch {
				case p.Holds && (p.Trace != nil || p.Reason != "" || p.Failed != nil):
					t.Errorf("%s holds, and yet: %+v", p.Name, p)
				case !p.Holds && p.Reason == "":
					t.Errorf("%s does not hold, and nobody says why", p.Name)
				case !p.Holds && p.Trace != nil && p.Expectation.Reach && p.Trace.Stop != nil && len(p.Trace.Paths) == 0:
					t.Errorf("%s: nothing shows where packets stop", p.Name)
				case !p.Holds && p.Trace != nil && p.Trace.Reached == p.Expectation.Reach:
					t.Errorf("%s: reached %v", p.Name, p.Trace.Reached)
				}
			}
		})
	}
}

// TestFailuresAgreeWithProofs: an expectation that survives one failure is broken by none of the rows, and by one otherwise.
func TestFailuresAgreeWithProofs(t *testing.T) {
	for seed := range int64(150) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := Run(inputOf(t, topogen.Random(seed)))
			rows := r.Failures(1).Rows
			standing := map[string]bool{}
			for _, p := range r.Prove() {
				standing[p.Name] = p.Holds || p.Failed != nil
			}
			for _, e := range r.Fabric.Expected {
				e.Survives, e.Paths = 1, 1
			}
			for _, p := range r.Prove() {
				isBroken := slices.ContainsFunc(rows, func(row FailureRow) bool { return slices.Contains(row.Expectations, p.Name) })
				if !p.Implied && standing[p.Name] && p.Holds == isBroken {
					t.Errorf("%s survives a failure: %v (%v), and a row breaks it: %v", p.Name, p.Holds, p.Failed, isBroken)
				}
			}
		})
	}
}

func TestProve(t *testing.T) {
	const clusters = `
clusters: {
	a: {podCIDRs: ["10.10.0.0/16"], asNumber: 64512, nodes: {
		a1: address: "10.1.0.11/24", a2: address: "10.1.0.12/24", a3: address: "10.1.0.13/24"}, routeReflectors: main: {clusterID: "244.0.0.1", nodes: ["a1"]}}
	b: {podCIDRs: ["10.20.0.0/16"], asNumber: 64513, nodes: {
		b1: address: "10.1.0.21/24", b2: address: "10.1.0.22/24", b3: address: "10.1.0.23/24", b4: address: "10.1.0.24/24"}, routeReflectors: main: nodes: ["b1", "b2"]}
}
`
	for _, tt := range []struct {
		name, topology string
		failed         []string
		want           string
	}{
		{"clusters without a peering are not expected to reach each other", `expect: e: {from: "a", to: "b", reach: false}`, nil, ""},
		{"what must not be reached and is", `peerings: p: clusters: ["a", "b"]
			expect: e: {from: "a", to: "b", reach: false}`, nil, "packets from the pods of a get to the pods of b, and are expected not to"},
		{"as many next hops as reflectors", `peerings: p: clusters: ["a", "b"]
			expect: e: {from: "a", to: "b", paths: 2}`, nil, ""},
		{"fewer next hops than expected", `peerings: p: clusters: ["a", "b"]
			expect: e: {from: "b", to: "a", paths: 2}`, nil, "b/b1 has 1 equal-cost next hop to 10.10.65.64/26, and 2 are expected"},
		{"one of two reflectors may fail", `expect: e: {from: "b", to: "b", survives: 1}`, nil, ""},
		{"the only reflector may not", `expect: e: {from: "a", to: "a", survives: 1}`, []string{"a/a1"},
			"without a/a1: a1 has failed, and nothing else passes 10.10.65.64/26 on to a2; add a node to routeReflectors: main of a"},
		{"two of two reflectors may not", `expect: e: {from: "b", to: "b", survives: 2}`, []string{"b/b1", "b/b2"},
			"without b/b1 and b/b2: b1 has failed, and nothing else passes 10.20.153.64/26 on to b3; add a node to routeReflectors: main of b"},
		{"a single device that is named does not fail", `expect: e: {from: "a/a1", to: "a", survives: 1}`, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proofs := Run(inputOf(t, []byte("name: \"t\"\nimplied: false\n"+clusters+tt.topology))).Prove()
			if len(proofs) != 1 {
				t.Fatalf("%d proofs, want one", len(proofs))
			}
			p := proofs[0]
			if p.Reason != tt.want || p.Holds != (tt.want == "") || !slices.Equal(p.Failed, tt.failed) {
				t.Errorf("holds %v, without %v: %s\nwant without %v: %s", p.Holds, p.Failed, p.Reason, tt.failed, tt.want)
			}
		})
	}
}

func TestImpliedExpectations(t *testing.T) {
	var names []string
	for _, p := range Run(seedInput(t, "three-clusters-chain")).Prove() {
		if p.Implied {
			names = append(names, p.Name)
		}
	}
	want := []string{"the pods of a reach each other", "the pods of b reach each other", "the pods of c reach each other",
		"peering a-b: a reaches the pods and services of b", "peering a-b: b reaches the pods and services of a",
		"peering b-c: b reaches the pods of c", "peering b-c: c reaches the pods and services of b"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q\nwant %q", names, want)
	}
}
