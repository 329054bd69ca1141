package check

import (
	"slices"
	"strings"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
	"topoc/compiler/source"
)

var _ = rule(Rule{
	Name:     "password-secret-rbac",
	Severity: diag.Warning,
	Needs:    Objects,
	Doc: `password-secret-rbac: calico-node must be allowed to read the Secrets of its passwords

Calico's own roles let calico-node read no Secret. Where it cannot read the one that a BGPPeer or the mesh takes its password from,
it logs a line and peers without a password (calico#9610): with a switch that has one the session stays down, between two nodes it
comes up unprotected. topoc writes a Role for all Secrets that the topology names, so what it compiles can be read. This is about
objects that were edited since, which topoc sim and topoc emulate read with --objects: a password that was added, or a rbac.yaml
that is missing.

Mend it by writing the password in the topology, and building again; or by adding the Secret to resourceNames of the Role.`,
	Source: "calico#9610, calico#6893; confd/pkg/backends/calico/secret_watcher.go and client.go, getPassword",
	Run: func(p *Pass) {
		for _, c := range p.Fabric.Clusters {
			if o := p.Objects[c]; o != nil {
				p.unreadable(c, o)
			}
		}
	},
})

// unreadable reports each Secret of a cluster's objects that calico-node may not read, once.
func (p *Pass) unreadable(c *fabric.Cluster, o *calico.Objects) {
	told := map[string]bool{}
	judge := func(object string, password *v3.BGPPassword, at source.Path) {
		if password == nil || password.SecretKeyRef == nil {
			return
		}
		secret := password.SecretKeyRef.Name
		if told[secret] || o.LetRead(c, secret) {
			return
		}
		told[secret] = true
		p.Reportf(at, "%s of cluster %s takes its password from Secret %s, and no Role among the objects lets calico-node read it: it would peer without",
			object, c.Name, secret).
			WithHint("write the password in the topology and build again, or add %q to resourceNames of the Role", secret)
	}
	if b := o.BGPConfiguration; b != nil {
		judge("BGPConfiguration "+b.Name, b.Spec.NodeMeshPassword, c.At().Fields("bgp", "meshPassword"))
	}
	for _, peer := range o.BGPPeers {
		judge("BGPPeer "+peer.Name, peer.Spec.Password, passwordAt(c, peer.Name))
	}
}

// passwordAt is where the topology says which password a BGPPeer has, the cluster where it knows no such BGPPeer.
func passwordAt(c *fabric.Cluster, name string) source.Path {
	if peer := peerNamed(c, name); peer != nil {
		return peer.At.Field("password")
	}
	return c.At()
}

func peerNamed(c *fabric.Cluster, name string) *fabric.Peer {
	i, found := slices.BinarySearchFunc(c.Peers, name, func(peer *fabric.Peer, name string) int { return strings.Compare(peer.Name, name) })
	if !found {
		return nil
	}
	return c.Peers[i]
}
