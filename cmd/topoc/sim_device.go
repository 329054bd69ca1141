package main

import (
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// devicesOf returns the devices of a prediction: nodes, switches, hosts, each sorted by name. With a name it is the one device that
// has it: cluster/node, or a bare name, which is a switch's, a host's or a node's, in this order.
func devicesOf(c *command, r *simulate.Result, name string) ([]fabric.Device, error) {
	all := r.Devices()
	if name == "" {
		return all, nil
	}
	var known, sameName []string
	for _, d := range all {
		if d.DeviceName() == name {
			return []fabric.Device{d}, nil
		}
		known = append(known, d.DeviceName())
	}
	var found []fabric.Device
	for _, d := range all {
		if n, ok := d.(*fabric.Node); ok {
			if n.Name == name {
				found, sameName = append(found, d), append(sameName, d.DeviceName())
			}
			known = append(known, n.Name)
		}
	}
	switch len(found) {
	case 1:
		return found, nil
	case 0:
		return nil, usagef(nearestHint(name, known, "a node is CLUSTER/NODE, or its name where no other cluster has one of that name"),
			"%s: no node, switch or host is called %q", c.name, name)
	}
	return nil, usagef("write --node "+sameName[0], "%s: several nodes are called %q: %s", c.name, name, strings.Join(sameName, ", "))
}

// clusterName returns the cluster of a node or of a speaker outside that a cluster names; "" for others.
func clusterName(d fabric.Device) string {
	switch d := d.(type) {
	case *fabric.Node:
		return d.Cluster.Name
	case *fabric.External:
		return d.Cluster.Name
	}
	return ""
}

// bareName returns the name of a device as its cluster calls it; "" for nil.
func bareName(d fabric.Device) string {
	if d == nil {
		return ""
	}
	_, name := splitName(d.DeviceName())
	return name
}

// splitName splits the name of a device into its cluster's and its own: of switches and hosts the first is "".
func splitName(full string) (cluster, name string) {
	if i := strings.LastIndexByte(full, '/'); i >= 0 {
		cluster, _, _ = strings.Cut(full, "/")
		return cluster, full[i+1:]
	}
	return "", full
}
