package simulate

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"topoc/compiler/fabric"
	"topoc/topologies/topogen"
)

// eachTopology runs a test on every example.
func eachTopology(t *testing.T, test func(t *testing.T, r *Result)) {
	files, err := filepath.Glob("../../topologies/*.cue")
	if err != nil || files == nil {
		t.Fatalf("no topologies (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			test(t, Run(inputOf(t, text)))
		})
	}
}

// hike follows packets device by device, every member by itself: the slow twin of course.
type hike struct {
	v        *view
	dst      netip.Addr
	services *fabric.Cluster
	isDevice bool // dst is a device's
	passed   []place
	loop     []place // the first one that was found
}

// arrives reports whether packets get there from a device over every branch.
func (h *hike) arrives(at place) bool {
	if i := slices.Index(h.passed, at); i >= 0 {
		if h.loop == nil {
			h.loop = slices.Clone(h.passed[i:])
		}
		return false
	}
	if h.services != nil && at.part.Cluster == h.services {
		return true
	}
	act, prefix, d := h.v.lookup(at.part, at.member, h.dst)
	if act.kind != forward {
		return act.kind == deliver && (h.isDevice || h.services != nil || h.holds(at))
	}
	h.passed = append(h.passed, at)
	defer func() { h.passed = h.passed[:len(h.passed)-1] }()
	all := len(act.hops) > 0
	for _, hop := range act.hops {
		if hop.isUnknown && hop.tunnel == "" && !h.isDevice {
			all = false
			continue
		}
		next := h.v.next(at, d, ownerOf(d, prefix), hop, h.dst)
		all = all && len(next) > 0
		for _, to := range next {
			all = (hop.tunnel == "" || h.isUnwrapped(at, to, hop)) && h.arrives(to) && all
		}
	}
	return all
}

// holds reports whether no other node of its cluster has a longer prefix around the address than a node that takes it for its own.
func (h *hike) holds(at place) bool {
	longest := func(at place) int {
		bits := -1
		for _, own := range at.held() {
			if own.prefix.Contains(h.dst) {
				bits = max(bits, own.prefix.Bits())
			}
		}
		return bits
	}
	own := longest(at)
	for _, p := range h.v.result.Parts {
		for member := range p.Nodes {
			if p.Cluster == at.part.Cluster && longest(place{p, member}) > own {
				return false
			}
		}
	}
	return true
}

// isUnwrapped reports whether what a node wraps up for another one gets there, and that one unwraps it.
func (h *hike) isUnwrapped(at, to place, over hop) bool {
	if to.part.Cluster == nil || to.part.Cluster != at.part.Cluster {
		return false
	}
	d := at.part.domains[familyIndex(fabric.FamilyOf(h.dst))]
	outer := &hike{v: h.v, dst: d.network.Hops[over.Hop].Addrs[to.member], isDevice: true}
	return outer.arrives(at)
}

// livingDevices are all devices but those that have failed.
func livingDevices(v *view) []place {
	var all []place
	for _, p := range v.result.Parts {
		for member := range p.Size() {
			if p.External == nil && !v.down.isDead(p, member) {
				all = append(all, place{p, member})
			}
		}
	}
	return all
}

// statesOf are the routes while nothing has failed and after every single failure, by name.
func statesOf(r *Result) map[string]*view {
	states := map[string]*view{"nothing": r.base}
	for name, f := range singleFailures(r) {
		states[name] = r.after(f)
	}
	return states
}

// prefixesOf calls visit with every prefix of pods and services, and a course to it.
func prefixesOf(t *traffic, visit func(w *course)) {
	for _, c := range t.r.Fabric.Clusters {
		for f := range families {
			for _, d := range slices.Concat(t.census.blocks[c][f], t.census.services[c]) {
				for _, o := range d.owned {
					if w := t.courseToOwned(d, o, netip.Addr{}); w.owner.part == nil || !t.isDead(w.owner) {
						visit(w)
					}
				}
			}
		}
	}
}

func TestOneDeviceSpeaksForThoseThatAreLikeIt(t *testing.T) {
	test := func(t *testing.T, r *Result) {
		c := newCensus(r)
		for failed, v := range statesOf(r) {
			prefixesOf(newTraffic(v, c), func(w *course) {
				for _, at := range livingDevices(v) {
					h := &hike{v: v, dst: w.addr, services: w.services}
					if got, want := w.from(at) == arrives, h.arrives(at); got != want {
						t.Errorf("without %s, from %s to %s: arrives %v, followed by itself %v", failed, nameOf(at), w.prefix, got, want)
					}
				}
			})
		}
	}
	eachTopology(t, test)
	for seed := range int64(200) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { test(t, Run(inputOf(t, topogen.Random(seed)))) })
	}
}

// TestClustersReachEachOtherIfAllTheirPairsDo compares with every pair of devices, there and back, one by one.
func TestClustersReachEachOtherIfAllTheirPairsDo(t *testing.T) {
	test := func(t *testing.T, r *Result) {
		c := newCensus(r)
		for failed, v := range statesOf(r) {
			tr := newTraffic(v, c)
			for _, from := range r.Fabric.Clusters {
				for _, to := range r.Fabric.Clusters {
					x := tr.lost(party{kind: partyPods, cluster: from}, party{kind: partyPods, cluster: to})
					if got, want := x == nil, podsReach(v, from, to); got != want {
						t.Errorf("without %s, pods of %s to those of %s: %v, want %v", failed, from.Name, to.Name, got, want)
					}
				}
			}
		}
	}
	eachTopology(t, test)
	for seed := range int64(200) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { test(t, Run(inputOf(t, topogen.Random(seed)))) })
	}
}

// podsReach asks every node of one cluster for every block of another, and for the answers.
func podsReach(v *view, from, to *fabric.Cluster) bool {
	isAsked, isCommon, all := false, false, true
	for _, e := range livingNodes(v, to) {
		for _, h := range e.held() {
			isAsked = true
			for _, s := range livingNodes(v, from) {
				f := fabric.FamilyOf(h.prefix.Addr())
				isOf := func(own held) bool { return fabric.FamilyOf(own.prefix.Addr()) == f }
				if own := s.held(); !s.part.hasAddress(familyIndex(f)) || len(own) > 0 && !slices.ContainsFunc(own, isOf) {
					continue // it has no pod that could ask
				}
				isCommon = true
				if s == e {
					continue
				}
				there := &hike{v: v, dst: someAddress(h.prefix)}
				all = all && there.arrives(s)
				for _, own := range s.held() {
					if fabric.FamilyOf(own.prefix.Addr()) != f {
						continue
					}
					back := &hike{v: v, dst: someAddress(own.prefix)}
					if _, isNAT := s.part.rules.natsTo(back.dst, there.dst); isNAT {
						back.dst, back.isDevice = s.node().Addr(f), true
					}
					all = all && back.arrives(e)
				}
			}
		}
	}
	return all && (isCommon || !isAsked)
}

func livingNodes(v *view, c *fabric.Cluster) []place {
	return slices.DeleteFunc(livingDevices(v), func(at place) bool { return at.part.Cluster != c })
}

func TestNoPacketGoesRoundInCircles(t *testing.T) {
	eachTopology(t, func(t *testing.T, r *Result) {
		c := newCensus(r)
		for failed, v := range statesOf(r) {
			prefixesOf(newTraffic(v, c), func(w *course) {
				for _, at := range livingDevices(v) {
					h := &hike{v: v, dst: w.addr, services: w.services}
					if h.arrives(at); h.loop != nil {
						t.Errorf("without %s, from %s to %s: packets go round between %s and %s", failed, nameOf(at), w.prefix,
							nameOf(h.loop[0]), nameOf(h.loop[len(h.loop)-1]))
					}
				}
			})
		}
	})
}

func TestALoopIsNamed(t *testing.T) {
	in := inputOf(t, []byte(`
name: "loop"
switches: {
	s1: {dialect: "frr", interfaces: a: address: "10.1.0.1/24", staticRoutes: prod: {via: ["n1"], services: false}}
	s2: {dialect: "frr", interfaces: a: address: "10.1.0.2/24"}
}
clusters: prod: {
	podCIDRs: ["10.10.0.0/16"]
	nodes: {
		n1: {address: "10.1.0.11/24", gateway: "10.1.0.1", blocks: []}
		n2: {address: "10.2.0.12/24"}
	}
	bgp: nodeToNodeMesh: false
}`))
	r := Run(in)
	from, _ := ParsePlace(r.Fabric, "s1")
	to, _ := ParsePlace(r.Fabric, "prod/n2/pods")
	trace := r.Trace(from, to)
	if trace.Reached || len(trace.Paths) == 0 {
		t.Fatalf("reached %v over %v", trace.Reached, trace.Paths)
	}
	way := trace.Paths[0]
	if last := way[len(way)-1]; last.Action != "loops" || last.Device != "prod/n1" {
		t.Errorf("the way ends with %+v, want prod/n1 to loop", last)
	}
}

// TestADeadNextHopOfAStaticRouteCostsHalfOfTheFlows: the host goes on sending to it.
func TestADeadNextHopOfAStaticRouteCostsHalfOfTheFlows(t *testing.T) {
	r := Run(seedInput(t, "static-gateway"))
	harbor, _ := ParsePlace(r.Fabric, "harbor")
	v := r.after(r.failed(r.Fabric.Clusters[0].Node("ip-10-20-1-84")))
	for _, target := range []string{"prod/ip-10-20-1-81/pods", "prod/services"} {
		to, _ := ParsePlace(r.Fabric, target)
		tr := newTraffic(v, newCensus(r))
		x := tr.lost(tr.census.partyOf(harbor), tr.census.partyOf(to))
		if x == nil {
			t.Fatalf("every flow from harbor to %s arrives", target)
		}
		var living, dead int
		for _, b := range x.to.listing().branches(nil, x.from) {
			switch b.end {
			case onward, arrived:
				living++
			case deadNextHop:
				dead++
			}
		}
		if living != 1 || dead != 1 {
			t.Errorf("from harbor to %s %d branches live and %d are dead, want one each", target, living, dead)
		}
	}
}
