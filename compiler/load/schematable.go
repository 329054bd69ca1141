// Code generated from schema/*.cue by TestTableIsTheSchema. DO NOT EDIT.

package load

// schemaRows are the types of the schema.
var schemaRows = [...]schemaRow{
	{}, // none
	{name: "#ASNumber", form: scalarForm, scalar: 1}, // 1
	{name: "#AddCommunity", form: structForm, fields: []schemaRowField{
		{"value", true, 3},
	}}, // 2
	{name: "#Community", form: scalarForm, scalar: 2}, // 3
	{name: "#Address", form: scalarForm, scalar: 3},   // 4
	{name: "#Address6", form: scalarForm, scalar: 4},  // 5
	{name: "#Advertise", form: structForm, fields: []schemaRowField{
		{"serviceClusterIPs", false, 7}, {"serviceExternalIPs", false, 9}, {"serviceLoadBalancerIPs", false, 9},
		{"serviceLoadBalancerAggregation", false, 7}, {"prefixes", false, 13}, {"communities", false, 14},
	}}, // 6
	{form: scalarForm, scalar: 5},                // 7
	{name: "#CIDR", form: scalarForm, scalar: 6}, // 8
	{form: listForm, elem: 8},                    // 9
	{name: "#PrefixAdvertisement", form: structForm, fields: []schemaRowField{
		{"cidr", true, 8}, {"communities", false, 12},
	}}, // 10
	{name: "#CommunityRef", form: scalarForm, scalar: 7}, // 11
	{form: listForm, elem: 11},                           // 12
	{form: listForm, elem: 10},                           // 13
	{form: mapForm, label: 8, elem: 3},                   // 14
	{name: "#CIDR6", form: scalarForm, scalar: 9},        // 15
	{name: "#Calico", form: structForm, fields: []schemaRowField{
		{"version", false, 17}, {"api", false, 18}, {"install", false, 18},
		{"mtu", false, 19},
	}}, // 16
	{name: "#Version", form: scalarForm, scalar: 10}, // 17
	{form: scalarForm, scalar: 11},                   // 18
	{form: scalarForm, scalar: 12},                   // 19
	{name: "#Capacity", form: structForm, fields: []schemaRowField{
		{"nodes", false, 21}, {"podsPerNode", false, 22},
	}}, // 20
	{form: scalarForm, scalar: 13}, // 21
	{form: scalarForm, scalar: 14}, // 22
	{name: "#Cluster", form: structForm, fields: []schemaRowField{
		{"asNumber", false, 1}, {"podCIDRs", false, 9}, {"ipPools", false, 28},
		{"serviceCIDRs", false, 9}, {"advertise", false, 6}, {"nodes", false, 39},
		{"racks", false, 46}, {"routeReflectors", false, 48}, {"peers", false, 51},
		{"filters", false, 66}, {"bgp", false, 67}, {"calico", false, 16},
		{"dns", false, 69}, {"capacity", false, 20}, {"isolated", false, 7},
	}}, // 23
	{name: "#IPPool", form: structForm, fields: []schemaRowField{
		{"cidr", true, 8}, {"blockSize", false, 25}, {"encapsulation", false, 18},
		{"natOutgoing", false, 7}, {"nodeSelector", false, 26}, {"rack", false, 18},
		{"disabled", false, 7}, {"disableBGPExport", false, 7}, {"allowedUses", false, 27},
		{"assignmentMode", false, 18},
	}}, // 24
	{form: scalarForm, scalar: 16},                    // 25
	{name: "#Selector", form: scalarForm, scalar: 17}, // 26
	{form: listForm, elem: 18},                        // 27
	{form: mapForm, label: 15, elem: 24},              // 28
	{name: "#Node", form: structForm, fields: []schemaRowField{
		{"address", false, 4}, {"address6", false, 5}, {"rack", false, 18},
		{"asNumber", false, 1}, {"labels", false, 31}, {"interface", false, 32},
		{"gateway", false, 33}, {"gateway6", false, 34}, {"interfaces", false, 36},
		{"blocks", false, 9}, {"localServices", false, 38},
	}}, // 29
	{name: "#LabelValue", form: scalarForm, scalar: 19}, // 30
	{form: mapForm, label: 18, elem: 30},                // 31
	{name: "#NICName", form: scalarForm, scalar: 20},    // 32
	{name: "#IPv4", form: scalarForm, scalar: 21},       // 33
	{name: "#IPv6", form: scalarForm, scalar: 22},       // 34
	{name: "#NodeInterface", form: structForm, fields: []schemaRowField{
		{"address", false, 4}, {"address6", false, 5},
	}}, // 35
	{form: mapForm, label: 20, elem: 35},        // 36
	{name: "#IP", form: scalarForm, scalar: 23}, // 37
	{form: listForm, elem: 37},                  // 38
	{form: mapForm, label: 15, elem: 29},        // 39
	{name: "#Rack", form: structForm, fields: []schemaRowField{
		{"asNumber", false, 1}, {"switches", false, 27}, {"peer", false, 18},
		{"session", false, 18}, {"asOverride", false, 7}, {"nextHopMode", false, 18},
		{"sourceAddress", false, 18}, {"localASNumber", false, 1}, {"numAllowedLocalASNumbers", false, 41},
		{"maxRestartTime", false, 42}, {"password", false, 43}, {"filters", false, 27},
		{"ttlSecurity", false, 41},
	}}, // 40
	{form: scalarForm, scalar: 25},                    // 41
	{name: "#Duration", form: scalarForm, scalar: 26}, // 42
	{name: "#SecretRef", form: structForm, fields: []schemaRowField{
		{"secret", true, 44}, {"key", true, 45},
	}}, // 43
	{name: "#DNSName", form: scalarForm, scalar: 15},   // 44
	{name: "#SecretKey", form: scalarForm, scalar: 27}, // 45
	{form: mapForm, label: 24, elem: 40},               // 46
	{name: "#RouteReflector", form: structForm, fields: []schemaRowField{
		{"nodes", true, 27}, {"clusterID", false, 33}, {"rack", false, 18},
	}}, // 47
	{form: mapForm, label: 24, elem: 47}, // 48
	{name: "#Peer", form: structForm, fields: []schemaRowField{
		{"address", true, 37}, {"port", false, 50}, {"asNumber", true, 1},
		{"nodes", false, 26}, {"rack", false, 18}, {"routeReflectors", false, 18},
		{"password", false, 43}, {"filters", false, 27}, {"ttlSecurity", false, 41},
		{"maxRestartTime", false, 42}, {"keepOriginalNextHop", false, 7}, {"nextHopMode", false, 18},
		{"sourceAddress", false, 18}, {"numAllowedLocalASNumbers", false, 41}, {"reachableBy", false, 37},
		{"localASNumber", false, 1},
	}}, // 49
	{form: scalarForm, scalar: 28},       // 50
	{form: mapForm, label: 24, elem: 49}, // 51
	{name: "#Filter", form: structForm, fields: []schemaRowField{
		{"exportV4", false, 65}, {"importV4", false, 65}, {"exportV6", false, 65},
		{"importV6", false, 65},
	}}, // 52
	{name: "#FilterRule", form: structForm, fields: []schemaRowField{
		{"action", true, 18}, {"cidr", false, 8}, {"matchOperator", false, 18},
		{"prefixLength", false, 54}, {"source", false, 18}, {"interface", false, 56},
		{"peerType", false, 18}, {"communities", false, 57}, {"asPathPrefix", false, 59},
		{"priority", false, 60}, {"operations", false, 64},
	}}, // 53
	{name: "#PrefixLength", form: structForm, fields: []schemaRowField{
		{"min", false, 55}, {"max", false, 55},
	}}, // 54
	{form: scalarForm, scalar: 29},                            // 55
	{name: "#InterfacePattern", form: scalarForm, scalar: 30}, // 56
	{name: "#FilterCommunities", form: structForm, fields: []schemaRowField{
		{"values", true, 58},
	}}, // 57
	{form: listForm, elem: 3},      // 58
	{form: listForm, elem: 1},      // 59
	{form: scalarForm, scalar: 31}, // 60
	{name: "#FilterOperation", form: structForm, fields: []schemaRowField{
		{"addCommunity", false, 2}, {"prependASPath", false, 62}, {"setPriority", false, 63},
	}}, // 61
	{name: "#PrependASPath", form: structForm, fields: []schemaRowField{
		{"prefix", true, 59},
	}}, // 62
	{name: "#SetPriority", form: structForm, fields: []schemaRowField{
		{"value", true, 60},
	}}, // 63
	{form: listForm, elem: 61},           // 64
	{form: listForm, elem: 53},           // 65
	{form: mapForm, label: 15, elem: 52}, // 66
	{name: "#ClusterBGP", form: structForm, fields: []schemaRowField{
		{"nodeToNodeMesh", false, 7}, {"listenPort", false, 50}, {"logSeverity", false, 18},
		{"meshPassword", false, 43}, {"meshMaxRestartTime", false, 42}, {"bindMode", false, 18},
		{"ignoredInterfaces", false, 68}, {"programClusterRoutes", false, 18},
	}}, // 67
	{form: listForm, elem: 56}, // 68
	{name: "#ClusterDNS", form: structForm, fields: []schemaRowField{
		{"domain", true, 44}, {"service", true, 37},
	}}, // 69
	{name: "#CommunityName", form: scalarForm, scalar: 8}, // 70
	{name: "#Date", form: scalarForm, scalar: 32},         // 71
	{name: "#DeviceName", form: scalarForm, scalar: 33},   // 72
	{name: "#Exchange", form: structForm, fields: []schemaRowField{
		{"pods", false, 7}, {"services", false, 7},
	}}, // 73
	{name: "#Expectation", form: structForm, fields: []schemaRowField{
		{"from", true, 75}, {"to", true, 75}, {"traffic", false, 27},
		{"reach", false, 7}, {"paths", false, 76}, {"survives", false, 77},
	}}, // 74
	{name: "#Line", form: scalarForm, scalar: 34}, // 75
	{form: scalarForm, scalar: 35},                // 76
	{form: scalarForm, scalar: 36},                // 77
	{name: "#Host", form: structForm, fields: []schemaRowField{
		{"address", false, 4}, {"address6", false, 5}, {"interface", false, 79},
		{"gateway", false, 33}, {"gateway6", false, 34}, {"system", true, 18},
		{"routes", false, 81}, {"dns", false, 82},
	}}, // 78
	{name: "#InterfaceName", form: scalarForm, scalar: 37}, // 79
	{name: "#StaticRoutes", form: structForm, fields: []schemaRowField{
		{"via", true, 27}, {"pods", false, 7}, {"services", false, 7},
	}}, // 80
	{form: mapForm, label: 24, elem: 80}, // 81
	{name: "#HostDNS", form: structForm, fields: []schemaRowField{
		{"server", true, 18}, {"forward", true, 27},
	}}, // 82
	{name: "#Label", form: scalarForm, scalar: 24},    // 83
	{name: "#LabelKey", form: scalarForm, scalar: 18}, // 84
	{name: "#Link", form: structForm, label: 38, elem: 86, fields: []schemaRowField{
		{"bgp", false, 7},
	}}, // 85
	{name: "#LinkEnd", form: structForm, fields: []schemaRowField{
		{"address", false, 4}, {"address6", false, 5}, {"interface", false, 79},
		{"vrf", false, 72},
	}}, // 86
	{name: "#LinkName", form: scalarForm, scalar: 39}, // 87
	{name: "#Owned", form: structForm, fields: []schemaRowField{
		{"prefixes", false, 9}, {"asNumbers", false, 59},
	}}, // 88
	{name: "#Peering", form: structForm, fields: []schemaRowField{
		{"clusters", true, 27}, {"via", false, 18}, {"exchange", false, 73},
		{"password", false, 43}, {"filters", false, 27}, {"transit", false, 7},
	}}, // 89
	{name: "#Permit", form: structForm, fields: []schemaRowField{
		{"prefix", true, 8}, {"ge", false, 55}, {"le", false, 55},
		{"on", true, 18},
	}}, // 90
	{name: "#Switch", form: structForm, fields: []schemaRowField{
		{"dialect", false, 18}, {"role", false, 18}, {"asNumber", false, 1},
		{"routerID", false, 33}, {"interfaces", false, 93}, {"managed", false, 7},
		{"loopback", false, 8}, {"loopback6", false, 15}, {"vrf", false, 72},
		{"bgp", false, 94}, {"staticRoutes", false, 81},
	}}, // 91
	{name: "#SwitchInterface", form: structForm, fields: []schemaRowField{
		{"address", false, 4}, {"address6", false, 5}, {"shared", false, 38},
		{"vrf", false, 72},
	}}, // 92
	{form: mapForm, label: 37, elem: 92}, // 93
	{name: "#SwitchBGP", form: structForm, fields: []schemaRowField{
		{"maximumPaths", false, 76}, {"dynamicNeighbors", false, 7}, {"gracefulRestart", false, 7},
		{"bfd", false, 7}, {"keepalive", false, 95}, {"hold", false, 96},
		{"toNodes", false, 18}, {"defaultOriginate", false, 7}, {"maxPrefixes", false, 97},
		{"advertise", false, 27}, {"password", false, 43}, {"accept", false, 98},
		{"send", false, 98},
	}}, // 94
	{form: scalarForm, scalar: 40},                 // 95
	{form: scalarForm, scalar: 41},                 // 96
	{form: scalarForm, scalar: 42},                 // 97
	{form: listForm, elem: 90},                     // 98
	{name: "#Text", form: scalarForm, scalar: 43},  // 99
	{name: "#Title", form: scalarForm, scalar: 44}, // 100
	{name: "#Topology", form: structForm, fields: []schemaRowField{
		{"name", true, 83}, {"description", false, 75}, {"clusters", false, 102},
		{"switches", false, 103}, {"links", false, 104}, {"peerings", false, 105},
		{"hosts", false, 106}, {"reserved", false, 107}, {"implied", false, 7},
		{"owned", false, 88}, {"expect", false, 108}, {"waivers", false, 110},
	}}, // 101
	{form: mapForm, label: 24, elem: 23}, // 102
	{form: mapForm, label: 33, elem: 91}, // 103
	{form: mapForm, label: 39, elem: 85}, // 104
	{form: mapForm, label: 24, elem: 89}, // 105
	{form: mapForm, label: 33, elem: 78}, // 106
	{form: mapForm, label: 44, elem: 9},  // 107
	{form: mapForm, label: 44, elem: 74}, // 108
	{name: "#Waiver", form: structForm, fields: []schemaRowField{
		{"check", true, 75}, {"at", false, 75}, {"reason", true, 99},
		{"until", false, 71},
	}}, // 109
	{form: listForm, elem: 109}, // 110
}

// schemaScalars are the scalars of the schema.
var schemaScalars = [...]scalar{
	{}, // none
	{name: "#ASNumber", kinds: stringKind | intKind, min: bound{true, 0}, max: bound{true, 4294967295}, conditions: []*condition{
		{what: matches, arg: `^(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])\.(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$`},
	}}, // 1
	{name: "#Community", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]):([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$|^([0-9]|[1-9][0-9]{1,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-5]):([0-9]|[1-9][0-9]{1,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-5]):([0-9]|[1-9][0-9]{1,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-5])$`},
	}}, // 2
	{name: "#Address", kinds: stringKind, conditions: []*condition{
		{what: isPrefix},
		{what: matchesNot, arg: `:`},
	}}, // 3
	{name: "#Address6", kinds: stringKind, conditions: []*condition{
		{what: isPrefix},
		{what: matches, arg: `:`},
	}}, // 4
	{kinds: boolKind}, // 5
	{name: "#CIDR", kinds: stringKind, conditions: []*condition{
		{what: isPrefix},
	}}, // 6
	{name: "#CommunityRef", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9]([-A-Za-z0-9_.:]{0,61}[A-Za-z0-9])?$`},
	}}, // 7
	{name: "#CommunityName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`},
	}}, // 8
	{name: "#CIDR6", kinds: stringKind, conditions: []*condition{
		{what: isPrefix},
		{what: matches, arg: `:`},
	}}, // 9
	{name: "#Version", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]{1,3})?$`},
	}}, // 10
	{kinds: stringKind}, // 11
	{kinds: intKind, min: bound{true, 0}, max: bound{true, 65535}},   // 12
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 1000000}}, // 13
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 65536}},   // 14
	{name: "#DNSName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`},
		{what: matchesNot, arg: `.{254}`},
	}}, // 15
	{kinds: intKind, min: bound{true, 20}, max: bound{true, 128}}, // 16
	{name: "#Selector", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[^\p{Cc}\p{Zl}\p{Zp}\x{fffe}\x{ffff}]*$`},
	}}, // 17
	{name: "#LabelKey", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`},
		{what: matchesNot, arg: `[^/]{254}`},
	}}, // 18
	{name: "#LabelValue", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`},
	}}, // 19
	{name: "#NICName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9][-A-Za-z0-9_.:@]{0,14}$`},
	}}, // 20
	{name: "#IPv4", kinds: stringKind, conditions: []*condition{
		{what: isIPv4},
	}}, // 21
	{name: "#IPv6", kinds: stringKind, conditions: []*condition{
		{what: isIPv6},
		{what: matchesNot, arg: `%`},
	}}, // 22
	{name: "#IP", kinds: stringKind, conditions: []*condition{
		{what: isIP},
		{what: matchesNot, arg: `%`},
	}}, // 23
	{name: "#Label", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`},
	}}, // 24
	{kinds: intKind, min: bound{true, 0}, max: bound{true, 255}}, // 25
	{name: "#Duration", kinds: stringKind, conditions: []*condition{
		{what: isDuration},
		{what: matchesNot, arg: `^-`},
	}}, // 26
	{name: "#SecretKey", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[-A-Za-z0-9_.]{1,253}$`},
	}}, // 27
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 65535}}, // 28
	{kinds: intKind, min: bound{true, 0}, max: bound{true, 128}},   // 29
	{name: "#InterfacePattern", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[-A-Za-z0-9_.*]{1,15}$`},
	}}, // 30
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 2147483646}}, // 31
	{name: "#Date", kinds: stringKind, conditions: []*condition{
		{what: isTime, arg: `2006-01-02`},
	}}, // 32
	{name: "#DeviceName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`},
	}}, // 33
	{name: "#Line", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[^\p{Cc}\p{Zl}\p{Zp}\x{fffe}\x{ffff}]*$`},
	}}, // 34
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 1024}}, // 35
	{kinds: intKind, min: bound{true, 0}, max: bound{true, 64}},   // 36
	{name: "#InterfaceName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9]([-A-Za-z0-9_./:+@]| [A-Za-z0-9])*$`},
		{what: isShort, n: 63},
	}}, // 37
	{name: "#DeviceName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`},
		{what: differs, arg: `bgp`},
	}}, // 38
	{name: "#LinkName", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[A-Za-z0-9][-A-Za-z0-9_.:/+@~]{0,127}$`},
	}}, // 39
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 21845}},      // 40
	{kinds: intKind, min: bound{true, 3}, max: bound{true, 65535}},      // 41
	{kinds: intKind, min: bound{true, 1}, max: bound{true, 4294967295}}, // 42
	{name: "#Text", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[^\p{Cc}\p{Zl}\p{Zp}\x{fffe}\x{ffff}]*[^\p{C}\p{Z}\x{fffe}\x{ffff}][^\p{Cc}\p{Zl}\p{Zp}\x{fffe}\x{ffff}]*$`},
	}}, // 43
	{name: "#Title", kinds: stringKind, conditions: []*condition{
		{what: matches, arg: `^[^\p{Cc}\p{Z}\x{fffe}\x{ffff}]([^\p{Cc}\p{Zl}\p{Zp}\x{fffe}\x{ffff}]*[^\p{Cc}\p{Z}\x{fffe}\x{ffff}])?$`},
	}}, // 44
}
