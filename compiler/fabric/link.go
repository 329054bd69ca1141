package fabric

import (
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/model"
	"topoc/compiler/source"
)

// Link turns names into pointers and fills in everything that is derived. It never fails: a name that leads nowhere is a
// diagnostic and is left out. Its diagnostics are unknown-reference, missing-field (what another field makes necessary),
// conflict (two fields that exclude each other), bad-selector, unknown-word and out-of-range; after one of the last two the
// fabric is not worth checking.
func Link(t *model.Topology) (*Fabric, diag.List) {
	l := &linker{t: t, f: &Fabric{Name: t.Name, Model: t}, bySubnet: map[netip.Prefix][]*Interface{}}
	l.words()
	l.objects()
	l.linkSwitches()
	l.linkLinks()
	l.linkClusters()
	l.meshOptions()
	l.linkPeerings()
	l.linkForeignPools()
	l.linkGateways()
	l.linkLabels()
	l.linkFilters()
	l.linkPeers()
	l.linkLinkSessions()
	l.linkHosts()
	l.linkStatics()
	l.linkRouters()
	l.linkExpectations()
	l.linkReserved()
	sortSessions(l.f.Sessions)
	return l.f, l.diags
}

// linker is the work in progress of one Link.
type linker struct {
	t        *model.Topology
	f        *Fabric
	diags    diag.List
	bySubnet map[netip.Prefix][]*Interface // interfaces of switches by masked subnet, sorted by switch and name
	behind   map[vrfKey][]*Cluster
	reached  map[reachQuery][]vrfKey
	sendable map[reachQuery]*sendable
}

func (l *linker) cluster(name string) *Cluster {
	return find(l.f.Clusters, name, func(c *Cluster) string { return c.Name })
}

func (l *linker) switchNamed(name string) *Switch {
	return find(l.f.Switches, name, func(s *Switch) string { return s.Name })
}

func (l *linker) host(name string) *Host {
	return find(l.f.Hosts, name, func(h *Host) string { return h.Name })
}

// unknown reports a name that leads nowhere.
func (l *linker) unknown(at source.Path, kind, name string, known []string) {
	d := l.diags.Add("unknown-reference", diag.Error, at, "no %s is named %q", kind, name)
	if near := diag.Nearest(name, known); near != "" {
		d.WithHint("write %q", near)
	} else if len(known) == 0 {
		d.WithHint("declare it, or delete the reference: the topology has no %s", kind)
	} else {
		d.WithHint("declare it, or use one of: %s", list(known))
	}
}

// missing reports a field that another one makes necessary.
func (l *linker) missing(at source.Path, format string, args ...any) *diag.Diagnostic {
	return l.diags.Add("missing-field", diag.Error, at, format, args...)
}

func (l *linker) linkReserved() {
	for _, name := range names(l.t.Reserved) {
		at := source.Path("reserved").Field(name)
		for i, p := range l.t.Reserved[name] {
			l.f.Reserved = append(l.f.Reserved, Range{Kind: ReservedRange, Prefix: p, Name: name, At: at.Index(i)})
		}
	}
}

func (l *linker) linkExpectations() {
	for _, name := range names(l.t.Expectations) {
		m := l.t.Expectations[name]
		e := &Expectation{Name: name, Reach: or(m.Reach, true), Paths: or(m.Paths, 1), Survives: or(m.Survives, 0)}
		e.Pods, e.Services = slices.Contains(m.Traffic, "pods"), slices.Contains(m.Traffic, "services")
		if m.Traffic == nil {
			e.Pods = true
		}
		e.From = l.endpoint(e.At().Field("from"), m.From)
		e.To = l.endpoint(e.At().Field("to"), m.To)
		l.f.Expected = append(l.f.Expected, e)
	}
}

// endpoint looks a name up as a cluster, switch, host, then node; cluster/node is always a node.
func (l *linker) endpoint(at source.Path, name string) Endpoint {
	known := slices.Concat(names(l.t.Clusters), names(l.t.Switches), names(l.t.Hosts))
	if clusterName, nodeName, ok := strings.Cut(name, "/"); ok {
		if c := l.cluster(clusterName); c != nil {
			if n := c.Node(nodeName); n != nil {
				return Endpoint{Node: n}
			}
			known = nil
			for _, n := range c.Nodes {
				known = append(known, n.DeviceName())
			}
		}
	} else if c := l.cluster(name); c != nil {
		return Endpoint{Cluster: c}
	} else if s := l.switchNamed(name); s != nil {
		return Endpoint{Switch: s}
	} else if h := l.host(name); h != nil {
		return Endpoint{Host: h}
	} else {
		for _, c := range l.f.Clusters {
			if n := c.Node(name); n != nil {
				return Endpoint{Node: n}
			}
		}
	}
	l.unknown(at, "cluster, switch, host or node", name, known)
	return Endpoint{}
}
