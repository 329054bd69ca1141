// Package oracle predicts sessions and routes the slow way: every node, switch and speaker outside is a speaker of its own,
// and UPDATE messages travel one by one through the queues of the sessions, in an order that a seed decides, until none is
// left. It shares no code with the simulation that it is there to be compared with, and nothing in it is grouped, interned
// or clever. It follows RFC 4271, RFC 4456, BIRD 1.6 (proto/bgp, nest/rt-table.c) and Calico's confd.
//
// Of two paths that no step of a decision process tells apart BIRD keeps the older one. Here the routes' own attributes decide
// that, so the order of messages shows in one case only: where the topology has several stable outcomes, as RFC 4264 describes.
package oracle

import (
	"cmp"
	"math/rand"
	"net/netip"
	"slices"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// Result is what Run predicts. All slices are sorted.
type Result struct {
	Settled  bool      // false: still busy after maxDeliveries messages or maxRounds of sessions coming and going
	Sessions []Session // by device, VRF, peer address, local address, AS number
	Routes   []Route   // by device, VRF, prefix, kind, proto
}

// Session is one session as one device has it. On an unnumbered link both addresses are zero. A range that a switch listens on
// is a session for each node that calls.
type Session struct {
	Device, VRF  string // fabric.Device.DeviceName, and the VRF of a switch
	LocalAddress netip.Addr
	PeerAddress  netip.Addr
	PeerASN      uint32 // as expected; 0: any
	Up           bool
}

// Route is the best route of one device to a prefix. Connected subnets, routes to a node's own pods and Kubernetes' default
// route are left out, and so is what speakers outside have. A node has two rows of a prefix where Felix programs one beside
// what BIRD knows of it.
type Route struct {
	Device, VRF string
	Prefix      netip.Prefix
	Kind        string       // unicast, blackhole, unreachable; rib: known to BGP, and not in the kernel
	NextHops    []netip.Addr // gateways, sorted; the zero Addr on an unnumbered link or for a default gateway that nobody declared. Of Felix' own routes the node behind it
	ASPath      []uint32     // of the best
	LocalPref   uint32       // of the best, as imported
	Metric      uint32       // as `ip route` prints it; 0: none
	Proto       string       // bird, 80 (Felix), bgp (switches), static (switches); what it would be for kind rib
}

// Bounds of a run. Both are far above what anything that settles needs.
const (
	maxDeliveries = 400_000
	maxRounds     = 32
)

// network is all speakers and what is on its way between them.
type network struct {
	fabric     *fabric.Fabric
	clusters   map[*fabric.Cluster]*clusterRules
	speakers   []*speaker // nodes by cluster, switches by VRF, speakers outside
	byNode     map[*fabric.Node]*speaker
	bySwitch   map[switchVRF]*speaker
	owners     map[place][]*speaker
	sessions   []*session
	busy       []*session // with messages in their queues, in no order
	random     *rand.Rand
	deliveries int
	isBusy     bool // a bound was hit
}

// Run predicts f with the given objects, which must be there for every cluster of f; order seeds the order in which messages
// are delivered, and where it is odd all devices tell everything a second time, at once. Where f has several stable outcomes
// order picks one: who compares Run's result with another prediction asks for several orders, and leaves out what they don't
// agree on. Routes of Felix's that every node tells its leaf make such topologies: each node that hears of another's first
// keeps its own to itself. So do next hops that one route makes unreachable and another one doesn't.
func Run(f *fabric.Fabric, objects map[*fabric.Cluster]*calico.Objects, order int64) *Result {
	return RunWithout(f, objects, order)
}

// RunWithout is Run, after which some nodes, switches (by DeviceName) and links (by name) fail for good at once. Sessions that
// were down before are not tried again. Of what has failed the Result says nothing that means anything.
func RunWithout(f *fabric.Fabric, objects map[*fabric.Cluster]*calico.Objects, order int64, failed ...string) *Result {
	n := newNetwork(f, objects, order)
	n.settle()
	if order%2 != 0 && !n.isBusy {
		n.reset()
		n.settle()
	}
	if len(failed) > 0 && !n.isBusy {
		n.fail(failed)
		n.settle()
	}
	return n.result()
}

// newNetwork makes the speakers with their routes and sessions. Nobody has said anything yet.
func newNetwork(f *fabric.Fabric, objects map[*fabric.Cluster]*calico.Objects, order int64) *network {
	n := &network{fabric: f, random: rand.New(rand.NewSource(order)),
		clusters: map[*fabric.Cluster]*clusterRules{}, byNode: map[*fabric.Node]*speaker{},
		bySwitch: map[switchVRF]*speaker{}, owners: map[place][]*speaker{}}
	for _, c := range f.Clusters {
		n.clusters[c] = readCluster(c, objects[c])
	}
	n.addSpeakers()
	n.addNodeSessions()
	n.addSwitchSessions()
	for _, s := range n.sessions {
		s.match()
	}
	for _, c := range f.Clusters {
		n.originateNodes(n.clusters[c])
	}
	n.originateSwitches()
	return n
}

// settle brings up the sessions of neighbors, lets everything come to rest, then brings up those that found a way to each
// other meanwhile and takes down those that lost it, until there is nothing left to do.
func (n *network) settle() {
	for range maxRounds {
		changed := false
		for _, s := range n.sessions {
			if s.far == nil || s.index > s.far.index || !s.isCompatible {
				continue
			}
			if up := n.hasUnderlay(s) && n.hasUnderlay(s.far); up != s.up {
				changed = true
				s.set(up)
			}
		}
		if !changed {
			return
		}
		if !n.deliverAll() {
			break
		}
	}
	n.isBusy = true
}

// deliverAll delivers messages one by one, each from a queue that chance picks. It reports whether it came to an end.
func (n *network) deliverAll() bool {
	for len(n.busy) > 0 && !n.isBusy {
		if n.deliveries++; n.deliveries > maxDeliveries {
			return false
		}
		i := n.random.Intn(len(n.busy))
		s := n.busy[i]
		m := s.queue[0]
		delete(s.waiting, m.path)
		if s.queue = s.queue[1:]; len(s.queue) == 0 {
			n.busy[i] = n.busy[len(n.busy)-1]
			n.busy = n.busy[:len(n.busy)-1]
		}
		s.far.owner.receive(s.far, m)
	}
	return !n.isBusy
}

// post puts a message into the queue of a session. One about the same path that still waits there is superseded, as in the
// output queues of real speakers: without that two speakers that react to each other keep doing so for ever.
func (n *network) post(s *session, m message) {
	if len(s.queue) == 0 {
		n.busy = append(n.busy, s)
	}
	if s.waiting[m.path] {
		s.queue = slices.DeleteFunc(s.queue, func(o message) bool { return o.path == m.path })
	}
	s.queue = append(s.queue, m)
	s.waiting[m.path] = true
}

func (n *network) result() *Result {
	r := &Result{Settled: !n.isBusy}
	for _, s := range n.sessions {
		if s.owner.external == nil {
			r.Sessions = append(r.Sessions, Session{Device: s.owner.name, VRF: s.owner.vrf, LocalAddress: shown(s.local),
				PeerAddress: shown(s.remote), PeerASN: s.peerASN, Up: s.up})
		}
	}
	for _, sp := range n.speakers {
		r.Routes = append(r.Routes, sp.kernel()...)
	}
	slices.SortFunc(r.Sessions, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.VRF, b.VRF), a.PeerAddress.Compare(b.PeerAddress),
			a.LocalAddress.Compare(b.LocalAddress), cmp.Compare(a.PeerASN, b.PeerASN))
	})
	slices.SortFunc(r.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.VRF, b.VRF), fabric.ComparePrefix(a.Prefix, b.Prefix),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Proto, b.Proto))
	})
	return r
}

// shown hides the addresses that unnumbered links are given here.
func shown(a netip.Addr) netip.Addr {
	if a.Zone() != "" {
		return netip.Addr{}
	}
	return a
}
