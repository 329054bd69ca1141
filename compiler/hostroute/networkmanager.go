package hostroute

import (
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = system(System{
	Name:  "networkmanager",
	File:  "topoc.nmconnection",
	Write: writeProfile,
	Undo:  undoProfile,
})

const profileFile = "/etc/NetworkManager/system-connections/topoc.nmconnection"

// writeProfile writes a whole profile, since NetworkManager has no additions to one; who keeps a profile of the interface
// finds the commands for it in the comments. Held against NetworkManager 1.42.
func writeProfile(w *cfgtext.Writer, h *fabric.Host) {
	name := word(h.Interface)
	remark(w, "Host "+word(h.Name)+": a profile of "+name+" with routes to clusters, for NetworkManager.")
	gap(w)
	installProfile(w, h, "Apply:", "topoc.nmconnection")
	commands(w, "Remove:", "see undo-topoc.nmconnection")
	gap(w)
	remark(w, "NetworkManager ignores a profile that others than root may read: hence 0600. This one takes the place of the profile that",
		name, "has now. It sets no DNS servers, and fits an Ethernet interface only, no bond, bridge or VLAN.")
	if h.Address.IsValid() && !h.Gateway.IsValid() {
		remark(w, "It sets no IPv4 default route, since the topology has no gateway for this host.")
	}
	remark(w, "To keep the present profile, add the routes to it instead:")
	modifyProfile(w, h, "+")
	if len(multipath(ofFamily(h.Routes, fabric.IPv4))) > 0 {
		gap(w)
		remark(w, "weight joins the IPv4 routes to one range into a multipath route: NetworkManager 1.42 or later. Earlier ones ignore it",
			"in a profile and use one of the routes; their nmcli refuses it. IPv6 routes are joined without it.")
	}
	gap(w)
	cautions(w, h)
	profile(w, h, h.Routes)
}

// undoProfile is the profile without the routes, so that the host keeps its address.
func undoProfile(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": the profile of topoc.nmconnection without its routes.")
	gap(w)
	installProfile(w, h, "Apply:", "undo-topoc.nmconnection")
	gap(w)
	remark(w, "Where "+word(h.Interface)+" has another profile to return to, delete this one instead:")
	commands(w, "", "nmcli connection delete "+shellWord(profileID(h)))
	gap(w)
	remark(w, "Where the routes were added to another profile, remove them from that:")
	modifyProfile(w, h, "-")
	profile(w, h, nil)
}

func installProfile(w *cfgtext.Writer, h *fabric.Host, label, file string) {
	commands(w, label,
		"install -m 0600 "+file+" "+profileFile,
		"nmcli connection load "+profileFile,
		"nmcli connection up "+shellWord(profileID(h)))
}

// modifyProfile writes the commands that add ("+") the routes to the profile in use, or remove ("-") them. nmcli adds no
// route twice, and removes only one whose attributes are the same.
func modifyProfile(w *cfgtext.Writer, h *fabric.Host, sign string) {
	device := shellWord(h.Interface)
	commands(w, "", "profile=$(nmcli -g GENERAL.CONNECTION device show "+device+")")
	for _, r := range h.Routes {
		family, weight := "ipv6", ""
		if r.Prefix.Addr().Is4() {
			family = "ipv4"
		}
		if weighted(r) {
			weight = " weight=1"
		}
		for _, a := range r.NextHops {
			commands(w, "", fmt.Sprintf(`nmcli connection modify "$profile" %s%s.routes "%s %s%s"`, sign, family, r.Prefix, address(a), weight))
		}
	}
	commands(w, "", "nmcli device reapply "+device)
}

// profile writes the settings. There is no uuid: NetworkManager derives one from the file's path, so that the undo twin in
// its place is the same profile.
func profile(w *cfgtext.Writer, h *fabric.Host, routes []fabric.StaticRoute) {
	w.Blank()
	w.Line("[connection]")
	w.Line("id=%s", keyfileValue(profileID(h)))
	w.Line("type=ethernet")
	w.Line("interface-name=%s", keyfileValue(h.Interface))
	w.Line("# Before other profiles of the interface at boot, whose priority is 0 unless set.")
	w.Line("autoconnect-priority=1")
	w.Blank()
	w.Line("[ipv4]")
	// Without a declared address, the host may have one from DHCP.
	addresses(w, h.Address, h.Gateway, h.Address.IsValid())
	profileRoutes(w, ofFamily(routes, fabric.IPv4))
	w.Blank()
	w.Line("[ipv6]")
	// Without a declared gateway the default route comes from router advertisements, which "manual" ignores.
	addresses(w, h.Address6, h.Gateway6, h.Address6.IsValid() && h.Gateway6.IsValid())
	profileRoutes(w, ofFamily(routes, fabric.IPv6))
}

func addresses(w *cfgtext.Writer, own netip.Prefix, gateway netip.Addr, isWhole bool) {
	method := "auto"
	if isWhole {
		method = "manual"
	}
	w.Line("method=%s", method)
	if own.IsValid() {
		w.Line("address1=%s", own)
		if gateway.IsValid() {
			w.Line("gateway=%s", address(gateway))
		}
	}
}

// profileRoutes writes one entry per next hop, numbered from 1 as the format wants.
func profileRoutes(w *cfgtext.Writer, routes []fabric.StaticRoute) {
	number := 0
	byCluster(&fabric.Host{Routes: routes}, func(routes []fabric.StaticRoute) {
		remark(w, heading(routes))
		for _, r := range routes {
			for _, a := range r.NextHops {
				number++
				w.Line("route%d=%s,%s", number, r.Prefix, address(a))
				if weighted(r) {
					w.Line("route%d_options=weight=1", number)
				}
			}
		}
	})
}

// weighted reports whether the next hops of a route need a weight to become one multipath route. NetworkManager refuses a
// weight on IPv6 routes, which the kernel joins by itself.
func weighted(r fabric.StaticRoute) bool { return len(r.NextHops) > 1 && r.Prefix.Addr().Is4() }

func profileID(h *fabric.Host) string { return "topoc-" + h.Interface }

// keyfileValue returns s as a string value of a keyfile: a backslash begins an escape there, and blanks around a value are
// not part of it.
func keyfileValue(s string) string {
	text := strings.ReplaceAll(printable(s), `\`, `\\`)
	blanks := len(text) - len(strings.TrimLeft(text, " "))
	text = strings.Repeat(`\s`, blanks) + text[blanks:]
	kept := strings.TrimRight(text, " ")
	return kept + strings.Repeat(`\s`, len(text)-len(kept))
}
