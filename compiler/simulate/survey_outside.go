package simulate

import (
	"slices"

	"topoc/compiler/fabric"
)

// outside returns a speaker outside of the topology that may take packets on which a device sends to a gateway that nobody declared;
// nil: none. What nodes tell one speaker outside all of them may know, by what is between them: so it is one that a device on its own
// network speaks with, which such a gateway may be or stand for, or the device itself, where somebody else outside was told of the
// destination.
func (v *view) outside(at place, d *destination) *fabric.External {
	told := slices.ContainsFunc(v.result.outside, func(p *Part) bool {
		return p != at.part && !v.down.isDead(p, 0) && v.at(d, d.slot(p, 0, -1)).takesPackets()
	})
	switch f := familyIndex(d.domain.family); {
	case !told:
		return nil
	case at.part.External != nil:
		return at.part.External
	case at.part.Nodes == nil || at.part.ground[f] == nil:
		return nil
	default:
		for _, s := range at.part.Sessions {
			if s.Peer != nil && s.Peer.External != nil && s.State == Established && !v.down.isDead(s.Peer, 0) && s.Peer.isOn(at.part.ground[f].own) {
				return s.Peer.External
			}
		}
		return nil
	}
}

// outside returns who may take packets on that end at a device; nil: nobody.
func (w *course) outside(last leg) *fabric.External {
	if w.dest == nil || last.end != unknownGateway {
		return nil
	}
	return w.t.v.outside(last.at, w.dest)
}
