package hostroute

import (
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/internal/lazyregexp"
)

var _ = system(System{
	Name:  "netplan",
	File:  "60-topoc.yaml",
	Write: writeNetplan,
	Undo:  undoNetplan,
})

const netplanFile = "/etc/netplan/60-topoc.yaml"

// singleMetric is the metric of an IPv4 route that is one of several to its range. Netplan knows no multipath routes; its
// entries become routes of their own, of which the kernel uses the one that systemd-networkd happened to add first. The
// drop-in in the comments adds the multipath route with metric 0, which then wins over these.
const singleMetric = 100

// writeNetplan was held against netplan 0.106 and systemd-networkd 252.
func writeNetplan(w *cfgtext.Writer, h *fabric.Host) {
	several := multipath(ofFamily(h.Routes, fabric.IPv4))
	netplanUsage(w, h)
	if len(several) > 0 {
		networkdDropIn(w, h, several)
	}
	if len(multipath(ofFamily(h.Routes, fabric.IPv6))) > 0 {
		gap(w)
		remark(w, "The kernel joins the IPv6 routes to one range into a multipath route by itself.")
	}
	gap(w)
	cautions(w, h)
	w.Line("network:")
	w.Line("  version: 2")
	w.Line("  ethernets:")
	w.Line("    %s:", yamlWord(h.Interface))
	w.Line("      routes:")
	byCluster(h, func(routes []fabric.StaticRoute) {
		w.Line("        # %s", heading(routes))
		for _, r := range routes {
			netplanRoute(w, r)
		}
	})
}

func netplanRoute(w *cfgtext.Writer, r fabric.StaticRoute) {
	for _, a := range r.NextHops {
		w.Line("        - to: %s", yamlWord(r.Prefix.String()))
		w.Line("          via: %s", yamlWord(address(a)))
		if len(r.NextHops) > 1 && r.Prefix.Addr().Is4() {
			w.Line("          metric: %d", singleMetric)
		}
	}
}

func netplanUsage(w *cfgtext.Writer, h *fabric.Host) {
	name := word(h.Interface)
	remark(w, "Host "+word(h.Name)+": routes to clusters, for netplan.")
	gap(w)
	commands(w, "Check:", "netplan get "+shellWord("ethernets."+strings.ReplaceAll(h.Interface, ".", `\.`)))
	commands(w, "Apply:", "install -m 0600 60-topoc.yaml "+netplanFile+" && netplan try")
	commands(w, "Remove:", "rm "+netplanFile+" && netplan apply")
	gap(w)
	remark(w, "Check must print the address, or DHCP, that another file of /etc/netplan gives to "+name+": this file only adds",
		"routes. Alone it would take the interface over without an address, and with renderer: NetworkManager the",
		"routes would then vanish without an error. Where "+name+" stands under bonds, bridges or vlans, netplan refuses this file.")
}

// networkdDropIn tells how to get the multipath routes that netplan cannot express.
func networkdDropIn(w *cfgtext.Writer, h *fabric.Host, routes []fabric.StaticRoute) {
	dir := dropInDir(h)
	gap(w)
	remark(w, "Netplan has no multipath routes: of several IPv4 routes to one range below the kernel uses only one, and not",
		"always the same. With renderer: networkd the lines that start with #| make systemd-networkd (245 or later) use",
		"all next hops; their metric 0 wins over the", strconv.Itoa(singleMetric), "below:")
	commands(w, "ECMP:", "mkdir -p "+shellWord(dir),
		"sed -n 's/^#| //p' "+netplanFile+" > "+shellWord(dir+"/60-topoc.conf"),
		"networkctl reload")
	remark(w, `With renderer: NetworkManager, write system: "networkmanager" for this host instead.`)
	for _, r := range routes {
		w.Line("#| [Route]")
		w.Line("#| Destination=%s", r.Prefix)
		for _, a := range r.NextHops {
			w.Line("#| MultiPathRoute=%s%s", address(a), atDevice(h))
		}
	}
}

// dropInDir is where systemd-networkd looks for additions to the file that netplan generates for an interface.
func dropInDir(h *fabric.Host) string {
	return "/etc/systemd/network/10-netplan-" + h.Interface + ".network.d"
}

// undoNetplan is a file of netplan's too, so that it can also be put in the place of the one it undoes.
func undoNetplan(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": in the place of 60-topoc.yaml this file takes its routes away; so does removing that one.")
	gap(w)
	commands(w, "Apply:", "install -m 0600 undo-60-topoc.yaml "+netplanFile+" && netplan apply")
	commands(w, "or:", "rm "+netplanFile+" && netplan apply")
	if len(multipath(ofFamily(h.Routes, fabric.IPv4))) > 0 {
		commands(w, "ECMP:", "rm -f "+shellWord(dropInDir(h)+"/60-topoc.conf")+" && networkctl reload")
	}
	w.Line("network:")
	w.Line("  version: 2")
}

// yamlPlain is what YAML 1.1 and 1.2 both take for a string as it stands: not a number, no Boolean, no colon.
var yamlPlain = lazyregexp.New(`^([a-z]+[0-9][a-z0-9]*|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?)$`)

// yamlWord returns s as a YAML scalar that is a string: plain where that is safe, else in double quotes, whose escapes are
// a superset of Go's but for the length of \U, which both have.
func yamlWord(s string) string {
	if yamlPlain().MatchString(s) {
		return s
	}
	return strconv.QuoteToASCII(s)
}

// linuxName is a network interface's name as far as the kernel and systemd agree that it needs no quotes.
var linuxName = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$`)

func isLinuxName(s string) bool { return linuxName().MatchString(s) }
