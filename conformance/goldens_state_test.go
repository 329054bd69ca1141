package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/model"
	"topoc/compiler/simulate"
)

// state is all objects that the steps of the golden scenarios have left, by kind and name.
type state struct {
	calico     map[string]map[string]object // as calicoctl applied them
	kubernetes map[string]map[string]object
}

// object is an object as read from YAML.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec       json.RawMessage   `json:"spec"`
	StringData map[string]string `json:"stringData"` // of a Secret
	document   []byte
	sliceFields
}

func newState() *state {
	return &state{calico: map[string]map[string]object{}, kubernetes: map[string]map[string]object{}}
}

// do changes the state as a step says.
func (s *state) do(t *testing.T, step step) {
	t.Helper()
	for _, o := range readObjects(t, step.text) {
		switch step.verb {
		case "apply":
			put(s.calico, o)
		case "create":
			put(s.kubernetes, o)
		case "delete":
			s.delete(o)
		case "remove":
			s.remove(o)
		}
	}
}

// readObjects reads the documents of some YAML, in which scalars take the type that their place asks for.
func readObjects(t *testing.T, text string) []object {
	t.Helper()
	var all []object
	for _, document := range strings.Split("\n"+text, "\n---") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if o.Kind == "" {
			continue
		}
		o.document = []byte(document)
		all = append(all, o)
	}
	return all
}

func put(into map[string]map[string]object, o object) {
	kind := strings.ToLower(o.Kind)
	if into[kind] == nil {
		into[kind] = map[string]object{}
	}
	into[kind][o.Metadata.Name] = o
}

// delete deletes an object of Calico's: with a node go the BGPPeers for it and its BGPConfiguration
// (libcalico-go/lib/clientv3/node.go).
func (s *state) delete(o object) {
	kind, name := strings.ToLower(o.Kind), o.Metadata.Name
	delete(s.calico[kind], name)
	if kind != "node" {
		return
	}
	delete(s.calico["bgpconfiguration"], "node."+name)
	maps.DeleteFunc(s.calico["bgppeer"], func(_ string, peer object) bool {
		var spec struct{ Node string }
		return json.Unmarshal(peer.Spec, &spec) == nil && spec.Node == name
	})
}

// remove removes an object of Kubernetes': with a Node goes Calico's view of it, with a Service its EndpointSlices.
func (s *state) remove(o object) {
	kind, name := strings.ToLower(o.Kind), o.Metadata.Name
	delete(s.kubernetes[kind], name)
	switch kind {
	case "node":
		s.delete(o)
	case "service":
		delete(s.kubernetes["endpoints"], name)
		maps.DeleteFunc(s.kubernetes["endpointslice"], func(_ string, slice object) bool { return slice.service() == name })
	}
}

// password returns what a Secret holds under a key, named as secret/key; empty: there is none.
func (s *state) password(ref string) string {
	name, key, _ := strings.Cut(ref, "/")
	return s.kubernetes["secret"][name].StringData[key]
}

// input makes of the state what simulate reads. The blocks are those of each node, by its name.
func (s *state) input(t *testing.T, blocks map[string][]netip.Prefix) simulate.Input {
	t.Helper()
	cluster := &model.Cluster{Nodes: map[string]*model.Node{}, Calico: &model.Calico{Version: strings.TrimPrefix(calicoRelease, "v")}}
	objects := &calico.Objects{}
	read := func(document []byte) {
		if err := objects.Read(document); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.calico["node"])) {
		node, written := s.node(t, name)
		node.Blocks = append([]netip.Prefix{}, blocks[name]...)
		node.LocalServices = s.localServices(t, name)
		cluster.Nodes[name] = node
		read(written)
	}
	for _, kind := range []string{"bgpconfiguration", "bgppeer", "bgpfilter", "ippool"} {
		for _, name := range slices.Sorted(maps.Keys(s.calico[kind])) {
			read(s.calico[kind][name].document)
		}
	}
	f, mistakes := fabric.Link(&model.Topology{Name: "golden", Clusters: map[string]*model.Cluster{"golden": cluster}})
	if len(f.Clusters) != 1 || len(f.Clusters[0].Nodes) != len(cluster.Nodes) {
		t.Fatalf("the scenario does not link: %v", mistakes)
	}
	return simulate.Input{Fabric: f, Objects: map[*fabric.Cluster]*calico.Objects{f.Clusters[0]: objects}}
}

// node translates a Node of Calico's into a node of a topology, and into the core Node with Calico's annotations that it is a
// view of.
func (s *state) node(t *testing.T, name string) (*model.Node, []byte) {
	t.Helper()
	var spec struct {
		BGP struct {
			ASNumber                json.Number
			IPv4Address             string
			IPv6Address             string
			RouteReflectorClusterID string
		}
	}
	o := s.calico["node"][name]
	if len(o.Spec) > 0 {
		if err := json.Unmarshal(o.Spec, &spec); err != nil {
			t.Fatalf("Node %s: %v", name, err)
		}
	}
	labels := maps.Clone(o.Metadata.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, s.kubernetes["node"][name].Metadata.Labels)
	annotations := map[string]string{}
	for key, value := range map[string]string{"projectcalico.org/ASNumber": spec.BGP.ASNumber.String(),
		"projectcalico.org/RouteReflectorClusterID": spec.BGP.RouteReflectorClusterID} {
		if value != "" {
			annotations[key] = value
		}
	}
	written, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Node",
		"metadata": map[string]any{"name": name, "labels": labels, "annotations": annotations}})
	if err != nil {
		t.Fatal(err)
	}
	node := &model.Node{}
	for _, address := range []struct {
		text string
		into *netip.Prefix
	}{{spec.BGP.IPv4Address, &node.Address}, {spec.BGP.IPv6Address, &node.Address6}} {
		if address.text == "" {
			continue
		}
		if *address.into, err = netip.ParsePrefix(address.text); err != nil {
			t.Fatalf("Node %s: %v", name, err)
		}
	}
	return node, written
}

// sliceFields are what matters of an EndpointSlice, and of Endpoints, which Kubernetes makes EndpointSlices of.
type sliceFields struct {
	AddressType string `json:"addressType"`
	Endpoints   []struct{ NodeName string }
	Subsets     []struct {
		Addresses []struct{ IP, NodeName string }
	}
}

// service is the Service that an EndpointSlice belongs to.
func (o *object) service() string { return o.Metadata.Labels["kubernetes.io/service-name"] }

// endpointsOn returns the families of the endpoints that a Service has on a node.
func (s *state) endpointsOn(service, node string) map[string]bool {
	families := map[string]bool{}
	for _, slice := range s.kubernetes["endpointslice"] {
		for _, e := range slice.Endpoints {
			if slice.service() == service && e.NodeName == node {
				families[slice.AddressType] = true
			}
		}
	}
	for _, subset := range s.kubernetes["endpoints"][service].Subsets {
		for _, a := range subset.Addresses {
			if a.NodeName == node {
				families[addressType(netip.MustParseAddr(a.IP))] = true
			}
		}
	}
	return families
}

func addressType(a netip.Addr) string {
	return fmt.Sprint("IPv", map[bool]int{true: 4, false: 6}[a.Is4()])
}

// localServices returns the addresses of Services with externalTrafficPolicy Local that have an endpoint on a node. The scenarios
// give a status to Services, too, which kubectl does not write.
func (s *state) localServices(t *testing.T, node string) []netip.Addr {
	t.Helper()
	var all []netip.Addr
	for _, name := range slices.Sorted(maps.Keys(s.kubernetes["service"])) {
		var spec struct {
			ExternalTrafficPolicy string
			ClusterIP             string
			ExternalIPs           []string
		}
		if err := json.Unmarshal(s.kubernetes["service"][name].Spec, &spec); err != nil {
			t.Fatalf("Service %s: %v", name, err)
		}
		if spec.ExternalTrafficPolicy != "Local" {
			t.Fatalf("Service %s: no test reads a Service without externalTrafficPolicy Local", name)
		}
		families := s.endpointsOn(name, node)
		for _, text := range append(spec.ExternalIPs, spec.ClusterIP) {
			if a := netip.MustParseAddr(text); families[addressType(a)] {
				all = append(all, a)
			}
		}
	}
	return all
}

// mockBlocks are the affinities that the scenarios begin with, by node: those that are confirmed, or of a release that had no
// states of them.
func mockBlocks(t *testing.T, text string) map[string][]netip.Prefix {
	t.Helper()
	all := map[string][]netip.Prefix{}
	for _, o := range readObjects(t, text) {
		var spec struct{ Node, CIDR, State, Type string }
		if err := json.Unmarshal(o.Spec, &spec); err != nil || o.Kind != "BlockAffinity" {
			t.Fatalf("%s %s: %v", o.Kind, o.Metadata.Name, err)
		}
		if spec.State != "pending" && spec.Type != "virtual" {
			all[spec.Node] = append(all[spec.Node], netip.MustParsePrefix(spec.CIDR))
		}
	}
	return all
}
