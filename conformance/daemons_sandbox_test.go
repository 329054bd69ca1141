package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"topoc/compiler/calico"
	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// sandboxed is a lab that runs, in the sandbox.
type sandboxed struct {
	*lab
	*labReport
	dir     string // of the lab
	files   func(path string) ([]byte, bool)
	objects map[*fabric.Cluster]*calico.Objects
	result  *simulate.Result // of what is emulated
	plan    *emulate.Lab
	running *emulate.Running
}

// runSandboxed runs the lab of a directory, in a sandbox, and leaves a report there. Its status is the process's.
func runSandboxed(dir string) int {
	if dir == os.DevNull { // only asked whether there can be a sandbox
		return 0
	}
	x := &sandboxed{lab: &lab{}, labReport: &labReport{}, dir: dir}
	if err := x.run(); err != nil {
		x.Error = err.Error()
	}
	data, err := json.Marshal(x.labReport)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, reportFile), data, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// run does all that the lab asks for. Differences are reported; an error is that something could not be done.
func (x *sandboxed) run() error {
	ctx, cancel := context.WithTimeout(context.Background(), labLimit-20*time.Second)
	defer cancel()
	data, err := os.ReadFile(filepath.Join(x.dir, labFile))
	if err == nil {
		err = json.Unmarshal(data, x.lab)
	}
	if err != nil {
		return err
	}
	own, _, err := emulate.EnterSandbox()
	if err != nil {
		return err
	}
	if err := x.build(ctx); err != nil {
		return err
	}
	if x.running, err = emulate.Start(ctx, x.plan, own); err != nil {
		return err
	}
	defer x.running.Close()
	if err := x.loadHostRoutes(ctx); err != nil {
		return err
	}
	return errors.Join(x.try(ctx)...)
}

// try waits for the predicted state, and does what is asked for from there.
func (x *sandboxed) try(ctx context.Context) []error {
	all, err := x.settle(ctx, "start", x.result)
	if err != nil {
		return []error{err}
	}
	x.Sessions, x.Routes, _ = emulate.Total(all)
	for _, c := range all {
		for _, l := range c.Routes {
			route, _, _ := strings.Cut(l.Seen, " via ")
			x.Held = append(x.Held, c.Machine.Title()+": "+route)
		}
	}
	x.Devices = len(all)
	if len(x.Differences) > 0 {
		return nil // what follows would differ too
	}
	if x.Packets {
		if err := x.sendPackets(ctx); err != nil {
			return []error{fmt.Errorf("packets: %w", err)}
		}
	}
	if x.Restarts || x.Outages {
		return []error{x.fail(ctx)}
	}
	return nil
}

// build plans the emulation, with nodes told what confd rendered for them.
func (x *sandboxed) build(ctx context.Context) error {
	p, why, err := x.predict(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		return errors.New(why)
	}
	x.files = func(path string) ([]byte, bool) {
		f, ok := p.files.Lookup(path)
		return f.Data, ok
	}
	x.objects = p.objects
	x.result = simulate.Run(emulate.Plain(simulate.Input{Fabric: p.fabric, Objects: p.objects}))
	x.plan = emulate.NewLab(x.result, x.Timing, x.Own...)
	x.Notes = x.plan.Notes
	for _, m := range x.plan.Machines {
		switch d := m.Device.(type) {
		case *fabric.Node:
			err = x.tellNode(m, d)
		case *fabric.Switch:
			err = x.checkSnippet(m, d)
		case *fabric.Host:
			if d.System == iproute2 && len(d.Routes) > 0 {
				m.Routes = withoutStatics(m.Routes)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tellNode gives the BIRDs of a node what confd rendered for it.
func (x *sandboxed) tellNode(m *emulate.Machine, n *fabric.Node) (err error) {
	if m.BIRD != nil {
		m.BIRD, err = normalise(birdFile(x.dir, n, fabric.IPv4), x.Timing)
	}
	if err == nil && m.BIRD6 != nil {
		m.BIRD6, err = normalise(birdFile(x.dir, n, fabric.IPv6), x.Timing)
	}
	if x.Mistold && m == x.plan.Machines[0] {
		m.BIRD = bytes.ReplaceAll(m.BIRD, []byte("export filter {"), []byte("export filter { reject;"))
	}
	if err == nil && len(x.Probes) > 0 && m == x.plan.Machines[0] {
		m.BIRD, m.BIRD6 = announcing(m.BIRD, x.Probes, fabric.IPv4), announcing(m.BIRD6, x.Probes, fabric.IPv6)
	}
	return err
}

// iproute2 is what the topology calls a host whose routes are a batch of ip's.
const iproute2 = "iproute2"

func withoutStatics(routes []emulate.Route) []emulate.Route {
	var rest []emulate.Route
	for _, r := range routes {
		if r.Protocol != emulate.ByStatic {
			rest = append(rest, r)
		}
	}
	return rest
}

// checkSnippet holds what the FRR of a switch is told to the snippet that a build writes for it, byte for byte, or, where that is
// none for FRR, to the note that says so. For one that isn't managed a build writes nothing.
func (x *sandboxed) checkSnippet(m *emulate.Machine, s *fabric.Switch) error {
	if own := slices.Concat(m.BIRD2, m.OpenBGPD, m.GoBGP); own != nil {
		return x.checkOwn(own, s)
	}
	if m.FRR == nil || !s.Managed {
		return nil
	}
	isNoted := false
	for _, note := range x.Notes {
		isNoted = isNoted || strings.HasPrefix(note, s.Name+": ")
	}
	if isNoted {
		return nil
	}
	written, ok := x.files("switches/" + s.Name + ".conf")
	switch {
	case !ok:
		return fmt.Errorf("switch %s runs FRR, and topoc writes no snippet for it", s.Name)
	case !bytes.HasPrefix(m.FRR, written):
		return fmt.Errorf("switch %s is told something else than topoc writes for it", s.Name)
	}
	x.Snippets++
	return nil
}

// loadHostRoutes gives hosts that use iproute2 their routes as their file says: ip -batch routes.batch.
func (x *sandboxed) loadHostRoutes(ctx context.Context) error {
	for _, m := range x.plan.Machines {
		h, ok := m.Device.(*fabric.Host)
		if !ok || h.System != iproute2 {
			continue
		}
		data, ok := x.files("hosts/" + h.Name + "/routes.batch")
		if !ok {
			continue
		}
		file := filepath.Join(x.dir, h.Name+".batch")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
		if _, err := x.running.Run(ctx, m.Name, "ip", "-batch", file); err != nil {
			return err
		}
		x.HostRoutes++
	}
	return nil
}

// Limits of how long everything may take to be as predicted: the second where it is known not to.
const (
	settleLimit = 60 * time.Second
	knownLimit  = 25 * time.Second
)

// settle waits until everything is as predicted, and reports what is not.
func (x *sandboxed) settle(ctx context.Context, stage string, p emulate.Prediction) ([]*emulate.Comparison, error) {
	limit := settleLimit
	if x.Differs {
		limit = knownLimit
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	all, err := x.running.Await(ctx, p, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stage, err)
	}
	for _, c := range all {
		for _, l := range append(c.Sessions, c.Routes...) {
			if !l.IsSame() {
				x.differ("%s: %s: predicted %q, seen %q", stage, c.Machine.Title(), l.Predicted, l.Seen)
			}
		}
	}
	x.took(stage, begun)
	return all, nil
}

func (x *sandboxed) differ(format string, arguments ...any) {
	x.Differences = append(x.Differences, fmt.Sprintf(format, arguments...))
}

func (x *sandboxed) took(what string, begun time.Time) {
	x.Took = append(x.Took, fmt.Sprintf("%s %.1f s", what, time.Since(begun).Seconds()))
}
