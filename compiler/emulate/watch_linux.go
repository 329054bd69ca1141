package emulate

import (
	"fmt"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Watch notes every route that a kernel takes out of its main table, from now until stop is called, which returns them in words:
// the machine's name and the route as comparisons write it. A route that is replaced in one step, by one to the same prefix, is
// not taken out. An error of stop's is that the kernel told more than could be noted.
func (r *Running) Watch() (stop func() ([]string, error), err error) {
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
		names, err := m.interfaceNames()
		if err != nil {
			close(w.done)
			return nil, err
		}
		w.all.Go(func() { w.note(r, m, names, updates) })
	}
	return w.stop, nil
}

// watch is what a Watch has noted.
type watch struct {
	done chan struct{}
	all  sync.WaitGroup

	mu   sync.Mutex
	lost []string
	err  error
}

func (w *watch) note(r *Running, m *machine, names map[int]string, updates <-chan netlink.RouteUpdate) {
	for u := range updates {
		if u.Type != unix.RTM_DELROUTE || u.Table != unix.RT_TABLE_MAIN {
			continue
		}
		if route, ok := seenRoute(&u.Route, u.Family, names); ok {
			r.translate(m, route.NextHops)
			w.mu.Lock()
			w.lost = append(w.lost, m.plan.Name+": "+m.plan.seenText(route, nil))
			w.mu.Unlock()
		}
	}
}

func (w *watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.done: // the sockets were closed
	default:
		w.err = err
	}
}

func (w *watch) stop() ([]string, error) {
	close(w.done)
	w.all.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost, w.err
}
