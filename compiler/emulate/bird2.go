package emulate

import (
	"bytes"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/switchconf"
)

// bird2Conf writes what the BIRD 2 of a switch is told: the snippet that topoc writes for it, below the rest of a bird.conf. Its
// routes have the metric of FRR's in the kernel, which is what predictions have.
func bird2Conf(own *fabric.Switch, topology string, t Timing) []byte {
	w := cfgtext.New("\t")
	w.Line("log stderr all;")
	id := own.RouterID
	if !id.IsValid() { // without BGP it says it to nobody
		id = someRouterID
	}
	w.Line("router id %s;", id)
	w.Enclose("protocol device {", "}", func() { w.Line("scan time 1;") })
	paths := 1
	for _, r := range own.Routers {
		paths = r.MaximumPaths
	}
	for _, f := range families {
		w.Enclose("protocol kernel {", "}", func() {
			w.Line("scan time 2;")
			w.Line("metric %d;", switchMetric)
			w.Line("ipv%s { export where source ~ [ RTS_BGP, RTS_STATIC ]; };", f.String()[3:])
			if paths > 1 {
				w.Line("merge paths on limit %d;", paths)
			}
		})
	}
	for _, p := range switchconf.Passwords(own) {
		w.Line("define %s = %q;", p.Name, Password(p.Of.Secret+"/"+p.Of.Key))
	}
	snippet := switchconf.CompileAs("bird2", timed(own, t), topology)
	if bytes.Contains(snippet, []byte("\n  bfd on;\n")) {
		w.Line("protocol bfd { }")
	}
	for line := range strings.Lines(string(snippet)) { // the timers that no snippet has stand in each session
		w.Line("%s", strings.TrimSuffix(line, "\n"))
		if t.Connect > 0 && strings.HasPrefix(line, "  local as ") {
			w.Line("  connect delay time %d;", t.Connect)
			w.Line("  connect retry time %d;", t.Connect)
			w.Line("  error wait time %d,%d;", t.Connect, t.Connect)
			if t.Restart > 0 {
				w.Line("  graceful restart time %d;", t.Restart)
			}
		}
	}
	return w.Bytes()
}

// switchMetric is the metric that predictions have for the routes of switches.
const switchMetric = 20

// bird2Sessions reads `show protocols all`: a protocol, and below it its details. A range is no session, those from it are.
func bird2Sessions(lines []string) []SeenSession {
	const info = 5
	var all []SeenSession
	var current *SeenSession
	for _, line := range lines {
		f := strings.Fields(line)
		switch {
		case len(f) >= info && f[1] == "BGP" && !strings.HasPrefix(line, " "):
			text := strings.Join(f[info:], " ")
			current = &SeenSession{Daemon: "bird2", IsUp: f[3] == "up" && strings.HasPrefix(text, "Established"), Info: f[3] + " " + text}
		case len(f) > info && !strings.HasPrefix(line, " "):
			current = nil
		case current != nil && len(f) == 3 && f[0] == "Neighbor" && f[1] == "address:":
			current.Name = f[2]
			all = append(all, *current)
			current = nil
		}
	}
	return all
}

// bird2Routes gives the routes of BIRD 2 the names that predictions have for those of switches. To the kernel they are all BIRD's.
func bird2Routes(s *fabric.Switch, routes []SeenRoute) {
	const byBIRD, byBGP = 12, 186 // the second: as FRR calls it
	for i := range routes {
		if routes[i].Protocol != byBIRD {
			continue
		}
		routes[i].Protocol = byBGP
		for _, r := range s.Statics {
			if r.Prefix == routes[i].Prefix {
				routes[i].Protocol = ByStatic
			}
		}
	}
}
