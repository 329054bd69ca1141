package simulate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/goldentest"
)

// TestRoutesAreThoseOfRealDaemons compares kernel routes, in the form of `ip route`, with those of BIRD 1.6.8 and FRR 8.4.4
// configured by Calico's confd and by hand. Each file says where its routes come from; they are not to be rewritten to fit.
//
// A section objects changes what was compiled before it is read: see change. A section devices names the devices to
// print, else all are.
func TestRoutesAreThoseOfRealDaemons(t *testing.T) {
	goldentest.Run(t, "testdata/routes/*.txtar", func(t *testing.T, input *txtar.Archive) map[string][]byte {
		r := runArchive(t, input)
		for _, o := range r.Oscillations {
			t.Errorf("%v never settles: %v", o.Prefix, o.Cycle)
		}
		only := strings.Fields(section(input, "devices"))
		var b strings.Builder
		for _, d := range r.Devices() {
			if len(only) == 0 || slices.Contains(only, d.DeviceName()) {
				writeRoutes(&b, r, d)
			}
		}
		return map[string][]byte{"routes": []byte(b.String())}
	})
}

func writeRoutes(b *strings.Builder, r *Result, d fabric.Device) {
	fmt.Fprintf(b, "===== %s\n", d.DeviceName())
	for _, row := range r.Routes(d) {
		if row.Table == KernelTable {
			b.WriteString(row.String() + "\n")
		}
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// runArchive predicts the topology of a test file.
func runArchive(t testing.TB, a *txtar.Archive) *Result {
	t.Helper()
	in := inputOf(t, []byte(section(a, "topology.cue")))
	for change := range strings.Lines(section(a, "objects")) {
		in.change(t, strings.Fields(change))
	}
	return Run(in)
}

// change edits the compiled objects: "delete disabled pools", "delete BGPPeer NAME", "BGPPeer NAME allows own AS".
func (in Input) change(t testing.TB, words []string) {
	t.Helper()
	for _, o := range in.Objects {
		switch {
		case len(words) == 3 && words[1] == "disabled":
			o.IPPools = slices.DeleteFunc(o.IPPools, func(p *v3.IPPool) bool { return p.Spec.Disabled })
		case len(words) == 3 && words[1] == "BGPPeer":
			o.BGPPeers = slices.DeleteFunc(o.BGPPeers, func(p *v3.BGPPeer) bool { return p.Name == words[2] })
		case len(words) == 5 && words[0] == "BGPPeer":
			for _, p := range o.BGPPeers {
				if p.Name == words[1] {
					p.Spec.NumAllowedLocalASNumbers = new(int32(1))
				}
			}
		default:
			t.Fatalf("no change is called %q", words)
		}
	}
}
