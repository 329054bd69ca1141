package switchconf_test

import (
	"slices"
	"testing"
)

// os10Grammar is from Dell's user guides of OS10 10.5 and from its Ansible roles.
var os10Grammar = grammar{dialect: "os10", comment: "!", leave: "exit", indent: " ", start: "config", views: map[string][]string{
	"config": families(
		"bfd enable",
		"ip prefix-list <name140> seq <1-65535> {permit|deny} <prefix4> [ge <1-32>] [le <1-32>]",
		"ipv6 prefix-list <name140> seq <1-65535> {permit|deny} <prefix6> [ge <1-128>] [le <1-128>]",
		"no {ip|ipv6} prefix-list <name140>",
		"route-map <name140> {permit|deny} <1-65535> => route map",
		"no route-map <name140>",
		"ip route [vrf <name32>] <prefix4> <ipv4>",
		"ipv6 route [vrf <name32>] <prefix6> <ipv6>",
		"no ip route [vrf <name32>] <prefix4> <ipv4>",
		"no ipv6 route [vrf <name32>] <prefix6> <ipv6>",
		"router bgp <1-4294967295> => bgp",
	),
	"route map": {"match {ip|ipv6} address prefix-list <name140>"},
	"bgp":       append([]string{"vrf <name32> => vrf"}, os10Instance...),
	"vrf":       os10Instance,
	"template": slices.Concat(os10Session, families(
		"remote-as <1-4294967295>",
		"listen <prefix> limit <1-4294967295>",
		"link-local-only-nexthop",
	)),
	"neighbor": slices.Concat(os10Session, []string{
		"remote-as <1-4294967295>",
		`description "<text78>`,
		"inherit template <name16> [inherit-type {ebgp|ibgp}]",
		"no shutdown",
	}),
	"session family": {
		"activate",
		"no activate",
		"route-map <name140> {in|out}",
		"maximum-prefix <1-4294967295> <1-100>",
		"no sender-side-loop-detection",
		"next-hop-self",
		"default-originate",
	},
	"ipv4": append([]string{"network <prefix4>", "no network <prefix4>"}, os10Family...),
	"ipv6": append([]string{"network <prefix6>", "no network <prefix6>"}, os10Family...),
}}.ready()

// os10Instance is what the process and each VRF below it take.
var os10Instance = families(
	"router-id <ipv4>",
	"graceful-restart role receiver-only",
	"no graceful-restart role receiver-only",
	"cluster-id <ipv4>",
	"no cluster-id <ipv4>",
	"bestpath as-path multipath-relax",
	"no bestpath as-path multipath-relax",
	"maximum-paths {ebgp|ibgp} <1-64>",
	"no maximum-paths {ebgp|ibgp} <1-64>",
	"address-family ipv4 unicast => ipv4",
	"address-family ipv6 unicast => ipv6",
	"template <name16> => template",
	"no template <name16>",
	"neighbor <ip> => neighbor",
	"no neighbor <ip>",
	"neighbor interface <name31> => neighbor",
	"no neighbor interface <name31>",
)

// os10Session is what a template and a neighbor can both say.
var os10Session = []string{
	"update-source <name31>",
	"ebgp-multihop <1-255>",
	"timers <1-65535> <3-65535>",
	"bfd",
	"route-reflector-client",
	"send-community standard",
	"address-family {ipv4|ipv6} unicast => session family",
}

var os10Family = []string{
	"redistribute static route-map <name140>",
	"no redistribute static route-map <name140>",
}

// TestOS10Grammar reads every golden as a switch would.
func TestOS10Grammar(t *testing.T) { os10Grammar.testCisco(t) }
