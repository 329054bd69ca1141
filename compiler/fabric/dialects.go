package fabric

import (
	"regexp"

	"topoc/compiler/internal/lazyregexp"
)

// The forms of interface names. An anchor at both ends is put around each.
var (
	// linuxName is any name of a Linux interface: at most 15 characters (IFNAMSIZ), no blank, no slash.
	linuxName = form(`[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}`)
	// wordAndNumbers is the form of most vendors: "Ethernet1/1", "Vlan 20", "GigabitEthernet1/0/1.100", "Ethernet1/1:4".
	wordAndNumbers = form(`[A-Za-z]+(-[A-Za-z]+)* ?[0-9]+(/[0-9]+){0,4}(:[0-9]+)?(\.[0-9]+)?`)
	// ratedNumbers is the same where a port's rate may lead: "10GE1/0/1", "25GE1/0/1:1", "Vlan-interface20".
	ratedNumbers = form(`([0-9]+GE|[A-Za-z]+(-[A-Za-z]+)*) ?[0-9]+(/[0-9]+){0,4}(:[0-9]+)?(\.[0-9]+)?`)
	// capitalized is how Comware shows them: "Vlan-interface20", "Ten-GigabitEthernet1/0/1.100", "LoopBack0".
	capitalized = form(`[A-Z][A-Za-z]*(-[A-Za-z]+)* ?[0-9]+(/[0-9]+){0,4}(:[0-9]+)?(\.[0-9]+)?`)
)

func form(names string) func() *regexp.Regexp { return lazyregexp.New(`^(?:` + names + `)$`) }

// common is what nearly every dialect can do.
const common = FeatureIPv6 | FeatureReflector | FeatureLoopbackSession | FeaturePassword | FeatureGracefulRestart |
	FeatureDefaultOriginate | FeatureStaticRoutes | FeatureDynamicPasswords | FeatureGracefulRestartOff | FeatureKeepalive |
	FeatureInternalTTLSecurity | FeatureDefaultBesideRoutes | FeatureDynamicASOverride | FeaturePeerASN

// full is what FRR and what prints its language can do.
const full = common | FeatureUnnumbered | FeatureDynamicNeighbors | FeatureVRF | FeatureBFD | FeatureTTLSecurity |
	FeatureASOverride | FeatureRelaxASPath

// dialects is every dialect of the language, sorted by name. Facts were checked when the printers were written: those of bird2, frr,
// gobgp and openbgpd with a running BIRD 2.0.12, FRR 8.4, GoBGP 3.10 and OpenBGPD 7.7, the others' with references, published
// configurations and models, as nothing runs them here; what is still doubted is in Printer.Doubts.
var dialects = []*Dialect{
	{
		Name: "aoscx", Extension: "cfg", SafePaths: 8, MaxPaths: 32, MaxName: 63, MaxVRF: 32,
		Interfaces: form(`[0-9]+/[0-9]+/[0-9]+(:[0-9]+)?(\.[0-9]+)?|(vlan|lag|loopback|tunnel) ?[0-9]+|mgmt`),
		// Doubtful: whether newer releases listen to a subnet. That it keeps the routes of a neighbor that restarts cannot be changed.
		Features: common&^FeatureDynamicPasswords&^FeatureGracefulRestartOff | FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureRelaxASPath,
	},
	{
		Name: "bird2", Extension: "conf", SafePaths: 64, MaxPaths: 255, MaxName: 64, MaxVRF: 15, Interfaces: linuxName,
		// Not unnumbered: the neighbor's link-local address would have to be known. ECMP is made by the kernel protocol,
		// which asks for equal lengths of AS paths only.
		Features: full &^ FeatureUnnumbered,
	},
	{
		// balance takes 1 to 8 everywhere; more only after max-ecmp-num and a reboot, on platforms that have it.
		Name: "comware", Extension: "cfg", SafePaths: 8, MaxPaths: 64, MaxName: 47, MaxVRF: 31, Interfaces: capitalized,
		Features: common | FeatureDynamicNeighbors | FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureASOverride |
			FeatureRelaxASPath,
	},
	{
		// Paths: what the command line takes; platforms take 64 to 512. Add-path: receiving is on unless switched off.
		Name: "eos", Extension: "cfg", SafePaths: 64, MaxPaths: 600, AddPath: true, MaxName: 63, MaxVRF: 100,
		MaxHold: 3600, Interfaces: wordAndNumbers, Features: full,
	},
	{
		// Paths: the limit is set when FRR is built, 256 in distributions. Names: of a prefix list; a VRF is a Linux interface.
		Name: "frr", Extension: "conf", SafePaths: 64, MaxPaths: 256, AddPath: true, MaxName: 127, MaxVRF: 15,
		Interfaces: linuxName, Features: full,
	},
	{
		// Its VRFs are L3VPN's; static routes and the forwarding table are somebody else's. Not unnumbered: policies are for neighbors by
		// their addresses. Passwords of dynamic neighbors, and AS override in peer groups, came with version 4. It withholds paths that
		// hold the neighbor's AS number.
		Name: "gobgp", Extension: "toml", SafePaths: 64, MaxPaths: 64, MaxName: 255, Interfaces: linuxName,
		Features: common&^FeatureStaticRoutes&^FeatureDefaultOriginate&^FeatureDefaultBesideRoutes&^FeatureDynamicPasswords&^
			FeatureDynamicASOverride&^FeaturePeerASN | FeatureDynamicNeighbors | FeatureTTLSecurity | FeatureASOverride | FeatureRelaxASPath,
	},
	{
		// Relaxing is a hidden command. Doubtful: names longer than 63.
		Name: "iosxe", Extension: "cfg", SafePaths: 16, MaxPaths: 32, MaxName: 63, MaxVRF: 32,
		Interfaces: ratedNumbers, Features: full &^ FeatureUnnumbered,
	},
	{
		// TTL security is of neighbors one hop away only. Paths: platforms take 32 to 1024.
		Name: "iosxr", Extension: "cfg", SafePaths: 32, MaxPaths: 128, MaxName: 63, MaxVRF: 32, MaxTTLHops: 1,
		Interfaces: form(`[A-Za-z]+(-[A-Za-z]+)* ?[0-9]+(/(RP|RSP|CPU)?[0-9]+){0,4}(\.[0-9]+)?`),
		Features:   full &^ FeatureUnnumbered,
	},
	{
		// TTL security would take a firewall filter. A default route is made for no session: a static one might displace what the
		// switch has. Doubtful: unnumbered peers, which newer releases discover; passwords for the neighbors of a subnet.
		Name: "junos", Extension: "set", SafePaths: 16, MaxPaths: 128, MaxName: 63, MaxVRF: 63,
		Interfaces: form(`[a-z]+-[0-9]+/[0-9]+/[0-9]+(:[0-9]+)?(\.[0-9]+)?|(irb|ae|lo|vlan|em|fxp|me|reth|st|vme)[0-9]*(\.[0-9]+)?`),
		Features:   full &^ FeatureUnnumbered &^ FeatureTTLSecurity &^ FeatureDefaultOriginate &^ FeatureKeepalive,
	},
	{
		// Words are those of releases that write enable: on. Doubtful: hyphens in names of groups, which its printer sees to.
		Name: "nvue", Extension: "yaml", SafePaths: 64, MaxPaths: 128, AddPath: true, MaxName: 63, MaxVRF: 15, Interfaces: linuxName,
		Features: full,
	},
	{
		Name: "nxos", Extension: "cfg", SafePaths: 32, MaxPaths: 64, MaxName: 63, MaxVRF: 32, MaxHold: 3600,
		Interfaces: wordAndNumbers, Features: full,
	},
	{
		// No multipath, no static routes of its own. Routing domains have numbers, no names. as-override changes what is received from
		// a neighbor, so that everybody else sees another path, instead of what is sent to it.
		Name: "openbgpd", Extension: "conf", SafePaths: 1, MaxPaths: 1, MaxName: 31, Interfaces: form(`[a-z]+[0-9]+`),
		Features: common&^FeatureStaticRoutes&^FeatureKeepalive&^FeatureInternalTTLSecurity&^FeatureDefaultBesideRoutes&^
			FeatureDynamicPasswords&^FeatureDynamicASOverride | FeatureDynamicNeighbors | FeatureTTLSecurity,
	},
	{
		// Templates have names of at most 16, which its printer sees to. A password for a subnet's neighbors is refused.
		Name: "os10", Extension: "cfg", SafePaths: 64, MaxPaths: 64, MaxName: 140, MaxVRF: 32,
		Interfaces: form(`ethernet ?[0-9]+/[0-9]+/[0-9]+(:[0-9]+)?(\.[0-9]+)?|(vlan|port-channel|loopback|virtual-network) ?[0-9]+|mgmt ?1/1/1`),
		Features:   full &^ FeatureTTLSecurity &^ FeatureASOverride &^ FeatureDynamicPasswords,
	},
	{
		// Multipath came with 7.22. Graceful restart cannot be set. Doubtful: passwords for a subnet.
		Name: "routeros", Extension: "rsc", SafePaths: 1, MaxPaths: 1, MaxName: 47, MaxVRF: 31,
		Interfaces: form(`[A-Za-z0-9][A-Za-z0-9_./:+@-]*`),
		Features: common&^FeatureGracefulRestart&^FeatureGracefulRestartOff&^FeatureDynamicPasswords | FeatureDynamicNeighbors |
			FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureASOverride,
	},
	{
		// FRR's limits. Names of interfaces are the kernel's: no session runs over an alias such as Eth1/1.
		Name: "sonic", Extension: "json", SafePaths: 64, MaxPaths: 256, AddPath: true, MaxName: 127, MaxVRF: 15, VRFPrefix: "Vrf",
		Interfaces: form(`(Ethernet|PortChannel|Vlan|Loopback)[0-9]+(\.[0-9]+)?|(Eth|Po)[0-9]+\.[0-9]+|eth0`), Features: full,
	},
	{
		// Its models of 25.3 have no TTL security.
		Name: "srlinux", Extension: "json", SafePaths: 64, MaxPaths: 256, MaxName: 63, MaxVRF: 63,
		Interfaces: form(`(ethernet-[0-9]+/[0-9]+(/[0-9]+)?|(lag|irb|lo|system|mgmt)[0-9]+)(\.[0-9]+)?`),
		Features:   full &^ FeatureTTLSecurity,
	},
	{
		// Doubtful: AS override outside VPN instances, which older releases lack.
		Name: "vrp", Extension: "cfg", SafePaths: 16, MaxPaths: 128, MaxName: 47, MaxVRF: 31, ListensIP4: true,
		Interfaces: ratedNumbers,
		Features: common | FeatureDynamicNeighbors | FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureASOverride |
			FeatureRelaxASPath,
	},
	{
		// Its limit of prefixes has neither a warning nor a restart. Listening takes one AS number for a group.
		Name: "vyos", Extension: "set", SafePaths: 64, MaxPaths: 256, AddPath: true, MaxName: 47, MaxVRF: 15, Interfaces: linuxName,
		Features: full,
	},
}
