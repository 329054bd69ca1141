package emulate

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/switchconf"
)

// gobgpConf writes what the GoBGP of a switch is told: the snippet that topoc writes for it, with the passwords for which that has
// placeholders, and the timers that no snippet has. What it announces itself a command has to tell it.
func gobgpConf(own *fabric.Switch, topology string, t Timing) []byte {
	w := cfgtext.New("\t")
	password := ""
	for line := range strings.Lines(string(switchconf.CompileAs("gobgp", timed(own, t), topology))) {
		line = strings.TrimSuffix(line, "\n")
		text := strings.TrimSpace(line)
		indent := line[:len(line)-len(text)]
		switch about, isAbout := strings.CutPrefix(text, "# Key "); {
		case isAbout:
			key, secret, _ := strings.Cut(strings.TrimSuffix(about, ":"), " of Secret ")
			password = secret + "/" + key
		case strings.HasPrefix(text, "# auth-password = "):
			line = fmt.Sprintf("%sauth-password = %q", indent, Password(password))
		}
		w.Line("%s", line)
		if t.Connect > 0 && strings.HasPrefix(text, "hold-time = ") {
			w.Line("%sconnect-retry = %d", indent, t.Connect)
			w.Line("%sidle-hold-time-after-reset = %d", indent, t.Connect)
		}
	}
	return w.Bytes()
}

// gobgpSessions reads `gobgp -j neighbor`.
func gobgpSessions(out []byte) ([]SeenSession, error) {
	const established = 6
	var shown []struct {
		State struct {
			Address string `json:"neighbor_address"`
			State   int    `json:"session_state"`
		} `json:"state"`
	}
	if err := json.Unmarshal(out, &shown); err != nil {
		return nil, fmt.Errorf("read its neighbors: %w", err)
	}
	var all []SeenSession
	for _, n := range shown {
		all = append(all, SeenSession{Name: n.State.Address, Daemon: "gobgpd", IsUp: n.State.State == established, Info: fmt.Sprintf("state %d", n.State.State)})
	}
	return all, nil
}

// gobgpPath is a path as GoBGP shows it.
type gobgpPath struct {
	IsBest     bool             `json:"best"`
	Neighbor   string           `json:"neighbor-ip"`
	Attributes []gobgpAttribute `json:"attrs"`
}

// gobgpAttribute is one of its attributes, by the type's number (RFC 4271).
type gobgpAttribute struct {
	Type    int             `json:"type"`
	Value   json.RawMessage `json:"value"` // a number, or other things
	Metric  int64           `json:"metric"`
	NextHop string          `json:"nexthop"`
	Paths   []struct {
		ASNs []uint32 `json:"asns"`
	} `json:"as_paths"`
}

// gobgpRIB reads `gobgp -j global rib`: of each prefix that others announced the best path, and with it those that it takes for
// equal, by what they have in common. internal are the neighbors of iBGP.
func gobgpRIB(out []byte, internal map[string]bool) (map[netip.Prefix][]netip.Addr, error) {
	var shown map[netip.Prefix][]gobgpPath
	if err := json.Unmarshal(out, &shown); err != nil {
		return nil, fmt.Errorf("read its routes: %w", err)
	}
	all := map[netip.Prefix][]netip.Addr{}
	for prefix, paths := range shown {
		best := ""
		for i := range paths {
			if paths[i].IsBest {
				best = paths[i].merit(internal)
			}
		}
		for i := range paths {
			if hop := paths[i].nextHop(); paths[i].merit(internal) == best && hop.IsValid() && !hop.IsUnspecified() {
				all[prefix] = append(all[prefix], hop)
			}
		}
	}
	return all, nil
}

// merit is what GoBGP compares of paths, but for what makes one of equal ones the best (internal/pkg/table/path.go, Compare).
func (p *gobgpPath) merit(internal map[string]bool) string {
	const origin, asPath, med, localPref = 1, 2, 4, 5
	values, length := [6]string{med: "0", localPref: "100"}, 0
	for _, a := range p.Attributes {
		switch a.Type {
		case origin, localPref:
			values[a.Type] = string(a.Value)
		case med:
			values[med] = fmt.Sprint(a.Metric)
		case asPath:
			for _, s := range a.Paths {
				length += len(s.ASNs)
			}
		}
	}
	return fmt.Sprint(internal[p.Neighbor], values, length)
}

func (p *gobgpPath) nextHop() netip.Addr {
	const nextHop, reachable = 3, 14 // the second: MP_REACH_NLRI (RFC 4760)
	for _, a := range p.Attributes {
		if a.Type == nextHop || a.Type == reachable {
			hop, err := netip.ParseAddr(a.NextHop)
			if err == nil {
				return hop
			}
		}
	}
	return netip.Addr{}
}
