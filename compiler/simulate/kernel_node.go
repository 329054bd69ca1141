package simulate

import (
	"math"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// atNode programs a node: what calico_kernel_programming lets BIRD write, what Felix writes beside it, and what kube-proxy
// takes before any route is asked.
func (k *programmer) atNode(act *action, d *destination, slot int, p *Part, r route) {
	isOwn := k.isOrigin[slot]
	c := k.class(slot)
	switch {
	case c.rule == ofGround:
		k.ofGround(act, d, p)
	case d.cluster == p.Cluster && (d.kind == serviceWhole || d.kind == serviceHost):
		k.service(act, d, p, c, r)
	case c.rule == byFelix:
		k.felix(act, d, p, p.rules.pools[c.pool], isOwn)
	case isOwn && (d.kind == podBlock || d.kind == borrowed):
		act.kind = deliver
		switch {
		case c.rule == rejected:
		case d.Prefix.IsSingleIP():
			k.besidePod(act, d, p, c, r)
		default:
			act.proto = "bird"
		}
	case r.best == nil:
	case c.rule == rejected:
		act.note = "it lies in the cluster's own service range, which BIRD keeps out of the kernel"
	case c.rule == byNobody:
		act.note = "the routes of pool " + p.rules.pools[c.pool].name + " are Felix's, who knows none of this prefix"
	case r.best.Source == bgp.FromKernel, r.best.Source == bgp.FromDirect:
		act.best = false // the default route, which is there anyway
	case r.best.Origination >= 0:
		act.kind, act.proto = discard, "bird"
	default:
		k.bird(act, d, p, c, r)
		if c.rule == asDefault {
			k.besideDefault(act, p)
		}
	}
}

// besidePod judges a BGP route to a pod of the node itself, which BIRD prefers to the kernel's, of preference 10. Felix's route
// to the pod's interface is no matter of BGP, and its metric the lower one: where they are equal the kernel refuses BIRD's.
func (k *programmer) besidePod(act *action, d *destination, p *Part, c kernelClass, r route) {
	if r.best == nil || r.best.Origination >= 0 {
		return
	}
	metric := uint32(0)
	if p.rules.version.AtLeast(mapsPriorities) {
		metric = podMetric
	}
	k.bird(act, d, p, c, r)
	if act.metric == metric {
		*act = action{best: true, note: "the kernel has the pod's own route"}
	}
	act.kind = deliver
}

// podMetric is the metric of Felix's routes to pods from 3.32 on.
const podMetric = 1024

// ofGround keeps a connected or static route of the same prefix: BIRD prefers its own, of 240 and 200, to BGP's of 100.
func (k *programmer) ofGround(act *action, d *destination, p *Part) {
	own, _ := p.ground[familyIndex(k.domain.family)].toward(d.Prefix, k.resolver.view.down)
	if own == nil {
		return
	}
	isBest := act.best
	*act = *own
	act.best = isBest
}

// service is what nodes do with services of their own cluster: kube-proxy picks a pod before the kernel looks for a route.
// The routes of single addresses outside of the ranges are in the kernel all the same.
func (k *programmer) service(act *action, d *destination, p *Part, c kernelClass, r route) {
	if c.rule != rejected && r.best != nil {
		act.proto = "bird"
		if r.best.Origination < 0 {
			k.bird(act, d, p, c, r)
		}
	}
	act.kind = deliver
}

// bird writes a BGP route as BIRD does. A route of several next hops never goes through a tunnel: BIRD's netlink code puts
// krt_tunnel on single ones only (sysdep/linux/netlink.c).
func (k *programmer) bird(act *action, d *destination, p *Part, c kernelClass, r route) {
	act.proto = "bird"
	if p.rules.version.AtLeast(fabric.Version{Major: 3, Minor: 32}) {
		act.metric = math.MaxInt32 - r.best.LocalPref
	}
	if !k.forward(act, d, p, r) {
		act.kind = unreachable
		return
	}
	if len(act.hops) > 1 || c.pool < 0 {
		return
	}
	if h := act.hops[0]; h.gateway.IsValid() || h.isUnknown || k.width(h, d, p) == 1 {
		h.NextHop = r.best.NextHop
		act.hops[0] = k.tunneled(h, p, p.rules.pools[c.pool])
	}
}

// width is how many addresses a next hop stands for.
func (k *programmer) width(h hop, d *destination, p *Part) int {
	if h.Who != bgp.Each {
		return 1
	}
	of := k.domain.network.Hops[h.Hop]
	n := len(of.Addrs)
	if of.Speaker != nil && of.Speaker == d.Owner {
		n--
	}
	if of.Speaker != nil && of.Speaker == p.speakers[familyIndex(k.domain.family)] {
		n--
	}
	return n
}

// tunneled puts a next hop into a pool's IPIP tunnel, whose far end is the next hop as announced, whoever that is.
func (k *programmer) tunneled(h hop, p *Part, over *pool) hop {
	switch {
	case over.ipip == never || over.ipip == "" || k.domain.family != fabric.IPv4:
		return h
	case over.ipip == crossSubnet && k.inSubnet(h, p):
		return h
	}
	return hop{NextHop: h.NextHop, tunnel: "tunl0"}
}

// inSubnet reports whether a next hop is in the subnet of the node's address.
func (k *programmer) inSubnet(h hop, p *Part) bool {
	own := p.Nodes[0].Prefix(k.domain.family)
	return own.IsValid() && own.Masked().Contains(k.domain.network.Hops[h.Hop].Addrs[0])
}

// besideDefault judges a default route of BGP at a node that has one already: up to 3.31 both have the same metric, and the
// kernel refuses BIRD's; from 3.32 on BIRD's mostly has a higher one, and no packets.
func (k *programmer) besideDefault(act *action, p *Part) {
	kernel := kernelMetric(k.domain.family)
	if !p.rules.version.AtLeast(mapsPriorities) || act.metric == kernel {
		*act = action{best: true, note: "the node has a default route already, and the kernel takes no second one of the same metric"}
		return
	}
	act.isShadowed = act.metric > kernel
}

// felixProto is Felix's DeviceRouteProtocol by default.
const felixProto = "80"

// felix writes the route to a block of the node's own cluster as Felix does, whatever BGP says: it knows the owners of all
// blocks. Without encapsulation it writes those to its own subnet only.
func (k *programmer) felix(act *action, d *destination, p *Part, of *pool, isOwn bool) {
	act.proto = felixProto
	if isOwn {
		act.kind = deliver
		if d.Prefix.IsSingleIP() {
			act.proto = ""
		}
		return
	}
	owner, who := k.ownerOf(d)
	if owner == nil {
		*act = action{best: act.best, note: "the address of the node that has it is not known"}
		return
	}
	h := hop{NextHop: bgp.NextHop{Hop: int32(owner.Index), Who: who}}
	tunnel, ok := of.felixTunnel(k.inSubnet(h, p))
	if !ok {
		*act = action{best: act.best, note: "without encapsulation Felix writes routes to its own subnet only"}
		return
	}
	if tunnel == vxlanTunnel && !(p.hasTunnelAddress(k.domain.family) && d.holder().hasTunnelAddress(k.domain.family)) {
		*act = action{best: act.best, note: "no VXLAN pool that gives out addresses has one for the tunnels of both nodes, and Felix sends through none"}
		return
	}
	h.tunnel = tunnel
	act.kind, act.hops = forward, []hop{h}
}

// felixTunnel is the interface of the tunnel through which Felix sends to another node, empty where it sends without one. It
// reports false where Felix has no route to the node.
func (p *pool) felixTunnel(isNear bool) (tunnel string, ok bool) {
	mode, tunnel := p.vxlan, vxlanTunnel
	if mode == never || mode == "" {
		mode, tunnel = p.ipip, "tunl0"
	}
	switch {
	case mode == never || mode == "":
		return "", isNear
	case mode == crossSubnet && isNear:
		return "", true
	}
	return tunnel, true
}

// ownerOf returns the address of the node that has a block, and which of the hop's it is.
func (k *programmer) ownerOf(d *destination) (*bgp.Hop, bgp.Who) {
	switch {
	case d.Owner != nil:
		return k.peers[d.Owner.Index], bgp.Owner
	case len(d.Origins) > 0:
		return k.peers[d.Origins[0].Speaker.Index], bgp.Each
	}
	return nil, bgp.Each
}
