package switchconf_test

import (
	"slices"
	"testing"
)

// iosxeGrammar is from Cisco's command references of IOS XE, and from running configurations of its routers and switches.
var iosxeGrammar = grammar{dialect: "iosxe", comment: "!", leave: "exit", indent: " ", start: "config", views: map[string][]string{
	"config": {
		"ip prefix-list <name63> seq <1-4294967294> {permit|deny} <prefix4> [ge <1-32>] [le <1-32>]",
		"ipv6 prefix-list <name63> seq <1-4294967294> {permit|deny} <prefix6> [ge <1-128>] [le <1-128>]",
		"no {ip|ipv6} prefix-list <name63>",
		"route-map <name63> {permit|deny} <0-65535> => route map",
		"no route-map <name63>",
		"ip route [vrf <name32>] <ipv4> <mask> <ipv4> [tag <1-4294967295>] [name <name50>]",
		"ipv6 route [vrf <name32>] <prefix6> <ipv6> [tag <1-4294967295>] [name <name50>]",
		"no ip route [vrf <name32>] <ipv4> <mask> <ipv4> [tag <1-4294967295>] [name <name50>]",
		"no ipv6 route [vrf <name32>] <prefix6> <ipv6> [tag <1-4294967295>] [name <name50>]",
		"router bgp <1-4294967295> => bgp",
	},
	"route map": {
		"match {ip|ipv6} address prefix-list <name63>",
		"match tag <0-4294967295>",
	},
	"bgp": append([]string{
		"bgp router-id <ipv4>",
		"no bgp default ipv4-unicast",
		"bgp cluster-id <ipv4>",
		"no bgp cluster-id",
		"bgp bestpath as-path multipath-relax",
		"no bgp bestpath as-path multipath-relax",
		"bgp listen limit <1-5000>",
		"no bgp listen limit",
		"address-family ipv4 => ipv4, exit-address-family",
		"address-family ipv6 => ipv6, exit-address-family",
		"address-family ipv4 vrf <name32> => ipv4 vrf, exit-address-family",
		"address-family ipv6 vrf <name32> => ipv6 vrf, exit-address-family",
	}, iosxeSessions...),
	"ipv4":     slices.Concat(iosxeNetworks4, iosxeFamily),
	"ipv6":     slices.Concat(iosxeNetworks6, iosxeFamily),
	"ipv4 vrf": slices.Concat(iosxeNetworks4, []string{"bgp router-id <ipv4>"}, iosxeSessions, iosxeFamily),
	"ipv6 vrf": slices.Concat(iosxeNetworks6, []string{"bgp router-id <ipv4>"}, iosxeSessions, iosxeFamily),
}}.ready()

var (
	iosxeNetworks4 = []string{"network <ipv4> mask <mask>", "no network <ipv4> mask <mask>"}
	iosxeNetworks6 = []string{"network <prefix6>", "no network <prefix6>"}
)

var iosxeSessions = families(
	"neighbor <name63> peer-group",
	"no neighbor <name63> peer-group",
	"neighbor <ip> peer-group <name63>",
	"no neighbor <ip>",
	"neighbor <name63> remote-as <1-4294967295>",
	"neighbor <name63> description <text80>",
	"neighbor <name63> update-source <name63>",
	"neighbor <name63> ttl-security hops <1-254>",
	"neighbor <name63> ebgp-multihop <1-255>",
	"neighbor <name63> timers <0-65535> <0-65535>",
	"neighbor <name63> fall-over bfd",
	"neighbor <name63> ha-mode graceful-restart [disable]",
	"bgp listen range <prefix> peer-group <name63>",
	"no bgp listen range <prefix> peer-group <name63>",
)

var iosxeFamily = []string{
	"redistribute static route-map <name63>",
	"no redistribute static",
	"maximum-paths [ibgp] <1-32>",
	"no maximum-paths [ibgp] <1-32>",
	"neighbor <name63> activate",
	"neighbor <name63> send-community",
	"neighbor <name63> route-map <name63> {in|out}",
	"neighbor <name63> maximum-prefix <1-2147483647> <1-100> restart <1-65535>",
	"neighbor <name63> as-override",
	"neighbor <name63> route-reflector-client",
	"neighbor <name63> next-hop-self",
	"neighbor <name63> default-originate",
}

// TestIOSXEGrammar reads every golden as a switch would.
func TestIOSXEGrammar(t *testing.T) { iosxeGrammar.testCisco(t) }
