package switchconf_test

import "testing"

// eosGrammar is from Arista's manual and validated designs, and from running configurations of EOS 4.21 to 4.34.
var eosGrammar = grammar{dialect: "eos", comment: "!", leave: "exit", indent: "   ", start: "config", views: map[string][]string{
	"config": {
		"ip prefix-list <name63> seq <1-65535> {permit|deny} <prefix4> [eq <1-32>] [ge <1-32>] [le <1-32>]",
		"ipv6 prefix-list <name63> => prefix list",
		"no {ip|ipv6} prefix-list <name63>",
		"route-map <name63> {permit|deny} <1-16777215> => route map",
		"no route-map <name63>",
		"ip route [vrf <name63>] <prefix4> <ipv4> [tag <0-4294967295>] [name <name63>]",
		"ipv6 route [vrf <name63>] <prefix6> <ipv6> [tag <0-4294967295>] [name <name63>]",
		"no ip route [vrf <name63>] <prefix4> <ipv4>",
		"no ipv6 route [vrf <name63>] <prefix6> <ipv6>",
		"router bgp <1-4294967295> => bgp",
	},
	"prefix list": {"seq <1-65535> {permit|deny} <prefix6> [eq <1-128>] [ge <1-128>] [le <1-128>]"},
	"route map": {
		"match {ip|ipv6} address prefix-list <name63>",
		"match tag <0-4294967295>",
		"match route-type external",
		"set {ip|ipv6} next-hop peer-address",
	},
	"bgp": append([]string{
		"no bgp default ipv4-unicast",
		"no graceful-restart",
		"no graceful-restart-helper",
		"graceful-restart-helper",
		"neighbor <name63> peer group",
		"no neighbor <name63> peer group",
		"vrf <name63> => vrf",
	}, eosSessions...),
	"vrf": eosSessions,
	"ipv4": append([]string{
		"network <prefix4>",
		"no network <prefix4>",
		"neighbor <name63> next-hop address-family ipv6 originate",
	}, eosFamily...),
	"ipv6": append([]string{
		"network <prefix6>",
		"no network <prefix6>",
	}, eosFamily...),
}}.ready()

var eosSessions = families(
	"router-id <ipv4>",
	"bgp cluster-id <ipv4>",
	"no bgp cluster-id",
	"bgp bestpath as-path multipath-relax",
	"maximum-paths <1-600> ecmp <1-600>",
	"no maximum-paths",
	"neighbor <ip> peer group <name63>",
	"neighbor interface <name63> peer-group <name63> remote-as <1-4294967295>",
	"no neighbor interface <name63>",
	"no neighbor <ip>",
	"neighbor <name63> remote-as <1-4294967295>",
	"neighbor <name63> description <text80>",
	"neighbor <name63> update-source <name63>",
	"neighbor <name63> ttl maximum-hops <0-254>",
	"neighbor <name63> ebgp-multihop <1-255>",
	"neighbor <name63> timers <0-3600> <0-3600>",
	"neighbor <name63> bfd",
	"neighbor <name63> as-path remote-as replace out",
	"neighbor <name63> route-reflector-client",
	"neighbor <name63> send-community",
	"neighbor <name63> maximum-routes <0-4294967294> warning-limit <1-100> percent",
	"neighbor <name63> idle-restart-timer <60-65535>",
	"bgp listen range <prefix> peer-group <name63> remote-as <1-4294967295>",
	"no bgp listen range <prefix> peer-group <name63>",
	"dynamic peer max <1-4294967295>",
	"no dynamic peer max",
	"address-family ipv4 => ipv4",
	"address-family ipv6 => ipv6",
)

var eosFamily = []string{
	"redistribute static route-map <name63>",
	"no redistribute static",
	"neighbor <name63> activate",
	"neighbor <name63> route-map <name63> {in|out}",
	"neighbor <name63> default-originate always",
}

// TestEOSGrammar reads every golden as a switch would.
func TestEOSGrammar(t *testing.T) { eosGrammar.testCisco(t) }
