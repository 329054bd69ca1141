package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"topoc/compiler/emulate"
	"topoc/compiler/fabric"
)

// Bounds of what is sent. Which of several next hops a connection takes is the kernel's choice: so one that must arrive is tried
// often, and one that must not until one is lost.
const (
	exchangesOfKind = 6
	connections     = 4
	mostConnections = 64
	atOnce          = 16
)

// How long packets have.
const (
	arriveLimit        = 8 * time.Second
	lostLimit          = time.Second
	lostLimitOfService = 3 * time.Second // a node asks the pods behind it
)

// sendPackets holds traces to packets: wherever one says that they get there and back they must, else one must be lost. A trace
// asks whoever may hold a virtual gateway, so that each does for a while: wherever one is lost, it is with one of them.
func (x *sandboxed) sendPackets(ctx context.Context) error {
	begun := time.Now()
	if err := x.running.Serve(x.behind(ctx)); err != nil {
		return err
	}
	exchanges := x.tracedExchanges()
	turns := max(1, x.plan.Holders())
	for turn := range turns {
		if turn > 0 {
			if err := x.running.Hold(turn); err != nil {
				return err
			}
		}
		if err := x.sendAll(ctx, exchanges); err != nil {
			return err
		}
	}
	for _, e := range exchanges {
		if e.isUnasked {
			continue
		}
		if e.trace.Reached {
			x.Reached++
		} else {
			x.Lost++
		}
		if (e.lost == nil) != e.trace.Reached {
			x.differ("packets from %s to %s: the trace says %q, and of %d one is lost that says: %v",
				e.from, e.to, e.trace.Verdict, e.sent, e.lost)
		}
		x.Sent += e.sent
	}
	x.took("packets", begun)
	if turns == 1 {
		return nil
	}
	return x.running.Hold(0)
}

// tracedExchanges are those of which a trace says something.
func (x *sandboxed) tracedExchanges() []*exchange {
	var all []*exchange
	for _, e := range x.exchanges() {
		e.trace = x.result.Trace(e.from, e.to)
		if e.trace.Reached || e.trace.Stop != nil { // else there is nothing to send, or nobody to send it to
			all = append(all, e)
		}
	}
	return all
}

// sendAll sends what of the exchanges has not been lost, some at a time.
func (x *sandboxed) sendAll(ctx context.Context, exchanges []*exchange) error {
	errs := make([]error, len(exchanges))
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, e := range exchanges {
		if e.lost != nil {
			continue
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			flows, err := x.flows(ctx, e)
			switch {
			case err != nil:
			case len(flows) == 0 && e.isSwitch:
				e.isUnasked = true
			case len(flows) == 0:
				e.lost = fmt.Errorf("%s and %s have no addresses of one family", e.from, e.to)
			default:
				var sent int
				sent, e.lost = x.send(ctx, e, flows, e.trace.Reached)
				e.sent += sent
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// flow is packets from one address to another.
type flow struct {
	from emulate.Sender
	to   netip.Addr
}

// flows are all pairs of addresses of one family between which an exchange is.
func (x *sandboxed) flows(ctx context.Context, e *exchange) ([]flow, error) {
	var all []flow
	for _, to := range e.targets {
		isOfFamily := func(from netip.Addr) bool { return from.Is4() == to.Is4() }
		if e.isSwitch && !slices.ContainsFunc(e.sources, isOfFamily) {
			senders, err := x.byNextHop(ctx, e.sender, to)
			if err != nil {
				return nil, err
			}
			for _, s := range senders {
				all = append(all, flow{s, to})
			}
		}
		for _, from := range e.sources {
			if isOfFamily(from) {
				all = append(all, flow{emulate.Sender{Machine: e.sender.Name, Address: x.translated(e.sender, from, to)}, to})
			}
		}
	}
	return all, nil
}

// byNextHop are the ways by which a machine sends to an address, each from the address of the interface there: a kernel chooses the
// address before it knows the ports, and so perhaps that of another interface. Where an interface has none there is nothing to
// answer to, and where there is no route there is no interface.
func (x *sandboxed) byNextHop(ctx context.Context, m *emulate.Machine, to netip.Addr) ([]emulate.Sender, error) {
	seen, err := x.running.See(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	var best *emulate.SeenRoute
	for i := range seen.Routes {
		r := &seen.Routes[i]
		if r.Prefix.Contains(to) && (best == nil || r.Prefix.Bits() > best.Prefix.Bits()) {
			best = r
		}
	}
	if best == nil {
		return []emulate.Sender{{Machine: m.Name}}, nil
	}
	isUsable := func(a netip.Prefix) bool { return a.Addr().Is4() == to.Is4() && !a.Addr().IsLinkLocalUnicast() }
	var all []emulate.Sender
	for _, nh := range best.NextHops {
		for _, p := range m.Ports {
			if i := slices.IndexFunc(p.Addresses, isUsable); p.Name == nh.Interface && i >= 0 {
				all = append(all, emulate.Sender{Machine: m.Name, Address: p.Addresses[i].Addr(), Interface: p.Name})
			}
		}
	}
	isSame := func(s emulate.Sender) bool { return s == all[0] }
	if len(all) > 1 && !slices.ContainsFunc(all, func(s emulate.Sender) bool { return !isSame(s) }) {
		all = all[:1]
		all[0].Interface = "" // a kernel that is told the interface takes the first next hop there (net/ipv4/fib_semantics.c)
	}
	return all, nil
}

// translated is the address that packets of a pod go out with: where its IPPool says natOutgoing and no IPPool has the target, what
// its node's kernel chooses, as for MASQUERADE (Calico, felix/rules/nat.go). Nothing translates here, so they are sent from that.
func (x *sandboxed) translated(m *emulate.Machine, from, to netip.Addr) netip.Addr {
	n, ok := m.Device.(*fabric.Node)
	if !ok {
		return from
	}
	isNAT := false
	for _, pool := range x.objects[n.Cluster].Pools() {
		cidr, err := netip.ParsePrefix(pool.Spec.CIDR)
		if err != nil {
			continue
		}
		if cidr.Contains(to) {
			return from
		}
		isNAT = isNAT || pool.Spec.NATOutgoing && cidr.Contains(from)
	}
	if isNAT {
		return netip.Addr{}
	}
	return from
}

// send sends packets, and returns how many, and of one that was lost why; nil: all arrived and were answered.
func (x *sandboxed) send(ctx context.Context, e *exchange, flows []flow, mustArrive bool) (sent int, lost error) {
	limit, most := arriveLimit, connections
	if !mustArrive {
		limit, most = lostLimit, mostConnections
		if e.to.Services {
			limit = lostLimitOfService
		}
	}
	for sent < most*len(flows) && lost == nil {
		errs := make([]error, 1+connections)
		for _, f := range flows {
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() { errs[i] = x.sendOne(ctx, f, i == 0, e.answering, limit) })
			}
			all.Wait()
			sent += len(errs)
			for _, err := range errs {
				if err != nil {
					return sent, fmt.Errorf("%s %s to %s: %w", f.from.Address, f.from.Interface, f.to, err)
				}
			}
		}
	}
	return sent, nil
}

// sendOne sends one packet, or opens one connection.
func (x *sandboxed) sendOne(ctx context.Context, f flow, isPing bool, answering []string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if isPing {
		if err := x.running.Ping(ctx, f.from, f.to); err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		return nil
	}
	answer, err := x.running.Connect(ctx, f.from, f.to)
	if err != nil {
		return err
	}
	if !slices.Contains(answering, answer) {
		return fmt.Errorf("%s answered instead of %s", answer, strings.Join(answering, ", "))
	}
	return nil
}

// behind is what machines answer connections with: their names. A node that is called at a service first asks all pods of its
// cluster, as any of them can be the one that kube-proxy hands the connection to, with the node's address as the source.
func (x *sandboxed) behind(ctx context.Context) func(m *emulate.Machine, at netip.Addr) string {
	type key struct {
		machine *emulate.Machine
		family  fabric.Family
	}
	var mu sync.Mutex
	asked := map[key]func() error{}
	return func(m *emulate.Machine, at netip.Addr) string {
		n, isNode := m.Device.(*fabric.Node)
		if !isNode || !slices.Contains(m.Addresses(emulate.Services), at) {
			return m.Name
		}
		k := key{m, fabric.FamilyOf(at)}
		mu.Lock()
		ask := asked[k]
		if ask == nil {
			ask = sync.OnceValue(func() error { return x.askPods(ctx, m, n, k.family) })
			asked[k] = ask
		}
		mu.Unlock()
		if err := ask(); err != nil {
			return fmt.Sprintf("%s, which does not reach the pods behind: %v,", m.Name, err)
		}
		return m.Name
	}
}

// askPods connects a node with the pods of its cluster.
func (x *sandboxed) askPods(ctx context.Context, m *emulate.Machine, n *fabric.Node, f fabric.Family) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, other := range x.plan.Machines {
		if o, ok := other.Device.(*fabric.Node); !ok || o.Cluster != n.Cluster {
			continue
		}
		for _, pod := range other.Addresses(emulate.Pods) {
			if fabric.FamilyOf(pod) != f {
				continue
			}
			for range connections {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(ctx, 2*lostLimit)
					defer cancel()
					if _, err := x.running.Connect(ctx, emulate.Sender{Machine: m.Name}, pod); err != nil {
						mu.Lock()
						defer mu.Unlock()
						errs = append(errs, fmt.Errorf("%s: %w", pod, err))
					}
				})
			}
		}
	}
	all.Wait()
	return errors.Join(errs...)
}
