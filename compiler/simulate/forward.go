package simulate

import (
	"net/netip"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/bgp"
)

// traffic follows packets through one view, and remembers what becomes of them. Members of a part have the same routes, so
// one of them speaks for all. Not safe for concurrent use.
type traffic struct {
	r      *Result
	v      *view
	census *census

	// listsAll makes branches tell every way, and not one alone of those to members that are alike.
	listsAll bool

	precedent *precedent        // nil: nothing has failed, or it is not known what was before
	changed   map[*domain][]int // see changedSlots

	room    []branch                         // of those that are being followed, as a stack
	courses map[aim]*course                  // nil values: all that the aim stands for has failed
	pods    map[[2]*fabric.Cluster]*exchange // the first one lost between pods of two clusters, or of one; nil values: none is

	podTargetsOf map[*fabric.Cluster]*[2][]*course // see podTargets
}

// aim is what courses are told apart by.
type aim struct {
	dest  *destination
	addr  netip.Addr // zero: the first prefix of dest whose owner is up
	owner place      // of addr
}

func newTraffic(v *view, c *census) *traffic {
	return &traffic{r: v.result, v: v, census: c, courses: map[aim]*course{}, pods: map[[2]*fabric.Cluster]*exchange{},
		podTargetsOf: map[*fabric.Cluster]*[2][]*course{}}
}

// course is packets to one target: a prefix of a destination, or an address. It remembers, part by part, whether they arrive.
type course struct {
	t        *traffic
	family   int             // as familyIndex has it
	dest     *destination    // nil: BGP has no part in it
	prefix   netip.Prefix    // that addr speaks for: one of dest's, or a range of services
	addr     netip.Addr      // one of prefix
	owner    place           // the device that has the address or block; no Part: none has
	services *fabric.Cluster // any node of it answers; nil: these are no services
	isDevice bool            // addr is a device's: the gateway that nobody declared is believed for it

	slots  []fate // where dest isn't nil, of its domain's speakers and of the owner
	others map[place]fate
	barren map[place]bool // from where nothing arrives over any branch

	mirrored []int32 // of dest's table; nil after a failure
}

// fate is what becomes of packets from some device on.
type fate uint8

const (
	unseen   fate = iota
	underway      // being followed: who comes here again goes round in circles
	arrives       // over every branch
	fails         // over one branch at least
)

// branch is one way on from a device: to the next one, or to its end.
type branch struct {
	to   place
	over *hop       // nil where it ends at the device itself
	via  netip.Addr // the next hop's address
	end  ending
}

// ending is how a packet's way ends.
type ending uint8

const (
	onward         ending = iota // it goes on at the next device
	arrived                      // here
	withoutRoute                 // no route fits, or one that leads nowhere
	deadNextHop                  // the next hop has failed, and the route is still there
	strayNextHop                 // nobody has the next hop's address
	unknownGateway               // the default gateway that nobody declared knows nothing of pods and services
	strayTunnel                  // the far end of the tunnel is no node of the cluster
	tunnelLost                   // the packet around it does not get to the far end
	looped                       // it was here before
)

// courseTo returns the course to a destination, or nil where all that it stands for has failed. The first of its prefixes whose
// owner is up speaks for the others.
func (t *traffic) courseTo(d *destination) *course {
	w, known := t.courses[aim{dest: d}]
	if !known {
		for _, o := range d.owned {
			w = t.newCourse(d, o)
			if w.owner.part == nil || !t.isDead(w.owner) {
				break
			}
			w = nil
		}
		t.courses[aim{dest: d}] = w
	}
	return w
}

func (t *traffic) newCourse(d *destination, o owned) *course {
	w := &course{t: t, family: familyIndex(d.domain.family), dest: d, prefix: o.prefix, addr: someAddress(o.prefix)}
	if t.v.down == nil {
		w.mirrored = t.v.routes[d.domain][d.Index].mirrored
	}
	switch {
	case d.kind == serviceWhole, d.kind == serviceHost && len(d.Origins) > 1:
		w.services = d.cluster
	case len(d.Origins) > 0:
		w.owner = place{d.domain.parts[d.Origins[0].Speaker.Index], o.member}
	}
	return w
}

// courseToDevice returns the course to an address of a device, or of nobody.
func (t *traffic) courseToDevice(a netip.Addr, owner place) *course {
	key := aim{addr: a, owner: owner}
	w := t.courses[key]
	if w == nil {
		w = &course{t: t, family: familyIndex(fabric.FamilyOf(a)), addr: a, prefix: netip.PrefixFrom(a, a.BitLen()),
			owner: owner, isDevice: owner.part != nil}
		t.courses[key] = w
	}
	return w
}

// courseToServices returns the course to a range of services of a cluster that nobody announces.
func (t *traffic) courseToServices(c *fabric.Cluster, p netip.Prefix) *course {
	key := aim{addr: someAddress(p)}
	w := t.courses[key]
	if w == nil {
		w = &course{t: t, family: familyIndex(fabric.FamilyOf(p.Addr())), addr: key.addr, prefix: p, services: c}
		t.courses[key] = w
	}
	return w
}

// someAddress is an address of a prefix that a pod or service can have: the second one, since the first stands for the range.
func someAddress(p netip.Prefix) netip.Addr {
	if p.IsSingleIP() {
		return p.Addr()
	}
	return p.Masked().Addr().Next()
}

// from tells what becomes of packets that a device has.
func (w *course) from(at place) fate {
	switch known := w.known(at); known {
	case underway:
		return fails
	case arrives, fails:
		return known
	}
	if model, ok := w.model(at); ok && w.from(model) == arrives {
		return arrives // not noted: see arrivedFrom
	}
	w.note(at, underway)
	result := arrives
	first := len(w.t.room)
	w.t.room = w.branches(w.t.room, at)
	for i, last := first, len(w.t.room); i < last; i++ {
		b := &w.t.room[i]
		if b.end == arrived || b.end == onward && w.from(b.to) == arrives {
			continue
		}
		result = fails
		break
	}
	w.t.room = w.t.room[:first]
	w.note(at, result)
	return result
}

// model returns a device that another one mirrors, if there is one.
func (w *course) model(at place) (place, bool) {
	if w.mirrored == nil {
		return place{}, false
	}
	slot := w.slot(at)
	if slot < 0 || w.mirrored[slot] == 0 {
		return place{}, false
	}
	return place{part: w.dest.domain.parts[w.mirrored[slot]-1], member: at.member}, true
}

// ends returns where packets arrive over any of their branches, in the order in which they are found.
func (w *course) ends(at place) []place {
	var found []place
	seen := map[place]bool{}
	queue := []place{at}
	for i := 0; i < len(queue); i++ {
		if key := w.key(queue[i]); !seen[key] && !w.barren[key] {
			seen[key] = true
			var room [8]branch
			for _, b := range w.branches(room[:0], queue[i]) {
				switch b.end {
				case arrived:
					found = append(found, b.to)
				case onward:
					queue = append(queue, b.to)
				}
			}
		}
	}
	if found == nil {
		if w.barren == nil {
			w.barren = map[place]bool{}
		}
		for key := range seen {
			w.barren[key] = true
		}
	}
	return found
}

// key stands for a device and those that are like it: the members of its part but for the owner.
func (w *course) key(at place) place {
	if at == w.owner {
		return at
	}
	return place{at.part, -1}
}

func (w *course) known(at place) fate {
	if slot := w.slot(at); slot < 0 {
		return w.others[w.key(at)]
	} else if w.slots != nil {
		return w.slots[slot]
	}
	return unseen
}

func (w *course) note(at place, f fate) {
	slot := w.slot(at)
	switch {
	case slot >= 0 && w.slots == nil:
		w.slots = make([]fate, w.dest.domain.network.OwnerSlot()+1)
		fallthrough
	case slot >= 0:
		w.slots[slot] = f
	case w.others == nil:
		w.others = map[place]fate{}
		fallthrough
	default:
		w.others[w.key(at)] = f
	}
}

// slot is the slot of a device in solutions for the course's destination, or -1 where it has none.
func (w *course) slot(at place) int {
	if w.dest == nil {
		return -1
	}
	owner := -1
	if at == w.owner {
		owner = at.member
	}
	return w.dest.slot(at.part, at.member, owner)
}

// action is what a device does with the packets, all its routes considered.
func (w *course) action(at place) *action {
	if slot := w.slot(at); slot >= 0 {
		return w.t.v.toward(w.dest, slot)
	}
	a, _, _ := w.t.v.lookup(at.part, at.member, w.addr)
	return a
}

// isHere reports whether the packets end at a device, whatever its routes say: kube-proxy takes those to services of its own
// cluster before the kernel looks for a route.
func (w *course) isHere(at place) bool {
	if w.services != nil {
		return at.part.Cluster == w.services
	}
	return at == w.owner
}

// branches appends the ways on from a device to buffer. There is always one.
func (w *course) branches(buffer []branch, at place) []branch {
	if w.isHere(at) {
		return append(buffer, branch{to: at, end: arrived})
	}
	had := len(buffer)
	if a := w.action(at); a.kind == deliver {
		if w.isLentBy(at) {
			return append(buffer, branch{to: at, end: withoutRoute})
		}
		return append(buffer, branch{to: at, end: arrived})
	} else if a.kind == forward {
		for i := range a.hops {
			buffer = w.over(buffer, at, &a.hops[i])
		}
	}
	if len(buffer) == had {
		return append(buffer, branch{to: at, end: withoutRoute})
	}
	return buffer
}

// over appends the ways over one next hop.
func (w *course) over(buffer []branch, at place, h *hop) []branch {
	switch {
	case h.tunnel == "" && h.isUnknown:
		return append(buffer, w.believed(h))
	case h.tunnel == "" && h.gateway.IsValid():
		return w.toward(buffer, at, h, h.gateway)
	case h.Hop < 0:
		return w.toward(buffer, at, h, w.addr)
	}
	d := at.part.domains[w.family]
	next := d.network.Hops[h.Hop]
	if next.Speaker == nil {
		return w.toward(buffer, at, h, next.Addrs[0])
	}
	to, had := place{part: d.parts[next.Speaker.Index]}, len(buffer)
	for to.member = range next.Addrs {
		if !w.isMeant(h, at, to) {
			continue
		}
		buffer = append(buffer, w.arriveAt(at, h, to, next.Addrs[to.member]))
		if h.Who == bgp.First || !w.t.listsAll {
			break
		}
	}
	if len(buffer) == had {
		return append(buffer, branch{to: place{part: to.part}, over: h, via: next.Addrs[0], end: deadNextHop})
	}
	return buffer
}

// isMeant reports whether a next hop is an address of this member of its part.
func (w *course) isMeant(h *hop, at, to place) bool {
	hasOwner := w.dest != nil && w.dest.Owner != nil && w.dest.Owner == to.part.speakers[w.family]
	switch {
	case w.t.isDead(to):
		return false
	case hasOwner && (h.Who == bgp.Owner || to == w.owner):
		return h.Who == bgp.Owner && to == w.owner
	}
	return to != at
}

// believed leads on over the gateway that nobody declared: it knows where devices are, and nothing of pods and services.
func (w *course) believed(h *hop) branch {
	switch {
	case !w.isDevice:
		return branch{over: h, end: unknownGateway}
	case w.t.isDead(w.owner):
		return branch{to: w.owner, over: h, via: w.addr, end: deadNextHop}
	}
	return branch{to: w.owner, over: h, via: w.addr}
}

// toward appends the ways to whoever has an address on a network that a device is on: to all of several that share it.
func (w *course) toward(buffer []branch, at place, h *hop, a netip.Addr) []branch {
	near := w.t.v.neighbors(at, a)
	for _, to := range near {
		buffer = append(buffer, w.arriveAt(at, h, to, a))
	}
	if len(near) > 0 {
		return buffer
	}
	if owners := w.t.r.owner(a, at.part); len(owners) > 0 {
		return append(buffer, branch{to: owners[0], over: h, via: a, end: deadNextHop})
	}
	return append(buffer, branch{over: h, via: a, end: strayNextHop})
}

// arriveAt leads to a neighbor, or through a tunnel to the device that has the next hop's address. Felix takes tunnel packets
// from nodes of its own cluster only (felix/rules/static.go), and nothing but a node of it unpacks them.
func (w *course) arriveAt(at place, h *hop, to place, a netip.Addr) branch {
	b := branch{to: to, over: h, via: a}
	switch {
	case h.tunnel == "":
	case to.part.Cluster == nil || to.part.Cluster != at.part.Cluster:
		b.end = strayTunnel
	case w.t.courseToDevice(a, to).from(at) != arrives:
		b.end = tunnelLost
	}
	return b
}

// isDead reports whether a device has failed.
func (t *traffic) isDead(at place) bool { return t.v.down.isDead(at.part, at.member) }
