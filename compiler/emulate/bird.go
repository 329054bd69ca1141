package emulate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/simulate"
)

// birdConf writes the configuration of one BIRD 1.6 of a node: what Calico would tell it, from the prediction's plain data.
func birdConf(b *simulate.BIRD, t Timing) []byte {
	w := cfgtext.New("\t")
	birdProcess(w, b.RouterID, b.ListenPort)
	w.Enclose("protocol direct {", "}", func() {
		// The address of a VXLAN device lies in an own block, within which Calico's filters let nothing pass; these have no such rule.
		w.Line("interface %s-\"cali*\", -\"kube-ipvs*\", -\"vxlan*\", \"*\";", ignored(b.Ignored))
	})
	w.Enclose("filter programming {", "}", func() { kernelFilter(w, b) })
	w.Enclose("protocol kernel {", "}", func() {
		w.Line("learn;")
		w.Line("persist;")
		w.Line("scan time 2;")
		w.Line("import all;")
		w.Line("export filter programming;")
		w.Line("graceful restart;")
		w.Line("merge paths on;")
	})
	w.Enclose("protocol static {", "}", func() {
		for _, p := range b.Blackholes {
			w.Line("route %s blackhole;", p)
		}
		for _, g := range b.Gateways {
			w.Line("route %s via %s;", netip.PrefixFrom(g.Peer, g.Peer.BitLen()), g.Gateway)
		}
	})
	for i := range b.Protocols {
		p := &b.Protocols[i]
		w.Enclose("protocol bgp "+p.Row.Protocol+" {", "}", func() { birdSession(w, p, t) })
	}
	return w.Bytes()
}

// birdProcess begins every configuration of BIRD.
func birdProcess(w *cfgtext.Writer, routerID netip.Addr, port uint16) {
	w.Line("log stderr all;")
	w.Line("router id %s;", routerID)
	if port != 0 {
		w.Line("listen bgp port %d;", port)
	}
	w.Enclose("protocol device {", "}", func() { w.Line("scan time 1;") })
}

func ignored(patterns []string) string {
	var b strings.Builder
	for _, p := range patterns {
		fmt.Fprintf(&b, "-%s, ", birdPattern(p))
	}
	return b.String()
}

// birdPattern quotes a pattern of interfaces. BIRD knows no escapes: a character that Calico would refuse, and that objects which
// somebody edited may have, stands for any other.
func birdPattern(pattern string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r < '*' || r > 'z' || strings.ContainsRune("<>[]\\^`;,/=", r) {
			return '?'
		}
		return r
	}, pattern) + `"`
}

// kernelFilter writes what BIRD may write into the kernel. Tunnels are the business of Calico's own BIRD: see Plain.
func kernelFilter(w *cfgtext.Writer, b *simulate.BIRD) {
	for _, r := range b.Kernel {
		if r.Rejects {
			w.Line("if net ~ %s then reject;", r.Prefix)
		}
	}
	if b.MapsLocalPref {
		w.Line("if source = RTS_BGP then krt_metric = 2147483647 - bgp_local_pref;")
	}
	w.Line("accept;")
}

func birdSession(w *cfgtext.Writer, p *simulate.Protocol, t Timing) {
	port := ""
	if p.Row.PeerPort != 0 {
		port = fmt.Sprintf(" port %d", p.Row.PeerPort)
	}
	w.Line("local as %d;", p.Row.LocalASN)
	w.Line("neighbor %s%s as %d;", p.Row.PeerAddress, port, p.Row.PeerASN)
	if p.Source.IsValid() {
		w.Line("source address %s;", p.Source)
	}
	switch {
	case p.TTLSecurity > 0:
		w.Line("ttl security on;")
		w.Line("multihop %d;", p.TTLSecurity)
	case p.IsMultihop:
		w.Line("multihop;")
	}
	w.Line("gateway recursive;")
	w.Line("add paths on;")
	restart := p.RestartTime
	if t.Restart > 0 {
		restart = t.Restart
	}
	w.Line("graceful restart;")
	if restart > 0 {
		w.Line("graceful restart time %d;", restart)
	}
	if p.Password != "" {
		w.Line("password %q;", Password(p.Password))
	}
	t.birdTimers(w)
	if p.IsPassive {
		w.Line("passive on;")
	}
	if p.ClusterID.IsValid() {
		w.Line("rr client;")
		w.Line("rr cluster id %s;", p.ClusterID)
	}
	if p.NextHop != "" {
		w.Line("next hop %s;", p.NextHop)
	}
	if p.AllowOwnASN > 0 {
		w.Line("allow local as %d;", p.AllowOwnASN)
	}
	w.Enclose("import filter {", "};", func() { birdFilter(w, p.Import) })
	w.Enclose("export filter {", "};", func() { birdFilter(w, p.Export) })
}

// birdFilter writes the body of a filter.
func birdFilter(w *cfgtext.Writer, f *simulate.Filter) {
	for i := range f.Rules {
		r := &f.Rules[i]
		actions := birdActions(r)
		if len(actions) == 0 {
			continue
		}
		conditions := birdConditions(r)
		if len(conditions) == 0 {
			for _, a := range actions {
				w.Line("%s", a)
			}
			continue
		}
		w.Enclose("if ("+strings.Join(conditions, ") && (")+") then {", "}", func() {
			for _, a := range actions {
				w.Line("%s", a)
			}
		})
	}
	if f.Otherwise == simulate.Accepts {
		w.Line("accept;")
	} else {
		w.Line("reject;")
	}
}

func birdConditions(r *simulate.FilterRule) []string {
	var all []string
	if r.Prefix.IsValid() {
		all = append(all, birdPrefix(r))
	}
	if len(r.Sources) > 0 {
		var any []string
		for _, s := range r.Sources {
			any = append(any, birdSource[s])
		}
		all = append(all, strings.Join(any, " || "))
	}
	if r.Interface != "" {
		all = append(all, "defined(ifname)", "ifname ~ "+birdPattern(r.Interface))
	}
	if r.MinLocalPref > 0 {
		all = append(all, "defined(bgp_local_pref)", fmt.Sprintf("bgp_local_pref >= %d", r.MinLocalPref))
	}
	if r.LocalPref > 0 {
		all = append(all, "defined(bgp_local_pref)", fmt.Sprintf("bgp_local_pref = %d", r.LocalPref))
	}
	if r.Community != "" {
		pair, set := birdCommunity(r.Community)
		all = append(all, fmt.Sprintf("%s ~ %s", pair, set))
	}
	if len(r.ASPath) > 0 {
		all = append(all, fmt.Sprintf("bgp_path ~ [= %s * =]", strings.Trim(fmt.Sprint(r.ASPath), "[]")))
	}
	return all
}

// birdSource is how BIRD says where a route comes from. Static routes to peers are none of the node's own announcements, which are
// blackholes. To BIRD 1.6 && and || are of one precedence.
var birdSource = map[simulate.RouteSource]string{
	simulate.StaticSource: "((source = RTS_STATIC) && (dest = RTD_BLACKHOLE))",
	simulate.KernelSource: "(source = RTS_INHERIT)",
	simulate.DirectSource: "(source = RTS_DEVICE) || ((source = RTS_STATIC) && (dest != RTD_BLACKHOLE))",
	simulate.BGPSource:    "(source = RTS_BGP)",
}

func birdPrefix(r *simulate.FilterRule) string {
	switch {
	case r.Min > r.Max && r.Negate:
		return "true"
	case r.Min > r.Max:
		return "false"
	case r.Negate:
		return fmt.Sprintf("! (net ~ [ %s{%d,%d} ])", r.Prefix, r.Min, r.Max)
	}
	return fmt.Sprintf("net ~ [ %s{%d,%d} ]", r.Prefix, r.Min, r.Max)
}

// birdCommunity writes a community, and the attribute that holds such ones.
func birdCommunity(text string) (pair, set string) {
	set = "bgp_community"
	if strings.Count(text, ":") == 2 {
		set = "bgp_large_community"
	}
	return "(" + strings.ReplaceAll(text, ":", ",") + ")", set
}

func birdActions(r *simulate.FilterRule) []string {
	var all []string
	for _, c := range r.Changes {
		switch {
		case c.LocalPref > 0:
			all = append(all, fmt.Sprintf("bgp_local_pref = %d;", c.LocalPref))
		case c.Preference > 0:
			all = append(all, fmt.Sprintf("preference = %d;", c.Preference))
		case c.Community != "":
			pair, set := birdCommunity(c.Community)
			all = append(all, fmt.Sprintf("%s.add(%s);", set, pair))
		default:
			for i := len(c.Prepend) - 1; i >= 0; i-- {
				all = append(all, fmt.Sprintf("bgp_path.prepend(%d);", c.Prepend[i]))
			}
		}
	}
	switch r.Verdict {
	case simulate.Accepts:
		all = append(all, "accept;")
	case simulate.Rejects:
		all = append(all, "reject;")
	}
	return all
}

// Password is the password that stands for a Secret's, called name/key: whatever is called the same is the same. TCP's signatures
// take no more than 80 characters, and BIRD no quotation mark.
func Password(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:16])
}

// outsideConf writes the configuration of one BIRD of a speaker outside the topology: it is there, and announces nothing. It has
// the passwords of its peers, by their addresses, if it has any.
func outsideConf(e *fabric.External, rows []simulate.SessionRow, passwords map[netip.Addr]string, t Timing) []byte {
	w := cfgtext.New("\t")
	id := e.Address
	if !id.Is4() {
		id = someRouterID
	}
	port := uint16(0)
	if e.Model.Port != nil {
		port = *e.Model.Port
	}
	birdProcess(w, id, port)
	for i, row := range rows {
		w.Enclose(fmt.Sprintf("protocol bgp from%d {", i+1), "}", func() {
			w.Line("local as %d;", row.LocalASN)
			w.Line("neighbor %s as %d;", row.PeerAddress, row.PeerASN)
			w.Line("source address %s;", row.LocalAddress)
			if hops := e.Model.TTLSecurity; hops != nil && *hops > 0 {
				w.Line("ttl security on;")
				w.Line("multihop %d;", *hops)
			} else {
				w.Line("multihop;")
			}
			if password := passwords[row.PeerAddress]; password != "" && e.Model.Password != nil {
				w.Line("password %q;", Password(password))
			}
			t.birdTimers(w)
			w.Line("passive on;")
			w.Line("import all;")
			w.Line("export none;")
		})
	}
	return w.Bytes()
}

// someRouterID is one of documentation: nobody else has it.
var someRouterID = netip.AddrFrom4([4]byte{192, 0, 2, 1})
