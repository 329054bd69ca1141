package oracle

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/topologies/topogen"
)

// link loads and links a topology that must have no mistakes.
func link(t testing.TB, text string) *fabric.Fabric {
	t.Helper()
	r, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Diagnostics {
		t.Errorf("%s: %s", d.Pos, d.Message)
	}
	if r.Topology == nil {
		t.FailNow()
	}
	f, diags := fabric.Link(r.Topology)
	for _, d := range diags {
		t.Errorf("%s: %s", d.Path, d.Message)
	}
	return f
}

// example reads one of the example topologies, with more CUE after it.
func example(t testing.TB, name, more string) *fabric.Fabric {
	t.Helper()
	text, err := os.ReadFile("../../../topologies/" + name + ".cue")
	if err != nil {
		t.Fatal(err)
	}
	return link(t, string(text)+"\n"+more)
}

func compile(f *fabric.Fabric) map[*fabric.Cluster]*calico.Objects {
	objects := map[*fabric.Cluster]*calico.Objects{}
	for _, c := range f.Clusters {
		objects[c] = calico.Compile(c)
	}
	return objects
}

// tables writes the kernel routes of each device, one line each, much as `ip route` does.
func tables(r *Result) map[string]string {
	lines := map[string][]string{}
	for _, row := range r.Routes {
		if row.Kind == rib {
			continue
		}
		line := row.Prefix.String()
		if row.Kind != unicast {
			line = row.Kind + " " + line
		}
		if len(row.NextHops) > 0 {
			line += " via"
		}
		for _, a := range row.NextHops {
			line += " " + a.String()
		}
		line += " proto " + row.Proto
		if row.Metric != 0 {
			line += fmt.Sprint(" metric ", row.Metric)
		}
		lines[row.Device] = append(lines[row.Device], line)
	}
	all := map[string]string{}
	for device, of := range lines {
		all[device] = strings.Join(of, "\n")
	}
	return all
}

// topologyNames lists the examples.
func topologyNames(t *testing.T) []string {
	entries, err := os.ReadDir("../../../topologies")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if path.Ext(e.Name()) == ".cue" {
			names = append(names, strings.TrimSuffix(e.Name(), ".cue"))
		}
	}
	return names
}

func TestTheOrderOfMessagesDoesNotMatter(t *testing.T) {
	for _, name := range topologyNames(t) {
		t.Run(name, func(t *testing.T) {
			f := example(t, name, "")
			objects := compile(f)
			first := Run(f, objects, 0)
			if !first.Settled {
				t.Fatal("does not settle")
			}
			for _, s := range first.Sessions {
				if !s.Up {
					t.Errorf("%v is down", s)
				}
			}
			for order := range int64(20) {
				if r := Run(f, objects, order+1); !reflect.DeepEqual(r, first) {
					t.Fatalf("order %d gives\n%v\nwant\n%v", order+1, r, first)
				}
			}
		})
	}
}

// TestRandomTopologies looks at what must hold whatever a topology is: the same order of messages gives the same result, and
// both ends of a session agree.
func TestRandomTopologies(t *testing.T) {
	for seed := range int64(60) {
		f := linkAnyway(t, topogen.Random(seed))
		objects := compile(f)
		r := Run(f, objects, seed)
		if again := Run(f, objects, seed); !reflect.DeepEqual(r, again) {
			t.Errorf("seed %d: two runs differ", seed)
		}
		ends := map[[2]netip.Addr]int{}
		for _, s := range r.Sessions {
			if s.Up {
				ends[[2]netip.Addr{s.LocalAddress, s.PeerAddress}]++
			}
		}
		for _, s := range r.Sessions {
			back := ends[[2]netip.Addr{s.PeerAddress, s.LocalAddress}]
			if s.Up && back == 0 && !isOutside(f, s.PeerAddress) {
				t.Errorf("seed %d: the far end of %v is down", seed, s)
			}
		}
	}
}

func linkAnyway(t *testing.T, text []byte) *fabric.Fabric {
	t.Helper()
	r, err := load.Load(context.Background(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil || r.Topology == nil {
		t.Fatal(err)
	}
	f, _ := fabric.Link(r.Topology)
	return f
}

func isOutside(f *fabric.Fabric, a netip.Addr) bool {
	return slices.ContainsFunc(f.Sessions, func(s *fabric.Session) bool {
		return s.Kind == fabric.ExternalSession && s.B.Address == a
	})
}
