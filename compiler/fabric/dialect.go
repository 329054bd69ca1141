package fabric

import (
	"math/bits"
	"regexp"
	"strings"
)

// Dialect is what a switch's configuration language can express, as data: it is checked before anything is printed. Shared;
// do not modify.
type Dialect struct {
	Name       string
	Extension  string                // of the snippet's file name, without the dot; SONiC's further file is its printer's matter
	SafePaths  int                   // equal-cost paths that every platform of the dialect takes; 1: it has no BGP multipath
	MaxPaths   int                   // that some platform of it takes
	AddPath    bool                  // its speakers accept add-path by default, so that a reflector sends them every path
	Features   Feature               // what it can do
	MaxName    int                   // longest name of a group, list or policy: the shortest limit of the three
	MaxVRF     int                   // longest name of a VRF; 0: it has none
	ListensIP4 bool                  // dynamic neighbors have IPv4 addresses only
	VRFPrefix  string                // what the name of every VRF begins with
	MaxHold    int                   // longest hold time in seconds; 0: what the protocol has
	MaxTTLHops int                   // farthest neighbor that TTL security takes, in hops; 0: what the protocol has
	Interfaces func() *regexp.Regexp // the form of its interface names, anchored; lenient where platforms differ
}

// Has reports whether the dialect can do all of want.
func (d *Dialect) Has(want Feature) bool { return d.Features&want == want }

// Lacks returns what the dialect cannot do.
func (d *Dialect) Lacks() Feature { return (endOfFeatures - 1) &^ d.Features }

// DialectByName returns the dialect of that name, or nil.
func DialectByName(name string) *Dialect {
	return find(dialects, name, func(d *Dialect) string { return d.Name })
}

// DialectNames returns the names of all dialects, sorted.
func DialectNames() []string { return dialectsWhere(func(*Dialect) bool { return true }) }

// dialectsWhere returns the names of the dialects that fit, sorted.
func dialectsWhere(fits func(*Dialect) bool) []string {
	var all []string
	for _, d := range dialects {
		if fits(d) {
			all = append(all, d.Name)
		}
	}
	return all
}

// Feature is a set of abilities. Abilities that every dialect has (static neighbors, prefix lists, communities, next hop
// self) are not among them.
type Feature uint32

const (
	// FeatureUnnumbered is BGP over the link-local addresses of a link, named by its interface (RFC 8950 for IPv4): links
	// without addresses need it.
	FeatureUnnumbered Feature = 1 << iota
	// FeatureDynamicNeighbors is sessions that any address of a subnet may open: bgp.dynamicNeighbors, and racks whose list of
	// nodes is incomplete, need it.
	FeatureDynamicNeighbors
	// FeatureDynamicASNumbers is such a subnet whose speakers are of several AS numbers: racks whose nodes have AS numbers of
	// their own need it, where FeatureDynamicNeighbors is needed too.
	FeatureDynamicASNumbers
	// FeatureVRF is BGP and static routes in a VRF: the vrf of a switch, an interface or a link end needs it.
	FeatureVRF
	// FeatureBFD is BFD for a session (RFC 5882): bgp.bfd needs it.
	FeatureBFD
	// FeatureTTLSecurity is GTSM (RFC 5082): ttlSecurity of a rack needs it.
	FeatureTTLSecurity
	// FeatureASOverride is putting the switch's own AS in the place of the neighbor's: asOverride of a rack needs it.
	FeatureASOverride
	// FeatureReflector is route reflection (RFC 4456): a switch in its nodes' own AS needs it.
	FeatureReflector
	// FeatureRelaxASPath is multipath over AS paths of one length that differ. No field asks for it: without it a switch above
	// racks of several AS numbers uses one path only.
	FeatureRelaxASPath
	// FeatureIPv6 is the IPv6 unicast family: address6 of interfaces and link ends needs it.
	FeatureIPv6
	// FeatureGracefulRestart is RFC 4724: bgp.gracefulRestart needs it where it is written.
	FeatureGracefulRestart
	// FeatureDefaultOriginate is a default route made for a session: bgp.defaultOriginate needs it.
	FeatureDefaultOriginate
	// FeatureLoopbackSession is a session from a chosen source address over more than one hop: session: "loopback" of a rack
	// needs it.
	FeatureLoopbackSession
	// FeaturePassword is TCP MD5 (RFC 2385): password of a rack or of bgp needs it.
	FeaturePassword
	// FeatureStaticRoutes is static routes, and passing them on by their tag: staticRoutes needs it.
	FeatureStaticRoutes
	// FeatureDynamicPasswords is TCP MD5 for the sessions of a subnet: password of a rack needs it where FeatureDynamicNeighbors
	// is needed too.
	FeatureDynamicPasswords
	// FeatureGracefulRestartOff is doing without RFC 4724: bgp.gracefulRestart needs it where false is written.
	FeatureGracefulRestartOff
	// FeatureKeepalive is a keepalive interval that isn't a third of the hold time: bgp.keepalive needs it where bgp.hold says
	// otherwise.
	FeatureKeepalive
	// FeatureInternalTTLSecurity is FeatureTTLSecurity within one AS: ttlSecurity of a rack needs it below a switch in the nodes' AS.
	FeatureInternalTTLSecurity
	// FeatureDefaultBesideRoutes is FeatureDefaultOriginate for a session that carries other routes too: bgp.defaultOriginate needs
	// it unless toNodes is "default".
	FeatureDefaultBesideRoutes
	// FeatureDynamicASOverride is FeatureASOverride for dynamic neighbors: asOverride of a rack needs it where FeatureDynamicNeighbors
	// is needed too.
	FeatureDynamicASOverride
	// FeaturePeerASN is sending a neighbor paths that hold its own AS number, by default or by an option: numAllowedLocalASNumbers of a
	// rack needs it.
	FeaturePeerASN

	endOfFeatures
)

// features are the words of findings, in the order of the constants: "frr has no BFD".
var features = [...]string{
	"sessions over links without addresses",
	"dynamic neighbors",
	"dynamic neighbors of several AS numbers in one subnet",
	"VRFs",
	"BFD for BGP",
	"TTL security",
	"AS override",
	"route reflection",
	"multipath over AS paths that differ",
	"IPv6",
	"graceful restart",
	"default routes made for a session",
	"sessions with its loopback",
	"passwords for BGP",
	"static routes",
	"passwords for dynamic neighbors",
	"graceful restart that can be switched off",
	"keepalive intervals other than a third of the hold time",
	"TTL security within one AS",
	"default routes made for a session that carries others too",
	"AS override for dynamic neighbors",
	"way to send a neighbor paths with its own AS number",
}

// String names the abilities, as a finding does: "VRFs, IPv6".
func (f Feature) String() string { return strings.Join(f.Words(), ", ") }

// Words returns the name of each of the abilities.
func (f Feature) Words() []string {
	all := []string{}
	for rest := f & (endOfFeatures - 1); rest != 0; rest &= rest - 1 {
		all = append(all, features[bits.TrailingZeros32(uint32(rest))])
	}
	return all
}
