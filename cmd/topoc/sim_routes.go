package main

import (
	"bufio"
	"iter"
	"net/netip"

	"github.com/spf13/pflag"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

func simRoutesCommand() *command {
	return &command{
		name:    "sim routes",
		args:    "TOPOLOGY",
		summary: "predict the routes of every node, switch and host",
		help: `
Routes are printed as ip route prints them: those in the kernel of a node or
host, or in the forwarding table of a switch. For a switch, and with -v for a
node, the paths that BGP has follow:

  *>  the best path        *=  used beside it        *   not used

In JSON these are "best": true, "used": true, and neither.

--prefix takes a range and prints the routes to it and to parts of it, or an
address and prints the routes that contain it. --why adds for every prefix the
paths that a device has, was offered, or could have been, and the step of the
decision, the filter or the check of BGP that decided what became of each. With
--prefix it also tells of prefixes of which nothing is left.`,
		minArgs: 1, maxArgs: 1,
		flagWords: map[string]func() []string{"format": simFormats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			r := &simRoutes{}
			flags.StringVar(&r.node, "node", "", "print those of the node, switch or host `NAME` only")
			flags.Var(&r.filter, "prefix", "print routes to `PREFIX` and parts of it, or those that contain an address")
			flags.BoolVar(&r.isWhy, "why", false, "say of every path why it is used, or why not")
			r.declare(flags)
			return r.run
		},
	}
}

// simRoutes is one run of the command.
type simRoutes struct {
	prediction
	node   string
	filter routeFilter
	isWhy  bool
}

func (s *simRoutes) run(e *env, args []string) error {
	c := simRoutesCommand()
	result, err := s.prediction.run(e, c, args[0])
	if err != nil {
		return err
	}
	devices, err := devicesOf(c, result.Predicted, s.node)
	if err != nil {
		return err
	}
	var why *answers
	if s.isWhy {
		why = newAnswers(result.Predicted, result.Locator, s.filter)
	}
	if s.isJSON() {
		lists := []jsonList{{"routes", s.rows(result.Predicted, devices)}}
		if why != nil {
			lists = append(lists, jsonList{"why", why.rows(devices)})
		}
		return writeLists(e.stdout, lists...)
	}
	w := bufio.NewWriter(e.stdout)
	text := routeText{textParts: textParts{w: w}, isVerbose: s.findings.verbose, isAsked: s.node != "", why: why}
	for _, d := range devices {
		text.device(d, s.filter.of(result.Predicted.Routes(d)))
	}
	return w.Flush()
}

// jsonRoute is one route in one table of a device. What there isn't is "", 0 or [].
type jsonRoute struct {
	Device    string             `json:"device"`
	Cluster   string             `json:"cluster"`
	Prefix    netip.Prefix       `json:"prefix"`
	Table     simulate.Table     `json:"table"`
	Type      simulate.RouteType `json:"type"`
	NextHops  []jsonNextHop      `json:"nextHops"`
	ASPath    []uint32           `json:"asPath"`
	LocalPref uint32             `json:"localPref"`
	From      string             `json:"from"`
	Best      bool               `json:"best"`
	Used      bool               `json:"used,omitempty"` // beside the best one
	VRF       string             `json:"vrf,omitempty"`
	Status    string             `json:"status,omitempty"` // why it is not used
}

type jsonNextHop struct {
	Address   string `json:"address"`
	Interface string `json:"interface"`
}

// rows makes the rows of devices, each in the order of its tables.
func (s *simRoutes) rows(r *simulate.Result, devices []fabric.Device) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, d := range devices {
			for _, row := range s.filter.of(r.Routes(d)) {
				if !yield(newJSONRoute(row)) {
					return
				}
			}
		}
	}
}

func newJSONRoute(r simulate.RouteRow) jsonRoute {
	_, from := splitName(r.From)
	route := jsonRoute{
		Device: bareName(r.Device), Cluster: clusterName(r.Device), VRF: r.VRF, Prefix: r.Prefix, Table: r.Table, Type: r.Type,
		NextHops: []jsonNextHop{}, ASPath: listOf(r.ASPath), LocalPref: r.LocalPref, From: from,
		Best: r.Best || r.Table == simulate.KernelTable, Used: r.Used && !r.Best, Status: r.Status,
	}
	for _, hop := range r.NextHops {
		route.NextHops = append(route.NextHops, jsonNextHop{addressText(hop.Address), hop.Interface})
	}
	return route
}
