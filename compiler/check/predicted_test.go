package check

import (
	"bytes"
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

// TestLargeTopologiesAreToldThatNothingWasTried: what is too much work is not left out in silence.
func TestLargeTopologiesAreToldThatNothingWasTried(t *testing.T) {
	for _, tt := range []struct {
		name     string
		clusters int
		want     []string
	}{
		{"within the bound", 60, nil},
		{"beyond it", 150, []string{"single points of failure are not looked for: 450 parts and 0 links are too many to try each in a build"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text bytes.Buffer
			if err := topogen.Write(&text, tt.clusters); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range runAll(linkText(t, text.Bytes()), Options{Only: []string{"single-point-of-failure"}}) {
				got = append(got, d.Message)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestWhatNeverSettlesIsTold: no topology that passes the other checks is known to oscillate, so the cycles are made up.
func TestWhatNeverSettlesIsTold(t *testing.T) {
	f, locator := link(t, []byte(`name: "x"
clusters: c: {
	asNumber: 64512
	podCIDRs: ["10.5.0.0/16"]
	nodes: {
		n1: address: "192.168.0.1/24"
		n2: address: "192.168.0.2/24"
	}
}
`))
	for _, tt := range []struct {
		name    string
		of      simulate.Oscillation
		message string
		at      source.Path
		hint    string
	}{
		{"sessions", simulate.Oscillation{Cycle: []string{"the session of c/n2 and c/n1 comes up and goes down"}},
			"sessions come up and go down for ever: the session of c/n2 and c/n1 comes up and goes down", "clusters.c.nodes.n1", "give c/n1 a way to its peers"},
		{"routes", simulate.Oscillation{Prefix: pf("10.5.0.0/26"), Cycle: []string{"c/n2 uses 192.168.0.1", "c/n2 uses 192.168.0.9", "c/n2 uses 192.168.0.1"}},
			"routes to 10.5.0.0/26 never settle: c/n2 uses 192.168.0.1, then c/n2 uses 192.168.0.9, then c/n2 uses 192.168.0.1", "clusters.c.nodes.n2", "let all devices of the cycle prefer alike"},
		{"of nobody that is known", simulate.Oscillation{Prefix: pf("10.5.0.0/26")}, "routes to 10.5.0.0/26 never settle: ", "name", "let all devices"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var found diag.List
			objects := map[*fabric.Cluster]*calico.Objects{}
			for _, c := range f.Clusters {
				objects[c] = calico.Compile(c)
			}
			r := simulate.Run(simulate.Input{Fabric: f, Objects: objects})
			r.Oscillations = []simulate.Oscillation{tt.of}
			p := &Pass{Fabric: f, Predicted: r, Rule: Lookup("expectation-failed"), found: &found, shared: &shared{fabric: f}}
			p.Rule.Run(p)
			found.Locate(locator)
			wantGoodForm(t, found)
			if len(found) != 1 || found[0].Message != tt.message || found[0].Path != tt.at || !strings.HasPrefix(found[0].Hint, tt.hint) {
				t.Errorf("found:\n%s", lines(found))
			}
		})
	}
}
