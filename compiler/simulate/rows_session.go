package simulate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
)

// Sessions returns the sessions of a device, IPv4 first. Of a node they are in the order of BIRD's configuration: up to 3.31 the
// mesh by node, then global peers, then others, by address and port as strings; from 3.32 on by protocol name. Of a switch they
// are in the order of its neighbors.
func (r *Result) Sessions(d fabric.Device) []SessionRow {
	var rows []SessionRow
	for _, at := range r.places(d) {
		first := len(rows)
		for _, s := range at.part.Sessions {
			rows = append(rows, sessionRows(at, s)...)
		}
		slices.SortStableFunc(rows[first:], sessionOrder(at.part))
	}
	return rows
}

// sessionOrder compares sessions of a part's members as Sessions lists them.
func sessionOrder(p *Part) func(a, b SessionRow) int {
	if p.Nodes == nil {
		return func(a, b SessionRow) int { return cmp.Compare(a.Family, b.Family) }
	}
	isByName := p.rules != nil && p.rules.version.AtLeast(fabric.Version{Major: 3, Minor: 32})
	return func(a, b SessionRow) int {
		if a.Family != b.Family || isByName {
			return cmp.Or(cmp.Compare(a.Family, b.Family), strings.Compare(a.Protocol, b.Protocol))
		}
		return cmp.Or(cmp.Compare(kindOrder[a.Kind], kindOrder[b.Kind]), strings.Compare(sessionKey(a), sessionKey(b)))
	}
}

// kindOrder is the order of the sections of BIRD's configuration.
var kindOrder = map[Kind]int{MeshSession: 0, GlobalSession: 1, NodeSession: 2, SwitchSession: 3}

// sessionKey is the key of a session in confd's store, by which it lists them.
func sessionKey(r SessionRow) string {
	if r.Kind == MeshSession && r.Peer != nil {
		return r.Peer.DeviceName()
	}
	key := r.PeerAddress.String()
	if r.PeerPort != 0 {
		key += "-" + strconv.Itoa(int(r.PeerPort))
	}
	return key
}

// sessionRows expands a session of a part for one member: one row for each far end.
func sessionRows(at place, s *Session) []SessionRow {
	row := SessionRow{Device: at.part.Device(at.member), VRF: at.part.VRF, Family: s.Family, LocalAddress: memberOf(s.local, at.member),
		LocalASN: s.LocalASN, PeerPort: s.Port, PeerASN: s.PeerASN, Interface: s.Interface, Kind: s.Kind, State: s.State, Info: s.info(),
		Reason: s.Reason, Objects: s.Objects, At: s.At}
	var rows []SessionRow
	for member := range farEnds(s) {
		if s.Peer == at.part && member == at.member {
			continue
		}
		far := row
		far.PeerAddress = memberOf(s.remote, member)
		if s.Peer != nil {
			far.Peer = s.Peer.Device(member)
		}
		far.Protocol = protocolName(s, far.PeerAddress)
		far.Reason = far.spelledOut(s)
		rows = append(rows, far)
	}
	return rows
}

// Reasons of sessions that are up, in Batfish's words; rows name the two ends.
const (
	uniqueMatch  = "UNIQUE_MATCH"
	dynamicMatch = "DYNAMIC_MATCH"
)

// spelledOut is a row's reason as a sentence, the same at both ends.
func (r SessionRow) spelledOut(s *Session) string {
	if r.Peer == nil {
		return r.Reason
	}
	a, b := r.Device.DeviceName(), r.Peer.DeviceName()
	switch {
	case r.Reason == uniqueMatch && s.Peer.Index < s.Part.Index, r.Reason == dynamicMatch && s.listen == nil:
		a, b = b, a
	}
	switch r.Reason {
	case uniqueMatch:
		return fmt.Sprintf("%s: %s and %s each have the other as neighbor", r.Reason, a, b)
	case dynamicMatch:
		return fmt.Sprintf("%s: %s takes sessions from a range of addresses, and %s calls from there", r.Reason, a, b)
	}
	return r.Reason
}

// farEnds is how many devices are at the far end of a session.
func farEnds(s *Session) int {
	if s.Peer != nil {
		return s.Peer.Size()
	}
	return max(1, len(s.remote))
}

// memberOf returns the address of a member; the only one there is where all have the same.
func memberOf(all addresses, member int) netip.Addr {
	switch {
	case member < len(all):
		return all[member]
	case len(all) == 1:
		return all[0]
	}
	return netip.Addr{}
}

// protocolName is BIRD's name of a session (Calico, bird.cfg.template).
func protocolName(s *Session, peer netip.Addr) string {
	prefix, isNodes := map[Kind]string{MeshSession: "Mesh_", GlobalSession: "Global_", NodeSession: "Node_"}[s.Kind]
	if !isNodes {
		return ""
	}
	name := prefix + strings.NewReplacer(".", "_", ":", "_").Replace(peer.String())
	if s.Port != 0 && s.Kind != MeshSession {
		name += "_port_" + strconv.Itoa(int(s.Port))
	}
	return name
}
