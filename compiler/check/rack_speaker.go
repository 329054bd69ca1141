package check

import "topoc/compiler/fabric"

// matchSpeakers reports nodes that should peer with the switches of their rack and reach none of them, where other nodes of the
// rack do. A node without any session is left to rr-node-isolated, a rack without any to matchRacks.
func (p *Pass) matchSpeakers() {
	served := map[*fabric.Rack]bool{}
	up, connected := map[*fabric.Node]bool{}, map[*fabric.Node]bool{}
	for _, s := range p.Fabric.Sessions {
		if s.Kind == fabric.RackSession {
			served[s.Rack] = true
			up[s.A.Device.(*fabric.Node)] = true
		}
		for _, end := range []*fabric.End{&s.A, &s.B} {
			if n, ok := end.Device.(*fabric.Node); ok {
				connected[n] = true
			}
		}
	}
	for _, c := range p.Fabric.Clusters {
		for _, r := range c.Racks {
			if !served[r] {
				continue
			}
			for _, n := range r.Speakers() {
				if up[n] || !connected[n] {
					continue
				}
				own := n.Address
				if !own.IsValid() {
					own = n.Address6
				}
				p.Reportf(n.At().Field(addressField(own)), "node %s is in %s, where no switch of its rack %s has an address: it has no session to them",
					n.DeviceName(), own.Masked(), r.Name).
					Note(r.At().Field("switches"), "the switches of the rack are named here").
					WithHint("correct the address, or give a switch of the rack an interface in %s", own.Masked())
			}
		}
	}
}
