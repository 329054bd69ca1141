package oracle

import (
	"slices"

	"topoc/compiler/fabric"
)

// reset takes all sessions down and up again before anybody hears of anything, as if all devices had rebooted at once: what came
// first before comes in another order then.
func (n *network) reset() {
	var up []*session
	for _, s := range n.sessions {
		if s.up && s.index < s.far.index {
			up = append(up, s)
			s.set(false)
		}
	}
	for _, s := range n.sessions {
		s.queue, s.sent, s.waiting = nil, map[pathKey]*attributes{}, map[pathKey]bool{}
	}
	n.busy = nil
	for _, s := range up {
		s.set(true)
	}
	n.isBusy = !n.deliverAll()
}

// fail takes away devices and links: what they are called in the topology.
func (n *network) fail(names []string) {
	isDown := func(s *session) bool {
		return slices.Contains(names, s.owner.name) || s.link != nil && s.link.Link != nil && slices.Contains(names, s.link.Link.Name)
	}
	for _, s := range n.sessions {
		s.isCompatible = s.up && !isDown(s) && !isDown(s.far)
	}
	for at, owners := range n.owners {
		n.owners[at] = slices.DeleteFunc(owners, func(sp *speaker) bool { return slices.Contains(names, sp.name) })
	}
	for _, l := range n.fabric.Links {
		if !slices.Contains(names, l.Name) {
			continue
		}
		for _, end := range l.Ends {
			n.bySwitch[switchVRF{end.Switch, end.VRF}].disconnect(end)
		}
	}
	for _, s := range n.sessions {
		if s.up && !s.isCompatible && s.index < s.far.index {
			s.set(false)
		}
	}
	for _, sp := range n.speakers {
		for _, h := range sp.hops {
			if way := sp.lookup(h.address); !way.equal(h.resolution) {
				h.resolution = way
				sp.reevaluate(h)
			}
		}
	}
	n.deliverAll()
}

// disconnect takes away the addresses of the switch's end of a link.
func (sp *speaker) disconnect(end *fabric.LinkEnd) {
	sp.nets = slices.DeleteFunc(sp.nets, func(c connected) bool {
		if c.prefix != end.Address && c.prefix != end.Address6 {
			return false
		}
		at := place{sp.realm, c.prefix.Addr()}
		sp.network.owners[at] = slices.DeleteFunc(sp.network.owners[at], func(o *speaker) bool { return o == sp })
		return true
	})
}
