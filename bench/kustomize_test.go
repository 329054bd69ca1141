//go:build linux

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeOverlays writes what somebody who keeps clusters with kustomize has: testdata/base, and an overlay for each cluster. There
// patches change what differs and label reflectors, and what nothing generates is listed: nodes, and whose state is watched. An overlay is rendered by itself, since each is for an API server of its own.
func writeOverlays(t *testing.T, dir string, clusters []cluster) (overlays []string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(dir, "base"), os.DirFS("testdata/base")); err != nil {
		t.Fatal(err)
	}
	for _, c := range clusters {
		overlay := filepath.Join(dir, "overlays", c.Name)
		if err := os.MkdirAll(overlay, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, text := range c.overlay() {
			writeFile(t, filepath.Join(overlay, name), text)
		}
		overlays = append(overlays, overlay)
	}
	return overlays
}

// overlay returns the files of a cluster's overlay by name.
func (c *cluster) overlay() map[string]string {
	var reflectors []string
	for _, n := range c.Nodes {
		if n.ClusterID != "" {
			reflectors = append(reflectors, n.Name)
		}
	}
	return map[string]string{
		"kustomization.yaml": fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- ../../base
- caliconodestatuses.yaml
- nodes.yaml
patches:
- path: installation.yaml
  target: {kind: Installation}
- path: bgpconfiguration.yaml
  target: {kind: BGPConfiguration}
- path: reflectors.yaml
  target: {kind: Node, name: %s}
`, strings.Join(reflectors, "|")),
		"installation.yaml": fmt.Sprintf(`- {op: replace, path: /spec/calicoNetwork/ipPools/0/cidr, value: %s}
- {op: replace, path: /spec/calicoNetwork/nodeAddressAutodetectionV4/cidrs, value: [%s]}
`, c.Pools[0].CIDR, c.Subnet),
		"bgpconfiguration.yaml": fmt.Sprintf("- {op: replace, path: /spec/asNumber, value: %d}\n", c.ASNumber),
		"reflectors.yaml": `apiVersion: v1
kind: Node
metadata:
  name: each
  labels:
    route-reflector: "true"
    rr-id: main
`,
		"caliconodestatuses.yaml": c.statuses(),
		"nodes.yaml":              c.nodes(),
	}
}

func (c *cluster) statuses() string {
	var b strings.Builder
	for _, name := range c.Watched {
		fmt.Fprintf(&b, `---
apiVersion: projectcalico.org/v3
kind: CalicoNodeStatus
metadata:
  name: %[1]s
  labels:
    app.kubernetes.io/managed-by: topoc
spec:
  node: %[1]s
  classes: [Agent, BGP, Routes]
  updatePeriodSeconds: 10
`, name)
	}
	return b.String()
}

func (c *cluster) nodes() string {
	var b strings.Builder
	for _, n := range c.Nodes {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n  labels:\n    rack: %s\n    zone: %s\n", n.Name, n.Rack, n.Zone)
		if n.ClusterID != "" {
			fmt.Fprintf(&b, "  annotations:\n    projectcalico.org/RouteReflectorClusterID: %s\n", n.ClusterID)
		}
	}
	return b.String()
}

// kustomizeJobs renders every overlay into a file of its own below out.
func kustomizeJobs(program string, overlays []string, out string) []job {
	var jobs []job
	for _, overlay := range overlays {
		jobs = append(jobs, job{Args: []string{program, "build", overlay}, Output: filepath.Join(out, filepath.Base(overlay)+".yaml")})
	}
	return jobs
}
