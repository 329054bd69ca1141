package emulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Gap is a time in which a machine's kernel had no route to a prefix that it had one to.
type Gap struct {
	Machine *Machine
	Prefix  netip.Prefix
	Lasted  time.Duration
	IsOver  bool // there is one again
}

// Watch notes all gaps from now until stop is called, which returns them, in the order of their beginnings at each machine. Most
// last some microseconds: to replace a route, BIRD 1.6 takes it away and writes another one (sysdep/linux/netlink.c,
// krt_replace_rte). An error of stop's is that the kernel told more than could be noted.
func (r *Running) Watch() (stop func() ([]Gap, error), err error) {
	w := &watch{done: make(chan struct{})}
	for _, m := range r.machines {
		if m.isDown {
			continue
		}
		updates := make(chan netlink.RouteUpdate, 1024)
		options := netlink.RouteSubscribeOptions{Namespace: &m.ns.handle, ErrorCallback: w.fail}
		if err := netlink.RouteSubscribeWithOptions(updates, w.done, options); err != nil {
			close(w.done)
			return nil, fmt.Errorf("watch the routes of %s: %w", m.plan.Name, err)
		}
		w.all.Go(func() { w.note(m.plan, updates) })
	}
	return w.stop, nil
}

// watch is what a Watch has noted.
type watch struct {
	done chan struct{}
	all  sync.WaitGroup

	mu   sync.Mutex
	gaps []Gap
	err  error
}

func (w *watch) note(m *Machine, updates <-chan netlink.RouteUpdate) {
	var own []Gap
	open := map[netip.Prefix]int{} // into own
	began := map[netip.Prefix]time.Time{}
	for u := range updates {
		route, ok := seenRoute(&u.Route, u.Family, nil)
		if u.Table != unix.RT_TABLE_MAIN || !ok {
			continue
		}
		i, isOpen := open[route.Prefix]
		switch {
		case u.Type == unix.RTM_DELROUTE && !isOpen:
			open[route.Prefix], began[route.Prefix] = len(own), time.Now()
			own = append(own, Gap{Machine: m, Prefix: route.Prefix})
		case u.Type == unix.RTM_NEWROUTE && isOpen:
			own[i].Lasted, own[i].IsOver = time.Since(began[route.Prefix]), true
			delete(open, route.Prefix)
		}
	}
	for prefix, i := range open {
		own[i].Lasted = time.Since(began[prefix])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gaps = append(w.gaps, own...)
}

func (w *watch) fail(err error) {
	select {
	case <-w.done: // the sockets were closed
	default:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}
}

func (w *watch) stop() ([]Gap, error) {
	close(w.done)
	w.all.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.gaps, func(a, b Gap) int { return strings.Compare(a.Machine.Name, b.Machine.Name) })
	return w.gaps, w.err
}
