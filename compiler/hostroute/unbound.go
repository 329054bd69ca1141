package hostroute

import (
	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dnsServer(DNSServer{
	Name:  "unbound",
	File:  "dns-unbound.conf",
	Write: writeUnbound,
	Undo:  undoUnbound,
})

const unboundFile = "/etc/unbound/unbound.conf.d/topoc.conf"

// writeUnbound was held against unbound 1.17.
func writeUnbound(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for unbound.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 dns-unbound.conf "+unboundFile)
	commands(w, "Check:", "unbound-checkconf")
	commands(w, "Load:", "systemctl restart unbound")
	commands(w, "Remove:", "rm "+unboundFile+" && systemctl restart unbound")
	gap(w)
	remark(w, "unbound.conf must include the files of that directory (Red Hat: /etc/unbound/conf.d).")
	forwardingNeeds(w)
	multicastNames(w, h)
	remark(w, "domain-insecure: nobody signs these zones, and the root says, signed, that there are none.",
		"private-domain: their answers are private addresses, which private-address would strip.",
		"local-zone: unbound answers for private ranges, test and home.arpa by itself; transparent makes it forward these",
		`zones all the same. ("nodefault" would do so only for the very zone that it has built in.)`)
	eachForward(w, h, func(f forward) {
		w.Block("server:", func() {
			w.Line("private-domain: %s", unboundString(f.Domain))
			for _, name := range f.Names() {
				w.Line("domain-insecure: %s", unboundString(name))
				w.Line("local-zone: %s transparent", unboundString(name+"."))
			}
		})
		for _, name := range f.Names() {
			w.Block("forward-zone:", func() {
				w.Line("name: %s", unboundString(name+"."))
				w.Line("forward-addr: %s", f.Service)
			})
		}
	})
}

// unboundString returns a DNS name that isDomain takes, in the quotes that unbound wants around strings.
func unboundString(name string) string { return `"` + name + `"` }

// undoUnbound holds nothing but comments, and so undoes the file in whose place it is put.
func undoUnbound(w *cfgtext.Writer, h *fabric.Host) {
	endsForwarding(w, h, "dns-unbound.conf")
	commands(w, "Apply:", "install -m 0644 undo-dns-unbound.conf "+unboundFile+" && systemctl restart unbound")
	commands(w, "or:", "rm "+unboundFile+" && systemctl restart unbound")
}
