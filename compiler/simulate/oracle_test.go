package simulate

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"topoc/compiler/calico"
	"topoc/compiler/fabric"
	"topoc/compiler/internal/oracle"
	"topoc/compiler/internal/topogen"
	"topoc/compiler/load"
)

// lines is what is predicted of a topology, in a form that the simulation and the oracle have in common: a line of text by
// device and by session or route. Where a device has several alike, the lines are joined.
type prediction map[string]map[string]string

func (f prediction) add(device, key, line string) {
	if f[device] == nil {
		f[device] = map[string]string{}
	}
	if was, known := f[device][key]; known {
		lines := append(strings.Split(was, "; "), line)
		slices.Sort(lines)
		line = strings.Join(lines, "; ")
	}
	f[device][key] = line
}

// fact is a route as both know it: what decides where packets go, and what is told on.
type fact struct {
	kind      string // of oracle.Route
	nextHops  []netip.Addr
	metric    uint32 // of nodes; a switch's is the same for all
	asPath    []uint32
	localPref uint32
}

func (f fact) String() string {
	return fmt.Sprintf("%s %v metric %d path %v local preference %d", f.kind, f.nextHops, f.metric, f.asPath, f.localPref)
}

func routeKey(prefix netip.Prefix, proto string) string {
	if proto == felixProto {
		return prefix.String() + " of Felix"
	}
	return prefix.String()
}

func (f prediction) addSession(device, vrf string, local, peer netip.Addr, asn uint32, isUp bool) {
	f.add(device+" "+vrf, fmt.Sprint("session ", local, " ", peer, " AS ", asn), map[bool]string{true: "up", false: "down"}[isUp])
}

// linesOfOracle writes down what the oracle predicts.
func linesOfOracle(r *oracle.Result) prediction {
	f := prediction{}
	for _, s := range r.Sessions {
		f.addSession(s.Device, s.VRF, s.LocalAddress, s.PeerAddress, s.PeerASN, s.Up)
	}
	for _, row := range r.Routes {
		if row.Kind == "rib" && row.LocalPref == 0 {
			continue // the node's own services
		}
		f.add(row.Device+" "+row.VRF, routeKey(row.Prefix, row.Proto), fact{row.Kind, row.NextHops, row.Metric, row.ASPath, row.LocalPref}.String())
	}
	return f
}

// linesOf writes down what the simulation predicts, but for what the oracle leaves out.
func linesOf(r *Result) prediction {
	f := prediction{}
	for _, d := range r.Devices() {
		if _, isHost := d.(*fabric.Host); isHost {
			continue
		}
		for _, s := range r.Sessions(d) {
			f.addSession(d.DeviceName(), s.VRF, shown(s.LocalAddress), shown(s.PeerAddress), s.PeerASN, s.State == Established)
		}
		rows := r.Routes(d)
		best := map[string]RouteRow{}
		for _, row := range rows {
			if row.Table == BGPTable && row.Best {
				best[row.VRF+" "+row.Prefix.String()] = row
			}
		}
		for _, row := range rows {
			if row.Table == KernelTable {
				f.addKernel(d, row, best)
			}
		}
		f.addRIB(d, rows, best)
	}
	return f
}

// addKernel adds a route of the kernel, with what BGP's best path to the prefix says where it was made of that.
func (f prediction) addKernel(d fabric.Device, row RouteRow, best map[string]RouteRow) {
	if row.Own && row.Proto != "static" && row.Proto != "bird" {
		return // connected, or the default gateway
	}
	of := fact{kind: string(row.Type), metric: row.Metric}
	for _, h := range row.NextHops {
		of.nextHops = append(of.nextHops, shown(h.Address))
	}
	slices.SortFunc(of.nextHops, netip.Addr.Compare)
	key := row.VRF + " " + row.Prefix.String()
	if b := best[key]; !row.Own && row.Proto != felixProto && b.From != "" {
		of.asPath, of.localPref = b.ASPath, b.LocalPref
	}
	if _, isSwitch := d.(*fabric.Switch); isSwitch {
		of.metric = 0
	}
	f.add(d.DeviceName()+" "+row.VRF, routeKey(row.Prefix, row.Proto), of.String())
}

// addRIB adds the best paths of BGP that are not in the kernel. Of a device's own only those to services count: others are
// connected subnets, pods, what Felix routes, and the networks of switches.
func (f prediction) addRIB(d fabric.Device, rows []RouteRow, best map[string]RouteRow) {
	for _, b := range best {
		isIn := slices.ContainsFunc(rows, func(row RouteRow) bool {
			isOfBGP := !row.Own && row.Proto != felixProto || row.Own && b.From == ""
			return row.Table == KernelTable && row.VRF == b.VRF && row.Prefix == b.Prefix && isOfBGP
		})
		if isIn || b.From == "" {
			continue
		}
		f.add(d.DeviceName()+" "+b.VRF, routeKey(b.Prefix, ""), fact{kind: "rib", asPath: b.ASPath, localPref: b.LocalPref}.String())
	}
}

// shown hides what stands for the address of an unnumbered link.
func shown(a netip.Addr) netip.Addr {
	if a.IsLinkLocalUnicast() {
		return netip.Addr{}
	}
	return a
}

// linked loads, links and compiles a topology. It reports false where that finds mistakes.
func linked(t testing.TB, text []byte) (Input, bool) {
	loaded, err := load.Load(t.Context(), []string{"-"}, load.Options{Stdin: bytes.NewReader(text)})
	if err != nil || len(loaded.Diagnostics) > 0 {
		return Input{}, false
	}
	f, mistakes := fabric.Link(loaded.Topology)
	if len(mistakes) > 0 {
		return Input{}, false
	}
	in := Input{Fabric: f, Objects: map[*fabric.Cluster]*calico.Objects{}}
	for _, c := range f.Clusters {
		in.Objects[c] = calico.Compile(c)
	}
	return in, true
}

// outcome is what comparing a topology came to.
type outcome struct {
	diff      string // of the first device that differs; empty: none
	isSkipped bool   // it has mistakes
	isPlural  bool   // several stable outcomes, or none: what the orders don't agree on was left out
}

// held compares the simulation of a topology with the oracle.
func holdTo(t testing.TB, text []byte) outcome {
	in, ok := linked(t, text)
	if !ok {
		return outcome{isSkipped: true}
	}
	got := linesOf(Run(in))
	first := oracle.Run(in.Fabric, in.Objects, 0)
	want := linesOfOracle(first)
	o := outcome{diff: difference(got, want, nil)}
	if o.diff == "" && first.Settled {
		return o
	}
	open := map[string]bool{} // what orders differ in
	for order := range int64(15) {
		other := oracle.Run(in.Fabric, in.Objects, order+1)
		o.isPlural = o.isPlural || !other.Settled || !first.Settled
		for key := range differing(want, linesOfOracle(other)) {
			open[key] = true
		}
		if difference(got, linesOfOracle(other), nil) == "" {
			o.diff = ""
			o.isPlural = true
			return o
		}
		if order == 1 && len(open) == 0 && os.Getenv("FEW") != "" {
			break
		}
	}
	o.isPlural = o.isPlural || len(open) > 0
	if !first.Settled {
		o.diff = ""
		return o
	}
	o.diff = difference(got, want, open)
	return o
}

// differing returns the devices and keys at which two predictions differ.
func differing(a, b prediction) map[string]bool {
	keys := map[string]bool{}
	for _, pair := range [][2]prediction{{a, b}, {b, a}} {
		for device, lines := range pair[0] {
			for key, line := range lines {
				if other, known := pair[1][device][key]; !known || other != line {
					keys[device+" "+key] = true
				}
			}
		}
	}
	return keys
}

// difference tells in what the first device that differs does; what is open doesn't count.
func difference(got, want prediction, open map[string]bool) string {
	keys := differing(got, want)
	devices := slices.Sorted(maps.Keys(want))
	for device := range got {
		if want[device] == nil {
			devices = append(devices, device)
		}
	}
	slices.Sort(devices)
	for _, device := range devices {
		var b strings.Builder
		for _, key := range slices.Sorted(maps.Keys(merged(got[device], want[device]))) {
			if at := device + " " + key; keys[at] && !open[at] {
				fmt.Fprintf(&b, "\n  %s\n    is   %s\n    want %s", key, got[device][key], want[device][key])
			}
		}
		if b.Len() > 0 {
			return device + ":" + b.String()
		}
	}
	return ""
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

func TestXGroup(t *testing.T) {
	from, to := envInt("FROM", 0), envInt("TO", 200)
	type res struct {
		seed int64
		o    outcome
	}
	ch := make(chan res)
	seeds := make(chan int64)
	go func() {
		for s := from; s < to; s++ {
			seeds <- s
		}
		close(seeds)
	}()
	for range 2 {
		go func() {
			for s := range seeds {
				func() {
					defer func() {
						if p := recover(); p != nil {
							ch <- res{s, outcome{diff: fmt.Sprint("PANIC ", p)}}
						}
					}()
					ch <- res{s, holdTo(t, topogen.Random(s))}
				}()
			}
		}()
	}
	all := map[int64]outcome{}
	for range to - from {
		r := <-ch
		all[r.seed] = r.o
	}
	sk, pl, df := 0, 0, 0
	for s := from; s < to; s++ {
		o := all[s]
		if o.isSkipped {
			sk++
		}
		if o.isPlural {
			pl++
			fmt.Println("PLURAL", s)
		}
		if o.diff != "" {
			df++
			fmt.Println("SEED", s, o.diff)
		}
	}
	fmt.Println("TOTAL", to-from, "skipped", sk, "plural", pl, "diff", df)
}
func envInt(n string, d int64) int64 {
	v := os.Getenv(n)
	if v == "" {
		return d
	}
	i, _ := strconv.ParseInt(v, 10, 64)
	return i
}

func TestXDump(t *testing.T) {
	seed := envInt("SEED", 0)
	text := topogen.Random(seed)
	want := os.Getenv("MATCH")
	fails := func(b []byte) bool {
		o := holdTo(t, b)
		return o.diff != "" && (want == "" || strings.Contains(o.diff, want))
	}
	if os.Getenv("NOSHRINK") == "" {
		text = topogen.Shrink(text, fails)
	}
	fmt.Println(string(text))
	in, _ := linked(t, text)
	res := Run(in)
	g, w := linesOf(res), linesOfOracle(oracle.Run(in.Fabric, in.Objects, 0))
	fmt.Println(holdTo(t, text).diff)
	fmt.Println("ALL")
	for _, d := range slices.Sorted(maps.Keys(w)) {
		df := difference(prediction{d: g[d]}, prediction{d: w[d]}, nil)
		if df != "" {
			fmt.Println(df)
		}
	}
	if os.Getenv("FULL") != "" {
		for _, d := range res.Devices() {
			fmt.Println("==", d.DeviceName())
			for _, s := range res.Sessions(d) {
				fmt.Println(s.VRF, s.LocalAddress, s.PeerAddress, s.PeerASN, s.State, s.Reason)
			}
			for _, r := range res.Routes(d) {
				fmt.Println(r.Table, r.VRF, r.String(), r.ASPath, r.LocalPref, r.From, r.Best, r.Used, r.Status)
			}
		}
	}
}
