package firewall

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

// The chains that a file fills, and the table they stand in: a rule can jump only to a chain of its own table, so this is the one
// that distributions begin with.
const (
	nftTable     = "inet filter"
	inputChain   = "topoc_input"
	forwardChain = "topoc_forward"
)

// mostMembers is the most nodes that a file names as those it is for.
const mostMembers = 16

// writeRules writes the needs of a group of nodes. Sets are variables of the file, not of the table: so a second load, which
// empties the chains first, leaves nothing of the first one. Held against nft 1.0.6.
func writeRules(w *cfgtext.Writer, g *unit, needs []need) {
	remark(w, "What", g.name, "must let in: for nftables, the same on each of")
	remark(w, members(g))
	w.Text("#")
	command(w, "Check:", "nft -c -f ", g.file)
	command(w, "Load:", "nft -f ", g.file)
	command(w, "Use:", "nft insert rule "+nftTable+" input jump "+inputChain+"    # once, in your own chain, before it drops")
	command(w, "", "nft insert rule "+nftTable+" forward jump "+forwardChain)
	command(w, "Remove:", "delete these two rules, then nft -f undo-", g.file)
	w.Text("#")
	remark(w, aboutChains...)
	if g.cluster.Incomplete {
		remark(w, "Not all nodes of", g.cluster.Name, "are in the topology: the subnets of those that are stand for them.")
	}
	v := variablesOf(needs)
	pods := podRanges(g.cluster)
	for i, name := range v.names {
		w.Blank()
		w.Enclose("define "+name[len("$"):]+" = {", "}", func() { elements(w, v.sets[i]) })
	}
	w.Blank()
	declareChains(w)
	w.Blank()
	w.Enclose("table "+nftTable+" {", "}", func() {
		w.Enclose("chain "+inputChain+" {", "}", func() {
			for i := range needs {
				v.rules(w, &needs[i])
			}
		})
		w.Enclose("chain "+forwardChain+" {", "}", func() {
			remark(w, "pods: what they may is up to NetworkPolicy")
			for _, p := range pods {
				text := p.String()
				w.Text(ipOf(p), " saddr ", text, " accept")
				w.Text(ipOf(p), " daddr ", text, " accept")
			}
		})
	})
}

// aboutChains says what a file does, and what is left to do.
var aboutChains = []string{
	"It fills the chains " + inputChain + " and " + forwardChain + " of table " + nftTable + ", and touches nothing else. They accept, and return what they do not know",
	"to your chain, which must accept established and related connections and ICMP by itself. To stay over a restart, include this file",
	"in /etc/nftables.conf behind its flush ruleset, and write the jumps into the chains there. Where your table has another name,",
	"replace \"" + nftTable + "\" here.",
}

// declareChains makes the chains where they are not there yet, and empties them. All of a file is one transaction: there is no
// moment without rules.
func declareChains(w *cfgtext.Writer) {
	w.Enclose("table "+nftTable+" {", "}", func() {
		for _, chain := range []string{inputChain, forwardChain} {
			w.Enclose("chain "+chain+" {", "}", func() {})
		}
	})
	for _, chain := range []string{inputChain, forwardChain} {
		w.Text("flush chain " + nftTable + " " + chain)
	}
}

// writeUndo writes what takes the chains away. It declares them first, so that there is something to delete on a second run.
func writeUndo(w *cfgtext.Writer, g *unit) {
	remark(w, "Takes away the chains that", g.file, "fills.")
	w.Text("#")
	command(w, "Apply:", "nft -f undo-", g.file)
	w.Text("#")
	remark(w, "Delete the rules that jump to them first (nft -a list ruleset | grep topoc_): as long as there is one, nft refuses this file as a whole.")
	w.Blank()
	declareChains(w)
	for _, chain := range []string{inputChain, forwardChain} {
		w.Text("delete chain " + nftTable + " " + chain)
	}
}

// members names the nodes of a group.
func members(g *unit) string {
	return few(len(g.nodes), mostMembers, func(i int) string { return g.nodes[i].Name })
}

// podRanges returns a cluster's pod ranges, disjoint, IPv4 first.
func podRanges(c *fabric.Cluster) []netip.Prefix {
	byFamily := map[fabric.Family][]netip.Prefix{}
	for _, r := range c.PodRanges() {
		f := fabric.FamilyOf(r.Prefix.Addr())
		byFamily[f] = append(byFamily[f], r.Prefix.Masked())
	}
	return append(merge(byFamily[fabric.IPv4]), merge(byFamily[fabric.IPv6])...)
}

// variables are the sets that rules of a file refer to, each once.
type variables struct {
	names []string // as rules refer to them: "$topoc_1"
	sets  [][]netip.Prefix
}

func variablesOf(needs []need) *variables {
	v := &variables{}
	for i := range needs {
		n := &needs[i]
		for _, f := range bothFamilies {
			if !n.isOf(f) {
				continue
			}
			v.set(n.from.of(f))
			if n.isPart {
				v.set(n.to.of(f))
			}
		}
	}
	return v
}

var bothFamilies = [...]fabric.Family{fabric.IPv4, fabric.IPv6}

// isOf reports whether a need has packets of a family: both ends have addresses of it.
func (n *need) isOf(f fabric.Family) bool {
	return (n.family == 0 || n.family == f) && len(n.from.of(f)) > 0 && len(n.to.of(f)) > 0
}

// rules writes the rules of a need, one a family, and what they are for. A need of a part of the group says whose: the others drop
// what is not theirs.
func (v *variables) rules(w *cfgtext.Writer, n *need) {
	remark(w, n.why+", from", n.from.title)
	for _, f := range bothFamilies {
		if !n.isOf(f) {
			continue
		}
		ip, toPart, to, kind, port := ipOf(n.from.of(f)[0]), "", "", "", ""
		if n.isPart {
			toPart, to = " "+ip+" daddr ", v.set(n.to.of(f))
		}
		switch n.protocol {
		case ipip:
			kind = " ip protocol 4"
		case tcp:
			kind = " tcp dport "
		case udp:
			kind = " udp dport "
		}
		if n.protocol == tcp || n.protocol == udp {
			port = strconv.Itoa(int(n.ports[0]))
		}
		w.Text(ip, " saddr ", v.set(n.from.of(f)), toPart, to, kind, port, " accept")
	}
}

// set returns how a rule names prefixes: a single one as it is, several by a variable.
func (v *variables) set(prefixes []netip.Prefix) string {
	if len(prefixes) == 1 {
		return short(prefixes[0])
	}
	for i, set := range v.sets {
		if slices.Equal(set, prefixes) {
			return v.names[i]
		}
	}
	name := "$topoc_" + strconv.Itoa(len(v.names)+1)
	v.names, v.sets = append(v.names, name), append(v.sets, prefixes)
	return name
}

func ipOf(p netip.Prefix) string {
	if p.Addr().Is4() {
		return "ip"
	}
	return "ip6"
}

// elements writes a set's prefixes, several a line.
func elements(w *cfgtext.Writer, prefixes []netip.Prefix) {
	var words []byte
	for _, p := range prefixes {
		words = append(appendShort(words, p), ", "...)
	}
	w.Wrapped("", 90, string(words))
}

// remark writes a paragraph of comments, wrapped between words. The only strings of the user's in a file stand in comments: of
// what is no printable ASCII, which could end one, there is a "?".
func remark(w *cfgtext.Writer, texts ...string) {
	var room [8]string
	printed := room[:0]
	for _, text := range texts {
		printed = append(printed, printable(text))
	}
	w.Wrapped("#", 100, printed...)
}

// command writes one line of comments, of parts.
func command(w *cfgtext.Writer, label string, parts ...string) {
	const column = "        "
	var room [8]string
	line := append(room[:0], "# ", label, column[len(label):], " ")
	for _, part := range parts {
		line = append(line, printable(part))
	}
	w.Text(line...)
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
