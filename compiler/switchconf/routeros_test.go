package switchconf_test

import (
	"slices"
	"strings"
	"testing"
)

// routerosGrammar is from MikroTik's command reference of RouterOS 7, and from published configurations.
var routerosGrammar = grammar{dialect: "routeros", comment: "#", indent: "  ", start: "root", views: map[string][]string{
	"root": {
		"/routing/filter/rule => rule",
		"/ip/firewall/address-list => networks4",
		"/ipv6/firewall/address-list => networks6",
		"/ip/route => routes4",
		"/ipv6/route => routes6",
		"/routing/bgp/instance => instance",
		"/routing/bgp/template => template",
		"/routing/bgp/connection => connection",
	},
	"rule": {
		`remove \[find where chain="<name47>"\]`,
		`add chain="<name47>" rule="{accept|reject}"`,
		`add chain="<name47>" rule="if (dst == <prefix4>) \{ accept \}"`,
		`add chain="<name47>" rule="if (dst == <prefix6>) \{ accept \}"`,
		`add chain="<name47>" rule="if (dst in <prefix4> && dst-len {==|\<=} <0-32>) \{ accept \}"`,
		`add chain="<name47>" rule="if (dst in <prefix6> && dst-len {==|\<=} <0-128>) \{ accept \}"`,
		`add chain="<name47>" rule="if (dst in <prefix4> && dst-len >= <0-32> && dst-len \<= <0-32>) \{ accept \}"`,
		`add chain="<name47>" rule="if (dst in <prefix6> && dst-len >= <0-128> && dst-len \<= <0-128>) \{ accept \}"`,
	},
	"networks4":  {`remove \[find where list="<name63>"\]`, `add list="<name63>" address=<prefix4>`},
	"networks6":  {`remove \[find where list="<name63>"\]`, `add list="<name63>" address=<prefix6>`},
	"routes4":    routerosRoutes("new route4"),
	"routes6":    routerosRoutes("new route6"),
	"new route4": {`add comment="<name80>" dst-address=<prefix4> gateway=<name63> routing-table="<name31>"`},
	"new route6": {`add comment="<name80>" dst-address=<prefix6> gateway=<name63> routing-table="<name31>"`},
	"instance": routerosObject("new instance",
		"as=<0-4294967295> router-id=<ipv4>",
		`as=<0-4294967295> router-id=<ipv4> vrf="<name31>" routing-table="<name31>"`,
		"cluster-id=<ipv4>",
	),
	"new instance": {`add name="<name63>" as=<0-4294967295>`},
	"template":     routerosObject("new template", routerosShared...),
	"new template": {`add name="<name47>"`},
	"connection": routerosObject("new connection", append([]string{
		`instance="<name63>" local.role={ebgp|ibgp|ibgp-rr}`,
		"local.address=<ipv4>",
		"local.address=<ipv6>",
		"local.ttl=<1-255>",
		"local.ttl=<1-255> remote.ttl=<1-255>",
		"remote.address=<ipv4> remote.as=<0-4294967295>",
		"remote.address=<ipv6> remote.as=<0-4294967295>",
		`remote.address=<ipv4> remote.as=<0-4294967295> comment="<name47>"`,
		`remote.address=<ipv6> remote.as=<0-4294967295> comment="<name47>"`,
		"remote.address=<prefix4> remote.as=<0-4294967295> connect=no listen=yes",
		"remote.address=<prefix6> remote.as=<0-4294967295> connect=no listen=yes",
		`templates="<name47>"`,
		"disabled={no|yes}",
	}, routerosShared...)...),
	"new connection": {`add name="<name80>" instance="<name63>" local.role={ebgp|ibgp|ibgp-rr} disabled=yes`},
}}.ready()

// routerosObject returns the commands of a menu whose things have names; below is the view in which one is added.
func routerosObject(below string, properties ...string) []string {
	all := []string{
		`:if (\[:len \[find where name="<name80>"\]\] = 0) do=\{ => ` + below + `, }`,
		`remove \[find where name="<name80>"\]`,
	}
	for _, p := range properties {
		all = append(all, `set \[find where name="<name80>"\] `+p)
	}
	return all
}

func routerosRoutes(below string) []string {
	return []string{
		`:if (\[:len \[find where comment="<name80>"\]\] = 0) do=\{ => ` + below + `, }`,
		`remove \[find where comment="<name80>"\]`,
	}
}

var routerosShared = slices.Concat(routerosTransport(), []string{
	`input.filter="<name47>"`,
	`input.filter="<name47>" input.limit-process-routes-{ipv4|ipv6}=<tenfold>`,
	`output.filter-chain="<name47>" output.redistribute=bgp`,
	`output.network="<name63>"`,
	"output.as-override=yes",
	"output.no-early-cut=yes",
	"output.default-originate={never|if-installed|always}",
	"nexthop-choice={default|force-self|propagate}",
})

// routerosTransport returns how a session can be held: each of the properties behind afi may be there or not.
func routerosTransport() []string {
	all := []string{"afi={ip|ipv6|ip,ipv6}"}
	for _, property := range []string{" hold-time=<3-65535>s keepalive-time=<1-21845>s", " multihop=yes", " use-bfd=yes"} {
		for _, line := range all {
			all = append(all, line+property)
		}
	}
	return all
}

// routerosNames finds what RouterOS knows by name. A chain is defined by its rules.
var routerosNames = nameTable{
	"route map": {
		find(`^add chain="([^"]+)"`),
		find(` input.filter="([^"]+)"`, ` output.filter-chain="([^"]+)"`),
		find(`^remove \[find where chain="([^"]+)"\]$`),
	},
	"network list": {
		find(`^add list="(topoc-networks[^"]*)"`),
		find(` output.network="([^"]+)"`),
		find(`^remove \[find where list="(topoc-networks[^"]*)"\]$`),
	},
	"group": {
		find(`^add name="([A-Z][^"]*)"$`),
		find(` templates="([^"]+)"`),
		find(`^remove \[find where name="([A-Z][^"]*)"\]$`),
	},
	"neighbor": {
		find(`^add name="([^"]+)" instance`),
		nil,
		find(`^remove \[find where name="(topoc-[^"]*[.:][^"]*)"\]$`),
	},
	"instance": {
		find(`^add name="([^"]+)" as`),
		find(` instance="([^"]+)"`),
		find(`^remove \[find where name="(topoc(?:-[a-z]+)?)"\]$`),
	},
	"static route": {
		find(`^add comment="([^"]+)"`),
		nil,
		find(`^remove \[find where comment="([^"]+)"\]$`),
	},
}

// TestRouterOSGrammar reads every golden as a router would.
func TestRouterOSGrammar(t *testing.T) { routerosGrammar.testNames(t, routerosNames) }

// TestRouterOSOpensLast sees that a connection is enabled only when its filters are set.
func TestRouterOSOpensLast(t *testing.T) {
	topology := goldenTopology(t, "testdata/routeros-leaf-nodes.txtar")
	for _, f := range compile(t, topology) {
		filtered := map[string]bool{} // by what was set before
		for line := range strings.Lines(string(f.Data)) {
			name, rest, _ := strings.Cut(line, "] ")
			switch {
			case strings.Contains(rest, "templates=") || strings.Contains(rest, "input.filter="):
				filtered[name] = true
			case strings.Contains(rest, "disabled=no") && !filtered[name]:
				t.Errorf("%s: %q comes before filters", f.Path, line)
			}
		}
	}
}
