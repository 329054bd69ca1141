package topogen

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// Random returns the text of a small topology, the same for the same seed everywhere: 1 to 3 clusters with 2 to 12 nodes in all,
// and up to 5 switches, over what the language has that touches routes. It loads, and links without a finding that stops the
// checks. Most are sound; about one in eight has mistakes that checks or expectations find.
//
// A cluster has at most three different cluster IDs among its reflectors, so that speakers which exchange messages one by one
// settle in bearable time with add-path.
//
// Addresses are private and of disjoint ranges, but that an isolated cluster may reuse those of another.
func Random(seed int64) []byte {
	g := &generator{r: rand.New(rand.NewPCG(uint64(seed), 0)), root: &value{}, lan: &subnet{number: 1, next: firstHost}}
	g.isWild = g.chance(12)
	g.root.set("name", fmt.Sprintf("random-%d", uint64(seed)))
	if g.chance(20) {
		g.root.set("implied", false)
	}
	g.planClusters()
	g.planSwitches()
	for _, c := range g.clusters {
		g.planLayout(c)
		g.planRacks(c)
		g.planReflectors(c)
	}
	g.planASNs()
	for _, c := range g.clusters {
		g.writeCluster(c)
	}
	g.writeSwitches()
	g.writeLinks()
	g.writePeerings()
	g.writeHosts()
	g.writeExpectations()
	return g.root.text()
}

// generator is a topology in the making. It is planned first, as far as its parts depend on each other, then written.
type generator struct {
	r        *rand.Rand
	root     *value
	isWild   bool // mistakes are welcome
	clusters []*cluster
	leaves   []*device
	spines   []*device
	vrfs     vrfUse
	lan      *subnet   // of what no switch serves
	subnets  []*subnet // of racks, in the order of their numbers; lan is not among them
	links    int       // so far
	nics     int       // further ones, so far
}

// vrfUse is how a fabric uses VRFs.
type vrfUse uint8

const (
	noVRF         vrfUse = iota
	leafVRF              // everything on leaves is in one; the spines have their own idea
	vrfPerCluster        // each cluster's racks and links are in one of its own
)

// chance is true in so many percent of cases.
func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

// between returns a number from low to high, both included.
func (g *generator) between(low, high int) int { return low + g.r.IntN(high-low+1) }

// pick returns one of the choices. One that is to be taken more often is listed more often.
func pick[T any](g *generator, choices ...T) T { return choices[g.r.IntN(len(choices))] }

// maybe sets a field to one of the choices in so many percent of cases.
func maybe[T any](g *generator, v *value, percent int, label string, choices ...T) {
	if g.chance(percent) {
		v.set(label, pick(g, choices...))
	}
}

// ipv4 is 10.a.b.c with a length.
func ipv4(a, b, c, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(a), byte(b), byte(c)}), bits)
}

// ipv6 is fd00:a:b::c with a length; a, b and c are below 256.
func ipv6(a, b, c, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{0: 0xfd, 3: byte(a), 5: byte(b), 15: byte(c)}), bits)
}

// The second number of addresses, by what they are for. Those of clusters are counted up from these by the cluster's number,
// pods in steps of podStep.
const (
	nodeNumber     = 1
	nicNumber      = 2
	podNumber      = 56
	podStep        = 8
	serviceNumber  = 95
	externalNumber = 103
	balancerNumber = 111
	outsideNumber  = 200
	linkNumber     = 253
	loopbackNumber = 254
)

// Numbers of hosts in a subnet.
const (
	sharedHost  = 1   // the gateway
	switchHost  = 2   // the first switch of a pair; a single one is the gateway itself
	firstHost   = 11  // nodes and hosts, counted up
	outsideHost = 200 // speakers outside the topology, counted up
	routerHost  = 254 // a gateway that isn't declared
)

// subnet is a subnet of nodes.
type subnet struct {
	number   int
	next     int // the next free host
	v4, v6   bool
	switches []*device // with an interface in it
	vrf      string
}

func (s *subnet) addr4(host int) netip.Prefix { return ipv4(nodeNumber, s.number, host, 24) }
func (s *subnet) addr6(host int) netip.Prefix { return ipv6(nodeNumber, s.number, host, 64) }

// gatewayHost is the host that nodes of the subnet take for their gateway.
func (s *subnet) gatewayHost() int {
	if len(s.switches) == 0 {
		return routerHost
	}
	return sharedHost
}

// newSubnet makes a subnet that no other rack is in.
func (g *generator) newSubnet() *subnet {
	s := &subnet{number: len(g.subnets) + 2, next: firstHost}
	g.subnets = append(g.subnets, s)
	return s
}
