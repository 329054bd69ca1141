package hostroute

import (
	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = system(System{
	Name:  "ifupdown",
	File:  "interfaces",
	Write: writeIfupdown,
	Undo:  undoIfupdown,
})

const (
	ifupdownFile   = "/etc/network/topoc"
	ifupdownSource = "source " + ifupdownFile
	interfacesFile = "/etc/network/interfaces"
)

// writeIfupdown writes stanzas that add to those that give the interface its addresses. ifupdown goes through the stanzas of an
// interface in the order in which it read them, so that these must come last: what it sources from interfaces.d stands first in
// Debian's file, before there is an address. Held against ifupdown 0.8.41 of Debian.
func writeIfupdown(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": routes to clusters, for ifupdown.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 interfaces "+ifupdownFile,
		"grep -qxF '"+ifupdownSource+"' "+interfacesFile+" || echo '"+ifupdownSource+"' >> "+interfacesFile,
		"sed -n 's/^ *up //p' "+ifupdownFile+" | sh    # now, without taking the interface down")
	commands(w, "Check:", "ifquery "+shellWord(h.Interface)+"    # the address must come before the lines of up",
		"ifup --no-act --force "+shellWord(h.Interface))
	commands(w, "Remove:", "see undo-interfaces")
	gap(w)
	remark(w, "The stanzas add to those of "+word(h.Interface)+" that give it its addresses. They must be the last ones, and not in interfaces.d,",
		"which Debian reads first: ifupdown would set the routes before there is an address, and fail.")
	cautions(w, h)
	if !isLinuxName(h.Interface) {
		w.Blank()
		remark(w, "Not written: ifupdown cannot have an interface named", quoted(h.Interface)+".")
		return
	}
	for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
		if routes := ofFamily(h.Routes, f); len(routes) > 0 {
			w.Blank()
			w.Block("iface "+h.Interface+" "+inet(f)+" manual", func() { ifupdownRoutes(w, routes) })
		}
	}
}

// ifupdownRoutes writes what to run when the interface is up, and when it goes down: then the kernel may have been faster.
func ifupdownRoutes(w *cfgtext.Writer, routes []fabric.StaticRoute) {
	byCluster(&fabric.Host{Routes: routes}, func(routes []fabric.StaticRoute) {
		w.Line("# %s", heading(routes))
		for _, r := range routes {
			w.Line("up ip route replace %s proto static%s", r.Prefix, nextHops(r))
			w.Line("down ip route del %s proto static 2>/dev/null || true", r.Prefix)
		}
	})
}

// inet is how ifupdown calls a family.
func inet(f fabric.Family) string {
	if f == fabric.IPv4 {
		return "inet"
	}
	return "inet6"
}

// undoIfupdown holds nothing but comments, and so undoes the file in whose place it is put.
func undoIfupdown(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": in the place of the file interfaces of this folder this one ends its routes.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 undo-interfaces "+ifupdownFile,
		"sed -n 's/^#| //p' undo-interfaces | sh    # now, without taking the interface down")
	commands(w, "or:", "sed -i '\\|^"+ifupdownSource+"$|d' "+interfacesFile+" && rm "+ifupdownFile)
	gap(w)
	remark(w, `Only routes of "proto static" are removed, whatever their next hops.`)
	for _, r := range h.Routes {
		w.Line("#| ip route del %s proto static", r.Prefix)
	}
}
