package hostroute

import (
	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = system(System{
	Name:  "systemd-networkd",
	File:  "60-topoc.conf",
	Write: writeNetworkd,
	Undo:  undoNetworkd,
})

// writeNetworkd writes a drop-in of the .network file that sets the interface up, whatever that is called: it only adds routes.
// Held against systemd 252.
func writeNetworkd(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": routes to clusters, for systemd-networkd.")
	gap(w)
	networkdPlace(w, h, "Apply:")
	commands(w, "", `install -D -m 0644 60-topoc.conf "$drop/60-topoc.conf" && networkctl reload`)
	commands(w, "Check:", "journalctl -b -u systemd-networkd -g 60-topoc.conf    # prints what of it was not understood",
		"ip route show proto static; ip -6 route show proto static")
	commands(w, "Remove:", `rm "$drop/60-topoc.conf" && networkctl reload`)
	gap(w)
	remark(w, "It adds to the file that networkd set "+word(h.Interface)+" up from. Where networkctl prints n/a for that file, something else",
		"does: write its name as the system of this host instead.")
	if len(multipath(h.Routes)) > 0 {
		remark(w, "MultiPathRoute= takes systemd 245 or later.")
	}
	gap(w)
	cautions(w, h)
	byCluster(h, func(routes []fabric.StaticRoute) {
		w.Blank()
		remark(w, heading(routes))
		for _, r := range routes {
			networkdRoute(w, h, r)
		}
	})
}

// networkdRoute writes one section for all next hops: several sections would be several routes, of which IPv4 uses one.
func networkdRoute(w *cfgtext.Writer, h *fabric.Host, r fabric.StaticRoute) {
	w.Blank()
	w.Line("[Route]")
	w.Line("Destination=%s", r.Prefix)
	if len(r.NextHops) == 1 {
		w.Line("Gateway=%s", address(r.NextHops[0]))
		return
	}
	for _, a := range r.NextHops {
		w.Line("MultiPathRoute=%s%s", address(a), atDevice(h))
	}
}

// atDevice is the interface of a next hop, which systemd before 249 needs there (systemd issue 19890).
func atDevice(h *fabric.Host) string {
	if isLinuxName(h.Interface) {
		return "@" + h.Interface
	}
	return ""
}

// networkdPlace writes the commands that find the directory of the drop-in.
func networkdPlace(w *cfgtext.Writer, h *fabric.Host, label string) {
	commands(w, label, "file=$(networkctl --no-pager status "+shellWord(h.Interface)+" | sed -n 's/^ *Network File: *//p')",
		`drop=/etc/systemd/network/$(basename "$file").d`)
}

// undoNetworkd holds nothing but comments, and so undoes the file in whose place it is put.
func undoNetworkd(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": in the place of 60-topoc.conf this file takes its routes away; so does removing that one.")
	gap(w)
	networkdPlace(w, h, "Apply:")
	commands(w, "", `install -m 0644 undo-60-topoc.conf "$drop/60-topoc.conf" && networkctl reload`)
	commands(w, "or:", `rm "$drop/60-topoc.conf" && networkctl reload`)
}
