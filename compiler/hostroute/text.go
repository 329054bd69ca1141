package hostroute

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/internal/lazyregexp"
)

// width is where comments wrap.
const width = 100

// plainWord is what stands for itself in a comment, a shell and a file name.
var plainWord = lazyregexp.New(`^[A-Za-z0-9/][A-Za-z0-9._:/@+-]*$`)

// quoted returns s in double quotes, in ASCII without control characters: fit for a comment.
func quoted(s string) string { return strconv.QuoteToASCII(s) }

// word returns s as it appears in a comment: itself, in quotes where it is no plain word.
func word(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return quoted(s)
}

// printable returns s with "?" for every character that is not printable ASCII.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// shellWord returns s as one word of a POSIX shell, for the commands in comments, which are there to be pasted.
func shellWord(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(printable(s), "'", `'\''`) + "'"
}

// address returns a as text. Zones are free text, and no next hop of ours has one.
func address(a netip.Addr) string { return a.WithZone("").String() }

// remark writes a paragraph of comments, wrapped between words. Words of the user's in it went through word before.
func remark(w *cfgtext.Writer, sentences ...string) {
	line := "#"
	for _, word := range strings.Fields(strings.Join(sentences, " ")) {
		if len(line)+1+len(word) > width && line != "#" {
			w.Line("%s", line)
			line = "#"
		}
		line += " " + word
	}
	w.Line("%s", line)
}

// commands writes a comment of a label and the shell commands it stands for, each on a line of its own.
func commands(w *cfgtext.Writer, label string, lines ...string) {
	for _, line := range lines {
		w.Line("# %-8s %s", label, line)
		label = ""
	}
}

// gap writes an empty line of comment.
func gap(w *cfgtext.Writer) { w.Line("#") }

// byCluster calls each for the host's routes, those of one cluster together, in order.
func byCluster(h *fabric.Host, each func(routes []fabric.StaticRoute)) {
	rest := h.Routes
	for len(rest) > 0 {
		end := slices.IndexFunc(rest, func(r fabric.StaticRoute) bool { return r.Cluster != rest[0].Cluster })
		if end < 0 {
			end = len(rest)
		}
		each(rest[:end])
		rest = rest[end:]
	}
}

// heading says which cluster routes lead to, and over which nodes.
func heading(routes []fabric.StaticRoute) string {
	var nodes []string
	for _, r := range routes {
		for _, n := range r.Nodes {
			if name := word(n.Name); !slices.Contains(nodes, name) {
				nodes = append(nodes, name)
			}
		}
	}
	cluster := word(clusterName(routes[0].Cluster))
	if len(nodes) == 0 {
		return cluster
	}
	return cluster + ", over " + strings.Join(nodes, ", ")
}

func clusterName(c *fabric.Cluster) string {
	if c == nil {
		return ""
	}
	return c.Name
}

// ofFamily returns the routes of one family, in order.
func ofFamily(routes []fabric.StaticRoute, f fabric.Family) []fabric.StaticRoute {
	return slices.DeleteFunc(slices.Clone(routes), func(r fabric.StaticRoute) bool {
		return fabric.FamilyOf(r.Prefix.Addr()) != f
	})
}

// multipath returns the routes that have several next hops, in order.
func multipath(routes []fabric.StaticRoute) []fabric.StaticRoute {
	return slices.DeleteFunc(slices.Clone(routes), func(r fabric.StaticRoute) bool { return len(r.NextHops) < 2 })
}

// cautions says what holds for every static route over nodes, whoever sets it.
func cautions(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "A node may answer with an ICMP redirect where another node of its subnet holds the pod: that is no fault,",
		"the packet is forwarded all the same.")
	several := multipath(h.Routes)
	if len(several) == 0 {
		return
	}
	remark(w, "A next hop stays in use while its node is down.")
	if len(ofFamily(several, fabric.IPv4)) > 0 {
		remark(w, "With the sysctl net.ipv4.fib_multipath_use_neigh=1 the kernel passes over an IPv4 next hop that no longer answers ARP.")
	}
	var policies []string
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		if len(ofFamily(several, f)) > 0 {
			policies = append(policies, "net."+strings.ToLower(f.String())+".fib_multipath_hash_policy=1")
		}
	}
	remark(w, "All connections between two addresses take one next hop; with "+strings.Join(policies, " and ")+
		" each connection takes its own.")
}
