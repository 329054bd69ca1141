package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
)

// application is a cluster of a topology that is applied to the Server.
type application struct {
	*testing.T
	*Server
	readme    readmeCommands
	topology  string
	cluster   *fabric.Cluster
	objects   *calico.Objects // of the build
	dir       string          // holds out/
	dropped   []string        // what is to be pruned
	strangers []string        // what others have in the cluster
	commands  int             // so far
}

// sh runs a command that is written for README.md's cluster, and returns what it printed and its exit status. While a machine is busy
// the API server may take Calico's, whose probe is late, for gone: the command is then run again, as its user would.
func (a *application) sh(command string) (string, int) {
	a.Helper()
	a.commands++
	line := forCluster(command, a.cluster.Name, a.cluster.API)
	out, err := a.Shell(a.Context(), a.dir, line)
	for tries := 1; err != nil && isUnavailable(out) && tries < 5; tries++ {
		a.Logf("cluster %s: run again, since Calico's API was not served: %s", a.cluster.Name, command)
		if err := a.waitForCalico(a.Context()); err != nil {
			a.Fatal(err)
		}
		out, err = a.Shell(a.Context(), a.dir, line)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out, 0
	case errors.As(err, &exit):
		return out, exit.ExitCode()
	}
	a.Fatalf("cluster %s: %v", a.cluster.Name, err)
	return "", 0
}

// isUnavailable reports whether kubectl says that the API server passes nothing on to Calico's: to a request, or when it asked what there is.
func isUnavailable(out string) bool {
	return strings.Contains(out, "the server is currently unable to handle the request") || strings.Contains(out, "doesn't have a resource type")
}

// must runs a command that must succeed, and returns what it printed.
func (a *application) must(command string) string {
	a.Helper()
	out, status := a.sh(command)
	if status != 0 {
		a.Fatalf("cluster %s: %s: exit %d:\n%s", a.cluster.Name, command, status, out)
	}
	return out
}

// same runs a diff that must show none.
func (a *application) same(command string) {
	a.Helper()
	if out, status := a.sh(command); status != 0 {
		a.Errorf("cluster %s: %s: exit %d, want 0, no difference:\n%s", a.cluster.Name, command, status, out)
	}
}

// unchangedBut runs an apply that must leave every object as it is, but for those pruned: "kind/name", sorted.
func (a *application) unchangedBut(command string, pruned ...string) {
	a.Helper()
	var gone []string
	out := a.must(command)
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "Using the kustomization file over the CLI flag") {
			continue // kubectl speaks of a flag that it sets itself
		}
		if object, isPruned := strings.CutSuffix(line, " pruned"); isPruned {
			kind, name, _ := strings.Cut(object, "/")
			kind, _, _ = strings.Cut(kind, ".")
			gone = append(gone, kind+"/"+name)
		} else if !strings.HasSuffix(line, " unchanged") {
			a.Errorf("cluster %s: %s: %q, want it unchanged", a.cluster.Name, command, line)
		}
	}
	slices.Sort(gone)
	if !slices.Equal(gone, pruned) {
		a.Errorf("cluster %s: %s: pruned %q, want %q", a.cluster.Name, command, gone, pruned)
	}
}

// holds compares the names of all objects in the cluster with those of o, strangers', the operator's, and what is never pruned.
func (a *application) holds(o *calico.Objects) {
	a.Helper()
	want := slices.Clone(a.strangers)
	for _, p := range o.Pools() {
		want = append(want, "ippool/"+p.Name)
	}
	for _, p := range a.objects.IPPools {
		if p.Labels == nil && !slices.Contains(want, "ippool/"+p.Name) {
			want = append(want, "ippool/"+p.Name)
		}
	}
	for _, p := range o.BGPPeers {
		want = append(want, "bgppeer/"+p.Name)
	}
	for _, f := range o.BGPFilters {
		want = append(want, "bgpfilter/"+f.Name)
	}
	for _, s := range o.CalicoNodeStatuses {
		want = append(want, "caliconodestatus/"+s.Name)
	}
	slices.Sort(want)
	got := strings.Fields(a.must("kubectl --context blue get -o name " +
		"ippools.projectcalico.org,bgppeers.projectcalico.org,bgpfilters.projectcalico.org,caliconodestatuses.projectcalico.org"))
	for i, line := range got {
		kind, name, _ := strings.Cut(line, "/")
		kind, _, _ = strings.Cut(kind, ".")
		got[i] = kind + "/" + name
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		a.Errorf("cluster %s has %q, want %q", a.cluster.Name, got, want)
	}
}

// calicoctl is a command line of calicoctl's that reaches the cluster.
func (a *application) calicoctl(arguments string) string {
	return "DATASTORE_TYPE=kubernetes " + a.programs.Path("calicoctl") + " " + arguments
}

// strangers is objects that others made. None of them may go.
const strangers = `
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: stranger}
spec: {exportV4: [{action: Reject}]}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: stranger, labels: {app.kubernetes.io/managed-by: somebody}}
spec: {peerIP: 198.18.0.1, asNumber: 64999, filters: [stranger]}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: unlabelled}
spec: {peerIP: 198.18.0.2, asNumber: 64999}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: stranger}
spec: {cidr: 198.18.64.0/18, disabled: true}
`

// checkNodes compares the Nodes with what they were, and what topoc adds.
func (a *application) checkNodes() {
	var list corev1.NodeList
	if err := json.Unmarshal([]byte(a.must("kubectl --context blue get nodes -o json")), &list); err != nil {
		a.Fatal(err)
	}
	want, err := coreNodes(Contents{Cluster: a.cluster, Objects: a.objects})
	if err != nil {
		a.Fatal(err)
	}
	if len(list.Items) != len(want) {
		a.Errorf("cluster %s has %d Nodes, want %d", a.cluster.Name, len(list.Items), len(want))
	}
	for i, got := range list.Items {
		w := want[i]
		keep(w)
		if fmt.Sprint(got.Labels, got.Annotations, got.Spec.ProviderID) != fmt.Sprint(w.Labels, w.Annotations, w.Spec.ProviderID) {
			a.Errorf("node %s/%s has %v, %v, %s, want %v, %v, and its provider", a.cluster.Name, got.Name, got.Labels, got.Annotations,
				got.Spec.ProviderID, w.Labels, w.Annotations)
		}
	}
}

// create makes what the cluster has before topoc: Nodes with fields, a label and an annotation of others; and what the operator makes
// of the Installation, with the label that it gives pools.
func (a *application) create() {
	nodes, err := coreNodes(Contents{Cluster: a.cluster, Objects: &calico.Objects{}})
	if err != nil {
		a.Fatal(err)
	}
	var objects []any
	for _, n := range nodes {
		keep(n)
		objects = append(objects, n)
	}
	if a.objects.Installation != nil {
		for _, p := range a.objects.Pools()[:len(a.objects.Installation.Spec.CalicoNetwork.IPPools)] {
			p.APIVersion, p.Labels = v3.GroupVersionCurrent, map[string]string{"app.kubernetes.io/managed-by": "tigera-operator"}
			objects = append(objects, p)
		}
	}
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		a.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "before.json"), list, 0o600); err != nil {
		a.Fatal(err)
	}
	a.must("kubectl --context blue create --validate=false -f before.json")
}

// welcomeStrangers applies objects of others.
func (a *application) welcomeStrangers() {
	if err := os.WriteFile(filepath.Join(a.dir, "strangers.yaml"), []byte(strangers), 0o600); err != nil {
		a.Fatal(err)
	}
	a.must("kubectl --context blue apply -f strangers.yaml")
	a.strangers = []string{"bgpfilter/stranger", "bgppeer/stranger", "bgppeer/unlabelled", "ippool/stranger"}
}

// keep sets what others have on a node.
func keep(n *corev1.Node) {
	n.Labels["example.com/kept"], n.Annotations["example.com/kept"] = "yes", "yes"
	n.Spec.ProviderID = "kept://" + n.Name
}

// write makes out/ hold the files of a build of the cluster.
func (a *application) write(o *calico.Objects) {
	out := filepath.Join(a.dir, "out")
	if err := os.RemoveAll(out); err != nil {
		a.Fatal(err)
	}
	for _, f := range o.Files(a.topology) {
		path := filepath.Join(out, f.Path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, f.Data, f.Mode)); err != nil {
			a.Fatal(err)
		}
	}
}

// drop returns a list without some objects, and notes those.
func drop[T metav1.Object](a *application, kind string, list []T, isDropped func(i int, object T) bool) []T {
	var kept []T
	for i, object := range list {
		if isDropped(i, object) {
			a.dropped = append(a.dropped, kind+"/"+object.GetName())
		} else {
			kept = append(kept, object)
		}
	}
	return kept
}
