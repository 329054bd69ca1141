package switchconf

import (
	"fmt"
	"slices"
	"strings"

	"topoc/compiler/fabric"
)

// srlFamily is "ipv4-unicast" or "ipv6-unicast".
func srlFamily(f fabric.Family) string { return afWord(f) + "-unicast" }

func (x *srlinux) router(r *fabric.BGPRouter) {
	at := srlInstance(r.VRF) + "/protocols/bgp"
	x.process(at, r)
	for _, g := range r.Groups {
		value := x.session(r, &g.SessionConfig)
		if g.RemoteASN != 0 {
			value["peer-as"] = g.RemoteASN
		}
		x.replace(fmt.Sprintf("%s/group[group-name=%s]", at, srlWord(g.Name)), value)
	}
	for _, f := range r.Families {
		x.switches(at, r, f)
	}
	for _, n := range r.Neighbors {
		if n.Group != nil {
			value := srlNode{"peer-group": srlWord(n.Group.Name)}
			if n.Group.RemoteASN == 0 {
				value["peer-as"] = n.RemoteASN
			}
			x.neighbor(at, n, value)
		} else if n.Interface != "" {
			x.link(at, r, n)
		}
	}
	for _, l := range r.Listens {
		x.replace(fmt.Sprintf("%s/dynamic-neighbors/accept/match[prefix=%s]", at, l.Prefix), srlNode{
			"peer-group": srlWord(l.Group.Name), "allowed-peer-as": []string{fmt.Sprint(l.Group.RemoteASN)}})
	}
}

// process writes what holds for all sessions of a network instance.
func (x *srlinux) process(at string, r *fabric.BGPRouter) {
	var families []srlNode
	for _, f := range r.Families {
		family := srlNode{"afi-safi-name": srlFamily(f), "admin-state": "enable"}
		if r.MaximumPaths > 0 {
			paths := srlNode{"maximum-paths": r.MaximumPaths}
			if r.WantedPaths > r.MaximumPaths {
				paths["_annotate_maximum-paths"] = fmt.Sprintf("Up to %d equal-cost paths can come: see bgp.maximumPaths.", r.WantedPaths)
			}
			multipath := srlNode{"ebgp": paths}
			if r.RelaxASPath { // the default of SR Linux
				multipath["allow-multiple-as"] = true
			}
			if slices.ContainsFunc(configs(r), func(c *fabric.SessionConfig) bool { return c.Internal }) {
				multipath["ibgp"] = paths
			}
			family["multipath"] = multipath
		}
		families = append(families, family)
	}
	value := srlNode{"admin-state": "enable", "autonomous-system": r.ASN, "router-id": r.RouterID.String(), "afi-safi": families}
	sessions := 0
	for _, l := range r.Listens {
		sessions += l.Limit
	}
	if sessions > 0 {
		value["dynamic-neighbors"] = srlNode{"accept": srlNode{"max-sessions": min(sessions, 65535)}}
	}
	x.update(at, value)
}

// switches writes the sessions to other switches of one family, as one group: there is no neighbor without one.
func (x *srlinux) switches(at string, r *fabric.BGPRouter, f fabric.Family) {
	name, isFirst := switchesGroup(f), true
	for _, n := range alone(r) {
		if n.Interface != "" || fabric.FamilyOf(n.Address) != f {
			continue
		}
		if isFirst {
			x.replace(fmt.Sprintf("%s/group[group-name=%s]", at, name), srlNode{})
			isFirst = false
		}
		value := x.session(r, &n.SessionConfig)
		value["peer-group"], value["peer-as"] = name, n.RemoteASN
		x.neighbor(at, n, value)
	}
}

func (x *srlinux) neighbor(at string, n *fabric.Neighbor, value srlNode) {
	if n.Description != "" {
		value["description"] = srlText(n.Description)
	}
	x.replace(fmt.Sprintf("%s/neighbor[peer-address=%s]", at, n.Address), value)
}

// link writes a session over a link without addresses: whoever is at its other end has a group of its own. IPv4 is received there
// without an address of it, which takes leave.
func (x *srlinux) link(at string, r *fabric.BGPRouter, n *fabric.Neighbor) {
	name := "LINK_" + fold(n.Interface, "._-", 40)
	subinterface := srlSubinterface(n.Interface)
	x.update(srlInstance(r.VRF)+"/ip-forwarding", srlNode{"receive-ipv4-check": false})
	value := x.session(r, &n.SessionConfig)
	if n.Description != "" {
		value["description"] = srlText(n.Description)
	}
	x.replace(fmt.Sprintf("%s/group[group-name=%s]", at, name), value)
	x.replace(fmt.Sprintf("%s/dynamic-neighbors/interface[interface-name=%s]", at, subinterface), srlNode{
		"peer-group": name, "allowed-peer-as": []string{fmt.Sprint(n.RemoteASN)}})
}

// srlSubinterface is the name of an interface with that of its subinterface, which is 0 where nobody says.
func srlSubinterface(name string) string {
	name = fold(name, "._-/", 40)
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".0"
}

// session returns what a group and a neighbor can both say.
func (x *srlinux) session(r *fabric.BGPRouter, c *fabric.SessionConfig) srlNode {
	v := srlNode{"afi-safi": srlFamilies(r, c)}
	if c.UpdateSource.IsValid() {
		v["transport"] = srlNode{"local-address": c.UpdateSource.String()}
	}
	if c.Multihop > 0 {
		v["multihop"] = srlNode{"admin-state": "enable", "maximum-hops": c.Multihop}
	}
	if c.BFD {
		v["failure-detection"] = srlNode{"enable-bfd": true}
	}
	if c.Password != nil {
		v["authentication"] = srlNode{
			"keychain":           fold(c.Password.Secret+"-"+c.Password.Key, "._-", 63),
			"_annotate_keychain": srlText(fmt.Sprintf("Key %s of Secret %s", c.Password.Key, c.Password.Secret)),
		}
	}
	state := "enable"
	if !r.GracefulRestart {
		state = "disable"
	}
	v["graceful-restart"] = srlNode{"admin-state": state} // of neighbors that restart; off unless told so
	wait := srlNode{}
	if keepalive, hold, ok := timers(c); ok {
		wait["keepalive-interval"], wait["hold-time"] = min(keepalive, 21845), hold
	}
	for _, f := range c.Families {
		if f.MaxPrefixes > 0 {
			wait["prefix-limit-restart-timer"] = min(60*f.RestartMinutes, 65535)
		}
		if f.ASOverride {
			v["as-path-options"] = srlNode{"replace-peer-as": true}
		}
		if f.ReflectorClient {
			v["route-reflector"] = srlNode{"client": true, "cluster-id": r.ClusterID.String()}
		}
		if f.DefaultOriginate {
			v["send-default-route"] = srlNode{srlFamily(f.Family): true}
		}
	}
	if len(wait) > 0 {
		v["timers"] = wait
	}
	return v
}

// srlFamilies returns what a session carries of each family of the process. One that it does not carry has to be disabled, since
// sessions take it over from the process.
func srlFamilies(r *fabric.BGPRouter, c *fabric.SessionConfig) []srlNode {
	var all []srlNode
	for _, family := range r.Families {
		f := carried(c, family)
		if f == nil {
			all = append(all, srlNode{"afi-safi-name": srlFamily(family), "admin-state": "disable"})
			continue
		}
		options := srlNode{}
		if f.MaxPrefixes > 0 {
			options["prefix-limit-received"] = srlNode{"max-received-routes": f.MaxPrefixes, "warning-threshold-pct": f.WarnPercent}
		}
		if family == fabric.IPv4 && len(c.Families) > 1 { // over link-local addresses (RFC 8950)
			options["advertise-ipv6-next-hops"], options["receive-ipv6-next-hops"] = true, true
		}
		value := srlNode{"afi-safi-name": srlFamily(family), "admin-state": "enable",
			"import-policy": []string{srlWord(f.In.Name)}, "export-policy": []string{srlWord(f.Out.Name)}}
		if len(options) > 0 {
			value[srlFamily(family)] = options
		}
		all = append(all, value)
	}
	return all
}
