package hostroute

import (
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = system(System{
	Name:  "iproute2",
	File:  "routes.batch",
	Write: writeBatch,
	Undo:  undoBatch,
})

// writeBatch writes commands for ip -batch. "replace" makes them safe to repeat, and one command with all next hops makes
// one multipath route: the next hops of a repeated "append" would be routes of their own, of which IPv4 uses one. No
// interface is named, since the kernel finds the one whose subnet holds the next hop, whatever it is called.
func writeBatch(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": routes to clusters, for ip of iproute2.")
	gap(w)
	commands(w, "Apply:", "ip -batch routes.batch")
	commands(w, "Remove:", "ip -force -batch undo-routes.batch")
	gap(w)
	remark(w, "Applying it again changes nothing. Another route to one of these ranges that has no metric is replaced.",
		"The kernel forgets the routes at a reboot and when the interface goes down: run this whenever the interface came up.")
	cautions(w, h)
	byCluster(h, func(routes []fabric.StaticRoute) {
		w.Blank()
		remark(w, heading(routes))
		for _, r := range routes {
			w.Line("route replace %s proto static%s", r.Prefix, nextHops(r))
		}
	})
}

// nextHops returns the next hops of a route as ip takes them.
func nextHops(r fabric.StaticRoute) string {
	if len(r.NextHops) == 1 {
		return " via " + address(r.NextHops[0])
	}
	var b strings.Builder
	for _, a := range r.NextHops {
		b.WriteString(" nexthop via " + address(a))
	}
	return b.String()
}

// undoBatch names no next hops: what is there may come from an earlier build. "proto static" spares the routes of the kernel,
// of DHCP and of routing daemons.
func undoBatch(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": takes away the routes that routes.batch sets.")
	gap(w)
	commands(w, "Apply:", "ip -force -batch undo-routes.batch")
	gap(w)
	remark(w, `A route that is gone already is reported as "No such process"; with -force the others are removed all the same.`,
		`Only routes of "proto static" are removed, whatever their next hops.`)
	byCluster(h, func(routes []fabric.StaticRoute) {
		w.Blank()
		remark(w, heading(routes))
		for _, r := range routes {
			w.Line("route del %s proto static", r.Prefix)
		}
	})
}
