package emulate

import (
	"encoding/json"
	"fmt"
	"net/netip"

	"topoc/compiler/fabric"
	"topoc/compiler/internal/cfgtext"
	"topoc/compiler/switchconf"
)

// openbgpdConf writes what the OpenBGPD of a switch is told: the snippet that topoc writes for it, below the rest of a bgpd.conf,
// but for where its control socket is.
func openbgpdConf(own *fabric.Switch, topology string, t Timing) []byte {
	w := cfgtext.New("\t")
	if t.Connect > 0 {
		w.Line("connect-retry %d", t.Connect)
	}
	for _, p := range switchconf.Passwords(own) {
		w.Line("%s=%q", p.Name, Password(p.Of.Secret+"/"+p.Of.Key))
	}
	return append(w.Bytes(), switchconf.CompileAs("openbgpd", timed(own, t), topology)...)
}

// openbgpdSessions reads `bgpctl -j show neighbor`. A range is no session, those from it are.
func openbgpdSessions(out []byte) ([]SeenSession, error) {
	var shown struct {
		Neighbors []struct {
			Address string `json:"remote_addr"`
			State   string `json:"state"`
			Config  struct {
				IsTemplate bool `json:"template"`
			} `json:"config"`
		} `json:"neighbors"`
	}
	if err := json.Unmarshal(out, &shown); err != nil {
		return nil, fmt.Errorf("read its neighbors: %w", err)
	}
	var all []SeenSession
	for _, n := range shown.Neighbors {
		if !n.Config.IsTemplate {
			all = append(all, SeenSession{Name: n.Address, Daemon: "openbgpd", IsUp: n.State == "Established", Info: n.State})
		}
	}
	return all, nil
}

// openbgpdRIB reads `bgpctl -j show rib`: the best routes that others announced.
func openbgpdRIB(out []byte) (map[netip.Prefix][]netip.Addr, error) {
	var shown struct {
		RIB []struct {
			Prefix  netip.Prefix `json:"prefix"`
			NextHop netip.Addr   `json:"exit_nexthop"`
			IsBest  bool         `json:"best"`
			IsOwn   bool         `json:"announced"`
		} `json:"rib"`
	}
	if err := json.Unmarshal(out, &shown); err != nil {
		return nil, fmt.Errorf("read its routes: %w", err)
	}
	all := map[netip.Prefix][]netip.Addr{}
	for _, r := range shown.RIB {
		if r.IsBest && !r.IsOwn {
			all[r.Prefix] = []netip.Addr{r.NextHop}
		}
	}
	return all, nil
}
