package switchconf

import (
	"encoding/json"
	"fmt"
	"strings"

	"topoc/compiler/fabric"
)

var _ = dialect(Printer{
	Dialect:  "sonic",
	Platform: "SONiC 202305 or later, FRR with a configuration of its own",
	Doubts: []string{
		"Nobody has loaded the files into a switch. What is for FRR was loaded into FRR 8.4; SONiC has later releases of it.",
		"SONiC's own tables for BGP are not used: what writes FRR's configuration from them gets the lengths of prefix lists wrong.",
		"That bgpcfgd leaves FRR alone in the mode split-unified, as long as config_db has no BGP neighbors, was not tried.",
		"For BFD frr_mgmt_framework_config is set, since the container otherwise runs no bfdd: read in the sources of SONiC, not tried.",
	},
	comment:    "!",
	indent:     " ",
	lines:      "frr.conf",
	header:     sonicHeader,
	undoHeader: sonicUndoHeader,
	text:       frrText,
	write:      frrScript,
	document:   sonicMode,
})

// sonicMode is the part of config_db that lets FRR keep its configuration: in any other mode SONiC writes it anew from tables when
// the container starts. The container runs bfdd only together with frrcfgd, which in this mode does nothing by itself.
func sonicMode(s *fabric.Switch, _ []string) []byte {
	fields := map[string]string{"docker_routing_config_mode": "split-unified"}
	if anySession(s, func(c *fabric.SessionConfig) bool { return c.BFD }) {
		fields["frr_mgmt_framework_config"] = "true"
	}
	text, err := json.MarshalIndent(map[string]map[string]map[string]string{"DEVICE_METADATA": {"localhost": fields}}, "", "    ")
	if err != nil {
		panic(err) // strings are always marshalled
	}
	return append(text, '\n')
}

func sonicHeader(s *fabric.Switch, n names) []string {
	mode := strings.TrimSuffix(n.Snippet, "frr.conf") + "json"
	h := []string{
		fmt.Sprintf("Switch %s, SONiC. Once, so that FRR keeps what it is told (SONiC then writes no BGP of its own: move what", n.Switch),
		"config_db says of BGP into FRR first):",
		"  sudo config load -y " + mode,
		"  sudo config save -y",
		"  sudo systemctl restart bgp",
		"Then check the syntax, merge it into the running configuration, save:",
		"  sudo cp " + n.Snippet + " /etc/sonic/frr/",
		"  vtysh -C -f /etc/frr/" + n.Snippet,
		"  vtysh -f /etc/frr/" + n.Snippet,
		"  vtysh -c 'write memory'",
		n.Undo + " takes it back.",
		"",
	}
	if len(s.Routers) == 0 {
		return append(h, "A static route that an earlier build had and this one lacks stays: load the undo file of that build first.")
	}
	h = append(h,
		"Prefix lists and route maps named here are replaced whole. A neighbor, network or static route that an",
		"earlier build had and this one lacks stays: load the undo file of that build first, which ends its sessions.")
	for _, vrf := range vrfsOf(s) {
		h = append(h, fmt.Sprintf("VRF %s must exist, with the interfaces in it.", frrWord(vrf)))
	}
	return append(h, notes(s, "Loopback0")...)
}

func sonicUndoHeader(s *fabric.Switch, n names) []string {
	h := []string{
		fmt.Sprintf("Takes back what %s added to switch %s:", n.Snippet, n.Switch),
		"  sudo cp " + n.Undo + " /etc/sonic/frr/",
		"  vtysh -f /etc/frr/" + n.Undo,
		"  vtysh -c 'write memory'",
		"",
		"FRR keeps its configuration: in another mode SONiC would overwrite what else is in it.",
	}
	if len(s.Routers) > 0 {
		h = append(h, "The BGP process stays, with its router ID and \"no bgp default ipv4-unicast\": others may peer with it too.")
	}
	return h
}
