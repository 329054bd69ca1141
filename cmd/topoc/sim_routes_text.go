package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/simulate"
)

// routeText prints routes for people.
type routeText struct {
	textParts
	isVerbose bool     // the paths of nodes, too
	isAsked   bool     // for one device: say so where it has none
	why       *answers // nil: nobody asks
}

// device prints the routes of a device. One that has none is passed over, unless there is a question about it.
func (t *routeText) device(d fabric.Device, rows []simulate.RouteRow) {
	if len(rows) == 0 {
		if !t.isAsked && t.why == nil {
			return
		}
		t.heading(d.DeviceName())
		t.w.WriteString("no route\n")
	}
	all := rows
	for len(rows) > 0 {
		vrf := rows[0].VRF
		same := func(r simulate.RouteRow) bool { return r.VRF == vrf }
		t.heading(inVRF(d.DeviceName(), vrf))
		t.tables(d, slices.DeleteFunc(slices.Clone(rows), func(r simulate.RouteRow) bool { return !same(r) }))
		rows = slices.DeleteFunc(slices.Clone(rows), same)
	}
	if t.why != nil {
		t.why.write(&t.textParts, d, all)
	}
}

// tables prints the rows of a device in one VRF.
func (t *routeText) tables(d fabric.Device, rows []simulate.RouteRow) {
	var paths []simulate.RouteRow
	for _, row := range rows {
		if row.Table == simulate.BGPTable {
			paths = append(paths, row)
			continue
		}
		// ip route prints each of several next hops on a line of its own.
		t.w.WriteString(strings.ReplaceAll(row.String(), " nexthop ", "\n\tnexthop ") + "\n")
	}
	_, isNode := d.(*fabric.Node)
	if len(paths) > 0 && (!isNode || t.isVerbose) {
		t.w.WriteString("\nBGP table\n")
		bgpTable(paths).writeColumns(t.w)
	}
}

// bgpTable is the paths that BGP has, by prefix.
func bgpTable(paths []simulate.RouteRow) *textTable {
	table := &textTable{header: []string{"", "PREFIX", "NEXT HOP", "FROM", "LOCAL PREF", "AS PATH", ""}}
	for _, p := range paths {
		mark := "*"
		switch {
		case p.Best:
			mark = "*>"
		case p.Used:
			mark = "*="
		}
		var hops []string
		for _, hop := range p.NextHops {
			hops = append(hops, cmp.Or(addressText(hop.Announced), addressText(hop.Address), hop.Interface))
		}
		table.rows = append(table.rows, []string{
			mark, p.Prefix.String(), cmp.Or(strings.Join(hops, ","), "-"), cmp.Or(p.From, "-"),
			strconv.FormatUint(uint64(p.LocalPref), 10), asPathText(p.ASPath), p.Status,
		})
	}
	return table
}

// asPathText returns an AS path as switches print it; "-" for an empty one.
func asPathText(path []uint32) string {
	var numbers []string
	for _, as := range path {
		numbers = append(numbers, strconv.FormatUint(uint64(as), 10))
	}
	return cmp.Or(strings.Join(numbers, " "), "-")
}
