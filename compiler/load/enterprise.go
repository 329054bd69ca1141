package load

import (
	"slices"
	"strings"
)

// enterpriseFields are fields and kinds that Calico Enterprise's resources have and Calico's have not (tigera/docs,
// calico-enterprise/reference/resources), in lower case, with the edit that does without. Somebody who knows them from there, or from
// the page about dual ToR, looks for them here.
var enterpriseFields = map[string]string{
	"bfd":                       withoutBFD,
	"bfdconfiguration":          withoutBFD,
	"failuredetectionmode":      withoutBFD,
	"restartmode":               "delete it: sessions restart gracefully, and maxRestartTime says for how long",
	"longlivedgracefulrestart":  "delete it: sessions restart gracefully, and maxRestartTime says for how long",
	"birdgatewaymode":           "delete it: Calico resolves next hops recursively",
	"externalnetwork":           "delete it: nodes have one routing table, and only switches have VRFs",
	"externalnetworks":          "delete it: nodes have one routing table, and only switches have VRFs",
	"earlynetworkconfiguration": withoutEarlyNetworking,
	"earlynetworking":           withoutEarlyNetworking,
	"egressgateway":             "delete it: a pool of their own, by nodeSelector, makes pods known to what is outside",
	"egressgatewaypolicy":       "delete it: a pool of their own, by nodeSelector, makes pods known to what is outside",
}

const (
	withoutBFD             = "delete it, and write bgp: {keepalive: 10, hold: 30} at the switch: its hold time ends a session with a dead node"
	withoutEarlyNetworking = "delete it: the node's operating system has to bring up its addresses and routes before Kubernetes starts"
)

// enterpriseHint says how to do without a field that only Calico Enterprise has; empty where it is none. Switches have BFD between
// each other, so the word means something else in what is theirs.
func enterpriseHint(owner *schemaType, field string) string {
	field = strings.ToLower(field)
	if field == "bfd" && !slices.Contains([]string{"#Cluster", "#ClusterBGP", "#Node", "#Peer", "#Peering", "#Rack", "#RouteReflector"}, owner.name) {
		return ""
	}
	return enterpriseFields[field]
}
