package check

import "topoc/compiler/diag"

var _ = rule(Rule{
	Name:     "session-own-address",
	Severity: diag.Error,
	Doc: `session-own-address: no node may be told to peer with itself

A peers entry at the address of a node that the entry selects makes that node its own peer. Calico skips such a session
without a word, but for the comment "Skipping ourselves" in the configuration that it writes for BIRD, and it does so even
where the port is another daemon's (calico#6863); and what the entry was written for doesn't exist: usually the address of one
device was copied to the place of another. Sessions between the nodes of one cluster come from its reflectors or from the
node-to-node mesh; peers is for speakers outside of the topology.

Mend it by writing the address of the device that is meant.`,
	Source: "calico#6863",
	Run: func(p *Pass) {
		for _, m := range p.meetings() {
			if m.isItself {
				p.Reportf(m.At.Field("address"), "peer %s of cluster %s is at %s, which is %s: the entry selects that node, which would peer with itself",
					m.Name, m.Cluster.Name, m.PeerIP, deviceName(m.device)).
					Note(m.at, "%s has the address here", deviceName(m.device)).
					WithHint("write the address of the speaker outside; the cluster's own nodes peer by routeReflectors")
			}
		}
	},
})
