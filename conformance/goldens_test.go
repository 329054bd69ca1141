package conformance

import (
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
	"topoc/conformance/birdcfg"
)

// outOfScope is what simulate does not predict of golden scenarios: a scenario's directory and what is left out there, as a
// comparison names it, or its beginning; and why. Every entry must be needed.
var outOfScope = []struct{ golden, what, reason string }{
	{"explicit_peering/local_bgp_peer", "session Local_Workload_", "sessions with pods: which pods run on a node no topology says"},
	{"mesh/hash", "router ID", "CALICO_ROUTER_ID is set in the environment of calico-node, which no object has"},
	{"mesh/static-routes-no-ipv4-address", "router ID", "likewise"},
}

// TestPredictionEqualsGoldens holds simulate to the BIRD configurations that Calico's own tests expect of confd, in every
// scenario that comes with the module.
func TestPredictionEqualsGoldens(t *testing.T) {
	g := newGoldens(t)
	for _, datastore := range []string{"etcdv3", "kubernetes"} {
		g.replay(t, recordSteps(t, g.tests, datastore), func(s *state, node, golden string) {
			t.Run(golden, func(t *testing.T) { g.compare(t, s, node, golden) })
		})
	}
	for _, golden := range goldenDirectories(t, g.tests) {
		if !g.compared[golden] {
			t.Errorf("no step of the scripts compares %s", golden)
		}
	}
	for _, entry := range outOfScope {
		if !g.used[entry.golden+" "+entry.what] {
			t.Errorf("%s: %s needs no exception any more", entry.golden, entry.what)
		}
	}
	t.Logf("%d goldens in %d states: %d sessions and %d filter decisions compared, %d counts of sessions", len(g.compared), len(g.seen),
		g.sessions, g.decisions, g.counts)
}

// goldens is a run over the scenarios.
type goldens struct {
	tests  string
	blocks map[string][]netip.Prefix

	compared                    map[string]bool // directories of goldens
	seen                        map[string]bool // golden and state: the scripts go through all of it several times
	used                        map[string]bool // entries of outOfScope
	sessions, decisions, counts int
}

func newGoldens(t *testing.T) *goldens {
	t.Helper()
	tests := filepath.Join(calicoSource(t), "confd", "tests")
	mock, err := os.ReadFile(filepath.Join(tests, "mock_data", "kdd", "ipam.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return &goldens{tests: tests, blocks: mockBlocks(t, string(mock)), compared: map[string]bool{}, seen: map[string]bool{}, used: map[string]bool{}}
}

// replay does what the scripts do, and visits each golden in every state in which they compare it, once.
func (g *goldens) replay(t *testing.T, steps []step, visit func(s *state, node, golden string)) {
	t.Helper()
	s, running := newState(), step{}
	for _, next := range steps {
		switch next.verb {
		case "confd":
			running = next
		case "compare", "expect":
			key := fmt.Sprint(next, running, s.calico, s.kubernetes)
			if g.seen[key] {
				continue
			}
			g.seen[key] = true
			if next.verb == "expect" {
				g.count(t, s, running.node, next.arg)
				continue
			}
			golden := filepath.Clean(next.arg)
			g.compared[golden] = true
			visit(s, running.node, golden)
		default:
			s.do(t, next)
		}
	}
}

// familyFiles are the files of BIRD's two daemons.
var familyFiles = []struct {
	family fabric.Family
	name   string
}{{fabric.IPv4, "bird.cfg"}, {fabric.IPv6, "bird6.cfg"}}

// compare compares both families of a golden with what is predicted from the state.
func (g *goldens) compare(t *testing.T, s *state, node, golden string) {
	for _, file := range familyFiles {
		rendered, err := birdcfg.ParseFile(filepath.Join(g.tests, "compiled_templates", golden, file.name))
		if err != nil {
			t.Fatal(err)
		}
		c := g.comparison(t, s, node, golden, file.family, rendered)
		c.run()
		g.sessions, g.decisions = g.sessions+c.sessions, g.decisions+c.decisions
		for _, d := range c.differences {
			t.Errorf("%s: %s", file.name, d)
		}
	}
}

// comparison compares what is predicted of a node, in the state of a golden, with a configuration.
func (g *goldens) comparison(t *testing.T, s *state, node, golden string, f fabric.Family, rendered *birdcfg.Config) *comparison {
	t.Helper()
	predicted := simulate.Run(s.input(t, g.blocks))
	n := predicted.Fabric.Clusters[0].Node(node)
	if n == nil {
		t.Fatalf("there is no node %s", node)
	}
	return &comparison{predicted: predicted.BIRD(n, f), rendered: rendered, routes: predicted.Routes(n), passwordOf: s.password,
		isLeftOut: func(what string) bool { return g.isLeftOut(golden, what) }}
}

func (g *goldens) isLeftOut(golden, what string) bool {
	for _, entry := range outOfScope {
		if entry.golden == golden && strings.HasPrefix(what, entry.what) {
			g.used[entry.golden+" "+entry.what] = true
			return true
		}
	}
	return false
}

// count compares the number of IPv4 sessions alone: that is all some scenarios expect.
func (g *goldens) count(t *testing.T, s *state, node, want string) {
	predicted := simulate.Run(s.input(t, g.blocks))
	n := predicted.Fabric.Clusters[0].Node(node)
	if n == nil {
		t.Fatalf("there is no node %s", node)
	}
	g.counts++
	if got := len(predicted.BIRD(n, fabric.IPv4).Protocols); fmt.Sprint(got) != want {
		t.Errorf("%d sessions are predicted of %s, where confd renders %s", got, node, want)
	}
}

// goldenDirectories returns the directories of all goldens, sorted.
func goldenDirectories(t *testing.T, tests string) []string {
	t.Helper()
	root := filepath.Join(tests, "compiled_templates")
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, _ fs.DirEntry, err error) error {
		if filepath.Base(file) == "bird.cfg" {
			relative, err := filepath.Rel(root, filepath.Dir(file))
			found[relative] = true
			return err
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("no goldens in %s: %v", root, err)
	}
	return slices.Sorted(maps.Keys(found))
}
