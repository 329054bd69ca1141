package check

import (
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "encapsulation-outside-host",
	Severity: diag.Warning,
	Needs:    Routes,
	Doc: `encapsulation-outside-host: packets from outside must not need a VXLAN tunnel to get to pods

A host or switch outside hands packets to some node, which sends them through VXLAN to the node that has the pod. There they
come out of the tunnel's interface with an outside address as their source, to which that node's own route leads over another
interface: strict reverse path filtering drops them, and the answers take another way than the questions in any case. A user
whose outside machine was to reach pods found Felix deleting the route he had made for it, and was told by the maintainers
that a VXLAN network is private by design (calico#4697). It works where the switch knows each node's blocks by BGP and sends
to the right node at once.

Mend it by encapsulation VXLANCrossSubnet where the nodes are in one subnet, by a switch that peers with all nodes of a rack, or
by reaching services rather than pods from outside.`,
	Source: "calico#4697; Calico, Overlay networking",
	Run: func(p *Pass) {
		told := map[outsideKey]bool{}
		for _, e := range p.Fabric.Expected {
			if to := clusterOf(e.To); e.Reach && e.Pods && to != nil && outsideOf(e.From) != nil {
				p.detour(told, outsideOf(e.From), to, e.At(), "expectation "+e.Name)
			}
		}
		for _, s := range p.Fabric.Switches {
			for _, r := range s.Statics {
				if r.Kind == fabric.PodRange {
					p.detour(told, s, r.Cluster, r.At, "a static route")
				}
			}
		}
		for _, h := range p.Fabric.Hosts {
			for i := range h.Routes {
				if r := &h.Routes[i]; r.Kind == fabric.PodRange {
					p.detour(told, h, r.Cluster, r.At, "a static route")
				}
			}
		}
	},
})

// outsideKey is what is told once: a device, and a cluster whose pods it is to reach.
type outsideKey struct {
	from fabric.Device
	to   *fabric.Cluster
}

// outsideOf returns the device of an expectation's end that is in no cluster, nil where it is none.
func outsideOf(e fabric.Endpoint) fabric.Device {
	switch {
	case e.Host != nil:
		return e.Host
	case e.Switch != nil:
		return e.Switch
	}
	return nil
}

// hasVXLAN reports whether pods of the cluster's own are behind VXLAN.
func hasVXLAN(c *fabric.Cluster) bool {
	for _, pool := range c.Pools {
		if pool.Own() && strings.HasPrefix(pool.Encapsulation, "VXLAN") {
			return true
		}
	}
	return false
}

// detour reports a device outside whose packets to pods of a cluster go through VXLAN.
func (p *Pass) detour(told map[outsideKey]bool, from fabric.Device, to *fabric.Cluster, at source.Path, because string) {
	key := outsideKey{from, to}
	if told[key] || !hasVXLAN(to) {
		return
	}
	told[key] = true
	for found := range p.Predicted.Detours(from, to) {
		pool := poolNamed(to, found.Pool)
		if pool == nil || !strings.HasPrefix(found.Tunnel, "vxlan") {
			continue
		}
		d := p.Reportf(at, "%s is to reach pods of cluster %s by %s, and %s sends its packets to %s on through %s: the node that has the pods may drop them",
			deviceName(from), to.Name, because, deviceName(found.Node), found.Prefix, found.Tunnel).
			Note(encapsulationAt(pool), "pool %s has encapsulation %s", pool.Name, pool.Encapsulation)
		if pool.Encapsulation == "VXLAN" && len(to.Subnets) == 1 {
			d.WithHint("write encapsulation: \"VXLANCrossSubnet\" in pool %s: all nodes are in %s", pool.Name, to.Subnets[0].Prefix)
			return
		}
		d.WithHint("let a switch peer with all nodes (racks), so that it sends to the node that has the pods, or reach services of cluster %s only", to.Name)
		return
	}
}
