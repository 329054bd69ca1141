package calico

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"topoc/compiler/fabric"
)

// addNode writes what topoc sets of a Node. With the Kubernetes datastore Calico has no Node objects of its own: its BGP
// settings of a node are annotations of the core Node (libcalico-go/lib/backend/k8s/resources/node.go).
func (o *Objects) addNode(n *fabric.Node) {
	if len(n.Labels) == 0 && len(n.Annotations) == 0 {
		return
	}
	node := &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{
			Name:        n.Name,
			Labels:      mapOf(n.Labels),
			Annotations: mapOf(n.Annotations),
		},
	}
	o.Nodes = append(o.Nodes, node)
	o.declared[node] = n.At()
}

func mapOf(labels []fabric.Label) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	m := make(map[string]string, len(labels))
	for _, l := range labels {
		m[l.Key] = l.Value
	}
	return m
}

// applyScript is the nodes' labels and annotations as a POSIX shell script. It asks for the cluster's nodes once and changes
// nothing where one is missing: a half-labelled cluster has half its sessions.
func applyScript(header, cluster string, nodes []*metav1.PartialObjectMetadata) []byte {
	w, _ := writers.Get().(*yamlWriter) // for its room alone
	defer writers.Put(w)
	b := fmt.Appendf(w.text[:0], `#!/bin/sh
%s
#
# Sets the labels and Calico annotations of the nodes of cluster %s, as nodes.yaml does with server-side apply.
# Arguments go to every call of kubectl (./apply.sh --context NAME). KUBECTL names another program than kubectl.
set -eu

present=$(${KUBECTL:-kubectl} get nodes -o name "$@")
newline='
'
missing=
for node in`, header, comment(cluster))
	for _, n := range nodes {
		b = appendQuoted(append(b, " \\\n\t"...), n.Name)
	}
	b = append(b, `
do
	case $newline$present$newline in
	*"${newline}node/$node$newline"*) ;;
	*) missing="$missing $node" ;;
	esac
done
if [ -n "$missing" ]; then
	printf '%s: nothing was changed, the cluster has no node named:%s\n' "$0" "$missing" >&2
	exit 1
fi

`...)
	for _, n := range nodes {
		b = appendSet(b, "label", n.Name, n.Labels)
		b = appendSet(b, "annotate", n.Name, n.Annotations)
	}
	w.text = b
	return bytes.Clone(b)
}

// appendSet appends the command that sets some values of a node, if there are any.
func appendSet(b []byte, verb, node string, values map[string]string) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(append(b, "${KUBECTL:-kubectl} "...), verb...)
	b = appendQuoted(append(b, " --overwrite node "...), node)
	var room [8]string
	keys := slices.AppendSeq(room[:0], maps.Keys(values))
	slices.Sort(keys)
	for _, key := range keys {
		b = appendQuoted(append(b, ' '), key, "=", values[key])
	}
	return append(b, " \"$@\"\n"...)
}

// appendQuoted appends one word of any text, in parts, in which a POSIX shell finds nothing to expand.
func appendQuoted(b []byte, parts ...string) []byte {
	b = append(b, '\'')
	for _, part := range parts {
		for {
			plain, rest, isQuote := strings.Cut(part, "'")
			b = append(b, plain...)
			if !isQuote {
				break
			}
			b, part = append(b, `'\''`...), rest
		}
	}
	return append(b, '\'')
}
