package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v3 "github.com/projectcalico/api/pkg/apis/projectcalico/v3"
	internalapi "github.com/projectcalico/calico/libcalico-go/lib/apis/v3"
	"github.com/projectcalico/calico/libcalico-go/lib/backend/k8s/resources"
	validator "github.com/projectcalico/calico/libcalico-go/lib/validator/v3"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	strictjson "sigs.k8s.io/json"
)

// randomValidated is how many random topologies are validated.
const randomValidated = 200

// TestEveryObjectIsValid holds every object of every example and of random topologies to who reads it: Calico's to the validator of its
// libraries, to calicoctl and to the schemas of its CRDs, the operator's to the schemas of its own, Kubernetes' to their types, Nodes to what Calico makes of
// them.
func TestEveryObjectIsValid(t *testing.T) {
	j := newJudge(t)
	begun := time.Now()
	topologies := append(examples(t), random(t, randomValidated)...)
	next := make(chan *topology)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for top := range next {
				j.topology(t, top)
			}
		})
	}
	for _, top := range topologies {
		next <- top
	}
	close(next)
	workers.Wait()
	var counts []string
	for _, what := range slices.Sorted(maps.Keys(j.seen)) {
		counts = append(counts, fmt.Sprintf("%d %s", j.seen[what], what))
	}
	t.Logf("%d topologies, objects that are valid, and those left out for fields that %s lacks: %s; in %s", len(topologies), calicoRelease,
		strings.Join(counts, ", "), time.Since(begun).Round(time.Second))
	for _, kind := range []string{"IPPool", "BGPConfiguration", "BGPPeer", "BGPFilter", "CalicoNodeStatus", "Installation", "APIServer",
		"Role", "RoleBinding", "Node"} {
		if j.seen[kind] == 0 {
			t.Errorf("no %s was seen", kind)
		}
	}
	if total := j.seen["BGPPeer"] + j.seen["BGPFilter"] + j.seen["BGPConfiguration"]; j.seen[leftOut] > total/4 {
		t.Errorf("%d objects are left out, of %d", j.seen[leftOut], total)
	}
}

// judge knows who refuses an object.
type judge struct {
	programs Programs
	schemas  map[string]*schema // of CRDs, by kind

	sync.Mutex
	seen map[string]int // objects that all take, by kind, and those leftOut
}

// leftOut counts objects with fields that the release under test lacks.
const leftOut = "left out"

func newJudge(t *testing.T) *judge {
	t.Helper()
	j := &judge{programs: require(t), schemas: map[string]*schema{}, seen: map[string]int{}}
	source, err := calicoDir(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"Installation": operatorCRD(source, "installations"), "APIServer": operatorCRD(source, "apiservers")}
	for kind, plural := range map[string]string{"IPPool": "ippools", "BGPConfiguration": "bgpconfigurations", "BGPPeer": "bgppeers",
		"BGPFilter": "bgpfilters", "CalicoNodeStatus": "caliconodestatuses"} {
		files[kind] = filepath.Join(source, "libcalico-go/config/crd/crd.projectcalico.org_"+plural+".yaml")
	}
	for kind, file := range files {
		if j.schemas[kind], err = readSchema(file); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// topology judges all objects of a build.
func (j *judge) topology(t *testing.T, top *topology) {
	newer := map[string]map[string]bool{} // kinds of a cluster that use what the release under test lacks
	for _, c := range top.fabric.Clusters {
		newer[c.Name] = map[string]bool{}
		for _, gate := range newerThanTest(c) {
			kind, _, _ := strings.Cut(gate.What, ".")
			newer[c.Name][kind] = true
		}
	}
	var forCalicoctl bytes.Buffer
	for _, f := range top.files.Files() {
		if path.Ext(f.Path) != ".yaml" || !strings.HasPrefix(f.Path, "calico/") {
			continue
		}
		cluster := strings.Split(f.Path, "/")[1]
		for _, object := range documents(t, f.Data) {
			kind := object["kind"].(string)
			err := j.object(object)
			if err != nil && newer[cluster][kind] && strings.Contains(err.Error(), "unknown field") {
				j.count(leftOut)
				continue
			}
			if err != nil {
				t.Errorf("%s: %s: %v", top.name, f.Path, err)
				continue
			}
			j.count(kind)
			if isKnownToCalicoctl(kind) {
				writeForCalicoctl(&forCalicoctl, object)
			}
		}
	}
	if err := j.calicoctl(t.Context(), forCalicoctl.Bytes()); err != nil {
		t.Errorf("%s: %v", top.name, err)
	}
}

func (j *judge) count(what string) {
	j.Lock()
	defer j.Unlock()
	j.seen[what]++
}

// object returns why the reader of one object refuses it.
func (j *judge) object(object map[string]any) error {
	data, err := json.Marshal(object)
	if err != nil {
		return err
	}
	switch kind := object["kind"].(string); kind {
	case "Installation", "APIServer":
		return j.schemas[kind].validate(object)
	case "Role":
		return decodeStrictly(data, &rbacv1.Role{})
	case "RoleBinding":
		return decodeStrictly(data, &rbacv1.RoleBinding{})
	case "Kustomization":
		return nil // kubectl reads it where builds are applied
	case "Node":
		return judgeNode(data)
	}
	// The validator knows no enumerations, the schemas nothing of what fields have to do with each other.
	return errors.Join(byValidator(data), j.schemas[object["kind"].(string)].validate(object))
}

func byValidator(data []byte) error {
	decoded, err := decodeCalico(data)
	if err != nil {
		return err
	}
	return validator.Validate(decoded)
}

func decodeStrictly(data []byte, into any) error {
	faults, err := strictjson.UnmarshalStrict(data, into)
	return errors.Join(append(faults, err)...)
}

// judgeNode finds annotations of Calico's that it reads nothing from: it drops values that it doesn't like without a word.
func judgeNode(data []byte) error {
	var node corev1.Node
	if err := decodeStrictly(data, &node); err != nil {
		return err
	}
	converted, err := resources.K8sNodeToCalico(&node, false)
	if err != nil {
		return err
	}
	var read internalapi.NodeBGPSpec
	if bgp := converted.Value.(*internalapi.Node).Spec.BGP; bgp != nil {
		read = *bgp
	}
	for key, value := range node.Annotations {
		got := ""
		switch key {
		case "projectcalico.org/ASNumber":
			if read.ASNumber != nil {
				got = read.ASNumber.String()
			}
		case "projectcalico.org/RouteReflectorClusterID":
			got = read.RouteReflectorClusterID
		}
		if got != value {
			return fmt.Errorf("node %s: Calico reads %q from %s: %s", node.Name, got, key, value)
		}
	}
	return nil
}

// isKnownToCalicoctl is false for CalicoNodeStatus, which calicoctl has no command for.
func isKnownToCalicoctl(kind string) bool {
	return slices.Contains([]string{v3.KindIPPool, v3.KindBGPConfiguration, v3.KindBGPPeer, v3.KindBGPFilter}, kind)
}

// writeForCalicoctl appends an object, in the one API group that calicoctl knows: the specs are the same in both.
func writeForCalicoctl(into *bytes.Buffer, object map[string]any) {
	object = maps.Clone(object)
	object["apiVersion"] = v3.GroupVersionCurrent
	data, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(into, "---\n%s\n", data)
}

// calicoctl returns why `calicoctl validate` refuses objects; it takes none for a mistake.
func (j *judge) calicoctl(ctx context.Context, objects []byte) error {
	if len(objects) == 0 {
		return nil
	}
	c := exec.CommandContext(ctx, j.programs.Path("calicoctl"), "validate", "-f", "-")
	c.Stdin = bytes.NewReader(objects)
	c.WaitDelay = time.Second
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("calicoctl validate: %w: %s", err, lastLines(out, 3))
	}
	return nil
}

// documents parses the objects of a file; numbers are int64 where they are whole.
func documents(t testing.TB, data []byte) []map[string]any {
	t.Helper()
	var all []map[string]any
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		var object map[string]any
		if err == nil {
			err = utilyaml.Unmarshal(document, &object)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
}
