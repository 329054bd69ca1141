package conformance

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"topoc/compiler"
	"topoc/compiler/artifact"
	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/load"
	"topoc/compiler/simulate"
	"topoc/conformance/birdcfg"
	"topoc/topologies/topogen"
)

// randomTopologies is how many random topologies are rendered.
const randomTopologies = 100

// TestConfdRendersWhatIsPredicted holds simulate to Calico's own confd: of every node of every example and of random topologies.
func TestConfdRendersWhatIsPredicted(t *testing.T) {
	s := server(t)
	x := &rendering{loader: newLoader(t, s), renderer: newRenderer(t, s)}
	begun := time.Now()
	for _, top := range examples(t) {
		p, why := predict(t, top.name, top.text)
		if p == nil {
			t.Fatalf("%s: %s", top.name, why)
		}
		t.Run(top.name, func(t *testing.T) { x.topology(t, p) })
	}
	t.Logf("examples took %s", time.Since(begun).Round(time.Second))
	begun = time.Now()
	refused := 0
	for seed, tried := int64(1), 0; tried < randomTopologies; seed++ {
		name := fmt.Sprintf("random-%d", seed)
		p, why := predict(t, name, topogen.Random(seed))
		if p == nil {
			if refused++; refused > randomTopologies {
				t.Fatalf("%d random topologies are refused, the last one: %s", refused, why)
			}
			continue
		}
		tried++
		t.Run(name, func(t *testing.T) { x.topology(t, p) })
	}
	t.Logf("random topologies took %s, %d were refused", time.Since(begun).Round(time.Second), refused)
	t.Logf("%d topologies, %d clusters, %d nodes: %d sessions and %d filter decisions compared", x.topologies, x.clusters, x.nodes, x.sessions, x.decisions)
}

// rendering is a run over topologies.
type rendering struct {
	*loader
	*renderer
	topologies, clusters, nodes, sessions, decisions int
}

// topology compares every node of a topology.
func (x *rendering) topology(t *testing.T, p *prediction) {
	x.topologies++
	for _, c := range p.result.Fabric.Clusters {
		x.clusters++
		contents := Contents{Cluster: c, Objects: p.objects[c], Blocks: predictedBlocks(p.result, c)}
		if err := x.load(t.Context(), contents); err != nil {
			t.Fatalf("cluster %s: %v", c.Name, err)
		}
		if err := x.createServices(t.Context(), p.services); err != nil {
			t.Fatalf("cluster %s: %v", c.Name, err)
		}
		dirs, err := x.renderAll(t.Context(), t.TempDir(), c.Nodes)
		if err != nil {
			t.Fatalf("cluster %s: %v", c.Name, err)
		}
		for i, n := range c.Nodes {
			x.nodes++
			for f, file := range map[fabric.Family]string{fabric.IPv4: "bird.cfg", fabric.IPv6: "bird6.cfg"} {
				x.compare(t, p.result.BIRD(n, f), p.result.Routes(n), filepath.Join(dirs[i], file))
			}
		}
	}
}

func (x *rendering) compare(t *testing.T, predicted *simulate.BIRD, routes []simulate.RouteRow, file string) {
	t.Helper()
	rendered, err := birdcfg.ParseFile(file)
	if err != nil {
		t.Errorf("%s: %v", predicted.Node.DeviceName(), err)
		return
	}
	c := &comparison{predicted: predicted, rendered: rendered, routes: routes, passwordOf: passwordText}
	c.run()
	x.sessions, x.decisions = x.sessions+c.sessions, x.decisions+c.decisions
	for _, d := range c.differences {
		t.Errorf("%s, %s: %s", predicted.Node.DeviceName(), filepath.Base(file), d)
	}
}

// prediction is a topology with all that is predicted of it.
type prediction struct {
	fabric  *fabric.Fabric
	result  *simulate.Result
	objects map[*fabric.Cluster]*calico.Objects
	files   *artifact.Set // of its build

	services []localService // that nodes of the only cluster have, as localServices of its nodes says
}

var writtenVersion = regexp.MustCompile(`version: *"[0-9.]+"`)

// predict takes a topology to its prediction, as if every cluster in it were of the release under test: random ones say others,
// while there is but one confd here. Where topoc refuses it, as it does what that release lacks, there is none, but a reason.
func predict(t testing.TB, name string, text []byte) (*prediction, string) {
	t.Helper()
	p, why, err := compile(t.Context(), text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if p == nil {
		return nil, why
	}
	p.result = simulate.Run(simulate.Input{Fabric: p.fabric, Objects: p.objects})
	return p, ""
}

// compile is the first half of predict: all but the prediction itself.
func compile(ctx context.Context, text []byte) (p *prediction, why string, err error) {
	text = writtenVersion.ReplaceAll(text, fmt.Appendf(nil, "version: %q", strings.TrimPrefix(calicoRelease, "v")))
	r, err := compiler.Run(ctx, []string{"-"}, compiler.Options{Until: compiler.Compiled, Load: load.Options{Stdin: bytes.NewReader(text)}})
	if err != nil {
		return nil, "", err
	}
	if r.Artifacts == nil {
		return nil, refusal(r), nil
	}
	p = &prediction{fabric: r.Fabric, files: r.Artifacts, objects: map[*fabric.Cluster]*calico.Objects{}}
	for _, c := range r.Fabric.Clusters {
		if c.Version.Major != underTest.Major || c.Version.Minor != underTest.Minor {
			return nil, "", fmt.Errorf("cluster %s is of release %v", c.Name, c.Version)
		}
		p.objects[c] = calico.Compile(c)
	}
	return p, "", nil
}
