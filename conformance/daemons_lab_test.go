package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// lab is a topology that daemons run, with what is to be tried there. It and its report cross between the test and the sandbox.
type lab struct {
	Name         string
	Text         []byte // the topology
	WithoutPools bool   // without the IPPools that stand for other clusters
	Timing       emulate.Timing
	Packets      bool           // packets are sent
	Restarts     bool           // a BIRD is killed and restarts
	Outages      bool           // daemons, devices and links fail too
	Mistold      bool           // the first node's BIRD announces nothing
	Own          []string       // the dialects whose switches run their own programs
	Probes       []netip.Prefix // what the first node announces too, and every leaf is to refuse
	Differs      bool           // some differences are known, so that there is no need to wait for long that they go
}

// labReport is what came of a lab.
type labReport struct {
	Devices, Sessions, Routes int
	Snippets                  int // of topoc's, loaded as they are
	HostRoutes                int // hosts that loaded what topoc wrote
	Reached, Lost             int // exchanges of packets that were predicted to get there and back, and not to
	Sent                      int // packets and connections of those
	Failures                  int
	Notes                     []string
	Held                      []string // the routes of every device, in words, without their next hops
	Differences               []string // from the prediction
	Took                      []string // how long what took
	Error                     string   // that ended it; empty: nothing did
}

// Files of a lab's directory.
const (
	labFile    = "lab.json"
	reportFile = "report.json"
)

// sandboxVariable holds the directory of the lab that this process is to run: it was started in a sandbox for that.
const sandboxVariable = "TOPOC_CONFORMANCE_LAB"

// predict predicts what the lab's daemons are told, by topoc and by Calico. Where topoc refuses the topology, there is nothing,
// but a reason.
func (l *lab) predict(ctx context.Context) (p *prediction, why string, err error) {
	p, why, err = compile(ctx, l.Text)
	if p == nil || err != nil {
		return nil, why, err
	}
	if l.WithoutPools {
		for c, objects := range p.objects {
			own := *objects
			own.IPPools = slices.DeleteFunc(slices.Clone(own.IPPools), func(pool *v3.IPPool) bool { return pool.Spec.Disabled })
			p.objects[c] = &own
		}
	}
	p.result = simulate.Run(simulate.Input{Fabric: p.fabric, Objects: p.objects})
	return p, "", nil
}

// birdFile is where the lab's directory has what confd rendered for a node.
func birdFile(dir string, n *fabric.Node, f fabric.Family) string {
	name := "bird.cfg"
	if f == fabric.IPv6 {
		name = "bird6.cfg"
	}
	return filepath.Join(dir, n.Cluster.Name, n.Name, "config", name)
}

// run runs the lab and fails the test where anything is not as predicted.
func (l *lab) run(t *testing.T) *labReport {
	t.Helper()
	p, why, err := l.predict(t.Context())
	if err != nil || p == nil {
		t.Fatal(l.Name, why, err)
	}
	requireDaemons(t, p)
	dir := t.TempDir()
	l.render(t, p, dir)
	data, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, labFile), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := inSandbox(t.Context(), dir); err != nil {
		t.Fatalf("%s: %v: %s", l.Name, err, lastLines(out, 20))
	}
	report := &labReport{}
	if data, err = os.ReadFile(filepath.Join(dir, reportFile)); err == nil {
		err = json.Unmarshal(data, report)
	}
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// render renders the configurations of all nodes with confd.
func (l *lab) render(t *testing.T, p *prediction, dir string) {
	t.Helper()
	s := server(t)
	load, renderer := newLoader(t, s), newRenderer(t, s)
	load.passwordOf = emulate.Password
	for _, c := range p.fabric.Clusters {
		contents := Contents{Cluster: c, Objects: p.objects[c], Blocks: predictedBlocks(p.result, c)}
		if err := load.load(t.Context(), contents); err != nil {
			t.Fatalf("cluster %s: %v", c.Name, err)
		}
		if _, err := renderer.renderAll(t.Context(), filepath.Join(dir, c.Name), c.Nodes); err != nil {
			t.Fatalf("cluster %s: %v", c.Name, err)
		}
	}
}

// labLimit bounds the run of one lab.
const labLimit = 5 * time.Minute

// inSandbox runs this test binary again for a lab, in a sandbox that ends with the test. It returns what that printed.
func inSandbox(ctx context.Context, dir string) ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, labLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), sandboxVariable+"="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	emulate.Sandbox(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // the signal comes with the end of the thread that starts the process
		defer runtime.UnlockOSThread()
		result <- cmd.Run()
	}()
	err = <-result
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.Bytes(), err
}

// canSandbox says why this machine lets nobody make network namespaces; nil: it does.
var canSandbox = sync.OnceValue(func() error {
	_, err := inSandbox(context.Background(), os.DevNull)
	if errors.Is(err, os.ErrPermission) {
		return emulate.NoSandbox(err)
	}
	return err
})

// requireDaemons skips the test where the daemons of a prediction cannot run, with the reason; under TOPOC_REQUIRE=all it fails.
func requireDaemons(t *testing.T, p *prediction) {
	t.Helper()
	plain := simulate.Run(emulate.Plain(simulate.Input{Fabric: p.fabric, Objects: p.objects}))
	why := canSandbox()
	if missing := emulate.Missing(emulate.NewLab(plain, emulate.Quick)); why == nil && len(missing) > 0 {
		why = fmt.Errorf("not installed: %s", emulate.InstallLine(missing))
	}
	if why != nil {
		doWithout(t, why)
	}
}

// doWithout skips the test for want of something; under TOPOC_REQUIRE=all it fails.
func doWithout(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("TOPOC_REQUIRE") == "all" {
		t.Fatal(why)
	}
	t.Skip(why)
}
