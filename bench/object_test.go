//go:build linux

package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// cluster is what the objects of a built cluster say, in the words of somebody who has to write them.
type cluster struct {
	Name     string    `json:"name"`
	ASNumber int64     `json:"asNumber"`
	Pools    []pool    `json:"pools"`
	Subnet   string    `json:"subnet"` // of the nodes
	Peers    []bgpPeer `json:"peers"`
	Watched  []string  `json:"watched"` // nodes with a CalicoNodeStatus
	Nodes    []node    `json:"nodes"`
}

type pool struct {
	Name      string `json:"name"`
	CIDR      string `json:"cidr"`
	BlockSize int    `json:"blockSize"`
}

type bgpPeer struct {
	Name         string `json:"name"`
	NodeSelector string `json:"nodeSelector"`
	PeerSelector string `json:"peerSelector"`
}

type node struct {
	Name      string `json:"name"`
	Rack      string `json:"rack"`
	Zone      string `json:"zone"`
	ClusterID string `json:"clusterID,omitempty"` // of a reflector
}

// object is a part of any object that topoc writes for a cluster.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		ASNumber      int64  `json:"asNumber"`
		NodeSelector  string `json:"nodeSelector"`
		PeerSelector  string `json:"peerSelector"`
		Node          string `json:"node"`
		CalicoNetwork struct {
			IPPools []pool `json:"ipPools"`
			Detect  struct {
				CIDRs []string `json:"cidrs"`
			} `json:"nodeAddressAutodetectionV4"`
		} `json:"calicoNetwork"`
	} `json:"spec"`
}

// clustersOf reads what a build wrote for its clusters.
func clustersOf(t *testing.T, built string) []cluster {
	t.Helper()
	var all []cluster
	for _, dir := range clusterDirs(t, built) {
		c := cluster{Name: filepath.Base(dir)}
		for _, text := range manifests(t, dir) {
			var o object
			if err := yaml.Unmarshal(text, &o); err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
			c.take(t, &o)
		}
		all = append(all, c)
	}
	return all
}

// take adds what an object says.
func (c *cluster) take(t *testing.T, o *object) {
	t.Helper()
	name, spec := o.Metadata.Name, &o.Spec
	switch o.Kind {
	case "Installation":
		c.Pools, c.Subnet = spec.CalicoNetwork.IPPools, spec.CalicoNetwork.Detect.CIDRs[0]
	case "APIServer": // the same everywhere
	case "BGPConfiguration":
		c.ASNumber = spec.ASNumber
	case "BGPPeer":
		c.Peers = append(c.Peers, bgpPeer{name, spec.NodeSelector, spec.PeerSelector})
	case "CalicoNodeStatus":
		c.Watched = append(c.Watched, name)
	case "Node":
		id := o.Metadata.Annotations["projectcalico.org/RouteReflectorClusterID"]
		c.Nodes = append(c.Nodes, node{Name: name, Rack: o.Metadata.Labels["rack"], Zone: o.Metadata.Labels["zone"], ClusterID: id})
	default:
		t.Fatalf("cluster %s has a %s, which the peers are not told to render", c.Name, o.Kind)
	}
}

func clusterDirs(t *testing.T, built string) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(built, "calico", "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%s has no clusters: %v", built, err)
	}
	return dirs
}

// manifests returns the documents of the objects below the directory of a cluster.
func manifests(t *testing.T, dir string) [][]byte {
	t.Helper()
	var documents [][]byte
	for _, pattern := range []string{"*.yaml", "nodes/nodes.yaml"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if filepath.Base(name) != "kustomization.yaml" {
				documents = append(documents, documentsOf(t, name)...)
			}
		}
	}
	return documents
}

// documentsOf splits a file of YAML documents.
func documentsOf(t *testing.T, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var documents [][]byte
	for _, document := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
		if len(bytes.TrimSpace(document)) > 0 {
			documents = append(documents, document)
		}
	}
	return documents
}

// parsed returns documents by kind and name, in a form that compares: what is in them, not how it is written.
func parsed(t *testing.T, documents [][]byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, document := range documents {
		var o object
		if err := yaml.Unmarshal(document, &o); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		canonical, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		id := o.Kind + " " + o.Metadata.Name
		if found[id] != "" {
			t.Fatalf("%s is there twice", id)
		}
		found[id] = string(canonical)
	}
	return found
}

// differences tells in a few lines where two results of parsed differ; "" is nowhere.
func differences(got, want map[string]string) string {
	const most = 5
	var lines []string
	for id, text := range want {
		if got[id] != text {
			lines = append(lines, fmt.Sprintf("%s:\ngot  %s\nwant %s", id, got[id], text))
		}
	}
	for id, text := range got {
		if want[id] == "" {
			lines = append(lines, fmt.Sprintf("%s:\ngot  %s\nwant nothing", id, text))
		}
	}
	return strings.Join(lines[:min(most, len(lines))], "\n")
}
