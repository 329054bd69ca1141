package calico

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// recorder stands for kubectl: it appends its arguments to $CALLS, each with a NUL behind it, a call with one more.
const recorder = `#!/bin/sh
[ "$1" = get ] && { printf 'node/%s\n' "$NODE"; exit; }
{ printf '%s\0' "$@"; printf '\0'; } >>"$CALLS"
`

// FuzzNodeFiles holds nodes.yaml and apply.sh to any strings: the one reads as what it was made of, and what the other passes to
// kubectl is that too.
func FuzzNodeFiles(f *testing.F) {
	for _, s := range []string{
		"node1", "", " ", "a b", "a\nb", "'", "''", `\'`, "\"", "$(touch pwned)", "`touch pwned`", "$HOME", "; touch pwned", "& touch pwned", "*", "~", "-l", "--all",
		"#", "a=b", "\\", "\\n", "!", "{a,b}", "é", "\xff", "\u2028", "\t", "yes", "null", "1e3", "0o7", "- a", "a: b", "%s", "\x7f", "\u0085", "\ufeff", "=", "@", "|",
	} {
		f.Add(s, s, s, s)
	}
	dir := f.TempDir()
	kubectl := filepath.Join(dir, "kubectl")
	if err := os.WriteFile(kubectl, []byte(recorder), 0o755); err != nil {
		f.Fatal(err)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		if os.Getenv("TOPOC_REQUIRE") == "all" {
			f.Fatal(err)
		}
		f.Skip("apply.sh is not run: ", err)
	}
	f.Fuzz(func(t *testing.T, topology, name, key, value string) {
		node := &metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{key: value, "a": value}, Annotations: map[string]string{"b": value}},
		}
		o := &Objects{cluster: topology, Nodes: []*metav1.PartialObjectMetadata{node}}
		isWritable := func(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, isUnwritable) }
		if isWritable(topology) && isWritable(name) && isWritable(key) && isWritable(value) {
			readsBack(t, document{header: header(topology)}.marshal(node), node)
		}
		if strings.Contains(name+key+value, "\x00") || strings.HasSuffix(name, "\n") {
			return // no program gets a NUL, and $(…) drops the last ends of lines: the node is missing then
		}
		script := applyScript(header(topology), o.cluster, o.Nodes)
		calls := filepath.Join(t.TempDir(), "calls")
		cmd := exec.Command(sh, "-s", "--", "--context", "c d")
		cmd.Stdin, cmd.Dir = bytes.NewReader(script), t.TempDir()
		cmd.Env = []string{"KUBECTL=" + kubectl, "NODE=" + name, "CALLS=" + calls, "PATH=/nowhere"}
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s\n%s", err, out, script)
		}
		got, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		var want strings.Builder
		for _, call := range []struct {
			verb   string
			values map[string]string
		}{{"label", node.Labels}, {"annotate", node.Annotations}} {
			words := []string{call.verb, "--overwrite", "node", name}
			for _, key := range slices.Sorted(maps.Keys(call.values)) {
				words = append(words, key+"="+call.values[key])
			}
			want.WriteString(strings.Join(append(words, "--context", "c d"), "\x00") + "\x00\x00")
		}
		if string(got) != want.String() {
			t.Errorf("kubectl gets %q\nwant %q\n%s", got, want.String(), script)
		}
		if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
			t.Errorf("the script leaves %v (%v)", left, err)
		}
	})
}

// isUnwritable reports whether YAML has no way to write r. No string of a topology holds such a character.
func isUnwritable(r rune) bool { return unicode.IsControl(r) || r == 0xfffe || r == 0xffff }

// readsBack holds a document to what it was made of.
func readsBack(t *testing.T, data []byte, node *metav1.PartialObjectMetadata) {
	t.Helper()
	var got metav1.PartialObjectMetadata
	if err := yaml.UnmarshalStrict(data, &got); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if got.Name != node.Name || !maps.Equal(got.Labels, node.Labels) || !maps.Equal(got.Annotations, node.Annotations) {
		t.Errorf("reads as %q %q %q, want %q %q %q\n%s", got.Name, got.Labels, got.Annotations, node.Name, node.Labels, node.Annotations, data)
	}
}
