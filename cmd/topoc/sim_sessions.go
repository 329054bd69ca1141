package main

import (
	"bufio"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

func simSessionsCommand() *command {
	return &command{
		name:    "sim sessions",
		args:    "TOPOLOGY",
		summary: "predict the BGP sessions of every node and switch",
		help: `
For a node the table is that of calicoctl node status, without the column SINCE,
since a prediction has no clock; for a switch it is a summary of its neighbors.
Below it stands the reason for every session that does not come up, with -v also
for those that do.

STATE is up or start, and INFO the state of the session with its last error, as
BIRD shows them of one that it keeps trying. Of switches STATE is Established,
Not established where both ends fit but no packet gets from one to the other, or
Not compatible where the ends do not fit. --format json prints all of it, with
one line for each session and end.`,
		minArgs: 1, maxArgs: 1,
		flagWords: map[string]func() []string{"format": simFormats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			s := &simSessions{}
			flags.StringVar(&s.node, "node", "", "print those of the node or switch `NAME` only")
			s.declare(flags)
			return s.run
		},
	}
}

// simSessions is one run of the command.
type simSessions struct {
	prediction
	node string
}

func (s *simSessions) run(e *env, args []string) error {
	c := simSessionsCommand()
	result, err := s.prediction.run(e, c, args[0])
	if err != nil {
		return err
	}
	devices, err := devicesOf(c, result.Predicted, s.node)
	if err != nil {
		return err
	}
	if s.isJSON() {
		return writeLists(e.stdout, jsonList{"sessions", sessionRows(result.Predicted, devices)})
	}
	w := bufio.NewWriter(e.stdout)
	text := sessionText{textParts: textParts{w: w}, isVerbose: s.findings.verbose, isAsked: s.node != ""}
	for _, d := range devices {
		text.device(d, result.Predicted.Sessions(d))
	}
	return w.Flush()
}

// jsonSession is a session as one device sees it. What there isn't is "".
type jsonSession struct {
	Device       string         `json:"device"`
	Cluster      string         `json:"cluster"`
	Family       string         `json:"family"`
	LocalAddress string         `json:"localAddress"`
	LocalAS      uint32         `json:"localAS"`
	Peer         string         `json:"peer"`
	PeerAddress  string         `json:"peerAddress"`
	PeerAS       uint32         `json:"peerAS"`
	PeerCluster  string         `json:"peerCluster"`
	Kind         simulate.Kind  `json:"kind"`
	State        simulate.State `json:"state"`
	Reason       string         `json:"reason"`
	VRF          string         `json:"vrf,omitempty"` // of a switch
}

// sessionRows makes the rows of devices, each sorted by family, VRF and the far end.
func sessionRows(r *simulate.Result, devices []fabric.Device) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, d := range devices {
			rows := slices.Clone(r.Sessions(d))
			slices.SortStableFunc(rows, func(a, b simulate.SessionRow) int {
				return cmp.Or(cmp.Compare(a.Family, b.Family), strings.Compare(a.VRF, b.VRF),
					a.PeerAddress.Compare(b.PeerAddress), strings.Compare(a.Interface, b.Interface), cmp.Compare(a.PeerPort, b.PeerPort))
			})
			for _, s := range rows {
				if !yield(newJSONSession(s)) {
					return
				}
			}
		}
	}
}

func newJSONSession(s simulate.SessionRow) jsonSession {
	return jsonSession{
		Device: bareName(s.Device), Cluster: clusterName(s.Device), Family: s.Family.String(),
		LocalAddress: addressText(s.LocalAddress), LocalAS: s.LocalASN,
		Peer: bareName(s.Peer), PeerCluster: clusterName(s.Peer), PeerAddress: addressText(s.PeerAddress), PeerAS: s.PeerASN,
		Kind: s.Kind, State: s.State, Reason: s.Reason, VRF: s.VRF,
	}
}

// sessionText prints sessions for people.
type sessionText struct {
	textParts
	isVerbose bool // reasons of sessions that are up, too
	isAsked   bool // for one device: say so where it has none
}

// device prints the sessions of a device. One that is not expected to have any, such as a host, is passed over unless asked for.
func (t *sessionText) device(d fabric.Device, rows []simulate.SessionRow) {
	_, isNode := d.(*fabric.Node)
	_, isSwitch := d.(*fabric.Switch)
	if len(rows) == 0 && !isNode && !isSwitch && !t.isAsked {
		return
	}
	if isNode {
		t.heading(d.DeviceName())
		for _, f := range []fabric.Family{fabric.IPv4, fabric.IPv6} {
			t.nodeStatus(f, slices.DeleteFunc(slices.Clone(rows), func(s simulate.SessionRow) bool { return s.Family != f }))
		}
		return
	}
	if len(rows) == 0 {
		t.heading(d.DeviceName())
		t.w.WriteString("no BGP sessions\n")
	}
	for len(rows) > 0 {
		vrf := rows[0].VRF
		same := func(s simulate.SessionRow) bool { return s.VRF == vrf }
		t.heading(inVRF(d.DeviceName(), vrf))
		t.summary(slices.DeleteFunc(slices.Clone(rows), func(s simulate.SessionRow) bool { return !same(s) }))
		rows = slices.DeleteFunc(slices.Clone(rows), same)
	}
}

// inVRF returns a device's name with the VRF that is spoken of.
func inVRF(device, vrf string) string {
	if vrf == "" {
		return device
	}
	return device + ", VRF " + vrf
}

// sessionKinds is how calicoctl calls the kinds of sessions of nodes.
var sessionKinds = map[simulate.Kind]string{
	simulate.MeshSession:   "node-to-node mesh",
	simulate.GlobalSession: "global",
	simulate.NodeSession:   "node specific",
}

// birdStates is the column STATE of nodes. BIRD calls a session that is not up "start", whatever the matter.
var birdStates = map[simulate.State]string{
	simulate.Established:    "up",
	simulate.NotEstablished: "start",
	simulate.NotCompatible:  "start",
}

// switchStates is the column STATE of switches.
var switchStates = map[simulate.State]string{
	simulate.Established:    "Established",
	simulate.NotEstablished: "Not established",
	simulate.NotCompatible:  "Not compatible",
}

// nodeStatus prints the sessions of a node over one family, as calicoctl node status does.
func (t *sessionText) nodeStatus(f fabric.Family, rows []simulate.SessionRow) {
	fmt.Fprintf(t.w, "\n%s BGP status\n", f)
	if len(rows) == 0 {
		fmt.Fprintf(t.w, "No %s peers found.\n", f)
		return
	}
	table := textTable{header: []string{"PEER ADDRESS", "PEER TYPE", "STATE", "INFO"}}
	for _, s := range rows {
		table.rows = append(table.rows, []string{protocolAddress(s), sessionKinds[s.Kind], birdStates[s.State], s.Info})
	}
	table.writeBoxed(t.w)
	t.reasons(rows, protocolAddress)
}

// protocolAddress returns the address of the far end as calicoctl reads it from the name of BIRD's protocol: of
// Node_172_17_0_5_port_179 it makes 172.17.0.5.port.179 (calicoctl/commands/node/status.go).
func protocolAddress(s simulate.SessionRow) string {
	_, address, ok := strings.Cut(s.Protocol, "_")
	if !ok {
		return addressText(s.PeerAddress)
	}
	separator := "."
	if s.Family == fabric.IPv6 {
		separator = ":"
	}
	return strings.ReplaceAll(address, "_", separator)
}

// summary prints the sessions of a switch in one VRF.
func (t *sessionText) summary(rows []simulate.SessionRow) {
	table := textTable{header: []string{"NEIGHBOR", "AS", "PEER", "FAMILY", "STATE"}}
	for _, s := range rows {
		peer := "-"
		if s.Peer != nil {
			peer = s.Peer.DeviceName()
		}
		table.rows = append(table.rows, []string{neighborName(s), strconv.FormatUint(uint64(s.PeerASN), 10), peer, s.Family.String(), switchStates[s.State]})
	}
	table.writeColumns(t.w)
	t.reasons(rows, neighborName)
}

// neighborName returns the far end as a switch names it: by address, or by interface on an unnumbered link.
func neighborName(s simulate.SessionRow) string {
	if s.Interface != "" {
		return s.Interface
	}
	return addressText(s.PeerAddress)
}

// reasons prints why sessions are not up, and when verbose why others are.
func (t *sessionText) reasons(rows []simulate.SessionRow, name func(simulate.SessionRow) string) {
	for _, s := range rows {
		if s.Reason == "" || s.State == simulate.Established && !t.isVerbose {
			continue
		}
		line := name(s) + ": " + s.Reason
		if len(s.Objects) > 0 {
			line += " (" + strings.Join(s.Objects, ", ") + ")"
		}
		t.w.WriteString(line + "\n")
	}
}
