package simulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// distinctNodes is a cluster in full mesh of so many nodes, each of which is named and so different from the others.
func distinctNodes(nodes, survives int) []byte {
	var expect strings.Builder
	for n := range nodes {
		fmt.Fprintf(&expect, "\t\"n%d\": {from: \"prod/n%d\", to: \"prod\"}\n", n, n)
	}
	return fmt.Appendf(nil, `
import "list"
name: "t"
clusters: prod: {podCIDRs: ["10.10.0.0/16"], nodes: {for n in list.Range(0, %d, 1) {"n\(n)": address: "10.1.0.\(n+10)/24"}}}
expect: {
	"survives": {from: "prod", to: "prod", survives: %d}
%s}`, nodes, survives, expect.String())
}

func proofNamed(t *testing.T, proofs []Proof, name string) *Proof {
	t.Helper()
	i := slices.IndexFunc(proofs, func(p Proof) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no proof of %q", name)
	}
	return &proofs[i]
}

// TestTooManySets are not tried, and what they would have proved is not taken for proved.
func TestTooManySets(t *testing.T) {
	for _, tt := range []struct {
		nodes, survives int
		want            string
	}{
		{12, 3, ""},
		{205, 7, "is proved for any 1 failure only: any 2 of 205 devices and links are 20,910 sets, and at most 20,000 are tried in all"},
	} {
		start := time.Now()
		p := proofNamed(t, Run(inputOf(t, distinctNodes(tt.nodes, tt.survives))).Prove(), "survives")
		if p.Reason != tt.want || p.Untried != (tt.want != "") || p.Holds == p.Untried {
			t.Errorf("%d of %d nodes: holds %v, untried %v: %s\nwant %s", tt.survives, tt.nodes, p.Holds, p.Untried, p.Reason, tt.want)
		}
		t.Log(time.Since(start))
	}
}

func TestChoices(t *testing.T) {
	for _, sizes := range [][]int{{}, {1}, {3}, {1, 1, 1, 1, 1}, {4, 1, 2, 7}} {
		var classes []*class
		for _, n := range sizes {
			classes = append(classes, &class{make([]element, n)})
		}
		for size := 1; size <= 5; size++ {
			want := 0
			for range picks(classes, size) {
				want++
			}
			if got := choices(classes, size); got != want {
				t.Errorf("%d of classes of %v: %d choices, want %d", size, sizes, got, want)
			}
		}
	}
}

// TestWhatNeverSettlesAfterAFailureIsTold: the second node's block contains its own address, so that the route which the
// session brings leads the session's packets to where only that route leads. That it was up before is made up here.
func TestWhatNeverSettlesAfterAFailureIsTold(t *testing.T) {
	r := Run(inputOf(t, []byte(`
name: "t"
implied: false
clusters: c: {
	podCIDRs: ["10.0.2.0/24"]
	nodes: {
		n1: {address: "10.0.1.11/24", blocks: []}
		n2: {address: "10.0.2.11/24", blocks: ["10.0.2.0/26"]}
		n3: {address: "10.0.1.13/24", blocks: []}
		n4: {address: "10.0.4.14/24", blocks: []}
	}
}
expect: e: {from: "c/n3", to: "c/n1", survives: 1}
`)))
	r.Oscillations = nil
	for _, pair := range r.sessions {
		pair.a.State, pair.b.State = Established, Established
		pair.setUp()
	}
	p := newProver(r)
	v := r.afresh(r.failed(r.Fabric.Clusters[0].Node("n4")))
	const want = "sessions come up and go down for ever: the session of c/n1 "
	if got := p.unsettledIn(newTraffic(v, p.census), p.claims[0].regions); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q…", got, want)
	}
}
