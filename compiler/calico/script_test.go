package calico

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fakeKubectl knows the nodes in $NODES and writes the arguments of every other call to $CALLS, one a line.
const fakeKubectl = `#!/bin/sh
if [ "$1" = get ]; then
	for node in $NODES; do echo "node/$node"; done
	exit
fi
for arg in "$@"; do printf '<%s>' "$arg"; done >>"$CALLS"
echo >>"$CALLS"
`

// runScript runs a script for nodes against a cluster that has some, and returns what it said and the calls that change.
func runScript(t *testing.T, nodes []*metav1.PartialObjectMetadata, present string, args ...string) (said, calls string, err error) {
	t.Helper()
	dir := t.TempDir()
	script, kubectl, log := filepath.Join(dir, "apply.sh"), filepath.Join(dir, "kubectl"), filepath.Join(dir, "calls")
	for file, text := range map[string]string{
		script: string(applyScript(header("t"), "c\necho pwned", nodes)), kubectl: fakeKubectl, log: "",
	} {
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
		t.Fatalf("sh -n: %v\n%s", err, out)
	}
	command := exec.Command("sh", append([]string{script}, args...)...)
	// KUBECTL may be several words: people have it called "microk8s kubectl".
	command.Env = append(os.Environ(), "KUBECTL=sh "+kubectl, "NODES="+present, "CALLS="+log)
	out, err := command.CombinedOutput()
	data, readErr := os.ReadFile(log)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(out), string(data), err
}

func named(name string, labels, annotations map[string]string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: annotations}}
}

func TestApplyScriptPassesEveryValueAsItIs(t *testing.T) {
	nodes := []*metav1.PartialObjectMetadata{
		named("n1", map[string]string{"a": `it's "$HOME" $(id) \ * ; x`, "b": ""}, map[string]string{"c": "two\nlines'"}),
		named("n2", nil, map[string]string{"d": "`id`"}),
	}
	said, calls, err := runScript(t, nodes, "n2 other n1", "--context", "my prod")
	if err != nil || said != "" {
		t.Fatalf("script failed: %v\n%s", err, said)
	}
	want := `<label><--overwrite><node><n1><a=it's "$HOME" $(id) \ * ; x><b=><--context><my prod>
<annotate><--overwrite><node><n1><c=two
lines'><--context><my prod>
<annotate><--overwrite><node><n2><d=` + "`id`" + `><--context><my prod>
`
	if calls != want {
		t.Errorf("calls are\n%s\nwant\n%s", calls, want)
	}
}

func TestApplyScriptChangesNothingWhereANodeIsMissing(t *testing.T) {
	labels := map[string]string{"a": "b"}
	nodes := []*metav1.PartialObjectMetadata{named("n1", labels, nil), named("n2", labels, nil), named("n.3", labels, nil)}
	for _, test := range []struct{ name, present, missing string }{
		{"one of several", "n1 n.3", "n2"},
		{"part of a longer name is no node", "n1 n22 xn2 n-3", "n2 n.3"},
		{"no nodes at all", "", "n1 n2 n.3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			said, calls, err := runScript(t, nodes, test.present)
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
				t.Errorf("script ended with %v, want exit code 1", err)
			}
			if !strings.HasSuffix(said, "named: "+test.missing+"\n") {
				t.Errorf("script said %q, want it to name %q", said, test.missing)
			}
			if calls != "" {
				t.Errorf("script changed something:\n%s", calls)
			}
		})
	}
}

func TestApplyScriptStopsWhereKubectlFails(t *testing.T) {
	nodes := []*metav1.PartialObjectMetadata{named("n1", map[string]string{"a": "b"}, nil)}
	script := filepath.Join(t.TempDir(), "apply.sh")
	if err := os.WriteFile(script, applyScript(header("t"), "c", nodes), 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("sh", script)
	command.Env = append(os.Environ(), "KUBECTL=false")
	if err := command.Run(); err == nil {
		t.Error("script went on")
	}
}
