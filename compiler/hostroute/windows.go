package hostroute

import (
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
)

var _ = system(System{
	Name:  "windows",
	File:  "routes.ps1",
	Write: writeWindows,
	Undo:  undoWindows,
})

var _ = dnsServer(DNSServer{
	Name:  "windows",
	File:  "dns-windows.ps1",
	Write: writeWindowsDNS,
	Undo:  undoWindowsDNS,
})

// powershell runs a script of this folder, whatever the machine's policy says of scripts.
func powershell(file string) string {
	return `powershell -NoProfile -ExecutionPolicy Bypass -File .\` + file + "    # as an administrator"
}

// beginScript ends a script at its first fault, and refuses to start where it must fail.
func beginScript(w *cfgtext.Writer) {
	w.Blank()
	w.Line("#Requires -RunAsAdministrator")
	w.Line("$ErrorActionPreference = 'Stop'")
}

// writeWindows writes commands of the module NetTCPIP, as Microsoft's reference has them: nobody here has run them. New-NetRoute
// makes a route for now and for after a restart unless told otherwise. No interface is named: Find-NetRoute finds the one whose
// subnet holds the next hop.
func writeWindows(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": routes to clusters, for Windows 8.1, Windows Server 2012 R2 or later.")
	gap(w)
	commands(w, "Apply:", powershell("routes.ps1"))
	commands(w, "Check:", "Get-NetRoute -Protocol NetMgmt")
	commands(w, "Remove:", powershell("undo-routes.ps1"))
	gap(w)
	remark(w, "They stay over a restart. Applying it again sets them anew. Other static routes to one of these ranges are replaced.")
	if len(multipath(h.Routes)) > 0 {
		remark(w, "No ECMP: of routes to one range with the same metric Windows uses one, of its own choice. The others spread no load, and",
			"whether one takes over when that next hop is down is up to Windows. Where that matters, let a router on this subnet",
			"hold these routes, and be this host's gateway.")
	}
	remark(w, "A node may answer with an ICMP redirect where another node of its subnet holds the pod: that is no fault,",
		"the packet is forwarded all the same.")
	beginScript(w)
	byCluster(h, func(routes []fabric.StaticRoute) {
		w.Blank()
		remark(w, heading(routes))
		for _, r := range routes {
			removeNetRoute(w, r)
			for _, a := range r.NextHops {
				hop := psString(address(a))
				w.Line("New-NetRoute -DestinationPrefix %s -NextHop %s -InterfaceIndex (Find-NetRoute -RemoteIPAddress %s)[0].InterfaceIndex | Out-Null",
					psString(r.Prefix.String()), hop, hop)
			}
		}
	})
}

// removeNetRoute takes the routes to a prefix from both stores. NetMgmt spares those of DHCP and of routing protocols.
func removeNetRoute(w *cfgtext.Writer, r fabric.StaticRoute) {
	prefix := psString(r.Prefix.String())
	w.Line("Remove-NetRoute -DestinationPrefix %s -Protocol NetMgmt -Confirm:$false -ErrorAction SilentlyContinue", prefix)
	w.Line("Remove-NetRoute -DestinationPrefix %s -PolicyStore PersistentStore -Confirm:$false -ErrorAction SilentlyContinue", prefix)
}

func undoWindows(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": takes away the routes that routes.ps1 sets.")
	gap(w)
	commands(w, "Apply:", powershell("undo-routes.ps1"))
	gap(w)
	remark(w, "Of the routes in use, only those are removed that an administrator set (NetMgmt), whatever their next hops.")
	beginScript(w)
	byCluster(h, func(routes []fabric.StaticRoute) {
		w.Blank()
		remark(w, heading(routes))
		for _, r := range routes {
			removeNetRoute(w, r)
		}
	})
}

// writeWindowsDNS writes commands of the module DnsServer, likewise from Microsoft's reference. A forwarder that is there already
// is made anew; Add-… ends the script where the server has another zone of that name.
func writeWindowsDNS(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": forwards the names of clusters to their DNS services, for DNS Server of Windows Server 2012 R2 or later.")
	gap(w)
	commands(w, "Apply:", powershell("dns-windows.ps1"))
	commands(w, "Check:", "Get-DnsServerZone | Where-Object ZoneType -eq Forwarder")
	commands(w, "Remove:", powershell("undo-dns-windows.ps1"))
	gap(w)
	remark(w, "Applying it again sets them anew. The forwarders are this server's own; where Active Directory shall hold them, add",
		"-ReplicationScope Domain (or Forest) to each Add-DnsServerConditionalForwarderZone.")
	forwardingNeeds(w)
	multicastNames(w, h)
	beginScript(w)
	eachForward(w, h, func(f forward) {
		for _, name := range f.Names() {
			removeForwarder(w, name)
			w.Line("Add-DnsServerConditionalForwarderZone -Name %s -MasterServers %s", psString(name), psString(f.Service))
		}
	})
}

// removeForwarder takes away a conditional forwarder, and no other zone.
func removeForwarder(w *cfgtext.Writer, name string) {
	w.Enclose("if ((Get-DnsServerZone -Name "+psString(name)+" -ErrorAction SilentlyContinue).ZoneType -eq 'Forwarder') {", "}", func() {
		w.Line("Remove-DnsServerZone -Name %s -Force", psString(name))
	})
}

func undoWindowsDNS(w *cfgtext.Writer, h *fabric.Host) {
	remark(w, "Host "+word(h.Name)+": takes away the conditional forwarders that dns-windows.ps1 sets.")
	gap(w)
	commands(w, "Apply:", powershell("undo-dns-windows.ps1"))
	gap(w)
	remark(w, "A zone of that name that is no conditional forwarder stays.")
	beginScript(w)
	eachForward(w, h, func(f forward) {
		for _, name := range f.Names() {
			removeForwarder(w, name)
		}
	})
}

// psString returns s as a verbatim string of PowerShell, in which a quote is written twice. What is not printable ASCII becomes
// "?": typographic quotes would end the string too, and Windows PowerShell reads a script without a byte order mark as ANSI.
func psString(s string) string { return "'" + strings.ReplaceAll(printable(s), "'", "''") + "'" }
