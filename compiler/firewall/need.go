package firewall

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
)

// protocol is what of a packet a rule looks at beside its addresses.
type protocol uint8

const (
	anyProtocol protocol = iota
	tcp
	udp
	ipip // IP protocol 4, RFC 2003
)

func (p protocol) String() string { return [...]string{"any", "TCP", "UDP", "IPIP (IP protocol 4)"}[p] }

// The ports that nothing in a topology changes: RFC 4271, RFC 5881, RFC 5883, RFC 7348, RFC 1035, Typha's TYPHA_SERVERPORT and
// kube-apiserver's --secure-port.
const (
	bgpPort         = 179
	bfdPort         = 3784
	bfdEchoPort     = 3785
	bfdMultihopPort = 4784
	vxlanPort       = 4789
	dnsPort         = 53
	typhaPort       = 5473
	apiServerPort   = 6443
)

// rank is what a need is for, in the order of the table.
type rank uint8

const (
	meshBGP rank = iota
	reflectorBGP
	rackBGP
	switchBGP
	switchBFD
	peeringBGP
	outsideBGP
	tunnels
	typha
	apiServer
	podTraffic
	peeringTraffic
	hostTraffic
	hostDNS
)

// ports are one or two of a protocol; 0 is none.
type ports [2]uint16

func (p ports) String() string {
	if p[1] != 0 {
		return strconv.Itoa(int(p[0])) + ", " + strconv.Itoa(int(p[1]))
	}
	if p[0] != 0 {
		return strconv.Itoa(int(p[0]))
	}
	return ""
}

// need is packets that must get through. Replies go without saying.
type need struct {
	rank      rank
	why       string
	family    fabric.Family // 0: both
	protocol  protocol
	ports     ports // of the receiver; none: any
	from, to  *party
	into      *unit // the group of nodes that to is, or is of; nil: no group of nodes
	isPart    bool  // to is some of into: the others don't need it
	forwarded bool  // routers and nodes on the way must let it through, to is no device of the topology
}

// survey is what is known of a topology while its needs are found.
type survey struct {
	*fabric.Fabric
	parties
	groupOf map[*fabric.Node]*unit
	others  map[any]*unit
	all     map[*fabric.Cluster]*party // all nodes of a cluster; none has an entry
	order   int
}

func newSurvey(f *fabric.Fabric) *survey {
	s := &survey{
		Fabric: f, parties: parties{known: map[string]int32{}},
		groupOf: map[*fabric.Node]*unit{}, others: map[any]*unit{}, all: map[*fabric.Cluster]*party{},
	}
	taken := map[string]bool{}
	for _, c := range f.Clusters {
		groups := groupNodes(c, taken)
		var places []place
		for _, g := range groups {
			s.add(g)
			first := len(places)
			for _, n := range g.nodes {
				s.groupOf[n] = g
				places = appendPlaces(places, n)
			}
			g.whole = s.newParty([]*unit{g}, slices.Clone(places[first:]))
		}
		if len(groups) > 0 {
			s.all[c] = s.newParty(slices.Clone(groups), places)
			for _, g := range groups {
				g.all = s.all[c]
			}
		}
	}
	return s
}

func (s *survey) add(u *unit) *unit {
	s.order++
	u.order = s.order
	return u
}

// other returns the unit that stands for something that is no node, the same each time.
func (s *survey) other(of any, name string) *unit {
	if s.others[of] == nil {
		s.others[of] = s.add(&unit{name: name})
	}
	return s.others[of]
}

// appendPlaces appends a node's addresses.
func appendPlaces(places []place, n *fabric.Node) []place {
	for _, p := range [...]netip.Prefix{n.Address, n.Address6} {
		if p.IsValid() {
			places = append(places, on(p))
		}
	}
	return places
}

// nodePlace is one of a node's addresses, of a further NIC perhaps.
func nodePlace(n *fabric.Node, a netip.Addr) place {
	if n.Address.Addr() == a && n.Address.IsValid() {
		return on(n.Address)
	}
	if n.Address6.Addr() == a && n.Address6.IsValid() {
		return on(n.Address6)
	}
	for _, nic := range n.NICs {
		for _, p := range [...]netip.Prefix{nic.Address, nic.Address6} {
			if p.Addr() == a && p.IsValid() {
				return on(p)
			}
		}
	}
	return single(a)
}

// needs returns all needs, those of one receiver together, in the order of units.
func (s *survey) needs() []need {
	needs := s.sessions()
	for _, c := range s.Clusters {
		needs = s.inside(needs, c)
		needs = append(needs, s.podsOf(c)...)
	}
	needs = append(needs, s.bfd()...)
	for _, p := range s.Peerings {
		needs = append(needs, s.exchange(p)...)
	}
	for _, h := range s.Hosts {
		needs = append(needs, s.host(h)...)
	}
	slices.SortStableFunc(needs, func(a, b need) int {
		return cmp.Or(cmp.Compare(a.to.units[0].order, b.to.units[0].order), cmp.Compare(a.rank, b.rank))
	})
	return needs
}

// toEach appends a need of every group of a cluster, all with the same senders.
func (s *survey) toEach(needs []need, c *fabric.Cluster, from *party, n need) []need {
	for _, g := range s.all[c].units {
		n.from, n.to, n.into = from, g.whole, g
		needs = append(needs, n)
	}
	return needs
}

// inside appends what the nodes of a cluster need of each other. One node alone needs nothing.
func (s *survey) inside(needs []need, c *fabric.Cluster) []need {
	if s.all[c] == nil || len(c.Nodes) < 2 && !c.Incomplete {
		return needs
	}
	all := s.all[c]
	if c.Mesh {
		needs = s.toEach(needs, c, all, need{rank: meshBGP, why: "BGP of the node-to-node mesh", protocol: tcp, ports: ports{c.ListenPort}})
	}
	for _, f := range bothFamilies {
		if pools := encapsulated(c, f, "IPIP"); pools != nil {
			needs = s.toEach(needs, c, all, need{rank: tunnels, why: "tunnels of " + someOf("pool", pools), family: f, protocol: ipip})
		}
		if pools := encapsulated(c, f, "VXLAN"); pools != nil {
			needs = s.toEach(needs, c, all, need{rank: tunnels, why: "tunnels of " + someOf("pool", pools), family: f, protocol: udp,
				ports: ports{vxlanPort}})
		}
	}
	why := "Typha, on the nodes that run it"
	if !c.Operator {
		why += ", if the manifest has it"
	}
	needs = s.toEach(needs, c, all, need{rank: typha, why: why, protocol: tcp, ports: ports{typhaPort}})
	api := need{rank: apiServer, why: "Kubernetes API server, on the nodes that run it (its default port: the topology names none)",
		protocol: tcp, ports: ports{apiServerPort}}
	return s.toEach(s.toEach(needs, c, all, api), c, s.pods(c), api)
}

// encapsulated returns the names of a cluster's own pools of a family whose pods' packets travel in tunnels of a kind, if only
// between subnets.
func encapsulated(c *fabric.Cluster, f fabric.Family, kind string) []string {
	var names []string
	for _, p := range c.Pools {
		if p.Own() && !p.LoadBalancerOnly() && fabric.FamilyOf(p.CIDR.Addr()) == f && strings.TrimSuffix(p.Encapsulation, "CrossSubnet") == kind {
			names = append(names, p.Name)
		}
	}
	return names
}

// pods is a cluster's pods, by their ranges.
func (s *survey) pods(c *fabric.Cluster) *party {
	var places []place
	for _, r := range c.PodRanges() {
		places = append(places, whole(r.Prefix))
	}
	return s.newParty([]*unit{s.other("pods "+c.Name, "pods of "+c.Name)}, places)
}

// services is what a cluster advertises of its services.
func (s *survey) services(c *fabric.Cluster) *party {
	var places []place
	for _, r := range c.Advertised {
		places = append(places, whole(r.Prefix))
	}
	return s.newParty([]*unit{s.other("services "+c.Name, "services of "+c.Name)}, places)
}

// podsOf returns the traffic of pods that no tunnel hides from what is between the nodes.
func (s *survey) podsOf(c *fabric.Cluster) []need {
	if s.all[c] == nil || len(c.Nodes) < 2 && !c.Incomplete {
		return nil
	}
	var bare, subnet []place
	for _, p := range c.Pools {
		switch {
		case !p.Own() || p.LoadBalancerOnly():
		case p.Encapsulation == "None":
			bare = append(bare, whole(p.CIDR))
		case strings.HasSuffix(p.Encapsulation, "CrossSubnet"):
			subnet = append(subnet, whole(p.CIDR))
		}
	}
	pods, nodes := s.pods(c), s.all[c]
	var needs []need
	add := func(places []place, why string) {
		if len(places) > 0 {
			to := s.newParty(slices.Clone(pods.units), places)
			needs = append(needs, need{rank: podTraffic, why: why, from: s.union([]*party{nodes, to}), to: to, forwarded: true})
		}
	}
	add(bare, "pods, from other nodes and their pods: not encapsulated")
	add(subnet, "pods, from other nodes of the subnet and their pods: not encapsulated there")
	return needs
}

// exchange returns the traffic of a peering, each way.
func (s *survey) exchange(p *fabric.Peering) []need {
	var needs []need
	for i, c := range p.Clusters {
		other, why := p.Other(c), "peering "+p.Name
		if p.Pods {
			needs = append(needs, need{rank: peeringTraffic, why: why + ": pods", from: s.pods(c), to: s.pods(other), forwarded: true})
		}
		if to := s.services(other); p.Services[i] && len(to.places) > 0 {
			needs = append(needs, need{rank: peeringTraffic, why: why + ": services", from: s.pods(c), to: to, forwarded: true})
		}
	}
	return needs
}

// host returns what a host outside sends to clusters.
func (s *survey) host(h *fabric.Host) []need {
	var places []place
	for _, p := range []netip.Prefix{h.Address, h.Address6} {
		if p.IsValid() {
			places = append(places, single(p.Addr()))
		}
	}
	if len(places) == 0 {
		return nil
	}
	from := s.newParty([]*unit{s.other(h, "host "+h.Name)}, places)
	var needs []need
	add := func(rank rank, c *fabric.Cluster, kind, why string, protocol protocol, ports ports, places []place) {
		if len(places) > 0 {
			target := s.newParty([]*unit{s.other(kind+" "+c.Name, kind+" of "+c.Name)}, places)
			needs = append(needs, need{rank: rank, why: why, protocol: protocol, ports: ports, from: from, to: target, forwarded: true})
		}
	}
	pods, services := map[*fabric.Cluster][]place{}, map[*fabric.Cluster][]place{}
	var clusters []*fabric.Cluster // sorted, as the routes are
	for _, r := range h.Routes {
		if n := len(clusters); n == 0 || clusters[n-1] != r.Cluster {
			clusters = append(clusters, r.Cluster)
		}
		of := services
		if r.Kind == fabric.PodRange {
			of = pods
		}
		of[r.Cluster] = append(of[r.Cluster], whole(r.Prefix))
	}
	for _, c := range clusters {
		add(hostTraffic, c, "pods", "static routes of hosts", anyProtocol, ports{}, pods[c])
		add(hostTraffic, c, "services", "static routes of hosts", anyProtocol, ports{}, services[c])
	}
	if h.DNS == nil {
		return needs
	}
	for _, z := range h.DNS.Zones {
		if z.Service.IsValid() {
			why, to := "forwards the names below "+z.Domain, []place{single(z.Service)}
			add(hostDNS, z.Cluster, "DNS service", why, udp, ports{dnsPort}, to)
			add(hostDNS, z.Cluster, "DNS service", why, tcp, ports{dnsPort}, to)
		}
	}
	return needs
}

// someOf names at most three of many.
func someOf(what string, names []string) string {
	switch n := len(names); {
	case n == 1:
		return what + " " + names[0]
	case n > 3:
		return fmt.Sprintf("%ss %s and %d more", what, strings.Join(names[:3], ", "), n-3)
	default:
		return what + "s " + strings.Join(names, ", ")
	}
}
