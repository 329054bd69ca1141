package fabric

import "regexp"

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

func form(names string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + names + `)$`) }

// common is what nearly every dialect can do.
const common = FeatureIPv6 | FeatureReflector | FeatureLoopbackSession | FeaturePassword | FeatureGracefulRestart |
	FeatureDefaultOriginate | FeatureStaticRoutes | FeatureKeepalive | FeatureInternalTTLSecurity | FeatureDefaultBesideRoutes |
	FeatureDynamicPassword | FeatureDynamicASOverride

// full is what FRR and what prints its language can do.
const full = common | FeatureUnnumbered | FeatureDynamicNeighbors | FeatureVRF | FeatureBFD | FeatureTTLSecurity |
	FeatureASOverride | FeatureRelaxASPath

// dialects is every dialect of the language, sorted by name. Facts about those that are Written were checked against a
// running BIRD 2.0.12, FRR 8.4, GoBGP 3.10 and OpenBGPD 7.7, and the Comware 7 command references; facts about the others are from grammars and manuals, the doubtful
// ones say so, and each is to be proved when its printer is written.
var dialects = []*Dialect{
	{
		Name: "aoscx", Extension: "cfg", SafePaths: 8, MaxPaths: 32, MaxName: 63, MaxVRF: 32,
		Interfaces: form(`[0-9]+/[0-9]+/[0-9]+(:[0-9]+)?(\.[0-9]+)?|(vlan|lag|loopback|tunnel) ?[0-9]+|mgmt`),
		// Doubtful: whether newer releases listen to a subnet.
		Features: common | FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureRelaxASPath,
	},
	{
		Name: "bird2", Extension: "conf", Written: true, SafePaths: 64, MaxPaths: 255, MaxName: 64, MaxVRF: 15, Interfaces: linuxName,
		// Not unnumbered: the neighbor's link-local address would have to be known. ECMP is made by the kernel protocol,
		// which asks for equal lengths of AS paths only.
		Features: full &^ FeatureUnnumbered,
	},
	{
		// balance takes 1 to 8 everywhere; more only after max-ecmp-num and a reboot, on platforms that have it.
		Name: "comware", Extension: "cfg", Written: true, SafePaths: 8, MaxPaths: 64, MaxName: 47, MaxVRF: 31, Interfaces: capitalized,
		Features: common | FeatureDynamicNeighbors | FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureASOverride |
			FeatureRelaxASPath,
	},
	{
		// Add-path: receiving is on unless switched off (doubtful: from configurations that switch it off).
		Name: "eos", Extension: "cfg", SafePaths: 64, MaxPaths: 128, AddPath: true, MaxName: 63, MaxVRF: 100, Interfaces: wordAndNumbers,
		Features: full | FeatureDynamicASNumbers,
	},
	{
		// Paths: the limit is set when FRR is built, 256 in distributions. Names: of a prefix list; a VRF is a Linux interface.
		Name: "frr", Extension: "conf", Written: true, SafePaths: 64, MaxPaths: 256, AddPath: true, MaxName: 127, MaxVRF: 15,
		Interfaces: linuxName, Features: full,
	},
	{
		// Its VRFs are L3VPN's; static routes and the forwarding table are somebody else's. Not unnumbered: policies are for neighbors by
		// their addresses. Passwords of dynamic neighbors, and AS override in peer groups, came with version 4.
		Name: "gobgp", Extension: "toml", Written: true, SafePaths: 64, MaxPaths: 64, MaxName: 255, Interfaces: linuxName,
		Features: common&^FeatureStaticRoutes&^FeatureDefaultOriginate&^FeatureDefaultBesideRoutes&^FeatureDynamicPassword&^
			FeatureDynamicASOverride | FeatureDynamicNeighbors | FeatureTTLSecurity | FeatureASOverride | FeatureRelaxASPath,
	},
	{
		// Relaxing is a hidden command. Doubtful: names longer than 63.
		Name: "iosxe", Extension: "cfg", SafePaths: 16, MaxPaths: 32, MaxName: 63, MaxVRF: 32, Interfaces: ratedNumbers,
		Features: full&^FeatureUnnumbered | FeatureDynamicASNumbers,
	},
	{
		Name: "iosxr", Extension: "cfg", SafePaths: 32, MaxPaths: 128, MaxName: 64, MaxVRF: 32,
		Interfaces: form(`[A-Za-z]+(-[A-Za-z]+)* ?[0-9]+(/(RP|RSP|CPU)?[0-9]+){0,4}(\.[0-9]+)?`),
		Features:   full&^FeatureUnnumbered | FeatureDynamicASNumbers,
	},
	{
		// TTL security would take a firewall filter. Doubtful: unnumbered peers, which newer releases discover.
		Name: "junos", Extension: "set", SafePaths: 16, MaxPaths: 128, MaxName: 64, MaxVRF: 128,
		Interfaces: form(`[a-z]+-[0-9]+/[0-9]+/[0-9]+(:[0-9]+)?(\.[0-9]+)?|(irb|ae|lo|vlan|em|fxp|me|reth|st|vme)[0-9]*(\.[0-9]+)?`),
		Features:   full&^FeatureUnnumbered&^FeatureTTLSecurity | FeatureDynamicASNumbers,
	},
	{
		Name: "nvue", Extension: "yaml", SafePaths: 64, MaxPaths: 128, AddPath: true, MaxName: 63, MaxVRF: 15, Interfaces: linuxName,
		Features: full,
	},
	{
		Name: "nxos", Extension: "cfg", SafePaths: 32, MaxPaths: 64, MaxName: 63, MaxVRF: 32, Interfaces: wordAndNumbers,
		Features: full | FeatureDynamicASNumbers,
	},
	{
		// No multipath, no static routes of its own. Routing domains have numbers, no names. as-override changes what is received from
		// a neighbor, so that everybody else sees another path, instead of what is sent to it.
		Name: "openbgpd", Extension: "conf", Written: true, SafePaths: 1, MaxPaths: 1, MaxName: 31, Interfaces: form(`[a-z]+[0-9]+`),
		Features: common&^FeatureStaticRoutes&^FeatureKeepalive&^FeatureInternalTTLSecurity&^FeatureDefaultBesideRoutes&^
			FeatureDynamicPassword&^FeatureDynamicASOverride | FeatureDynamicNeighbors | FeatureTTLSecurity,
	},
	{
		// Doubtful: BFD, and names of templates longer than 16.
		Name: "os10", Extension: "cfg", SafePaths: 64, MaxPaths: 64, MaxName: 31, MaxVRF: 32,
		Interfaces: form(`ethernet ?[0-9]+/[0-9]+/[0-9]+(:[0-9]+)?(\.[0-9]+)?|(vlan|port-channel|loopback|virtual-network) ?[0-9]+|mgmt ?1/1/1`),
		Features:   full &^ FeatureTTLSecurity &^ FeatureASOverride,
	},
	{
		// No multipath that can be relied on over its releases. Doubtful: graceful restart.
		Name: "routeros", Extension: "rsc", SafePaths: 1, MaxPaths: 1, MaxName: 63, MaxVRF: 63,
		Interfaces: form(`[A-Za-z0-9][A-Za-z0-9_./:+@-]*`),
		Features: common&^FeatureGracefulRestart | FeatureDynamicNeighbors | FeatureDynamicASNumbers | FeatureVRF | FeatureBFD |
			FeatureTTLSecurity | FeatureASOverride,
	},
	{
		Name: "sonic", Extension: "json", SafePaths: 64, MaxPaths: 256, AddPath: true, MaxName: 63, MaxVRF: 15,
		Interfaces: form(`(Ethernet|PortChannel|Vlan|Loopback|Po|Eth|Lo)[0-9]+(/[0-9]+){0,2}(\.[0-9]+)?|eth0`), Features: full,
	},
	{
		// Doubtful: TTL security, which its models of 25.3 lack.
		Name: "srlinux", Extension: "json", SafePaths: 64, MaxPaths: 256, MaxName: 255, MaxVRF: 255,
		Interfaces: form(`(ethernet-[0-9]+/[0-9]+(/[0-9]+)?|(lag|irb|lo|system|mgmt)[0-9]+)(\.[0-9]+)?`),
		Features:   full&^FeatureTTLSecurity | FeatureDynamicASNumbers,
	},
	{
		Name: "vrp", Extension: "cfg", SafePaths: 16, MaxPaths: 128, MaxName: 47, MaxVRF: 31, Interfaces: ratedNumbers,
		Features: common | FeatureDynamicNeighbors | FeatureVRF | FeatureBFD | FeatureTTLSecurity | FeatureASOverride |
			FeatureRelaxASPath,
	},
	{
		Name: "vyos", Extension: "set", SafePaths: 64, MaxPaths: 256, AddPath: true, MaxName: 63, MaxVRF: 15, Interfaces: linuxName,
		Features: full,
	},
}
