package conformance

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
)

// mistakes are fields of an object that topoc writes, each with a value that no reader may take. A field is a path of names; the value
// nil deletes it.
var mistakes = []struct {
	kind, field string
	wrong       any
}{
	{"BGPPeer", "spec.peerIP", "172.20.0.300"},
	{"BGPPeer", "spec.peerIP", "leaf1"},
	{"BGPPeer", "spec.peerIP", "172.20.0.1:70000"},
	{"BGPPeer", "spec.nodeSelector", "has("},
	{"BGPPeer", "spec.nodeSelector", "rack = 'rack1'"},
	{"BGPPeer", "spec.peerSelector", "rack == 'rack1'"}, // beside peerIP
	{"BGPPeer", "spec.node", "node1"},                   // beside nodeSelector
	{"BGPPeer", "spec.asNumber", int64(1) << 32},
	{"BGPPeer", "spec.asNumber", "65000.x"},
	{"BGPPeer", "spec.nextHopMode", "Other"},
	{"BGPPeer", "spec.sourceAddress", "Loopback"},
	{"BGPPeer", "spec.reachableBy", "gateway"},
	{"BGPPeer", "spec.maxRestartTime", "soon"},
	{"BGPPeer", "spec.ttlSecurity", int64(256)},
	{"BGPPeer", "spec.keepOriginalNextHop", "yes"},
	{"BGPPeer", "spec.peerIp", "172.20.0.1"},
	{"BGPPeer", "metadata.name", "Rack_1"},
	{"BGPConfiguration", "spec.logSeverityScreen", "Loud"},
	{"BGPConfiguration", "spec.listenPort", int64(70000)},
	{"BGPConfiguration", "spec.asNumber", int64(-1)},
	{"BGPConfiguration", "spec.ignoredInterfaces", []any{"*"}},
	{"BGPConfiguration", "spec.serviceClusterIPs", []any{map[string]any{"cidr": "10.96.0.0/33"}}},
	{"BGPConfiguration", "spec.communities", []any{map[string]any{"name": "c", "value": "65000"}}},
	{"BGPConfiguration", "spec.prefixAdvertisements", []any{map[string]any{"cidr": "10.0.0.0/8", "communities": []any{"unknown"}}}},
	{"BGPConfiguration", "spec.nodeToNodeMesh", true},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Maybe"}}},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Accept", "cidr": "10.0.0.0/8"}}},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Accept", "matchOperator": "In"}}},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Accept", "cidr": "fd00::/8", "matchOperator": "In"}}},
	{"BGPFilter", "spec.importV6", []any{map[string]any{"action": "Accept", "cidr": "10.0.0.0/8", "matchOperator": "In"}}},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Accept", "source": "Peers"}}},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Accept", "prefixLength": map[string]any{"min": int64(33)}}}},
	{"BGPFilter", "spec.exportV4", []any{map[string]any{"action": "Accept", "interface": "an interface"}}},
	{"IPPool", "spec.cidr", "10.210.0.300/16"},
	{"IPPool", "spec.cidr", "10.210.3.0/16"},
	{"IPPool", "spec.cidr", "169.254.0.0/16"},
	{"IPPool", "spec.ipipMode", "Sometimes"},
	{"IPPool", "spec.vxlanMode", "Sometimes"},
	{"IPPool", "spec.nodeSelector", "all("},
	{"IPPool", "spec.allowedUses", []any{"Pods"}},
	{"IPPool", "spec.assignmentMode", "Sometimes"},
	{"CalicoNodeStatus", "spec.classes", "BGP"},
	{"CalicoNodeStatus", "spec.updatePeriodSeconds", int64(90000)},
	{"CalicoNodeStatus", "spec.node", nil},
	{"Installation", "spec.calicoNetwork.bgp", "On"},
	{"Installation", "spec.calicoNetwork.mtu", "1500"},
	{"Installation", "spec.calicoNetwork.pools", []any{}},
	{"Installation", "spec.calicoNetwork.ipPools", []any{map[string]any{"encapsulation": "None"}}},
	{"Installation", "spec.calicoNetwork.ipPools", []any{map[string]any{"cidr": "10.0.0.0/16", "encapsulation": "Tunnel"}}},
	{"Installation", "spec.calicoNetwork.ipPools", []any{map[string]any{"cidr": "10.0.0.0/16", "natOutgoing": true}}},
	{"Installation", "spec.calicoNetwork.ipPools", []any{map[string]any{"cidr": "10.0.0.0/16", "blockSize": "26"}}},
	{"Installation", "spec.calicoNetwork.ipPools", tooManyPools()},
	{"Installation", "spec.calicoNetwork.nodeAddressAutodetectionV4", map[string]any{"cidrs": "10.0.0.0/8"}},
	{"APIServer", "spec.replicas", int64(2)},
	{"Node", "metadata.annotations", map[string]any{"projectcalico.org/ASNumber": "65000.x"}},
	{"Node", "metadata.annotations", map[string]any{"projectcalico.org/RouteReflectorClusterID": "rr1"}},
	{"Node", "metadata.lables", map[string]any{"rack": "rack1"}},
	{"Role", "rules", "none"},
	{"RoleBinding", "roleref", map[string]any{}},
}

func tooManyPools() []any {
	var pools []any
	for range 26 {
		pools = append(pools, map[string]any{"cidr": "10.0.0.0/16"})
	}
	return pools
}

// TestWrongObjectsAreRefused shows that TestEveryObjectIsValid can fail: an object that topoc writes, with one mistake in it, is
// refused; calicoctl agrees with the validator of Calico's libraries.
func TestWrongObjectsAreRefused(t *testing.T) {
	j := newJudge(t)
	right := firstOfEachKind(t)
	byCalicoctl := 0
	for _, m := range mistakes {
		object := right[m.kind]
		if object == nil {
			t.Fatalf("no example has a %s", m.kind)
		}
		wrong := runtime.DeepCopyJSON(object)
		set(wrong, strings.Split(m.field, "."), m.wrong)
		if err := j.object(wrong); err == nil {
			t.Errorf("%s with %s: %v is taken for valid", m.kind, m.field, m.wrong)
		}
		if !isKnownToCalicoctl(m.kind) {
			continue
		}
		data, err := json.Marshal(wrong)
		if err != nil {
			t.Fatal(err)
		}
		want := byValidator(data)
		var text bytes.Buffer
		writeForCalicoctl(&text, wrong)
		if got := j.calicoctl(t.Context(), text.Bytes()); (got == nil) != (want == nil) {
			t.Errorf("%s with %s: %v: calicoctl says %v, Calico's validator %v", m.kind, m.field, m.wrong, got, want)
		} else if got != nil {
			byCalicoctl++
		}
	}
	t.Logf("%d mistakes in %d kinds are refused, %d of them by calicoctl too", len(mistakes), len(right), byCalicoctl)
}

// firstOfEachKind returns an object of each kind that the examples have, or a random topology. The BGPPeer is one to an address.
func firstOfEachKind(t *testing.T) map[string]map[string]any {
	first := map[string]map[string]any{}
	for _, top := range append(examples(t), random(t, 20)...) {
		for _, f := range top.files.Files() {
			if !strings.HasSuffix(f.Path, ".yaml") || !strings.HasPrefix(f.Path, "calico/") {
				continue
			}
			for _, object := range documents(t, f.Data) {
				kind := object["kind"].(string)
				spec, _ := object["spec"].(map[string]any)
				if first[kind] == nil && (kind != "BGPPeer" || spec["peerIP"] != nil && spec["nodeSelector"] != nil) {
					first[kind] = object
				}
			}
		}
	}
	return first
}

// set sets what is at a path of names, which are there but for the last one.
func set(object map[string]any, path []string, value any) {
	for ; len(path) > 1; path = path[1:] {
		object = object[path[0]].(map[string]any)
	}
	if value == nil {
		delete(object, path[0])
		return
	}
	object[path[0]] = value
}
