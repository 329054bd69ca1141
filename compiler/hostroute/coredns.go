package hostroute

import (
	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dnsServer(DNSServer{
	Name:  "coredns",
	File:  "dns-coredns.conf",
	Write: writeCoreDNS,
	Undo:  undoCoreDNS,
})

const corednsFile = "/etc/coredns/topoc.conf"

// writeCoreDNS writes a server block for each cluster. CoreDNS gives a name to the block with the longest zone that it is in, so
// that the site's own block may be for the root.
func writeCoreDNS(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for CoreDNS on this host.")
	gap(w)
	commands(w, "Check:", "coredns -conf dns-coredns.conf -dns.port 10053    # until interrupted")
	commands(w, "Apply:", "install -m 0644 dns-coredns.conf "+corednsFile+" && systemctl restart coredns")
	commands(w, "Once:", "add  import "+corednsFile+"  to the Corefile, outside of all blocks")
	commands(w, "Remove:", "see undo-dns-coredns.conf")
	gap(w)
	remark(w, "Where the Corefile's own blocks name a port, or bind addresses, these must do the same.")
	forwardingNeeds(w)
	multicastNames(w, h)
	eachForward(w, h, func(f forward) {
		names := f.Names() // a comma says that the next line has more
		for _, name := range names[:len(names)-1] {
			w.Line("%s,", name)
		}
		w.Enclose(names[len(names)-1]+" {", "}", func() {
			w.Line("errors")
			w.Line("cache 30")
			w.Line("forward . %s", f.Service)
		})
	})
}

// undoCoreDNS holds nothing but comments, and so undoes the file in whose place it is put.
func undoCoreDNS(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": in the place of dns-coredns.conf this file ends its forwarding.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 undo-dns-coredns.conf "+corednsFile+" && systemctl restart coredns")
	commands(w, "or:", "delete the import line from the Corefile, then the file, then systemctl restart coredns")
}
