package check

import (
	"slices"
	"strings"

	"github.com/projectcalico/calico/libcalico-go/lib/selector"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/lazyregexp"
)

// supply is where the nodes of a cluster take addresses of one family from: the pools that are the cluster's own, enabled and not
// for load balancers only, and which nodes each of them selects. Shared, do not modify.
type supply struct {
	cluster *fabric.Cluster
	family  fabric.Family
	pools   []*fabric.Pool // sorted by name
	shares  []*share       // of the listed nodes, each once, in the order of the first of each
	isKnown bool           // false: Link has told that nobody knows whom a pool is for, or which rack a node is in; then no shares
}

// share is nodes that the same pools select.
type share struct {
	pools []*fabric.Pool // sorted by name; may be empty
	nodes []*fabric.Node // sorted by name; never empty
}

// supplies returns the supply of each family that the cluster has pools of, IPv4 first. Pods that ask for nothing take addresses
// from those of the pools that servesPods names.
func (p *Pass) supplies(c *fabric.Cluster) []*supply {
	all, known := p.shared.supplies[c]
	if known {
		return all
	}
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		s := &supply{cluster: c, family: f}
		for _, pool := range c.Pools {
			if pool.Own() && !pool.Disabled && !pool.LoadBalancerOnly() && fabric.FamilyOf(pool.CIDR.Addr()) == f {
				s.pools = append(s.pools, pool)
			}
		}
		if len(s.pools) > 0 {
			s.divide()
			all = append(all, s)
		}
	}
	if p.shared.supplies == nil {
		p.shared.supplies = map[*fabric.Cluster][]*supply{}
	}
	p.shared.supplies[c] = all
	return all
}

// divide finds the shares. Pools that a node cannot be selected by for want of a label are not tried on it, so that a pool for
// each rack costs each node one.
func (s *supply) divide() {
	var x selectors
	for i, pool := range s.pools {
		if !x.add(i, pool) {
			return
		}
	}
	if s.isKnown = true; len(x.everyone) == len(s.pools) {
		if len(s.cluster.Nodes) > 0 {
			s.shares = []*share{{s.pools, s.cluster.Nodes}}
		}
		return
	}
	if slices.ContainsFunc(s.cluster.Nodes, lostRack) {
		s.isKnown = false
		return
	}
	known := map[string]*share{}
	for _, n := range s.cluster.Nodes {
		indexes := x.selecting(n)
		key := string(indexes)
		if known[key] == nil {
			known[key] = &share{}
			for _, i := range indexes {
				known[key].pools = append(known[key].pools, s.pools[i])
			}
			s.shares = append(s.shares, known[key])
		}
		known[key].nodes = append(known[key].nodes, n)
	}
}

// selectors finds the pools that select a node, by their indexes, which are runes so that a string of them is a key. The zero
// selectors has none.
type selectors struct {
	everyone []rune
	byRack   map[*fabric.Rack][]rune
	byLabel  map[fabric.Label][]chooser // of selectors that ask for the value of a label
	keys     []string                   // of byLabel
	others   []chooser
}

// chooser is a pool with a selector that has to be evaluated.
type chooser struct {
	index   rune
	selects func(labels map[string]string) bool
}

// add adds a pool; it returns false where Link has told that its rack or its selector leads nowhere.
func (x *selectors) add(index int, pool *fabric.Pool) bool {
	if pool.Rack != nil {
		if x.byRack == nil {
			x.byRack = map[*fabric.Rack][]rune{}
		}
		x.byRack[pool.Rack] = append(x.byRack[pool.Rack], rune(index))
		return true
	}
	if m := pool.Cluster.Model.IPPools[pool.Name]; m != nil && m.Rack != "" {
		return false
	}
	if isForAll(pool) {
		x.everyone = append(x.everyone, rune(index))
		return true
	}
	parsed, err := selector.Parse(pool.NodeSelector)
	if err != nil {
		return false
	}
	c := chooser{rune(index), parsed.Evaluate}
	label, ok := firstTerm(pool.NodeSelector)
	if !ok || strings.Contains(pool.NodeSelector, "||") {
		x.others = append(x.others, c)
		return true
	}
	if x.byLabel == nil {
		x.byLabel = map[fabric.Label][]chooser{}
	}
	if !slices.Contains(x.keys, label.Key) {
		x.keys = append(x.keys, label.Key)
	}
	x.byLabel[label] = append(x.byLabel[label], c)
	return true
}

// isForAll reports whether a pool is for all nodes by its selector.
func isForAll(pool *fabric.Pool) bool {
	return pool.Rack == nil && (pool.NodeSelector == "" || pool.NodeSelector == "all()")
}

// equality is a term that asks for the value of a label, at the beginning of a selector.
var equality = lazyregexp.New(`^\s*([A-Za-z0-9_./-]+)\s*==\s*(?:'([^']*)'|"([^"]*)")`)

// firstTerm returns the label that a selector asks for in its first term.
func firstTerm(text string) (fabric.Label, bool) {
	m := equality().FindStringSubmatch(text)
	if m == nil {
		return fabric.Label{}, false
	}
	return fabric.Label{Key: m[1], Value: m[2] + m[3]}, true
}

// selecting returns the indexes of the pools that select a node, in order.
func (x *selectors) selecting(n *fabric.Node) []rune {
	found := slices.Concat(x.everyone, x.byRack[n.Rack])
	if len(x.byLabel) > 0 || len(x.others) > 0 {
		labels := n.LabelMap()
		candidates := x.others
		for _, key := range x.keys {
			if value, ok := labels[key]; ok {
				candidates = append(candidates[:len(candidates):len(candidates)], x.byLabel[fabric.Label{Key: key, Value: value}]...)
			}
		}
		for _, c := range candidates {
			if c.selects(labels) {
				found = append(found, c.index)
			}
		}
	}
	slices.Sort(found)
	return found
}

// serving returns those of the pools that pods take addresses from without asking for one by name.
func serving(pools []*fabric.Pool) []*fabric.Pool {
	return slices.DeleteFunc(slices.Clone(pools), func(pool *fabric.Pool) bool { return !servesPods(pool) })
}
