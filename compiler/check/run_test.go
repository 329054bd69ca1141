package check

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/compiler/source"
	"topoc/topologies/topogen"
)

// BenchmarkRun checks generated topologies with all rules.
func BenchmarkRun(b *testing.B) {
	for _, clusters := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", clusters*topogen.NodesPerCluster), func(b *testing.B) {
			var text bytes.Buffer
			if err := topogen.Write(&text, clusters); err != nil {
				b.Fatal(err)
			}
			f := linkText(b, text.Bytes())
			for b.Loop() {
				Run(f, Options{Today: fixtureDay})
			}
		})
	}
}

// BenchmarkContinue checks the prediction of generated topologies with the rules that look at sessions, routes and packets.
func BenchmarkContinue(b *testing.B) {
	const nodes = 100 // in each rack or cluster
	only := []string{"session-no-path", "session-half-open", "as-path-loop", "next-hop-unresolvable", "ecmp-collapsed", "rr-partition"}
	for _, of := range []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"clusters=1000", func(text *bytes.Buffer) error { return topogen.Write(text, 1000) }},
		{"racks=100", func(text *bytes.Buffer) error { return topogen.WriteFabric(text, 100, nodes) }},
	} {
		b.Run(of.name, func(b *testing.B) {
			var text bytes.Buffer
			if err := of.write(&text); err != nil {
				b.Fatal(err)
			}
			f := linkText(b, text.Bytes())
			objects := map[*fabric.Cluster]*calico.Objects{}
			for _, c := range f.Clusters {
				objects[c] = calico.Compile(c)
			}
			predicted := simulate.Run(simulate.Input{Fabric: f, Objects: objects})
			for b.Loop() {
				Start(f, Options{Only: only}).Continue(objects, predicted)
			}
		})
	}
}

// TestManyClustersWithOneRangeAreOneFindingEach runs what makes naive overlap checks report every pair: many clusters with the
// same ranges and the same nodes, isolated (legal), unconnected (warned) and connected in a chain (wrong).
func TestManyClustersWithOneRangeAreOneFindingEach(t *testing.T) {
	const n = 300
	for _, test := range []struct {
		name     string
		isolated bool
		chained  bool
		want     int // overlap-clusters
	}{
		{"isolated", true, false, 0},
		{"unconnected", false, false, 2 * (n - 1)},
		{"connected", false, true, 2 * (n - 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var text strings.Builder
			text.WriteString("name: \"many\"\n")
			for i := range n {
				fmt.Fprintf(&text, "clusters: c%d: {isolated: %v, podCIDRs: [\"10.200.0.0/16\"], serviceCIDRs: [\"10.96.0.0/16\"], nodes: n: address: \"10.200.0.11/24\"}\n", i, test.isolated)
				if test.chained && i > 0 {
					fmt.Fprintf(&text, "peerings: p%d: {clusters: [\"c%d\", \"c%d\"], via: \"fabric\"}\n", i, i-1, i)
				}
			}
			f := linkText(t, []byte(text.String()))
			got := Run(f, Options{Only: []string{"overlap-clusters", "overlap-infrastructure", "overlap-in-cluster", "duplicate-address"}})
			if got := countCheck(got, "overlap-clusters"); got != test.want {
				t.Errorf("%d findings of overlap-clusters, want %d", got, test.want)
			}
			if got := countCheck(got, "overlap-infrastructure"); got != n {
				t.Errorf("%d findings of overlap-infrastructure, want %d", got, n)
			}
		})
	}
}

func countCheck(l diag.List, name string) int {
	n := 0
	for _, d := range l {
		if d.Check == name {
			n++
		}
	}
	return n
}

func TestWaiverOfNoCheckIsAnUnknownWord(t *testing.T) {
	found := Run(linkText(t, []byte(`name: "x"
clusters: prod: {podCIDRs: ["10.200.0.0/16"], nodes: n1: address: "192.168.1.11/24"}
waivers: [
	{check: "docker-defalt-range", reason: "a slip"},
	{check: "something else entirely", reason: "no check at all", until: "2020-01-01"},
	{check: "single-point-of-failure", reason: "known, but not run"},
	{check: "bad-selector", reason: "printed as a check's name is"},
]
`)), Options{Today: fixtureDay})
	if len(found) != 3 {
		t.Fatalf("found:\n%s", lines(found))
	}
	for i, want := range []struct{ path, hint string }{
		{"waivers[0].check", `write "docker-default-range"`},
		{"waivers[1].check", "topoc explain lists the checks"},
		{"waivers[3].check", "delete the waiver, and mend what it was written for"},
	} {
		d := found[i]
		if d.Check != "unknown-word" || d.Severity != diag.Error || d.Path != source.Path(want.path) || d.Hint != want.hint {
			t.Errorf("got %s at %s with hint %q, want unknown-word at %s with hint %q", d.Check, d.Path, d.Hint, want.path, want.hint)
		}
	}
}

func TestWithoutTodayNoWaiverExpires(t *testing.T) {
	found := Run(linkText(t, []byte(`name: "x"
clusters: prod: {podCIDRs: ["10.200.0.0/16"], nodes: n1: address: "173.20.0.11/24"}
waivers: [{check: "public-address-space", reason: "x", until: "2020-01-01"}]
`)), Options{})
	if len(found) != 0 {
		t.Errorf("found:\n%s", lines(found))
	}
}

// TestRunIsDeterministic runs all rules over one topology with many findings, twice, linked anew each time.
func TestRunIsDeterministic(t *testing.T) {
	text := []byte(`name: "x"
clusters: {
	a: {podCIDRs: ["10.0.0.0/8"], serviceCIDRs: ["10.88.0.0/16"], nodes: {n1: address: "10.0.3.1/24", n2: address: "10.0.3.1/24"}}
	b: {podCIDRs: ["10.0.0.0/8"], serviceCIDRs: ["10.88.0.0/16"], nodes: {n1: address: "10.0.3.1/24", n2: address: "10.0.4.1/24"}}
	c: {podCIDRs: ["10.0.0.0/8"], serviceCIDRs: ["10.88.0.0/16"], nodes: {n1: address: "10.0.3.1/24", n2: address: "10.0.5.1/24"}}
}
peerings: {ab: {clusters: ["a", "b"], via: "fabric"}, ac: {clusters: ["a", "c"], via: "fabric"}}
`)
	var runs []string
	for range 5 {
		runs = append(runs, lines(Run(linkText(t, text), Options{Today: fixtureDay})))
	}
	if slices.Sort(runs); runs[0] != runs[len(runs)-1] {
		t.Errorf("two runs differ:\n%s\n%s", runs[0], runs[len(runs)-1])
	}
}

// TestEveryWaiverOfTheLeafSpineExampleIsNeeded takes one waiver away at a time: findings surface, all of them where it was for.
func TestEveryWaiverOfTheLeafSpineExampleIsNeeded(t *testing.T) {
	text, err := os.ReadFile("../../topologies/leaf-spine.cue")
	if err != nil {
		t.Fatal(err)
	}
	f := linkText(t, text)
	all := f.Model.Waivers
	for i, w := range all {
		f.Model.Waivers = slices.Delete(slices.Clone(all), i, i+1)
		found := Run(f, Options{Today: fixtureDay})
		if len(found) == 0 {
			t.Errorf("without the waiver at %s nothing is found", w.At)
		}
		for _, d := range found {
			if d.Check != w.Check || !d.Path.Has(source.Path(w.At)) {
				t.Errorf("without the waiver at %s, found %s at %s", w.At, d.Check, d.Path)
			}
		}
	}
}
