package switchconf_test

import "testing"

// aoscxGrammar is from HPE's guides of AOS-CX 10.06 and later, and from templates of labs that run it.
var aoscxGrammar = grammar{dialect: "aoscx", comment: "!", leave: "exit", indent: "    ", start: "config", views: map[string][]string{
	"config": {
		"bfd",
		"ip prefix-list <name63> seq <1-4294967295> {permit|deny} <prefix4> [ge <1-32>] [le <1-32>]",
		"ipv6 prefix-list <name63> seq <1-4294967295> {permit|deny} <prefix6> [ge <1-128>] [le <1-128>]",
		"no {ip|ipv6} prefix-list <name63>",
		"route-map <name63> {permit|deny} seq <1-4294967295> => route map",
		"no route-map <name63>",
		"ip route <prefix4> <ipv4> [vrf <name32>]",
		"ipv6 route <prefix6> <ipv6> [vrf <name32>]",
		"no ip route <prefix4> <ipv4> [vrf <name32>]",
		"no ipv6 route <prefix6> <ipv6> [vrf <name32>]",
		"router bgp <1-4294967295> => bgp",
	},
	"route map": {"match {ip|ipv6} address prefix-list <name63>"},
	"bgp":       append([]string{"vrf <name32> => vrf"}, aoscxSessions...),
	"vrf":       aoscxSessions,
	"ipv4":      append([]string{"network <prefix4>", "no network <prefix4>"}, aoscxFamily...),
	"ipv6":      append([]string{"network <prefix6>", "no network <prefix6>"}, aoscxFamily...),
}}.ready()

// aoscxSessions is what the process and each VRF below it take.
var aoscxSessions = families(
	"bgp router-id <ipv4>",
	"bgp cluster-id <ipv4>",
	"no bgp cluster-id",
	"bgp bestpath as-path multipath-relax",
	"no bgp bestpath as-path multipath-relax",
	"maximum-paths <1-32>",
	"no maximum-paths",
	"neighbor <name63> peer-group",
	"no neighbor <name63> peer-group",
	"neighbor <ip> peer-group <name63>",
	"no neighbor <ip> peer-group <name63>",
	"neighbor <name63> remote-as <1-4294967295>",
	"no neighbor <ip> remote-as",
	"neighbor <name63> description <text80>",
	"neighbor <name63> update-source loopback <0-255>",
	"neighbor <name63> update-source <name31>",
	"neighbor <name63> ttl-security-hops <1-254>",
	"neighbor <name63> ebgp-multihop <1-255>",
	"neighbor <name63> timers <0-65535> <0-65535>",
	"neighbor <name63> fall-over bfd",
	"address-family ipv4 unicast => ipv4, exit-address-family",
	"address-family ipv6 unicast => ipv6, exit-address-family",
)

var aoscxFamily = []string{
	"redistribute static route-map <name63>",
	"no redistribute static",
	"neighbor <name63> activate",
	"neighbor <name63> send-community standard",
	"neighbor <name63> route-map <name63> {in|out}",
	"neighbor <name63> maximum-prefix <1-4294967295> <1-100>",
	"neighbor <name63> route-reflector-client",
	"neighbor <name63> next-hop-self",
	"neighbor <name63> default-originate",
}

// TestAOSCXGrammar reads every golden as a switch would.
func TestAOSCXGrammar(t *testing.T) { aoscxGrammar.testCisco(t) }
