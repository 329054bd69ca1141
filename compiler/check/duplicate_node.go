package check

import (
	"slices"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "duplicate-node",
	Severity: diag.Error,
	Doc: `duplicate-node: connected clusters must not have nodes of one name

Where two clusters exchange routes or hang on one fabric, people and tools tell their nodes apart by name: DNS, dashboards,
the descriptions in a switch's configuration, the ends of expectations. Machines that kept the host name they were installed
with are one way to it: within a cluster calico-node refuses to start, since its address is already that of
'localhost.localdomain' (kubeadm#468); between clusters nothing objects. Between clusters that nothing connects it is a
warning, and nothing is said where one of the two is isolated. Two clusters that share several names are told once.

Mend it by naming the nodes of one cluster differently, as in prod-node1.`,
	Source: "kubeadm#468, calico#1628; Kubernetes, Nodes: node name uniqueness",
	Run: func(p *Pass) {
		if !anyNamesakes(p.Fabric) {
			return
		}
		told := map[[2]*fabric.Cluster]bool{}
		for _, clusters := range connectedClusters(p.space().domains, p.Fabric) {
			p.namesakes(diag.Error, clusters, told)
		}
		notIsolated := slices.DeleteFunc(slices.Clone(p.Fabric.Clusters), func(c *fabric.Cluster) bool { return c.Model.Isolated })
		p.namesakes(diag.Warning, notIsolated, told)
	},
})

// anyNamesakes reports whether two clusters have nodes of one name: mostly none have, and connections need not be known.
func anyNamesakes(f *fabric.Fabric) bool {
	if len(f.Clusters) < 2 {
		return false
	}
	nodes := 0
	for _, c := range f.Clusters {
		nodes += len(c.Nodes)
	}
	seen := make(map[string]bool, nodes)
	for _, c := range f.Clusters {
		for _, n := range c.Nodes {
			if seen[n.Name] {
				return true
			}
			seen[n.Name] = true
		}
	}
	return false
}

// namesakes reports the clusters whose nodes have names of nodes of an earlier one, each such pair that is not told yet.
func (p *Pass) namesakes(severity diag.Severity, clusters []*fabric.Cluster, told map[[2]*fabric.Cluster]bool) {
	first := map[string]*fabric.Node{}
	for _, c := range clusters {
		var all []*namesake
		for _, n := range c.Nodes {
			if known := first[n.Name]; known == nil {
				first[n.Name] = n
			} else if !told[[2]*fabric.Cluster{known.Cluster, c}] {
				all = addNamesake(all, n, known)
			}
		}
		for _, s := range all {
			told[[2]*fabric.Cluster{s.of.Cluster, c}] = true
			p.reportNamesakes(severity, s)
		}
	}
}

// namesake is the nodes of one cluster that have names of nodes of another one.
type namesake struct {
	of    *fabric.Node   // the first of the other cluster
	nodes []*fabric.Node // sorted by name; never empty
}

func addNamesake(all []*namesake, n, of *fabric.Node) []*namesake {
	for _, s := range all {
		if s.of.Cluster == of.Cluster {
			s.nodes = append(s.nodes, n)
			return all
		}
	}
	return append(all, &namesake{of, []*fabric.Node{n}})
}

func (p *Pass) reportNamesakes(severity diag.Severity, s *namesake) {
	n, a, b := s.nodes[0], s.of.Cluster, s.nodes[0].Cluster
	what, apart := "a node ", ""
	if len(s.nodes) > 1 {
		what = "nodes "
	}
	if severity == diag.Warning {
		apart = ", though nothing connects the two yet"
	}
	p.Report(severity, n.At(), "clusters %s and %s both have %s%s%s", a.Name, b.Name, what, someOf(s.nodes, nodeName), apart).
		Note(s.of.At(), "%s is a node of cluster %s here", n.Name, a.Name).
		WithHint("name it %q", b.Name+"-"+n.Name)
}
