package check

import (
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	corev1 "k8s.io/api/core/v1"

	"topoc/compiler/calico"
	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

func TestSecretsThatCalicoNodeCannotRead(t *testing.T) {
	const topology = `name: "x"
clusters: prod: {
	podCIDRs: ["10.200.0.0/16"]
	nodes: {n1: address: "192.168.1.11/24", n2: address: "192.168.1.12/24"}
	bgp: {nodeToNodeMesh: true, meshPassword: {secret: "mesh", key: "md5"}}
	peers: {
		fw: {address: "192.168.1.1", asNumber: 65001, password: {secret: "fw", key: "md5"}}
		rs: {address: "192.168.1.2", asNumber: 65001, password: {secret: "fw", key: "other"}}
	}
}
`
	secret := func(name string) *v3.BGPPassword {
		return &v3.BGPPassword{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: "md5"}}
	}
	for _, tt := range []struct {
		name string
		edit func(*calico.Objects)
		want string // path and Secret of each finding
	}{
		{"as compiled", func(o *calico.Objects) {}, ""},
		{"another Secret", func(o *calico.Objects) { o.BGPPeers[0].Spec.Password = secret("new") }, "clusters.prod.peers.fw.password new"},
		{"a BGPPeer that the topology doesn't know", func(o *calico.Objects) {
			added := *o.BGPPeers[0]
			added.Name, added.Spec.Password = "added", secret("new")
			o.BGPPeers = append(o.BGPPeers, &added)
		}, "clusters.prod new"},
		{"no Role", func(o *calico.Objects) { o.Role = nil }, "clusters.prod.bgp.meshPassword mesh, clusters.prod.peers.fw.password fw"},
		{"a Role in another namespace", func(o *calico.Objects) { o.Role.Namespace = "default" },
			"clusters.prod.bgp.meshPassword mesh, clusters.prod.peers.fw.password fw"},
		{"bound to nobody", func(o *calico.Objects) { o.RoleBinding.Subjects = nil },
			"clusters.prod.bgp.meshPassword mesh, clusters.prod.peers.fw.password fw"},
		{"a Role for one of them", func(o *calico.Objects) { o.Role.Rules[0].ResourceNames = []string{"mesh"} }, "clusters.prod.peers.fw.password fw"},
		{"a Role for all Secrets", func(o *calico.Objects) {
			o.Role.Rules[0].ResourceNames = nil
			o.BGPPeers[0].Spec.Password = secret("new")
		}, ""},
		{"a Role without watch", func(o *calico.Objects) { o.Role.Rules[0].Verbs = []string{"get", "list"} },
			"clusters.prod.bgp.meshPassword mesh, clusters.prod.peers.fw.password fw"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := linkText(t, []byte(topology))
			objects := calico.Compile(f.Clusters[0])
			tt.edit(objects)
			checks := Start(f, Options{Only: []string{"password-secret-rbac"}})
			checks.Continue(map[*fabric.Cluster]*calico.Objects{f.Clusters[0]: objects}, nil)
			var got []string
			for _, d := range checks.Found() {
				_, rest, _ := strings.Cut(d.Message, "Secret ")
				name, _, _ := strings.Cut(rest, ",")
				got = append(got, string(d.Path)+" "+name)
				if d.Severity != diag.Warning || d.Hint == "" {
					t.Errorf("%s is %s with hint %q", d.Message, d.Severity, d.Hint)
				}
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
