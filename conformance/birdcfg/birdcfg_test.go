package birdcfg

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// parseText reads a configuration that includes files by their names.
func parseText(text string, files map[string]string) (*Config, error) {
	return Parse("bird.conf", text, func(name string) (string, error) {
		content, ok := files[name]
		if !ok {
			return "", errors.New("no such file")
		}
		return content, nil
	})
}

// whole is a configuration with everything that is known.
const whole = `# what Calico's templates use
include "lists.conf";
router id 10.0.0.1;
listen bgp address 10.0.0.1 port 178;

protocol kernel {
  learn; persist; scan time 2;
  import all;
  export filter to_kernel; /* a filter
                              by its name */
  graceful restart;
  merge paths on;
}
protocol device { debug { states, routes }; scan time 3; }
protocol direct { debug all; interface -"cali*", -"kube-ipvs*", "*"; }

template bgp every_session {
  description "a template";
  local as 64512;
  gateway recursive;
  add paths on;
  graceful restart;
  connect delay time 2;
  connect retry time 5;
  error wait time 5,30;
}
protocol bgp Node_10_0_0_2 from every_session {
  ttl security off;
  multihop;
  neighbor 10.0.0.2 as 64512;
  source address 10.0.0.1;
  import all;
  export filter {
    'bgp_my-filter.v4'();
    give_blocks(true);
    reject;
  };
  passive on;
  rr client;
  rr cluster id 10.0.0.9;
  next hop keep;
  graceful restart time 10;
  keepalive time 7;
  password "what nobody knows";
}
protocol bgp Node_10_0_1_1_port_180 from every_session {
  ttl security on;
  multihop 2;
  local as 64600;
  neighbor 10.0.1.1 port 180 as 65000;
  next hop self;
  allow local as 1;
}
`

var included = map[string]string{"lists.conf": `protocol static {
  route 10.64.0.0/26 blackhole;
  route 10.0.1.1/32 via 10.0.0.254;
}
function 'bgp_my-filter.v4'() {
  if ((net ~ [ 10.64.0.0/16{20,24} ])&&((defined(source))&&(source ~ [ RTS_BGP ]))) then { reject; }
}
function give_blocks(bool internal)
{
  if (internal) then {
    if (defined(ifname)) then { if ((ifname ~ "*.calico") || (ifname ~ "x?")) then reject; }
  }
  if ( net = 10.64.0.0/26 ) then { accept; } else print "no ", net;
}
filter to_kernel {
  if ( net ~ 10.96.0.0/16 ) then { reject; }
  if defined(bgp_next_hop) && ( bgp_next_hop ~ 10.0.0.0/24 ) then
    preference = 150;
  else
    preference = 160;
  accept;
}
`}

func TestConfigurationIsRead(t *testing.T) {
	c, err := parseText(whole, included)
	if err != nil {
		t.Fatal(err)
	}
	client, outside := *c.BGP[0], *c.BGP[1]
	client.Import, client.Export, outside.Import, outside.Export = nil, nil, nil, nil
	base := BGP{Common: Common{Description: "a template"}, LocalASN: 64512, GracefulRestart: true, AddPaths: true, GatewayRecursive: true,
		ConnectDelay: 2, ConnectRetry: 5, ErrorWait: [2]int{5, 30}}
	wantClient, wantOutside := base, base
	wantClient.Name, wantClient.Neighbor, wantClient.PeerASN, wantClient.Source = "Node_10_0_0_2", addr("10.0.0.2"), 64512, addr("10.0.0.1")
	wantClient.Multihop, wantClient.IsPassive, wantClient.IsClient, wantClient.ClusterID = 64, true, true, addr("10.0.0.9")
	wantClient.NextHop, wantClient.RestartTime, wantClient.KeepaliveTime, wantClient.Password = "keep", 10, 7, "what nobody knows"
	wantOutside.Name, wantOutside.LocalASN, wantOutside.Neighbor, wantOutside.Port = "Node_10_0_1_1_port_180", 64600, addr("10.0.1.1"), 180
	wantOutside.PeerASN, wantOutside.TTLSecurity, wantOutside.Multihop, wantOutside.NextHop, wantOutside.AllowsLocalAS = 65000, true, 2, "self", 1
	k := c.Kernels[0]
	for _, tt := range []struct {
		name      string
		got, want any
	}{
		{"router ID", c.RouterID, addr("10.0.0.1")},
		{"listen", c.Listen, Listen{addr("10.0.0.1"), 178}},
		{"kernel", []any{k.Learns, k.Persists, k.GracefulRestart, k.MergesPaths, k.ScanTime, k.Import, k.Export}, []any{true, true, true, true, 2, acceptAll, c.Filters["to_kernel"]}},
		{"device", []any{c.Devices[0].Debug, c.Devices[0].ScanTime}, []any{"{ states, routes }", 3}},
		{"direct", []any{c.Directs[0].Debug, c.Directs[0].Interfaces}, []any{"all", []InterfacePattern{{"cali*", true}, {"kube-ipvs*", true}, {"*", false}}}},
		{"static", c.Statics[0].Routes, []StaticRoute{{pf("10.64.0.0/26"), netip.Addr{}}, {pf("10.0.1.1/32"), addr("10.0.0.254")}}},
		{"defaults of filters", []any{c.Statics[0].Import, c.Statics[0].Export}, []any{acceptAll, rejectAll}},
		{"client", client, wantClient},
		{"outside", outside, wantOutside},
		{"text of a filter", c.BGP[0].Export.Text, "{ bgp_my-filter.v4 ( ) ; give_blocks ( true ) ; reject ; }"},
		{"what a filter mentions", c.BGP[0].Export.Mentions(), Mentions{
			Prefixes:   []PrefixRange{{pf("10.64.0.0/16"), 20, 24}, {pf("10.64.0.0/26"), 26, 32}},
			Interfaces: []string{"*.calico", "x?"}}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, tt.got, tt.want)
		}
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func pf(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// mistakes are configurations that neither this package nor BIRD takes, with the beginning of the message here.
var mistakes = []struct{ name, text, want string }{
	{"an unknown item outside", "routerr id 10.0.0.1;", "bird.conf:1:1: `routerr` begins nothing"},
	{"on a later line", "router id 10.0.0.1;\n  protocol bgq { }", "bird.conf:2:12: `bgq` begins no protocol"},
	{"an unknown item of a protocol", "protocol device { scam time 2; }", "bird.conf:1:19: `scam` begins no item"},
	{"an unknown item of a session", "protocol bgp b { local as 1; neighbor 10.0.0.2 as 2; passiv on; }", "bird.conf:1:54: [`passiv` `on`] begins no item"},
	{"no semicolon", "protocol device { scan time 2 }", "bird.conf:1:31: `}` stands where `;` is expected"},
	{"no closing brace", "protocol device { scan time 2; ", "bird.conf:1:32: the end of the file begins"},
	{"no local AS", "protocol bgp b { neighbor 10.0.0.2 as 2; }", "bird.conf:1:16: b has no local AS"},
	{"no remote AS", "protocol bgp b { local as 1; neighbor 10.0.0.2; }", "bird.conf:1:16: b has no remote AS"},
	{"no neighbor", "protocol bgp b { local as 1; }", "bird.conf:1:16: b has no neighbor"},
	{"two neighbors", "protocol bgp b { local as 1; neighbor 10.0.0.2 as 2; neighbor 10.0.0.3 as 2; }", "bird.conf:1:63: b has a neighbor already"},
	{"a template from later", "protocol bgp b from t { neighbor 10.0.0.2 as 2; }\ntemplate bgp t { local as 1; }", "bird.conf:1:21: there is no template `t`"},
	{"a name twice", "function f() { accept; }\nfilter f { accept; }", "bird.conf:2:8: the name `f` is taken"},
	{"host bits", "protocol static { route 10.0.0.1/24 blackhole; }", "bird.conf:1:25: 10.0.0.1/24 has host bits"},
	{"a prefix that is too long", "protocol static { route 10.0.0.0/33 blackhole; }", "bird.conf:1:34: 33 is no prefix length"},
	{"no address", "router id 10.0.0.256;", "bird.conf:1:11: \"10.0.0.256\" is no address"},
	{"a port that is none", "protocol bgp b { local as 1; neighbor 10.0.0.2 port 0 as 2; }", "bird.conf:1:53: 0 is no port"},
	{"an open text", "protocol bgp b { description \"x;\n}", "bird.conf:1:30: a text without its closing quote"},
	{"an open comment", "router id 10.0.0.1; /* x", "bird.conf:1:21: a comment without its end"},
	{"a strange character", "router id @;", "bird.conf:1:11: the character '@' means nothing"},
	{"a filter from later", "protocol static { import filter f; }\nfilter f { accept; }", "bird.conf:1:33: there is no filter `f`"},
	{"a function from later", "filter f { g(); accept; }\nfunction g() { accept; }", "bird.conf:1:12: there is no function `g`"},
	{"too few arguments", "function g(bool b) { accept; }\nfilter f { g(); accept; }", "bird.conf:2:12: `g` takes 1 arguments, not 0"},
	{"a variable that nobody made", "filter f { x = 1; accept; }", "bird.conf:1:12: there is no variable"},
	{"an attribute that is read-only", "filter f { source = RTS_BGP; accept; }", "bird.conf:1:12: `source` is read-only"},
	{"no then", "filter f { if true { accept; } reject; }", "bird.conf:1:20: `{` stands where `then` is expected"},
	{"a comparison of a comparison", "filter f { if net = net = net then accept; reject; }", "bird.conf:1:25: `=` follows another comparison"},
	{"a set of different things", "filter f { if net ~ [ 10.0.0.0/8, 5 ] then accept; reject; }", "bird.conf:1:35: `5` stands where a prefix is expected"},
	{"lengths the wrong way round", "filter f { if net ~ [ 10.0.0.0/8{16,12} ] then accept; reject; }", "bird.conf:1:23: no length is 16 at least and 12 at most"},
	{"an empty block is none", "filter f { if true then ; reject; }", "bird.conf:1:25: `;` begins no statement"},
	{"a file that is not there", "include \"nothing.conf\";", "bird.conf:1:9: include: no such file"},
}

func TestWhatIsNoConfigurationIsToldWithItsPlace(t *testing.T) {
	for _, tt := range mistakes {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseText(tt.text, nil)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// bird returns the path of BIRD 1.6. Without it the test is skipped, or fails under TOPOC_REQUIRE=all.
func bird(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("bird")
	if err == nil {
		var out []byte
		if out, err = exec.CommandContext(t.Context(), path, "--version").CombinedOutput(); !strings.Contains(string(out), "version 1.6") {
			err = fmt.Errorf("%s is no BIRD 1.6: %s", path, out)
		}
	}
	if err != nil {
		if os.Getenv("TOPOC_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// TestBIRDTakesAndRefusesTheSame checks the syntax of the tests above with the real BIRD.
func TestBIRDTakesAndRefusesTheSame(t *testing.T) {
	path := bird(t)
	check := func(text string) (string, error) {
		dir := t.TempDir()
		for name, content := range included {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(dir, "bird.conf")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), path, "-p", "-c", file).CombinedOutput()
		return string(out), err
	}
	const router = "router id 10.0.0.1;\n"
	if out, err := check(whole); err != nil {
		t.Errorf("BIRD refuses what is read here: %v: %s", err, out)
	}
	for _, tt := range mistakes {
		text := tt.text
		if !strings.HasPrefix(text, "router id") {
			text = router + text
		}
		text += "\nprotocol device { }\n" // without either BIRD refuses any file
		if _, err := check(text); err == nil {
			t.Errorf("%s: BIRD takes what is refused here: %s", tt.name, tt.text)
		}
	}
}
