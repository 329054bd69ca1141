package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// fail lets things fail, one after the other, and compares with what is predicted for each. Between failures all is mended, so
// that what cannot be mended comes last.
func (x *sandboxed) fail(ctx context.Context) error {
	nodes := x.nodesBySessions()
	if len(nodes) == 0 {
		return errors.New("there is no node whose sessions all come up: let nothing fail here")
	}
	steps := []func() error{func() error { return x.restart(ctx, nodes[0]) }}
	if x.Outages {
		steps = append(steps, func() error { return x.stopDaemon(ctx, nodes[0]) })
		if l := x.firstLink(); l != nil {
			steps = append(steps, func() error { return x.cut(ctx, l) })
		}
		steps = append(steps, func() error { return x.kill(ctx, nodes[len(nodes)-1], nodes[0]) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// nodesBySessions are the nodes with sessions that all come up, one with the most first, one with the fewest last. A BIRD that
// restarts would wait for any other for minutes before it writes into the kernel (nest/proto.c, graceful_restart_init).
func (x *sandboxed) nodesBySessions() []*fabric.Node {
	var all []*fabric.Node
	count := func(n *fabric.Node) int { return len(x.result.Sessions(n)) }
	isDown := func(row simulate.SessionRow) bool { return row.State != simulate.Established }
	for _, c := range x.result.Fabric.Clusters {
		for _, n := range c.Nodes {
			if count(n) > 0 && !slices.ContainsFunc(x.result.Sessions(n), isDown) {
				all = append(all, n)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *fabric.Node) int { return cmp.Compare(count(b), count(a)) })
	return all
}

// replaceLimit is above what it takes to replace a route, on a busy machine.
const replaceLimit = 100 * time.Millisecond

// restart kills the BIRD of a node and starts it again, as Calico does: with -R. No kernel may lose a route by that: not of others,
// and not of the node itself, unless a switch told it something. FRR may say that it has told all before it begins to, so that
// BIRD drops, for a second, what it has not heard of again.
//
// Nothing is lost as long as no two ends call each other at once, as they do where no end of a session is passive and both wait
// for the same time: then one connection is closed, which BIRD 1.6 takes for a second restart, and drops what it kept over the
// first (proto/bgp/bgp.c, bgp_handle_graceful_restart). So the one that restarts is late to call.
func (x *sandboxed) restart(ctx context.Context, n *fabric.Node) error {
	x.Failures++
	stop, err := x.running.Watch()
	if err != nil {
		return err
	}
	x.running.KillDaemons(n)
	back := x.beLate(n)
	if err := x.running.RestartDaemons(ctx, n); err != nil {
		return err
	}
	back()
	stage := fmt.Sprintf("BIRD of %s restarts", n.DeviceName())
	if _, err := x.settle(ctx, stage, x.result); err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // in which peers would drop what they only kept
	if _, err := x.settle(ctx, stage+", later", x.result); err != nil {
		return err
	}
	gaps, err := stop()
	if err != nil {
		return fmt.Errorf("%s: %w", stage, err)
	}
	for _, g := range gaps {
		if g.Machine.Device == n && x.hasSwitch(n) {
			continue
		}
		if !g.IsOver || g.Lasted > replaceLimit {
			x.differ("%s: %s had no route to %s for %s", stage, g.Machine.Title(), g.Prefix, g.Lasted)
		}
	}
	x.Took = append(x.Took, fmt.Sprintf("%d routes replaced", len(gaps)))
	return nil
}

// beLate has a BIRD that is to restart wait for longer before it calls its peers, so that they call it. back undoes it.
func (x *sandboxed) beLate(n *fabric.Node) (back func()) {
	const longer, calicoDelay = 4, 2
	own, conf := cmp.Or(x.Timing.Connect, calicoDelay), map[*emulate.Machine][2][]byte{}
	for _, m := range x.plan.Machines {
		if m.Device == n {
			conf[m] = [2][]byte{m.BIRD, m.BIRD6}
			wait, later := fmt.Appendf(nil, "connect delay time %d;", own), fmt.Appendf(nil, "connect delay time %d;", longer*own)
			if m.BIRD != nil {
				m.BIRD = bytes.ReplaceAll(m.BIRD, wait, later)
			}
			if m.BIRD6 != nil {
				m.BIRD6 = bytes.ReplaceAll(m.BIRD6, wait, later)
			}
		}
	}
	return func() {
		for m, c := range conf {
			m.BIRD, m.BIRD6 = c[0], c[1]
		}
	}
}

// hasSwitch reports whether a node has a session with a switch.
func (x *sandboxed) hasSwitch(n *fabric.Node) bool {
	return slices.ContainsFunc(x.result.Sessions(n), func(row simulate.SessionRow) bool {
		_, isSwitch := row.Peer.(*fabric.Switch)
		return isSwitch && row.State == simulate.Established
	})
}

// withoutDaemon predicts what comes to be when the BIRD of a node is gone for good and the node is not: all others have what they
// have without the node, and the node what it had, without a session. That holds as no session and no next hop of the others
// needs the node to forward packets, or the routes that it keeps do so.
type withoutDaemon struct {
	*simulate.Aftermath
	before *simulate.Result
	node   *fabric.Node
}

func (w withoutDaemon) Sessions(d fabric.Device) []simulate.SessionRow {
	if d != w.node {
		return w.Aftermath.Sessions(d)
	}
	rows := w.before.Sessions(d)
	for i := range rows {
		rows[i].State = simulate.NotEstablished
	}
	return rows
}

func (w withoutDaemon) Routes(d fabric.Device) []simulate.RouteRow {
	if d != w.node {
		return w.Aftermath.Routes(d)
	}
	return w.before.Routes(d)
}

// stopDaemon kills the BIRD of a node, waits until nobody keeps its routes any longer, and starts it again.
func (x *sandboxed) stopDaemon(ctx context.Context, n *fabric.Node) error {
	x.Failures++
	x.running.KillDaemons(n)
	predicted := withoutDaemon{x.result.After([]fabric.Device{n}, nil), x.result, n}
	if _, err := x.settle(ctx, fmt.Sprintf("BIRD of %s is gone", n.DeviceName()), predicted); err != nil {
		return err
	}
	if err := x.running.RestartDaemons(ctx, n); err != nil {
		return err
	}
	_, err := x.settle(ctx, fmt.Sprintf("BIRD of %s is back", n.DeviceName()), x.result)
	return err
}

// cut lets a link fall and mends it.
func (x *sandboxed) cut(ctx context.Context, l *fabric.SwitchLink) error {
	x.Failures++
	if err := x.running.FailLink(l); err != nil {
		return err
	}
	if _, err := x.settle(ctx, "link "+l.Name+" falls", x.result.After(nil, []*fabric.SwitchLink{l})); err != nil {
		return err
	}
	if err := x.running.MendLink(l); err != nil {
		return err
	}
	_, err := x.settle(ctx, "link "+l.Name+" is mended", x.result)
	return err
}

// kill lets devices die, one after the other, and a switch at last.
func (x *sandboxed) kill(ctx context.Context, nodes ...*fabric.Node) error {
	var devices []fabric.Device
	for _, n := range nodes {
		devices = append(devices, n)
	}
	if all := x.result.Fabric.Switches; len(all) > 1 {
		devices = append(devices, all[len(all)-1])
	}
	for i, d := range devices {
		if i > 0 && d == devices[0] {
			continue
		}
		x.Failures++
		if err := x.running.FailDevice(d); err != nil {
			return err
		}
		stage := d.DeviceName() + " dies"
		var predicted emulate.Prediction = x.result.After(devices[:i+1], nil)
		if _, err := x.settle(ctx, stage, predicted); err != nil {
			return err
		}
	}
	return nil
}

// firstLink is a link between two switches; nil: there is none.
func (x *sandboxed) firstLink() *fabric.SwitchLink {
	if all := x.result.Fabric.Links; len(all) > 0 {
		return all[0]
	}
	return nil
}
