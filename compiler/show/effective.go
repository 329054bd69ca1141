package show

import (
	"cmp"
	"slices"

	"topoc/compiler/fabric"
	"topoc/compiler/model"
)

// effective returns a fabric as the topology that says everything: what the user wrote, and every default that the language
// has a field for. Some values stay as written, since writing them would change what they mean: fields whose presence says
// something (capacity, a rack's AS number), Calico's own defaults, which are not written into its objects either, and limits of
// a switch, which its dialect lowers only where they are derived.
func effective(f *fabric.Fabric) *model.Topology {
	t := *f.Model
	t.Implied = new(orTrue(t.Implied))
	t.Clusters = byName(f.Clusters, func(c *fabric.Cluster) (string, *model.Cluster) { return c.Name, effectiveCluster(c) })
	t.Switches = byName(f.Switches, func(s *fabric.Switch) (string, *model.Switch) { return s.Name, effectiveSwitch(s) })
	t.Links = byName(f.Links, func(l *fabric.SwitchLink) (string, *model.Link) { return l.Name, effectiveLink(l) })
	t.Peerings = byName(f.Peerings, func(p *fabric.Peering) (string, *model.Peering) { return p.Name, effectivePeering(p) })
	t.Hosts = byName(f.Hosts, func(h *fabric.Host) (string, *model.Host) { return h.Name, effectiveHost(h) })
	t.Expectations = byName(f.Expected, func(e *fabric.Expectation) (string, *model.Expectation) {
		return e.Name, effectiveExpectation(e, t.Expectations[e.Name])
	})
	return &t
}

// byName builds a map of the model from a slice of the fabric; nil where the slice is empty.
func byName[T, M any](items []T, convert func(T) (string, M)) map[string]M {
	if len(items) == 0 {
		return nil
	}
	m := make(map[string]M, len(items))
	for _, item := range items {
		name, value := convert(item)
		m[name] = value
	}
	return m
}

func orTrue(b *bool) bool { return b == nil || *b }

// orZero returns a copy of what p points to, or of the zero value.
func orZero[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return new(*p)
}

func effectiveCluster(c *fabric.Cluster) *model.Cluster {
	m := *c.Model
	m.ASNumber = &c.ASN
	m.IPPools = effectivePools(c)
	m.Advertise = orZero(m.Advertise)
	m.Nodes = byName(c.Nodes, func(n *fabric.Node) (string, *model.Node) { return n.Name, effectiveNode(n) })
	m.Racks = byName(c.Racks, func(r *fabric.Rack) (string, *model.Rack) { return r.Name, effectiveRack(r) })
	m.BGP = orZero(m.BGP)
	m.BGP.NodeToNodeMesh = &c.Mesh
	m.BGP.ListenPort = &c.ListenPort
	m.BGP.LogSeverity = c.LogSeverity
	m.Calico = orZero(m.Calico)
	m.Calico.Version = c.Version.String()
	m.Calico.API = c.API
	m.Calico.Install = cmp.Or(m.Calico.Install, "operator")
	if m.Capacity != nil {
		m.Capacity = new(*m.Capacity)
		m.Capacity.PodsPerNode = &c.PodsPerNode
	}
	return &m
}

// effectivePools returns the pools that the user wrote, or that the pod CIDRs stand for. Those that peerings make are derived.
func effectivePools(c *fabric.Cluster) map[string]*model.IPPool {
	pools := make(map[string]*model.IPPool, len(c.Pools))
	for _, p := range c.Pools {
		if p.Peering != nil {
			continue
		}
		m := &model.IPPool{
			CIDR: p.CIDR, BlockSize: &p.BlockSize, Encapsulation: p.Encapsulation, NATOutgoing: &p.NATOutgoing,
			NodeSelector: p.NodeSelector, Disabled: p.Disabled, DisableBGPExport: p.DisableBGPExport,
			AllowedUses: p.AllowedUses, AssignmentMode: p.AssignmentMode,
		}
		if p.Rack != nil { // instead of a selector
			m.Rack, m.NodeSelector = p.Rack.Name, ""
		}
		pools[p.Name] = m
	}
	return pools
}

func effectiveNode(n *fabric.Node) *model.Node {
	m := *n.Model
	if n.Cluster.ExplicitASN { // else a node that says its AS number would be annotated with it
		m.ASNumber = &n.ASN
	}
	m.Interface = n.Interface
	m.Gateway, m.Gateway6 = n.Gateway, n.Gateway6
	return &m
}

func effectiveRack(r *fabric.Rack) *model.Rack {
	m := *r.Model
	if m.Switches == nil {
		m.Switches = []string{}
	}
	m.Peer = cmp.Or(m.Peer, "nodes")
	m.SessionOver = cmp.Or(m.SessionOver, "interface")
	return &m
}

func effectiveSwitch(s *fabric.Switch) *model.Switch {
	m := *s.Model
	m.Managed = &s.Managed
	m.StaticRoutes = effectiveStaticRoutes(m.StaticRoutes)
	if len(s.Routers) > 0 {
		m.BGP = effectiveSwitchBGP(s)
	}
	return &m
}

// effectiveSwitchBGP fills in what the language says once for a switch. What differs by session or VRF is derived; so are
// maximumPaths and maxPrefixes. What the user wrote is refused where the dialect cannot do it, what is derived is lowered or
// left out, so a derived value must not come back as the user's.
func effectiveSwitchBGP(s *fabric.Switch) *model.SwitchBGP {
	b := orZero(s.Model.BGP)
	if s.Dialect == nil || s.Dialect.Has(fabric.FeatureGracefulRestart) {
		b.GracefulRestart = &s.Routers[0].GracefulRestart
	}
	b.DynamicNeighbors = b.DynamicNeighbors || listensForAll(s)
	b.ToNodes = cmp.Or(b.ToNodes, "routes")
	if b.Advertise == nil {
		b.Advertise = []string{"interfaces", "loopback"}
	}
	return b
}

// listensForAll reports whether a switch takes sessions from any address of a subnet in all of its racks. Where only some have
// an incomplete list of nodes, writing dynamicNeighbors would say it of the others too.
func listensForAll(s *fabric.Switch) bool {
	all := false
	for _, r := range s.Routers {
		for _, g := range r.Groups {
			if g.Rack == nil || g.Rack.ByReflectors {
				continue
			}
			if !slices.ContainsFunc(r.Listens, func(l *fabric.Listen) bool { return l.Group == g }) {
				return false
			}
			all = true
		}
	}
	return all
}

func effectiveLink(l *fabric.SwitchLink) *model.Link {
	m := &model.Link{BGP: &l.BGP, Ends: map[string]*model.LinkEnd{}}
	for _, e := range l.Ends {
		if e != nil && e.Switch != nil {
			m.Ends[e.Switch.Name] = &model.LinkEnd{Address: e.Address, Address6: e.Address6, Interface: e.Interface, VRF: e.VRF}
		}
	}
	return m
}

// vias are the words for fabric.Via.
var vias = [...]string{
	fabric.ViaRouteReflectors: "routeReflectors",
	fabric.ViaNodes:           "nodes",
	fabric.ViaFabric:          "fabric",
}

func effectivePeering(p *fabric.Peering) *model.Peering {
	m := *p.Model
	m.Via = vias[p.Via]
	m.Exchange = orZero(m.Exchange)
	m.Exchange.Pods = &p.Pods
	// Where the sides differ no single word says so; where nothing is announced, false would hold back what others' come through.
	if p.Services[0] == p.Services[1] && p.Services[0] == p.ExchangesServices() {
		m.Exchange.Services = &p.Services[0]
	}
	return &m
}

func effectiveHost(h *fabric.Host) *model.Host {
	m := *h.Model
	m.Interface = h.Interface
	m.Gateway, m.Gateway6 = h.Gateway, h.Gateway6
	m.Routes = effectiveStaticRoutes(m.Routes)
	return &m
}

func effectiveStaticRoutes(routes map[string]*model.StaticRoutes) map[string]*model.StaticRoutes {
	if len(routes) == 0 {
		return nil
	}
	filled := make(map[string]*model.StaticRoutes, len(routes))
	for cluster, r := range routes {
		filled[cluster] = &model.StaticRoutes{Via: r.Via, Pods: new(orTrue(r.Pods)), Services: new(orTrue(r.Services))}
	}
	return filled
}

func effectiveExpectation(e *fabric.Expectation, written *model.Expectation) *model.Expectation {
	m := *written
	if m.Traffic == nil {
		if e.Pods {
			m.Traffic = append(m.Traffic, "pods")
		}
		if e.Services {
			m.Traffic = append(m.Traffic, "services")
		}
	}
	m.Reach, m.Paths, m.Survives = &e.Reach, &e.Paths, &e.Survives
	return &m
}

// fillDerived fills in what is derived and has a field of the language, but would mean something else if it came back as the
// user's own.
func fillDerived(t *model.Topology, f *fabric.Fabric) {
	for _, c := range f.Clusters {
		m := t.Clusters[c.Name]
		for _, n := range c.Nodes {
			m.Nodes[n.Name].ASNumber = &n.ASN
		}
		for _, r := range c.Racks {
			m.Racks[r.Name].ASNumber = &r.ASN
		}
	}
	for _, s := range f.Switches {
		if b := t.Switches[s.Name].BGP; b != nil && len(s.Routers) > 0 {
			b.MaximumPaths = &s.Routers[0].MaximumPaths
		}
	}
}
