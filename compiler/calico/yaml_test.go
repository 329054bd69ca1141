package calico

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// scalars are strings that mean something to YAML, or nearly do, and such as stand in topologies.
var scalars = []string{
	"", " ", "a", "rack1", "rack 1", "y", "Y", "yes", "No", "on", "OFF", "true", "True", "tRUE", "null", "NULL", "~", "nil", "<<", "=", ".", "..", "...", "---", "--- a",
	"-", "- a", "-a", "a-", "a:", "a: b", "a:b", ":a", "a #b", "a#b", "#a", "? a", "?a", "[a]", "{a}", "a, b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "'a'", `"a"`, `a\b`,
	"0", "00", "1", "-1", "+1", "1_000", "0x1f", "0o17", "017", "0b1", "1e3", "1.5", ".5", "1.", "1.2.3", ".inf", ".NaN", "-.inf", "1:30", "1:30.5", "190:20:30", "2001-01-01",
	"2001-1-1 1:2:3.4", "2001-01-01T00:00:00Z", "64512", "4200000000", "1.64512", "10.0.0.1", "10.0.0.1/24", "2001:db8::1", "2001:db8::1/64", "fd00::1", "::", "::1/128",
	"1/2", "1.2.3: 4", "1/2 #3", "a ", " a", "a\tb", "a\nb", "a\n", "\na", "a\r\nb", "a\u2028b", "é", "日本", "\ufeff", "\x00", "\x7f", "\u0085", "\U0001f600", "\xff",
	"has(route-reflector) && rack == 'rack1'", "all()", "!has(a)", "projectcalico.org/IPv4Address", "projectcalico.org/IPv6Address", "kubernetes.io/hostname", "a1", "a2", "a10", "a02",
	"a-1", "a.1", "aB", "ab", "AB", "1a", "10a", "9", "10", strings.Repeat("k", 128), strings.Repeat("k", 129),
	strings.Repeat("a word ", 30) + "end",
}

// drawn draws a tree as JSON has it. source returns a number from 0 to n-1.
func drawn(draw func(n int) int, depth int) any {
	kind := draw(9)
	if depth == 0 && kind < 4 {
		kind += 4
	}
	switch kind {
	case 0, 1, 2:
		m := map[string]any{}
		for range draw(6) {
			m[drawnString(draw)] = drawn(draw, depth-1)
		}
		return m
	case 3:
		list := make([]any, draw(4))
		for i := range list {
			list[i] = drawn(draw, depth-1)
		}
		return list
	case 4:
		return []float64{0, -7, 64512, 4200000000, 1 << 53, -1 << 53, 1 << 60, 1.5, 1e3, 1e30, math.Copysign(0, -1)}[draw(11)]
	case 5:
		return draw(2) == 0
	case 6:
		return nil
	}
	return drawnString(draw)
}

func drawnString(draw func(int) int) string {
	if draw(3) > 0 {
		return scalars[draw(len(scalars))]
	}
	const letters = "aAzyn019.-_/: #'\"é\n"
	var b strings.Builder
	for range draw(8) {
		b.WriteByte(letters[draw(len(letters))])
	}
	return b.String()
}

// compare holds what yamlWriter writes to what the library does, and returns it and whether the library was not asked.
func compare(t *testing.T, object, original map[string]any) (text string, isAlone bool) {
	t.Helper()
	var alone, w yamlWriter
	isAlone = alone.mapping(object, 0)
	want, err := yaml.Marshal(original)
	if err != nil { // of DEL, which JSON lets through and YAML does not
		if isAlone {
			t.Errorf("%#v is written, and the library says %v", object, err)
		}
		return "", isAlone
	}
	w.tree(object)
	if string(w.text) != string(want) {
		t.Errorf("%#v: got\n%s\nwant\n%s", object, w.text, want)
	}
	return string(w.text), isAlone
}

// compareNode holds how a Node is written to how the library writes it.
func compareNode(t *testing.T, node *metav1.PartialObjectMetadata) {
	t.Helper()
	want, err := yaml.Marshal(prune(tree(node)))
	if err != nil || node.Name == "" { // which none has
		return
	}
	var w yamlWriter
	if w.object(node); string(w.text) != string(want) {
		t.Errorf("%#v: got\n%s\nwant\n%s", node, w.text, want)
	}
}

// isOrdered reports whether the keys of all mappings in a tree have an order: where the library goes round in circles, it is not even
// consistent with itself.
func isOrdered(value any) bool {
	switch v := value.(type) {
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !isOrdered(e) })
	case map[string]any:
		isBefore := func(a, b string) bool {
			order, isKnown := compareKeys(a, b)
			return order < 0 || !isKnown
		}
		for a, inner := range v {
			for b := range v {
				for c := range v {
					if isBefore(a, b) && isBefore(b, c) && isBefore(c, a) {
						return false
					}
				}
			}
			if !isOrdered(inner) {
				return false
			}
		}
	}
	return true
}

func TestYAMLIsTheLibrarys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	alone := 0
	for range 5000 {
		if t.Failed() {
			return
		}
		object := map[string]any{}
		for range 1 + random.IntN(4) {
			object[drawnString(random.IntN)] = drawn(random.IntN, 3)
		}
		if !isOrdered(object) {
			continue
		}
		if _, isAlone := compare(t, object, object); isAlone {
			alone++
		}
	}
	if alone < 300 {
		t.Errorf("%d of the objects were written without the library: the test is blind", alone)
	}
}

// Each string alone, as a value and as a key beside another one. Keys with numbers that fit no int64 stand here alone: the library has
// no order for three of them.
func TestYAMLScalarsAreTheLibrarys(t *testing.T) {
	many := strings.Repeat("1", 25)
	all := slices.Concat(scalars, []string{many, "a" + many, "a-" + many, "0" + many})
	for _, a := range all {
		for _, b := range all {
			object := map[string]any{a: b, b: "x"}
			compare(t, object, object)
			compareNode(t, &metav1.PartialObjectMetadata{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: b, Labels: map[string]string{a: b}},
			})
		}
	}
}

func FuzzYAML(f *testing.F) {
	f.Add([]byte("\x00\x02\x01\x05\x01\x06\x03"), "10.0.0.1/24", "rack1", "rack10")
	f.Add([]byte("\x03\x03\x00\x01\x02\x07\x07"), "2001-01-01", "a.0", "a.01")
	f.Fuzz(func(t *testing.T, data []byte, value, a, b string) {
		draw := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			next := int(data[0]) % n
			data = data[1:]
			return next
		}
		object := map[string]any{a: value, b: []any{value, drawn(draw, 3)}, "c": map[string]any{b: value, a: a}}
		if isOrdered(object) {
			compare(t, object, object)
		}
		compareNode(t, &metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
			ObjectMeta: metav1.ObjectMeta{Name: value, Labels: map[string]string{a: b}, Annotations: map[string]string{b: value, "x": a}},
		})
	})
}

// Keys that have no order are written in the same one each time.
func TestYAMLOfKeysWithoutOrderIsStable(t *testing.T) {
	texts := map[string]bool{}
	for range 100 {
		var w yamlWriter
		w.tree(map[string]any{"metadata": map[string]string{"1a": "x", "9": "x", "10a": "x", "b": "x", "2-": "x"}})
		texts[string(w.text)] = true
	}
	if len(texts) != 1 {
		t.Errorf("written in %d ways", len(texts))
	}
}

// What most objects of a build look like must not need the library, or nothing is gained.
func TestNodesAreWrittenWithoutTheLibrary(t *testing.T) {
	labels := map[string]string{"rack": "rack1", "route-reflector": "true", "topology.kubernetes.io/zone": "zone-1"}
	annotations := map[string]string{}
	for i, value := range []string{"64512", "fd00::1/64", "10.0.0.1/24"} {
		annotations[fmt.Sprintf("projectcalico.org/IPv%dAddress", 4+i)] = value
	}
	for _, node := range []*metav1.PartialObjectMetadata{
		{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: "node-1", Labels: labels, Annotations: annotations}},
		{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: "64512", Labels: labels}},
		{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"}, ObjectMeta: metav1.ObjectMeta{Name: "node-2", Annotations: annotations}},
	} {
		text, isAlone := compare(t, prune(tree(node)), prune(tree(node)))
		if !isAlone {
			t.Errorf("%s is written by the library", node.Name)
		}
		compareNode(t, node)
		var back metav1.PartialObjectMetadata
		if err := yaml.Unmarshal([]byte(text), &back); err != nil || !reflect.DeepEqual(&back, node) {
			t.Errorf("%s is read as %v (%v)", text, back, err)
		}
	}
}
