package simulate

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

// ParsePlace reads where a trace begins or ends: the name of a cluster, switch, host or node, looked up in that order;
// cluster/node, always the node; cluster/pods and cluster/services; cluster/node/pods; or an address. The error names the
// nearest known name.
func ParsePlace(f *fabric.Fabric, text string) (Place, error) {
	place := Place{Text: text}
	if first, rest, ok := strings.Cut(text, "/"); ok {
		if c := clusterNamed(f, first); c != nil {
			return placeIn(place, c, rest)
		}
		if _, err := netip.ParsePrefix(text); err == nil {
			return Place{}, fmt.Errorf("%s is a range: write one address of it", text)
		}
		return Place{}, unknownName("cluster", first, clusterNames(f))
	}
	if placeNamed(&place, f, text) {
		return place, nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		place.Address = a.Unmap().WithZone("")
		return place, nil
	}
	return Place{}, unknownName("cluster, switch, host or node", text, placeNames(f))
}

// placeNamed looks a bare name up, and reports whether anything has it.
func placeNamed(place *Place, f *fabric.Fabric, name string) bool {
	if place.Cluster = clusterNamed(f, name); place.Cluster != nil {
		return true
	}
	for _, s := range f.Switches {
		if s.Name == name {
			place.Switch = s
			return true
		}
	}
	for _, h := range f.Hosts {
		if h.Name == name {
			place.Host = h
			return true
		}
	}
	for _, c := range f.Clusters {
		if place.Node = c.Node(name); place.Node != nil {
			return true
		}
	}
	return false
}

// placeIn reads what follows a cluster's name and a slash. A node of that name comes first, even where it is called pods.
func placeIn(place Place, c *fabric.Cluster, rest string) (Place, error) {
	name, isPods := strings.CutSuffix(rest, "/pods")
	if n := c.Node(name); n != nil {
		place.Node, place.Pods = n, isPods
		return place, nil
	}
	switch rest {
	case "pods":
		place.Cluster, place.Pods = c, true
		return place, nil
	case "services":
		place.Cluster, place.Services = c, true
		return place, nil
	}
	known := []string{"pods", "services"}
	for _, n := range c.Nodes {
		known = append(known, n.Name)
	}
	return Place{}, unknownName("node of cluster "+c.Name, name, known)
}

// unknownName says that nothing has a name, and what may have been meant.
func unknownName(kind, name string, known []string) error {
	if near := diag.Nearest(name, known); near != "" {
		return fmt.Errorf("no %s is named %q: write %q", kind, name, near)
	}
	const most = 10
	switch {
	case len(known) == 0:
		return fmt.Errorf("no %s is named %q: the topology has none", kind, name)
	case len(known) > most:
		return fmt.Errorf("no %s is named %q: write one of %s and %d more", kind, name, strings.Join(known[:most], ", "), len(known)-most)
	}
	return fmt.Errorf("no %s is named %q: write one of %s", kind, name, strings.Join(known, ", "))
}

// placeNames returns every name that stands alone, clusters first.
func placeNames(f *fabric.Fabric) []string {
	known := clusterNames(f)
	for _, s := range f.Switches {
		known = append(known, s.Name)
	}
	for _, h := range f.Hosts {
		known = append(known, h.Name)
	}
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			if clusterNamed(f, n.Name) == nil {
				known = append(known, n.Name)
			}
		}
	}
	return known
}

func clusterNames(f *fabric.Fabric) []string {
	var known []string
	for _, c := range f.Clusters {
		known = append(known, c.Name)
	}
	return known
}

func clusterNamed(f *fabric.Fabric, name string) *fabric.Cluster {
	i, ok := slices.BinarySearchFunc(f.Clusters, name, func(c *fabric.Cluster, name string) int { return strings.Compare(c.Name, name) })
	if !ok {
		return nil
	}
	return f.Clusters[i]
}

// String names the place in a sentence.
func (p Place) String() string {
	switch {
	case p.Cluster != nil && p.Services:
		return "the services of " + p.Cluster.Name
	case p.Cluster != nil:
		return "the pods of " + p.Cluster.Name
	case p.Node != nil && p.Pods:
		return "the pods of " + p.Node.DeviceName()
	case p.Node != nil:
		return p.Node.DeviceName()
	case p.Switch != nil:
		return p.Switch.Name
	case p.Host != nil:
		return p.Host.Name
	}
	return p.Address.String()
}

// placesOf are the ends of an expectation for each kind of its traffic: pods and services are told apart at the far end only.
func placesOf(e *fabric.Expectation) (from Place, to []Place) {
	from = placeAt(e.From)
	far := placeAt(e.To)
	if far.Cluster == nil && far.Node == nil {
		return from, []Place{far}
	}
	if e.Pods {
		pods := far
		pods.Pods = true
		to = append(to, pods)
	}
	if e.Services && far.Cluster != nil {
		services := far
		services.Services = true
		to = append(to, services)
	}
	if len(to) == 0 {
		to = append(to, far)
	}
	return from, to
}

// placeAt is an end of an expectation as a place.
func placeAt(e fabric.Endpoint) Place {
	place := Place{Cluster: e.Cluster, Switch: e.Switch, Host: e.Host, Node: e.Node}
	switch {
	case e.Cluster != nil:
		place.Text = e.Cluster.Name
	case e.Switch != nil:
		place.Text = e.Switch.Name
	case e.Host != nil:
		place.Text = e.Host.Name
	case e.Node != nil:
		place.Text = e.Node.DeviceName()
	}
	return place
}
