package birdcfg

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// filterRuns are bodies of filters, and what they make of a route.
var filterRuns = []struct {
	name, body string
	change     func(*Route) // of the route below
	want       string
}{
	{"accept", "accept;", nil, "accepted"},
	{"reject", "reject;", nil, "rejected"},
	{"the first verdict counts", "if net ~ 10.64.0.0/16 then accept; reject;", nil, "accepted"},
	{"else", "if net ~ 10.65.0.0/16 then accept; else reject;", nil, "rejected"},
	{"an end without a verdict", "if net ~ 10.65.0.0/16 then accept;", nil, "error: filter f ends without accept or reject"},
	{"a prefix lies in itself", "if net ~ 10.64.1.0/26 then accept; reject;", nil, "accepted"},
	{"not in a longer one", "if net ~ 10.64.1.0/27 then accept; reject;", nil, "rejected"},
	{"equal is equal", "if net = 10.64.1.0/26 && net != 10.64.0.0/16 then accept; reject;", nil, "accepted"},
	{"lengths within a prefix", "if net ~ [ 10.64.0.0/16{20,26} ] then accept; reject;", nil, "accepted"},
	{"too long for a set", "if net ~ [ 10.64.0.0/16{20,25} ] then accept; reject;", nil, "rejected"},
	{"plus", "if net ~ [ 10.64.0.0/16+ ] then accept; reject;", nil, "accepted"},
	{"minus is what contains it", "if net ~ [ 10.64.1.0/27- ] then accept; reject;", nil, "accepted"},
	{"a set of prefixes has them alone", "if net ~ [ 10.64.0.0/16, 10.64.1.0/26 ] then accept; reject;", nil, "accepted"},
	{"a source", "if source ~ [ RTS_BGP ] && source = RTS_BGP then accept; reject;", nil, "accepted"},
	{"another source", "if source ~ [ RTS_STATIC, RTS_DEVICE, RTS_INHERIT ] then accept; reject;", nil, "rejected"},
	{"an interface", `if defined(ifname) && ifname ~ "eth?" then accept; reject;`, nil, "accepted"},
	{"no interface is the empty text", `if defined(ifname) && ifname ~ "*" then accept; reject;`, func(r *Route) { r.Interface = "" }, "accepted"},
	{"or binds as tightly as and, from the left", "if true || true && false then accept; reject;", nil, "rejected"},
	{"the right side is not asked in vain", "if false && bgp_local_pref > 5 then accept; reject;", func(r *Route) { r.LocalPref = nil }, "rejected"},
	{"not", "if !(net ~ 10.0.0.0/8) then accept; reject;", nil, "rejected"},
	{"a comparison with nothing", "if bgp_local_pref > 5 then accept; reject;", func(r *Route) { r.LocalPref = nil },
		"error: f:1:30: > is applied to undefined and int, not to two of int"},
	{"numbers", "bgp_local_pref = 2147483647 - bgp_local_pref; preference = 2 * 50 + 7; krt_metric = 9 / 2; accept;", nil,
		"accepted, preference 107, LOCAL_PREF 2147483547, metric 4"},
	{"a tunnel", `krt_tunnel = "tunl0"; accept;`, nil, "accepted, tunnel tunl0"},
	{"communities, each once", "bgp_community.add((1, 2)); bgp_community.add((3,4)); bgp_community.add((1,2)); bgp_large_community.add((1,2,3)); accept;", nil,
		"accepted, communities 1:2 3:4 1:2:3"},
	{"a community that is there", "if (7, 8) ~ bgp_community then accept; reject;", func(r *Route) { r.Communities = []Community{{7, 8}} }, "accepted"},
	{"a large one that is not", "if (7, 8, 9) ~ bgp_large_community then accept; reject;", nil, "rejected"},
	{"a number that is no part of a community", "bgp_community.add((70000, 1)); accept;", nil, "error: f:1:30: the numbers of a community are at most 65535"},
	{"a path that begins so", "if bgp_path ~ [= 65001 65002 * =] then accept; reject;", nil, "accepted"},
	{"or does not", "if bgp_path ~ [= 65002 * =] then accept; reject;", nil, "rejected"},
	{"one of any", "if bgp_path ~ [= 65001 ? 65003 =] then accept; reject;", nil, "accepted"},
	{"an AS in the path", "if bgp_path ~ [ 65003..65009 ] then accept; reject;", nil, "accepted"},
	{"a route without a path", "bgp_path.prepend(65000); accept;", func(r *Route) { r.ASPath = nil },
		"error: f:1:12: bgp_path.prepend does not take a value of type int"},
	{"prepend", "bgp_path.prepend(65000); accept;", nil, "accepted, path 65000 65001 65002 65003"},
	{"a function that decides", "deny(true); accept;", nil, "rejected"},
	{"or does not", "deny(false); accept;", nil, "accepted"},
	{"a function that returns", "if is_long(net) then accept; reject;", nil, "accepted"},
	{"a parameter of another type", "deny(5); accept;", nil, "error: f:1:12: parameter b of deny is of type bool, not int"},
}

func TestFiltersDecideAndChange(t *testing.T) {
	number := func(n uint32) *uint32 { return &n }
	for _, tt := range filterRuns {
		t.Run(tt.name, func(t *testing.T) {
			const functions = "\nfunction deny(bool b) { if b then reject; }\nfunction is_long(prefix p) { return p ~ [ 0.0.0.0/0{25,32} ]; }\n"
			c, err := Parse("g", "include \"functions\";", func(string) (string, error) { return functions, nil })
			if err != nil {
				t.Fatal(err)
			}
			p := &parser{config: c, names: map[string]bool{}}
			if err := p.file("f", "filter f { "+tt.body+" }"); err != nil {
				t.Fatal(err)
			}
			r := Route{Net: pf("10.64.1.0/26"), Source: FromBGP, Interface: "eth0", Preference: 100, LocalPref: number(100), ASPath: []uint32{65001, 65002, 65003}}
			if tt.change != nil {
				tt.change(&r)
			}
			before := r
			accepted, err := c.Filters["f"].Run(&r)
			if got := told(accepted, err, &before, &r); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// told says what a filter did.
func told(accepted bool, err error, before, r *Route) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case !accepted:
		return "rejected"
	}
	text := "accepted"
	if r.Preference != before.Preference {
		text += fmt.Sprint(", preference ", r.Preference)
	}
	if r.LocalPref != before.LocalPref {
		text += fmt.Sprint(", LOCAL_PREF ", *r.LocalPref)
	}
	if r.Metric != nil {
		text += fmt.Sprint(", metric ", *r.Metric)
	}
	if r.Tunnel != nil {
		text += ", tunnel " + *r.Tunnel
	}
	var communities []string
	for _, c := range r.Communities {
		communities = append(communities, c.String())
	}
	for _, c := range r.LargeCommunities {
		communities = append(communities, c.String())
	}
	if communities != nil && before.Communities == nil {
		text += ", communities " + strings.Join(communities, " ")
	}
	if len(r.ASPath) != len(before.ASPath) {
		text += ", path " + strings.Trim(fmt.Sprint(r.ASPath), "[]")
	}
	return text
}

func TestPatternsMatchAsInBIRD(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"eth0", "eth0", true}, {"eth0", "eth01", false}, {"eth*", "eth", true}, {"*", "", true}, {"?", "", false}, {"*.calico", "vxlan.calico", true},
		{"*.calico", "calico", false}, {"a*b*c", "axbxbc", true}, {"a*b*c", "axbxb", false}, {`\*`, "*", true}, {`\*`, "x", false}, {"bpf*.cali", "bpfout.cali", true},
	} {
		if got := Match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("Match(%q, %q) is %t", tt.pattern, tt.name, got)
		}
	}
}

// conditions are asked of a static blackhole, here and in BIRD.
var conditions = []string{
	"true", "false", "!true", "true || true && false", "(true || (true && false))", "1 + 2 * 3 = 7", "10 - 2 - 3 = 5", "7 / 2 = 3", "2 < 3", "3 <= 2", "3 > 2", "2 >= 3",
	"net = 10.64.1.0/26", "net != 10.64.1.0/26", "net ~ 10.64.0.0/16", "net ~ 10.64.1.0/27", "net !~ 10.65.0.0/16", "net ~ [ 10.64.0.0/16 ]", "net ~ [ 10.64.0.0/16+ ]",
	"net ~ [ 10.64.0.0/16{26,26} ]", "net ~ [ 10.64.0.0/16{20,25} ]", "net ~ [ 10.64.1.0/28- ]", "net ~ [ 10.64.1.0/28{20,27} ]", "net ~ [ 10.64.1.0/28{27,28} ]", "net ~ [ 10.0.0.0/8, 10.64.1.0/26 ]",
	"defined(ifname)", `ifname = ""`, `ifname ~ "*"`, `ifname ~ "?"`, `ifname ~ "eth*"`, "defined(source)", "source = RTS_STATIC", "source ~ [ RTS_BGP ]", "source ~ [ RTS_BGP, RTS_STATIC ]",
	"preference = 200", "defined(bgp_local_pref)", "defined(krt_metric)", "defined(bgp_next_hop)", "5 ~ [ 1, 3..7 ]", "8 ~ [ 1, 3..7 ]", "10.0.0.5 ~ 10.0.0.0/24", "(1, 2) ~ bgp_community",
	"(1, 2, 3) ~ bgp_large_community", "defined(bgp_path)", "true && (false || !false)",
}

// TestBIRDDecidesTheSame runs conditions in the real BIRD, which prints those that hold.
func TestBIRDDecidesTheSame(t *testing.T) {
	path := bird(t)
	var body strings.Builder
	for i, condition := range conditions {
		fmt.Fprintf(&body, "if %s then print \"holds %d.\";\n", condition, i)
	}
	dir := t.TempDir()
	text := fmt.Sprintf("log stderr all;\nrouter id 10.0.0.1;\nprotocol device { }\nfilter f {\n%sprint \"the end.\"; accept;\n}\n"+
		"protocol static { import filter f; route 10.64.1.0/26 blackhole; }\n", body.String())
	file := filepath.Join(dir, "bird.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	said := runBIRD(t, path, file, "the end.")
	held := map[string]bool{}
	for _, match := range regexp.MustCompile(`holds (\d+)\.`).FindAllStringSubmatch(said, -1) {
		held[match[1]] = true
	}
	for i, condition := range conditions {
		c, err := parseText("filter f { if "+condition+" then accept; reject; }", nil)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		got, err := c.Filters["f"].Run(&Route{Net: pf("10.64.1.0/26"), Source: FromStatic, Preference: 200})
		if want := held[fmt.Sprint(i)]; err != nil || got != want {
			t.Errorf("%s: %t here, %v; %t in BIRD", condition, got, err, want)
		}
	}
}

// runBIRD runs BIRD in a directory of its own until it has said something, and returns all that it said.
func runBIRD(t *testing.T, path, file, until string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-d", "-c", file, "-s", filepath.Join(filepath.Dir(file), "control"))
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	chunk := make([]byte, 4096)
	for !strings.Contains(all.String(), until) {
		n, err := said.Read(chunk)
		all.Write(chunk[:n])
		if err != nil {
			t.Fatalf("BIRD ends: %v: %s", err, all.String())
		}
	}
	cancel()
	_ = cmd.Wait() // it was killed
	return all.String()
}
