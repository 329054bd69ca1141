package hostroute

import (
	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dnsServer(DNSServer{
	Name:  "bind",
	File:  "dns-bind.conf",
	Write: writeBIND,
	Undo:  undoBIND,
})

const (
	bindZones   = "/etc/bind/topoc.conf"
	bindOptions = "/etc/bind/topoc.options"
)

// writeBIND writes zones, and as comments what must stand among the options: named takes one options statement, which an included
// file cannot add to, but a file can be included inside it. Held against BIND 9.18, where a forward zone wins over the empty zones
// that named makes for private ranges.
func writeBIND(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for BIND.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 dns-bind.conf "+bindZones,
		"sed -n 's/^#| //p' dns-bind.conf > "+bindOptions)
	commands(w, "Once:", `add  include "`+bindZones+`";    to named.conf, outside of options; where there are views, in one`,
		`add  include "`+bindOptions+`"; to its options, between the braces`)
	commands(w, "Check:", "named-checkconf")
	commands(w, "Load:", "rndc reconfig")
	commands(w, "Remove:", "see undo-dns-bind.conf")
	gap(w)
	remark(w, "On Red Hat the directory is /etc/named.")
	forwardingNeeds(w)
	multicastNames(w, h)
	bindValidation(w, h)
	eachForward(w, h, func(f forward) {
		for _, name := range f.Names() {
			w.Line("zone %s { type forward; forward only; forwarders { %s; }; };", bindString(name), f.Service)
		}
	})
}

// bindValidation writes the list of zones that named is not to validate: dnssec-validation is on unless turned off. It can stand
// only once, and only among the options.
func bindValidation(w *cfgtext.Writer, h *fabric.Host) {
	if len(taken(h)) == 0 {
		return
	}
	gap(w)
	remark(w, "Nobody signs these zones, and the root says, signed, that there are none: a named that validates, as it does unless",
		"dnssec-validation is no, answers SERVFAIL for them without these options. Where the options have a validate-except",
		"already, add the names to that, and leave this one out:")
	w.Line("#| validate-except {")
	for _, f := range taken(h) {
		for _, name := range f.Names() {
			w.Line("#|   %s;", bindString(name))
		}
	}
	w.Line("#| };")
}

// bindString returns a DNS name that isDomain takes, as a string of named.conf.
func bindString(name string) string { return `"` + name + `"` }

// undoBIND holds nothing but comments, and so undoes the files in whose place it is put: both stay included.
func undoBIND(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": in the place of both files that dns-bind.conf made, this one ends its forwarding.")
	gap(w)
	commands(w, "Apply:", "install -m 0644 undo-dns-bind.conf "+bindZones,
		"install -m 0644 undo-dns-bind.conf "+bindOptions,
		"named-checkconf && rndc reconfig")
	commands(w, "or:", "delete both include lines, then both files, then rndc reconfig")
}
