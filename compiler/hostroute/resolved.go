package hostroute

import (
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = dnsServer(DNSServer{
	Name:  "systemd-resolved",
	File:  "dns-systemd-resolved.conf",
	Write: writeResolved,
	Undo:  undoResolved,
})

const (
	resolvedFile = "/etc/systemd/resolved.conf.d/60-topoc.conf"
	delegateDir  = "/etc/systemd/dns-delegate.d"
)

// writeResolved writes a drop-in of resolved.conf, and as comments the delegates that do it better, which systemd knows since 258:
// resolved.conf has one list of servers for all domains, and so cannot tell the services of two clusters apart. Held against
// systemd 252; of delegates the keys are those of systemd.dns-delegate(5).
func writeResolved(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for systemd-resolved.")
	gap(w)
	delegates := taken(h)
	isDropIn := sameService(delegates)
	if isDropIn {
		commands(w, "Apply:", "install -D -m 0644 dns-systemd-resolved.conf "+resolvedFile, "systemctl restart systemd-resolved")
	} else {
		applyDelegates(w, "Apply:", len(delegates))
	}
	commands(w, "Check:", "journalctl -b -u systemd-resolved -g topoc    # prints what of it was not understood")
	if len(delegates) > 0 {
		commands(w, "", "resolvectl query "+shellWord("kubernetes.default.svc."+delegates[0].Domain))
	}
	commands(w, "Remove:", "see undo-dns-systemd-resolved.conf")
	gap(w)
	forwardingNeeds(w)
	remark(w, "resolved answers this host alone, unless DNSStubListenerExtra= of resolved.conf says more. Where it validates (DNSSEC=yes), add",
		"the domains below to /etc/dnssec-trust-anchors.d/topoc.negative, one a line: nobody signs them.")
	if isDropIn {
		remark(w, "Names that no domain of a link covers go to this service too, beside the link's own servers, and the first that finds one",
			"answers. systemd 258 or later need not ask it for others' names: use the lines that start with #1| there instead.")
		applyDelegates(w, "258:", len(delegates))
	} else {
		remark(w, "It takes systemd 258 or later: before, resolved has one list of servers for the domains of all clusters, and asks any of them.",
			"Where it is older, let dnsmasq or unbound forward on this host.")
	}
	if isDropIn && len(delegates) > 0 {
		w.Blank()
		w.Line("[Resolve]")
		w.Line("DNS=%s", delegates[0].Service)
	}
	writeDelegates(w, h, isDropIn)
}

// writeDelegates writes for each cluster its domains as of the drop-in, where that is used, and as those of a delegate.
func writeDelegates(w *cfgtext.Writer, h *fabric.Host, isDropIn bool) {
	number := 0
	eachForward(w, h, func(f forward) {
		number++
		var domains []string
		for _, name := range f.Names() {
			domains = append(domains, "Domains=~"+name) // the tilde: to route by, not to search in
		}
		if isDropIn {
			for _, line := range domains {
				w.Line("%s", line)
			}
		}
		for _, line := range append([]string{"[Delegate]", "DNS=" + f.Service}, domains...) {
			w.Line("#%d| %s", number, line)
		}
	})
}

// sameService reports whether one server answers for all.
func sameService(all []forward) bool {
	for _, f := range all {
		if f.Service != all[0].Service {
			return false
		}
	}
	return true
}

func applyDelegates(w *cfgtext.Writer, label string, count int) {
	var numbers []string
	for i := range count {
		numbers = append(numbers, strconv.Itoa(i+1))
	}
	commands(w, label, "mkdir -p "+delegateDir,
		"for n in "+strings.Join(numbers, " ")+`; do sed -n "s/^#$n| //p" dns-systemd-resolved.conf > `+delegateDir+"/topoc-$n.dns-delegate; done",
		"systemctl restart systemd-resolved")
}

// undoResolved holds nothing but comments, and so undoes the drop-in in whose place it is put.
func undoResolved(w *cfgtext.Writer, h *fabric.Host) {
	endsForwarding(w, h, "dns-systemd-resolved.conf")
	commands(w, "Apply:", "install -D -m 0644 undo-dns-systemd-resolved.conf "+resolvedFile,
		"rm -f "+delegateDir+"/topoc-*.dns-delegate", "systemctl restart systemd-resolved")
	commands(w, "or:", "rm -f "+resolvedFile+" "+delegateDir+"/topoc-*.dns-delegate && systemctl restart systemd-resolved")
}
