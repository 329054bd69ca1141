package simulate

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"
)

// Labels that the kubelet sets on every node, to its name and its operating system: a selector may go by them though no object says
// them. BIRD runs on Linux.
const (
	hostnameLabel = "kubernetes.io/hostname"
	osLabel       = "kubernetes.io/os"
)

// kubeletLabels are the labels of a node that no object says.
func kubeletLabels(node string) map[string]string {
	return map[string]string{hostnameLabel: node, osLabel: "linux"}
}

// none stands for no selector.
const none = -1

// selection judges the selectors of a cluster: once for each distinct set of the labels that any of them mentions. Nodes that
// all selectors treat alike are of one class.
type selection struct {
	texts   map[string]int
	parsed  []evaluate
	keys    map[string]bool // whether any selector mentions a label, as far as asked
	sets    map[string]int  // the class of a set of labels
	classes map[string]int  // by what matches, a byte for each selector
	matches [][]byte        // of a class, by selector: 1 where it matches
}

// evaluate reports whether a selector matches labels; nil: Calico cannot read it, so it matches nothing. The type of what
// selector.Parse returns is another one in every few releases of Calico, the form of its method is not.
type evaluate func(labels map[string]string) bool

func newSelection() *selection {
	return &selection{texts: map[string]int{}, keys: map[string]bool{}, sets: map[string]int{}, classes: map[string]int{}}
}

// add returns the number of a selector. All are added before the first class is asked for.
func (s *selection) add(text string) int {
	if i, ok := s.texts[text]; ok {
		return i
	}
	var matches evaluate
	if parsed, err := selector.Parse(text); err == nil {
		matches = parsed.Evaluate
	}
	s.texts[text] = len(s.parsed)
	s.parsed = append(s.parsed, matches)
	return len(s.parsed) - 1
}

// mentions reports whether a selector may depend on a label: whether its text has the key in it.
func (s *selection) mentions(key string) bool {
	known, ok := s.keys[key]
	if !ok {
		for text := range s.texts {
			known = known || strings.Contains(text, key)
		}
		s.keys[key] = known
	}
	return known
}

// class returns the class of nodes with these labels.
func (s *selection) class(labels map[string]string) int {
	var relevant []string
	for key, value := range labels {
		if s.mentions(key) { // with the lengths no two sets are the same text, whatever stands in an edited object
			relevant = append(relevant, strconv.Itoa(len(key))+" "+strconv.Itoa(len(value))+" "+key+value)
		}
	}
	slices.Sort(relevant)
	set := strings.Join(relevant, "")
	class, ok := s.sets[set]
	if !ok {
		class = s.judge(labels)
		s.sets[set] = class
	}
	return class
}

func (s *selection) judge(labels map[string]string) int {
	matched := make([]byte, len(s.parsed))
	for i, matches := range s.parsed {
		if matches != nil && matches(labels) {
			matched[i] = 1
		}
	}
	class, ok := s.classes[string(matched)]
	if !ok {
		class = len(s.matches)
		s.classes[string(matched)] = class
		s.matches = append(s.matches, matched)
	}
	return class
}

// isMatch reports whether a selector matches the nodes of a class.
func (s *selection) isMatch(selector, class int) bool {
	return selector != none && s.matches[class][selector] == 1
}

// withKubelet returns the labels of a node as selectors see them. The map may be the one given: do not modify.
func (s *selection) withKubelet(labels map[string]string, node string) map[string]string {
	if !s.mentions(hostnameLabel) && !s.mentions(osLabel) {
		return labels
	}
	all := kubeletLabels(node)
	maps.Copy(all, labels)
	return all
}
