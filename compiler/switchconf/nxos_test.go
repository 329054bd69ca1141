package switchconf_test

import "testing"

// nxosGrammar is from Cisco's command references of the Nexus 9000 series, and from running configurations of its switches.
var nxosGrammar = grammar{dialect: "nxos", comment: "!", leave: "exit", indent: "  ", start: "config", views: map[string][]string{
	"config": families(
		"feature bgp",
		"feature bfd",
		"ip prefix-list <name63> seq <1-4294967294> {permit|deny} <prefix4> [eq <1-32>] [ge <1-32>] [le <1-32>]",
		"ipv6 prefix-list <name63> seq <1-4294967294> {permit|deny} <prefix6> [eq <1-128>] [ge <1-128>] [le <1-128>]",
		"no {ip|ipv6} prefix-list <name63>",
		"route-map <name63> {permit|deny} <0-65535> => route map",
		"no route-map <name63>",
		nxosRoute4, nxosRoute6, "no "+nxosRoute4, "no "+nxosRoute6,
		"vrf context <name32> => vrf context",
		"router bgp <1-4294967295> => bgp",
	),
	"vrf context": {nxosRoute4, nxosRoute6, "no " + nxosRoute4, "no " + nxosRoute6},
	"route map": {
		"match {ip|ipv6} address prefix-list <name63>",
		"match tag <0-4294967295>",
	},
	"bgp": append([]string{
		"no graceful-restart",
		"graceful-restart",
		"template peer <name80> => session",
		"no template peer <name80>",
		"vrf <name32> => vrf",
	}, nxosInstance...),
	"vrf": nxosInstance,
	"session": {
		"inherit peer <name80>",
		"remote-as <1-4294967295>",
		"description <text80>",
		"update-source <name63>",
		"ttl-security hops <1-254>",
		"ebgp-multihop <2-255>",
		"timers <0-3600> <0-3600>",
		"bfd",
		"maximum-peers <1-1000>",
		"address-family {ipv4|ipv6} unicast => session family",
	},
	"session family": {
		"send-community",
		"route-map <name63> {in|out}",
		"maximum-prefix <1-4294967295> <1-100> restart <1-65535>",
		"disable-peer-as-check",
		"as-override",
		"route-reflector-client",
		"next-hop-self",
		"default-originate",
	},
	"ipv4": append([]string{"network <prefix4>", "no network <prefix4>"}, nxosFamily...),
	"ipv6": append([]string{"network <prefix6>", "no network <prefix6>"}, nxosFamily...),
}}.ready()

const (
	nxosRoute4 = "ip route <prefix4> <ipv4> [name <name50>] [tag <0-4294967295>]"
	nxosRoute6 = "ipv6 route <prefix6> <ipv6> [name <name50>] [tag <0-4294967295>]"
)

// nxosInstance is what the process and each VRF below it take.
var nxosInstance = families(
	"router-id <ipv4>",
	"cluster-id <ipv4>",
	"no cluster-id <ipv4>",
	"bestpath as-path multipath-relax",
	"no bestpath as-path multipath-relax",
	"address-family ipv4 unicast => ipv4",
	"address-family ipv6 unicast => ipv6",
	"neighbor <ip> => session",
	"neighbor <prefix> => session",
	"neighbor Ethernet<name20> => session",
	"no neighbor <ip>",
	"no neighbor <prefix>",
	"no neighbor Ethernet<name20>",
)

var nxosFamily = []string{
	"redistribute static route-map <name63>",
	"no redistribute static route-map <name63>",
	"maximum-paths [ibgp] <1-64>",
	"no maximum-paths [ibgp] <1-64>",
}

// TestNXOSGrammar reads every golden as a switch would.
func TestNXOSGrammar(t *testing.T) { nxosGrammar.testCisco(t) }
