package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
)

// TestWhatAFailureDoesNotTouchIsAsItWas: after any single failure the routes that are shared with the intact network are those
// that solving everything anew gives.
func TestWhatAFailureDoesNotTouchIsAsItWas(t *testing.T) {
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || files == nil {
		t.Fatalf("no topologies (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := Run(inputOf(t, text))
			for name, f := range singleFailures(r) {
				if got, want := livingRoutes(r.after(f)), livingRoutes(r.afresh(f)); got != want {
					t.Errorf("after the loss of %s the routes are\n%s\nwant\n%s", name, got, want)
				}
			}
		})
	}
}

// singleFailures are the failures of each device and each link.
func singleFailures(r *Result) map[string]*failure {
	all := map[string]*failure{}
	for _, d := range r.Devices() {
		all[d.DeviceName()] = r.failed(d)
	}
	for _, l := range r.Fabric.Links {
		all[l.Name] = &failure{links: map[*fabric.SwitchLink]bool{l: true}}
	}
	return all
}

func (r *Result) failed(d fabric.Device) *failure {
	f := &failure{members: map[*Part][]int{}}
	for _, at := range r.places(d) {
		f.members[at.part] = []int{at.member}
	}
	return f
}

// livingRoutes writes the kernel routes of all devices that live, those to prefixes that died with their only owner left out.
func livingRoutes(v *view) string {
	var b strings.Builder
	for _, d := range v.result.Devices() {
		for _, at := range v.result.places(d) {
			if v.down.isDead(at.part, at.member) {
				continue
			}
			fmt.Fprintln(&b, "=====", d.DeviceName(), at.part.VRF)
			for _, f := range families {
				for _, row := range v.kernelRows(at, f) {
					if t, ok := v.target(at, row); !ok || !v.isLost(t.destination, owned{row.Prefix, t.member}) {
						fmt.Fprintln(&b, row)
					}
				}
			}
		}
	}
	return b.String()
}

func (v *view) target(at place, row RouteRow) (target, bool) {
	d := at.part.domains[familyIndex(fabric.FamilyOf(row.Prefix.Addr()))]
	if d == nil {
		return target{}, false
	}
	t, ok := d.indexes.every(d).targets[row.Prefix]
	return t, ok
}

func TestTheOtherReflectorTakesOver(t *testing.T) {
	r := Run(seedInput(t, "two-clusters"))
	lost := r.Fabric.Clusters[1].Node("cluster-b-m03")
	v := r.after(r.failed(lost))
	at := r.places(r.Fabric.Clusters[0].Node("cluster-a"))[0]
	var got []string
	for _, row := range v.kernelRows(at, fabric.IPv4) {
		if strings.HasPrefix(row.Prefix.String(), "10.21") {
			got = append(got, row.String())
		}
	}
	if i := slices.IndexFunc(got, func(s string) bool { return !strings.Contains(s, "via 172.17.0.10 dev") }); len(got) == 0 || i >= 0 {
		t.Errorf("routes to the other cluster are\n%s\nwant all of them through its other reflector", strings.Join(got, "\n"))
	}
}
