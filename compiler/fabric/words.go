package fabric

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Words that the language knows, by the field they stand in. The schema takes any string there, since CUE reports a failed
// disjunction badly.
var (
	encapsulations = []string{"None", "IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet"}
	hostSystems    = []string{"ifupdown", "iproute2", "netplan", "networkmanager", "systemd-networkd", "windows"}
	dnsServers     = []string{"bind", "coredns", "dnsmasq", "systemd-resolved", "unbound", "windows"}
	roles          = []string{"leaf", "spine", "router"}
	apis           = []string{"projectcalico.org/v3", "crd.projectcalico.org/v1"}
	severities     = []string{"Trace", "Debug", "Info", "Warning", "Error", "Fatal"}
	programRoutes  = []string{"Enabled", "Disabled", "EnabledIPIPOnly", "EnabledNoEncapOnly"}
	matchOperators = []string{"Equal", "NotEqual", "In", "NotIn"}
)

// HostSystems returns the systems that the language knows for a host, sorted.
func HostSystems() []string { return slices.Clone(hostSystems) }

// DNSServers returns the DNS servers that the language knows, sorted.
func DNSServers() []string { return slices.Clone(dnsServers) }

// words reports every word that isn't one of the language's.
func (l *linker) words() {
	for _, name := range names(l.t.Clusters) {
		l.clusterWords(source.Path("clusters").Field(name), l.t.Clusters[name])
	}
	for _, name := range names(l.t.Switches) {
		l.switchWords(source.Path("switches").Field(name), l.t.Switches[name])
	}
	for _, name := range names(l.t.Peerings) {
		l.word(source.Path("peerings").Fields(name, "via"), l.t.Peerings[name].Via, []string{"routeReflectors", "nodes", "fabric"})
	}
	for _, name := range names(l.t.Hosts) {
		at, h := source.Path("hosts").Field(name), l.t.Hosts[name]
		l.word(at.Field("system"), h.System, hostSystems)
		if h.DNS != nil {
			l.word(at.Fields("dns", "server"), h.DNS.Server, dnsServers)
		}
	}
	for _, name := range names(l.t.Expectations) {
		at := source.Path("expect").Fields(name, "traffic")
		l.wordList(at, l.t.Expectations[name].Traffic, []string{"pods", "services"})
	}
}

func (l *linker) clusterWords(at source.Path, c *model.Cluster) {
	for _, name := range names(c.IPPools) {
		p, at := c.IPPools[name], at.Fields("ipPools", name)
		l.word(at.Field("encapsulation"), p.Encapsulation, encapsulations)
		l.word(at.Field("assignmentMode"), p.AssignmentMode, []string{"Automatic", "Manual"})
		l.wordList(at.Field("allowedUses"), p.AllowedUses, []string{"Workload", "Tunnel", "LoadBalancer"})
	}
	for _, name := range names(c.Racks) {
		r, at := c.Racks[name], at.Fields("racks", name)
		l.word(at.Field("peer"), r.Peer, []string{"nodes", "routeReflectors"})
		l.word(at.Field("session"), r.SessionOver, []string{"interface", "loopback"})
		l.sessionWords(at, &r.Session)
	}
	for _, name := range names(c.Peers) {
		l.sessionWords(at.Fields("peers", name), &c.Peers[name].Session)
	}
	for _, name := range names(c.Filters) {
		f, at := c.Filters[name], at.Fields("filters", name)
		l.ruleWords(at.Field("exportV4"), f.ExportV4)
		l.ruleWords(at.Field("importV4"), f.ImportV4)
		l.ruleWords(at.Field("exportV6"), f.ExportV6)
		l.ruleWords(at.Field("importV6"), f.ImportV6)
	}
	if b := c.BGP; b != nil {
		l.word(at.Fields("bgp", "bindMode"), b.BindMode, []string{"None", "NodeIP"})
		l.word(at.Fields("bgp", "logSeverity"), b.LogSeverity, severities)
		l.word(at.Fields("bgp", "programClusterRoutes"), b.ProgramClusterRoutes, programRoutes)
	}
	if k := c.Calico; k != nil {
		l.word(at.Fields("calico", "api"), k.API, apis)
		l.word(at.Fields("calico", "install"), k.Install, []string{"operator", "manifest"})
	}
}

func (l *linker) sessionWords(at source.Path, s *model.Session) {
	l.word(at.Field("nextHopMode"), s.NextHopMode, []string{"Auto", "Self", "Keep"})
	l.word(at.Field("sourceAddress"), s.SourceAddress, []string{"UseNodeIP", "None"})
}

func (l *linker) ruleWords(at source.Path, rules []model.FilterRule) {
	for i := range rules {
		r, at := &rules[i], at.Index(i)
		l.word(at.Field("action"), r.Action, []string{"Accept", "Reject"})
		l.word(at.Field("matchOperator"), r.MatchOperator, matchOperators)
		l.word(at.Field("source"), r.Source, []string{"RemotePeers"})
		l.word(at.Field("peerType"), r.PeerType, []string{"eBGP", "iBGP"})
	}
}

func (l *linker) switchWords(at source.Path, s *model.Switch) {
	l.word(at.Field("dialect"), s.Dialect, DialectNames())
	l.word(at.Field("role"), s.Role, roles)
	if b := s.BGP; b != nil {
		at := at.Field("bgp")
		l.word(at.Field("toNodes"), b.ToNodes, []string{"routes", "default", "none"})
		l.wordList(at.Field("advertise"), b.Advertise, []string{"interfaces", "loopback"})
		for i := range b.Accept {
			l.word(at.Field("accept").Index(i).Field("on"), b.Accept[i].On, []string{"nodes", "switches"})
		}
		for i := range b.Send {
			l.word(at.Field("send").Index(i).Field("on"), b.Send[i].On, []string{"nodes", "switches"})
		}
	}
}

func (l *linker) wordList(at source.Path, words, known []string) {
	for i, w := range words {
		l.word(at.Index(i), w, known)
	}
}

// word reports a word that isn't known; the empty word is one that nobody wrote.
func (l *linker) word(at source.Path, word string, known []string) {
	if word == "" || slices.Contains(known, word) {
		return
	}
	d := l.diags.Add("unknown-word", diag.Error, at, "found %q, expected one of %s", word, list(known))
	if near := diag.Nearest(word, known); near != "" {
		d.WithHint("write %q", near)
	} else {
		d.WithHint("write one of those words")
	}
}

// list joins words for a message, at most maxListed of them.
func list(words []string) string {
	if more := len(words) - maxListed; more > 1 {
		return strings.Join(words[:maxListed], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, ", ")
}

const maxListed = 20
