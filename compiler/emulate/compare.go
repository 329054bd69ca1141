package emulate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// Prediction is a state of the network that was predicted: a *simulate.Result, or what is left after a failure.
type Prediction interface {
	Sessions(fabric.Device) []simulate.SessionRow
	Routes(fabric.Device) []simulate.RouteRow
}

// Comparison is one machine, as predicted and as it is. Lines are sorted as predicted, what nobody predicted last.
type Comparison struct {
	Machine  *Machine
	Sessions []Line
	Routes   []Line
}

// Line is a session or a route in words: as predicted, as seen, or both alike.
type Line struct {
	Predicted string // empty: nobody predicted it
	Seen      string // empty: it isn't there
}

// IsSame reports whether what was predicted is there.
func (l Line) IsSame() bool { return l.Predicted == l.Seen }

// Differences counts the lines of which prediction and machine disagree.
func (c *Comparison) Differences() int {
	n := 0
	for _, l := range slices.Concat(c.Sessions, c.Routes) {
		if !l.IsSame() {
			n++
		}
	}
	return n
}

// compare holds a machine to the prediction.
func compare(m *Machine, p Prediction, s *Seen) *Comparison {
	c := &Comparison{Machine: m}
	if m.Device == nil {
		return c
	}
	if _, isOutside := m.Device.(*fabric.External); isOutside {
		return c // what is outside nobody predicts, and its sessions stand at their other end
	}
	c.Sessions = compareSessions(m, p, s)
	c.Routes = compareRoutes(m, p, s)
	return c
}

func compareSessions(m *Machine, p Prediction, s *Seen) []Line {
	var lines []Line
	matched := map[SeenSession]bool{}
	for _, row := range p.Sessions(m.Device) {
		if row.VRF != m.VRF {
			continue
		}
		line := Line{Predicted: sessionText(row, row.State == simulate.Established, "")}
		i := slices.IndexFunc(s.Sessions, func(seen SeenSession) bool { return m.isSession(row, seen) })
		switch {
		case i >= 0:
			matched[s.Sessions[i]] = true
			line.Seen = sessionText(row, s.Sessions[i].IsUp, s.Sessions[i].Info)
		case row.State != simulate.Established:
			line.Seen = line.Predicted // nobody has called
		}
		lines = append(lines, line)
	}
	for _, seen := range s.Sessions {
		if !matched[seen] {
			lines = append(lines, Line{Seen: fmt.Sprintf("%s: %s", seen.Name, seen.Info)})
		}
	}
	return lines
}

// isSession reports whether a session of a daemon is the predicted one: of BIRD by the protocol's name, of FRR by the
// neighbor's address or interface.
func (m *Machine) isSession(row simulate.SessionRow, seen SeenSession) bool {
	if row.Protocol != "" {
		return seen.Name == row.Protocol && (seen.Daemon == "bird6") == (row.Family == fabric.IPv6)
	}
	if row.Interface != "" {
		return m.declared(seen.Name) == row.Interface
	}
	a, err := netip.ParseAddr(seen.Name)
	return err == nil && a == row.PeerAddress
}

// sessionText says of a session whether it is up, and at a difference why not in the daemon's words.
func sessionText(row simulate.SessionRow, isUp bool, info string) string {
	peer := row.Interface
	if row.PeerAddress.IsValid() {
		peer = row.PeerAddress.String()
	}
	if row.Peer != nil {
		peer += " (" + row.Peer.DeviceName() + ")"
	}
	state := "down"
	if isUp {
		state = "up"
	}
	if info != "" && isUp != (row.State == simulate.Established) {
		state += ", " + info
	}
	return fmt.Sprintf("%s AS %d: %s", peer, row.PeerASN, state)
}

// declared is the name of an interface in the topology.
func (m *Machine) declared(kernel string) string {
	i := slices.IndexFunc(m.Ports, func(p Port) bool { return p.Name == kernel })
	if i < 0 {
		return kernel
	}
	return m.Ports[i].Declared
}

func compareRoutes(m *Machine, p Prediction, s *Seen) []Line {
	var lines []Line
	seen, byGateway := map[string]bool{}, map[string]string{} // byGateway: what is seen, by how it reads where gateways have no name
	for _, route := range s.Routes {
		if route.Protocol != ByLab && route.Protocol != ByFelix && !route.isOfLab() {
			text := m.seenText(route, nil)
			seen[text] = true
			byGateway[m.seenText(route, m.Unknown)] = text
		}
	}
	for _, row := range p.Routes(m.Device) {
		if row.VRF != m.VRF || row.Table != simulate.KernelTable || isFelix(row) || row.Prefix.Addr().Is6() && row.Prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		line := Line{Predicted: m.predictedText(row)}
		text := line.Predicted
		if !seen[text] {
			text = byGateway[text]
		}
		if seen[text] {
			delete(seen, text)
			line.Seen = line.Predicted
		}
		lines = append(lines, line)
	}
	return pairUp(lines, seen)
}

// isOfLab reports whether a route is that of an interface which the topology doesn't have.
func (r *SeenRoute) isOfLab() bool {
	return len(r.NextHops) == 1 && strings.HasPrefix(r.NextHops[0].Interface, labPort) && !r.NextHops[0].Address.IsValid()
}

// pairUp puts routes that nobody predicted beside predicted ones of the same prefix that are not there.
func pairUp(lines []Line, unpredicted map[string]bool) []Line {
	for _, text := range sortedSet(unpredicted) {
		i := slices.IndexFunc(lines, func(l Line) bool { return l.Seen == "" && SameSubject(l.Predicted, text) })
		if i < 0 {
			lines = append(lines, Line{Seen: text})
		} else {
			lines[i].Seen = text
		}
	}
	return lines
}

func sortedSet(set map[string]bool) []string {
	var all []string
	for text := range set {
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

// SameSubject reports whether two lines speak of one session, or of routes to one prefix.
func SameSubject(a, b string) bool { return prefixOf(a) == prefixOf(b) }

// prefixOf is the prefix of a route's text, without the type before it, or the peer of a session's.
func prefixOf(text string) string {
	for word := range strings.FieldsSeq(text) {
		if strings.ContainsAny(word, "./:") || word == "default" {
			return word
		}
	}
	return text
}

// routeText writes a route so that what means the same reads the same.
type routeText struct {
	prefix netip.Prefix
	kind   simulate.RouteType
	proto  string
	metric uint32
	nextTo []string
	most   int // next hops that a switch uses at once; 0: no matter. Which of more it uses goes by what came first
}

func (r routeText) String() string {
	var b strings.Builder
	if r.kind != simulate.Unicast {
		b.WriteString(string(r.kind) + " ")
	}
	if r.prefix.Bits() == 0 {
		b.WriteString("default")
	} else {
		b.WriteString(r.prefix.String())
	}
	if r.proto != "" {
		b.WriteString(" proto " + r.proto)
	}
	if r.metric != 0 {
		fmt.Fprintf(&b, " metric %d", r.metric)
	}
	slices.Sort(r.nextTo)
	hops := slices.Compact(r.nextTo)
	if r.most > 1 && len(hops) == r.most {
		hops = []string{fmt.Sprintf("over as many next hops as it uses at once, %d", r.most)}
	}
	for _, hop := range hops {
		b.WriteString(" " + hop)
	}
	return b.String()
}

// nextHopText writes a next hop. A link-local address says nothing beside the interface, and an interface that nobody named
// nothing beside the address.
func nextHopText(a netip.Addr, iface string) string {
	var words []string
	if a.IsValid() && !a.IsLinkLocalUnicast() {
		words = append(words, "via "+a.String())
	}
	if iface != "" {
		words = append(words, "dev "+iface)
	}
	return strings.Join(words, " ")
}

func (m *Machine) predictedText(row simulate.RouteRow) string {
	r := routeText{prefix: row.Prefix, kind: row.Type, proto: row.Proto, metric: row.Metric, most: m.maximumPaths()}
	if row.Prefix.Addr().Is6() {
		r.metric = cmp.Or(r.metric, kernelMetric6(row.Source.IsValid()))
	}
	for _, nh := range row.NextHops {
		if !nh.Address.IsValid() && nh.Interface == "" && row.Proto != "kernel" {
			r.nextTo = append(r.nextTo, someGateway)
			continue
		}
		r.nextTo = append(r.nextTo, nextHopText(nh.Address, nh.Interface))
	}
	return r.String()
}

// kernelMetric6 is the metric of IPv6 routes that nobody gave one: of connected subnets, and of others (linux/ipv6_route.h).
func kernelMetric6(isConnected bool) uint32 {
	if isConnected {
		return 256
	}
	return 1024
}

// maximumPaths is how many next hops a switch uses at once; 0: the machine is none that speaks BGP.
func (m *Machine) maximumPaths() int {
	if s, ok := m.Device.(*fabric.Switch); ok {
		for _, r := range s.Routers {
			if r.VRF == m.VRF {
				return r.MaximumPaths
			}
		}
	}
	return 0
}

// seenText writes a route as it is; those gateways have no name.
func (m *Machine) seenText(route SeenRoute, nameless []netip.Addr) string {
	r := routeText{prefix: route.Prefix, kind: route.Type, proto: protocolText(route.Protocol), metric: route.Metric, most: m.maximumPaths()}
	for _, nh := range route.NextHops {
		if slices.Contains(nameless, nh.Address) {
			r.nextTo = append(r.nextTo, someGateway)
			continue
		}
		r.nextTo = append(r.nextTo, nextHopText(nh.Address, m.declared(nh.Interface)))
	}
	return r.String()
}

// someGateway stands for a gateway that nobody declared.
const someGateway = "via the gateway"

// protocolText is the name of who made a route, as predictions have it (iproute2, rt_protos). FRR has numbers of its own for
// static and BGP routes.
func protocolText(p Protocol) string {
	switch p {
	case 2:
		return "kernel"
	case ByBoot:
		return ""
	case ByStatic, 196:
		return "static"
	case 12:
		return "bird"
	case 186:
		return "bgp"
	}
	return fmt.Sprint(int(p))
}

// Total is how many lines comparisons have, and how many of them differ.
func Total(all []*Comparison) (sessions, routes, differences int) {
	for _, c := range all {
		sessions += len(c.Sessions)
		routes += len(c.Routes)
		differences += c.Differences()
	}
	return sessions, routes, differences
}
