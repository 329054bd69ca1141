package check

import (
	"cmp"
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "session-port-mismatch",
	Severity: diag.Error,
	Source:   "RFC 4271 section 8.2.1; Calico, BGPConfiguration listenPort and the port in BGPPeer peerIP",
	Doc: `session-port-mismatch: each end of a session calls the port that the other listens on

Both ends of a session try to connect, and whoever gets through first is taken. With listenPort the nodes of a cluster leave port
179 to somebody else. The other nodes of the cluster, and those of a cluster in a peering with it, are told. A switch calls 179
whatever the nodes listen on, so only they can open the session: it comes up, but not before a node tries again, and where a
firewall lets only switches connect it never does. Two clusters whose ends are written by hand, in peers of both, may both miss
the other's port: then nobody gets through, and each daemon says that the connection was refused.

Mend it by deleting listenPort, or by the port in the entry of the other cluster.`,
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if c.ListenPort != fabric.DefaultListenPort {
				p.switchesMiss(c)
			}
		}
		for _, x := range p.answers() {
			p.portsOf(x)
		}
	},
})

// switchesMiss reports the switches that call the nodes of a cluster where these don't listen. One that accepts them from a listen
// range never calls.
func (p *Pass) switchesMiss(c *fabric.Cluster) {
	var miss []*fabric.Switch
	for _, s := range p.rackSessions(c) {
		if leaf := s.B.Device.(*fabric.Switch); !s.Dynamic && !slices.Contains(miss, leaf) {
			miss = append(miss, leaf)
		}
	}
	if len(miss) == 0 {
		return
	}
	calls := "calls"
	if len(miss) > 1 {
		calls = "call"
	}
	d := p.Warnf(c.At().Fields("bgp", "listenPort"), "nodes of cluster %s listen on port %d, and %s %s port %d: only the nodes can open these sessions",
		c.Name, c.ListenPort, someOf(miss, func(s *fabric.Switch) string { return deviceName(s) }), calls, fabric.DefaultListenPort)
	for _, s := range miss[:min(len(miss), maxNotes)] {
		d.Note(s.At(), "%s is declared here", deviceName(s))
	}
	d.WithHint("delete listenPort, or where another program has port 179 of the nodes, waive it")
}

// rackSessions returns the sessions of a cluster's nodes with switches. They lie side by side, since sessions are sorted by kind
// and then by their first end.
func (p *Pass) rackSessions(c *fabric.Cluster) []*fabric.Session {
	all := p.Fabric.Sessions
	before := func(s *fabric.Session, other string) int {
		if s.Kind != fabric.RackSession {
			return cmp.Compare(s.Kind, fabric.RackSession)
		}
		return cmp.Compare(s.Rack.Cluster.Name, other)
	}
	first, _ := slices.BinarySearchFunc(all, c.Name, before)
	end := first
	for end < len(all) && before(all[end], c.Name) == 0 {
		end++
	}
	return all[first:end]
}

// portsOf judges two entries that are each other's far end. Calico looks up the port of nodes of its own cluster only.
func (p *Pass) portsOf(x answered) {
	var missed []*meeting
	for _, ends := range [][2]*meeting{{x.a, x.b}, {x.b, x.a}} {
		if entry, far := ends[0], ends[1]; called(entry) != far.Cluster.ListenPort {
			missed = append(missed, entry)
		}
	}
	if len(missed) == 0 {
		return
	}
	entry, far := missed[0], x.a
	if entry == x.a {
		far = x.b
	}
	severity, then := diag.Error, "and neither does the other end get through: the session never comes up"
	if len(missed) == 1 {
		severity, then = diag.Warning, "so that only the other end can open the session"
	}
	at := entry.At.Field("address")
	if entry.Port != 0 {
		at = entry.At.Field("port")
	}
	d := p.Report(severity, at, "%s calls port %d, and nodes of cluster %s listen on port %d, %s",
		entry.title(), called(entry), far.Cluster.Name, far.Cluster.ListenPort, then)
	d.Note(far.Cluster.At().Fields("bgp", "listenPort"), "nodes of cluster %s listen on port %d", far.Cluster.Name, far.Cluster.ListenPort)
	if len(missed) == 2 {
		d.Note(far.At, "%s calls port %d, and nodes of cluster %s listen on port %d", far.title(), called(far), entry.Cluster.Name, entry.Cluster.ListenPort)
		d.WithHint("write port: %d, and port: %d in %s", far.Cluster.ListenPort, entry.Cluster.ListenPort, far.title())
		return
	}
	d.WithHint("write port: %d", far.Cluster.ListenPort)
}

// called is the port that an entry's nodes call.
func called(m *meeting) uint16 { return cmp.Or(m.Port, fabric.DefaultListenPort) }
