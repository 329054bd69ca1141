package emulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/vishvananda/netlink"

	"topoc/compiler/fabric"
)

// Running is a lab that has been started. Not safe for concurrent use.
type Running struct {
	Lab *Lab

	dir       string
	middle    *namespace // of bridges
	machines  []*machine
	listeners []net.Listener
	pings     atomic.Uint32 // that were sent
	global    map[linkLocal]netip.Addr
}

// linkLocal is a link-local address on a network.
type linkLocal struct {
	network int
	address netip.Addr
}

// machine is a Machine that runs.
type machine struct {
	plan    *Machine
	ns      *namespace
	dir     string
	daemons map[string]*daemon
	isDown  bool
}

// Start builds a lab's namespaces and networks and starts its daemons, with their files below dir. It needs the rights to make
// namespaces: see Sandbox. Close takes all of it away, also after an error.
func Start(ctx context.Context, l *Lab, dir string) (*Running, error) {
	r := &Running{Lab: l, dir: dir}
	if err := os.MkdirAll(namespaceDir, 0o755); err != nil {
		return r, err
	}
	var err error
	if r.middle, err = newNamespace(middleName); err != nil {
		return r, err
	}
	var tunnels []Tunnel
	for _, plan := range l.Machines {
		m := &machine{plan: plan, dir: filepath.Join(dir, plan.Name), daemons: map[string]*daemon{}}
		if m.ns, err = newNamespace(plan.Name); err != nil {
			return r, err
		}
		r.machines = append(r.machines, m)
		tunnels = append(tunnels, plan.Tunnel...)
	}
	if err := r.wires(); err != nil {
		return r, err
	}
	for _, m := range r.machines {
		if err := m.address(tunnels); err != nil {
			return r, err
		}
	}
	if err := r.introduce(); err != nil {
		return r, err
	}
	if err := r.learnLinkLocals(); err != nil {
		return r, err
	}
	return r, r.each(func(m *machine) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return m.startDaemons(ctx, false)
	})
}

// learnLinkLocals notes whose the link-local addresses are: FRR sends IPv6 packets to those of neighbors whose other address is
// the next hop.
func (r *Running) learnLinkLocals() error {
	r.global = map[linkLocal]netip.Addr{}
	for _, m := range r.machines {
		for i := range m.plan.Ports {
			p := &m.plan.Ports[i]
			own := m.plan.addressIn(p.Network, fabric.IPv6)
			if !own.IsValid() || own.IsLinkLocalUnicast() {
				continue
			}
			link, err := m.ns.links.LinkByName(p.Name)
			if err != nil {
				return err
			}
			all, err := m.ns.links.AddrList(link, netlink.FAMILY_V6)
			if err != nil {
				return err
			}
			for _, a := range all {
				if address, _ := netip.AddrFromSlice(a.IP); address.IsLinkLocalUnicast() {
					r.global[linkLocal{p.Network, address}] = own
				}
			}
		}
	}
	return nil
}

// each calls work with every machine, a few at a time, and joins their errors.
func (r *Running) each(work func(*machine) error) error {
	const atOnce = 8
	errs := make([]error, len(r.machines))
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, m := range r.machines {
		places <- struct{}{}
		all.Go(func() {
			errs[i] = work(m)
			<-places
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Close stops all daemons and takes all namespaces away.
func (r *Running) Close() {
	for _, l := range r.listeners {
		l.Close()
	}
	for _, m := range r.machines {
		m.stopDaemons()
	}
	for _, m := range r.machines {
		m.ns.close()
	}
	if r.middle != nil {
		r.middle.close()
	}
}

// machineOf returns the machine of that name, or nil.
func (r *Running) machineOf(name string) *machine {
	for _, m := range r.machines {
		if m.plan.Name == name {
			return m
		}
	}
	return nil
}

// startDaemons starts what a machine runs; again: after it was killed, so that BIRD recovers as one that restarts.
func (m *machine) startDaemons(ctx context.Context, again bool) error {
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return err
	}
	for _, b := range []struct {
		program string
		conf    []byte
	}{{"bird", m.plan.BIRD}, {"bird6", m.plan.BIRD6}, {"bird2", m.plan.BIRD2}} {
		if b.conf == nil {
			continue
		}
		if err := m.startBIRD(b.program, b.conf, again); err != nil {
			return fmt.Errorf("start %s of %s: %w", b.program, m.plan.Name, err)
		}
	}
	for _, s := range []struct {
		name  string
		conf  []byte
		start func(context.Context) error
	}{{"FRR", m.plan.FRR, m.startFRR}, {"OpenBGPD", m.plan.OpenBGPD, m.startOpenBGPD}, {"GoBGP", m.plan.GoBGP, m.startGoBGP}} {
		if s.conf == nil {
			continue
		}
		if err := s.start(ctx); err != nil {
			return fmt.Errorf("start %s of %s: %w", s.name, m.plan.Name, err)
		}
	}
	return nil
}
