package hostroute

import (
	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dnsServer(DNSServer{
	Name:  "dnsmasq",
	File:  "dns-dnsmasq.conf",
	Write: writeDnsmasq,
	Undo:  undoDnsmasq,
})

const dnsmasqFile = "/etc/dnsmasq.d/topoc.conf"

func writeDnsmasq(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for dnsmasq.")
	gap(w)
	commands(w, "Check:", "dnsmasq --test -C dns-dnsmasq.conf")
	commands(w, "Apply:", "install -m 0644 dns-dnsmasq.conf "+dnsmasqFile+" && systemctl restart dnsmasq")
	commands(w, "Remove:", "rm "+dnsmasqFile+" && systemctl restart dnsmasq")
	gap(w)
	remark(w, "/etc/dnsmasq.d must be a conf-dir of dnsmasq; where NetworkManager runs it, use /etc/NetworkManager/dnsmasq.d.")
	forwardingNeeds(w)
	multicastNames(w, h)
	eachForward(w, h, func(f forward) {
		w.Line("server=/%s/%s", f.Domain, f.Service)
		remark(w, "Its answers are private addresses, which stop-dns-rebind would drop.")
		w.Line("rebind-domain-ok=/%s/", f.Domain)
		if len(f.Reverse) > 0 {
			remark(w, "Addresses to names. Ranges are cut at whole octets (IPv6: nibbles), which every release takes; others need",
				"2.87 or later, and 2.88 and 2.89 get them wrong.")
		}
		for _, p := range f.Reverse {
			w.Line("rev-server=%s,%s", p, f.Service)
		}
	})
}

// undoDnsmasq holds nothing but comments, and so undoes the file in whose place it is put.
func undoDnsmasq(w *cfgtext.Writer, h *fabric.Host) {
	endsForwarding(w, h, "dns-dnsmasq.conf")
	commands(w, "Apply:", "install -m 0644 undo-dns-dnsmasq.conf "+dnsmasqFile+" && systemctl restart dnsmasq")
	commands(w, "or:", "rm "+dnsmasqFile+" && systemctl restart dnsmasq")
}

// endsForwarding begins a file that undoes the one in whose place it is put.
func endsForwarding(w *cfgtext.Writer, h *fabric.Host, file string) {
	remark(w, "Host "+word(h.Name)+": in the place of "+file+" this file ends its forwarding; so does removing that one.")
	gap(w)
}
