package emulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"topoc/compiler/fabric"
)

// exchangeVariable tells this program that it was started in a sandbox, to exchange routes over a leaf of the dialect in it.
const exchangeVariable = "TOPOC_EMULATE_EXCHANGE"

func TestMain(m *testing.M) {
	if dialect := os.Getenv(exchangeVariable); dialect != "" {
		os.Exit(exchangeIn(dialect))
	}
	os.Exit(m.Run())
}

// exchangeTopology has a leaf between two nodes and a spine. The nodes differ in AS, so that each takes the other's routes.
const exchangeTopology = `
name: "exchange"
owned: prefixes: ["100.0.0.0/8"]
switches: {
	spine: {dialect: "frr", asNumber: 65000, routerID: "10.9.0.1"}
	leaf: {
		dialect: "DIALECT", asNumber: 65001, routerID: "10.9.0.2"
		interfaces: vlan10: {address: "172.16.1.1/24", address6: "fd00:1::1/64"}
		bgp: {
			accept: [{prefix: "192.168.0.0/16", ge: 20, le: 24, on: "nodes"}, {prefix: "0.0.0.0/0", on: "nodes"}, {prefix: "2001:db8::/32", le: 48, on: "nodes"}]
			send: [
				{prefix: "192.168.0.0/16", ge: 22, le: 24, on: "switches"}, {prefix: "192.168.0.0/16", ge: 24, le: 24, on: "nodes"},
				{prefix: "2001:db8::/32", ge: 40, le: 44, on: "switches"}, {prefix: "0.0.0.0/0", on: "switches"},
			]
		}
	}
}
links: l: {
	spine: {address: "172.16.0.1/30", address6: "fd00:a::1/64"}
	leaf: {address: "172.16.0.2/30", address6: "fd00:a::2/64"}
}
clusters: c: {
	podCIDRs: ["10.233.64.0/18", "fd00:10:233::/56"]
	serviceCIDRs: ["10.233.0.0/18", "fd00:10:96::/112"]
	advertise: serviceClusterIPs: true
	racks: r: switches: ["leaf"]
	nodes: {
		sender: {rack: "r", address: "172.16.1.11/24", address6: "fd00:1::11/64", asNumber: 64512}
		taker: {rack: "r", address: "172.16.1.12/24", address6: "fd00:1::12/64", asNumber: 64513}
	}
}
`

// exchangeLab plans the emulation of that. Behind a plus the dialect may have how many prefixes the leaf takes.
func exchangeLab(dialect string) (*Lab, error) {
	dialect, limit, isLimited := strings.Cut(dialect, "+")
	text := strings.Replace(exchangeTopology, "DIALECT", dialect, 1)
	if isLimited {
		text = strings.Replace(text, "bgp: {\n", "bgp: {\n\t\t\tmaxPrefixes: "+limit+"\n", 1)
	}
	l, err := planOf([]byte(text))
	if err != nil {
		return nil, err
	}
	return NewLab(l.Predicted, Quick, "bird2", "gobgp", "openbgpd"), nil
}

// announcements are prefixes of all lengths in and around what the leaf accepts and sends, and others.
func announcements() []netip.Prefix {
	var all []netip.Prefix
	for _, base := range []string{"10.233.64.0/18", "10.233.0.0/18", "192.168.0.0/16", "172.16.1.0/24", "fd00:10:233::/56", "fd00:10:96::/112", "2001:db8::/32"} {
		p := netip.MustParsePrefix(base)
		for bits := p.Bits() - 2; bits <= p.Addr().BitLen(); bits++ {
			all = append(all, netip.PrefixFrom(p.Addr(), bits).Masked())
			if bits > p.Bits() { // its last one
				all = append(all, netip.PrefixFrom(lastOf(p), bits).Masked())
			}
		}
	}
	for _, p := range []string{"0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24", "::/0", "2000::/3", "fd00:99::/64"} {
		all = append(all, netip.MustParsePrefix(p))
	}
	slices.SortFunc(all, fabric.ComparePrefix)
	return slices.Compact(all)
}

// arrived is the routes that came to a speaker, with their AS path.
type arrived map[netip.Prefix]string

// expected is what the neutral model says of the announcements: those that the leaf accepts from nodes, and sends to a neighbor.
func expected(r *fabric.BGPRouter) (atSpine, atTaker arrived) {
	atSpine, atTaker = arrived{}, arrived{}
	permits := func(name string, p netip.Prefix) bool {
		i := slices.IndexFunc(r.PrefixLists, func(l *fabric.PrefixList) bool { return l.Name == name && l.Family == fabric.FamilyOf(p.Addr()) })
		return i >= 0 && slices.ContainsFunc(r.PrefixLists[i].Entries, func(e fabric.PrefixEntry) bool {
			low, high := e.Lengths()
			return e.Prefix.Contains(p.Addr()) && p.Bits() >= low && p.Bits() <= high
		})
	}
	for _, p := range announcements() {
		family := "_V" + fabric.FamilyOf(p.Addr()).String()[3:]
		if !permits("C_R_IN"+family, p) {
			continue
		}
		if permits("SPINE_OUT"+family, p) {
			atSpine[p] = "65001 64512"
		}
		if permits("C_R_OUT"+family, p) {
			atTaker[p] = "65001 64512"
		}
	}
	for _, p := range r.Networks {
		atSpine[p] = "65001"
	}
	return atSpine, atTaker
}

// TestSameRoutesPassAllDialects lets FRR, BIRD 2, OpenBGPD and GoBGP in turn be the leaf: of what a node announces they accept the same,
// and send the same on, with the same AS path, and it is what the model says, which none of their snippets was made to say here.
func TestSameRoutesPassAllDialects(t *testing.T) {
	requireExchange(t)
	l, err := exchangeLab("frr")
	if err != nil {
		t.Fatal(err)
	}
	leaf := machineNamed(t, l, "leaf").Device.(*fabric.Switch)
	atSpine, atTaker := expected(leaf.Routers[0])
	t.Logf("of %d announcements %d pass to the spine and %d to the other node", len(announcements()), len(atSpine), len(atTaker))
	for _, dialect := range []string{"frr", "bird2", "openbgpd", "gobgp"} {
		t.Run(dialect, func(t *testing.T) {
			out, err := exchange(t.Context(), dialect)
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var got map[string]arrived
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for where, want := range map[string]arrived{"spine": atSpine, "c.taker": atTaker} {
				for _, p := range slices.SortedFunc(maps.Keys(want), fabric.ComparePrefix) {
					if got[where][p] != want[p] {
						t.Errorf("%s has %s with AS path %q, want %q", where, p, got[where][p], want[p])
					}
				}
				for p, path := range got[where] {
					if want[p] == "" {
						t.Errorf("%s has %s with AS path %q, which nothing permits", where, p, path)
					}
				}
			}
		})
	}
}

// TestTooManyPrefixesEndTheSession lets a node announce more than the leaf takes from it. FRR counts what it accepts, the others what they
// receive.
func TestTooManyPrefixesEndTheSession(t *testing.T) {
	requireExchange(t)
	for _, dialect := range []string{"frr", "bird2", "openbgpd", "gobgp"} {
		t.Run(dialect, func(t *testing.T) {
			if out, err := exchange(t.Context(), dialect+"+20"); err != nil || string(out) != "null\n" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// requireExchange skips a test where the programs are missing, or no sandbox can be made, unless TOPOC_REQUIRE=all.
func requireExchange(t *testing.T) {
	t.Helper()
	why := ""
	if l, err := exchangeLab("frr"); err != nil {
		t.Fatal(err)
	} else if packages := Missing(l); len(packages) > 0 {
		why = InstallLine(packages)
	}
	if own := Own(); len(own) < len(ownPrograms) {
		why = fmt.Sprintf("of BIRD 2, OpenBGPD and GoBGP only %v can run: make deps, and only root can", own)
	}
	if out, err := exchange(t.Context(), "nothing"); why == "" && err != nil {
		why = fmt.Sprintf("no sandbox can be made: %v: %s", err, out)
	}
	switch {
	case why == "":
	case os.Getenv("TOPOC_REQUIRE") == "all":
		t.Fatal(why)
	default:
		t.Skip(why)
	}
}

// exchange runs exchangeIn in a sandbox and returns what it prints.
func exchange(ctx context.Context, dialect string) ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), exchangeVariable+"="+dialect)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	Sandbox(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // the signal comes with the end of the thread that starts the process
		defer runtime.UnlockOSThread()
		result <- cmd.Run()
	}()
	if err := <-result; err != nil {
		return said.Bytes(), err
	}
	return out.Bytes(), nil
}

// exchangeIn runs the exchange in the sandbox that this process is in, and prints what arrived where.
func exchangeIn(dialect string) int {
	if dialect == "nothing" { // only asked whether there can be a sandbox
		return 0
	}
	got, err := exchanged(dialect)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(got)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func exchanged(dialect string) (map[string]arrived, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l, err := exchangeLab(dialect)
	if err != nil {
		return nil, err
	}
	for _, m := range l.Machines { // speakers that let everything pass take the place of nodes and spine
		switch m.Name {
		case "c.sender":
			m.BIRD, m.BIRD6 = speaker(64512, "172.16.1.1", 65001, announcements()), speaker(64512, "fd00:1::1", 65001, announcements())
		case "c.taker":
			m.BIRD, m.BIRD6 = speaker(64513, "172.16.1.1", 65001, nil), speaker(64513, "fd00:1::1", 65001, nil)
		case "spine":
			m.FRR, m.BIRD, m.BIRD6 = nil, speaker(65000, "172.16.0.2", 65001, nil), speaker(65000, "fd00:a::2", 65001, nil)
		}
	}
	dir, _, err := EnterSandbox()
	if err != nil {
		return nil, err
	}
	r, err := Start(ctx, l, filepath.Join(dir, "exchange"))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if strings.Contains(dialect, "+") {
		return nil, awaitCease(ctx, r)
	}
	return settledRoutes(ctx, r)
}

// awaitCease waits until the leaf has told the sender, in both families, that it announces too much (RFC 4486). BIRD's log keeps it;
// what BIRD shows of a session is over with its next attempt.
func awaitCease(ctx context.Context, r *Running) error {
	const pause = 50 * time.Millisecond
	told := map[string]bool{}
	for len(told) < 2 {
		for _, program := range []string{"bird", "bird6"} {
			log, err := os.ReadFile(filepath.Join(r.machineOf("c.sender").dir, program+".log"))
			if err != nil {
				return err
			}
			if bytes.Contains(log, []byte("Received: Maximum number of prefixes reached")) {
				told[program] = true
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the sender was told to cease by %v only", slices.Sorted(maps.Keys(told)))
		case <-time.After(pause):
		}
	}
	return nil
}

// speaker is the configuration of a BIRD 1.6 that announces the prefixes of its neighbor's family, and takes everything.
func speaker(own int, neighbor string, as int, announced []netip.Prefix) []byte {
	a := netip.MustParseAddr(neighbor)
	var b bytes.Buffer
	fmt.Fprintf(&b, "log stderr all;\nrouter id 192.0.2.%d;\nprotocol device { scan time 1; }\nprotocol static {\n", own%250+1)
	for _, p := range announced {
		if fabric.FamilyOf(p.Addr()) == fabric.FamilyOf(a) {
			fmt.Fprintf(&b, "route %s blackhole;\n", p)
		}
	}
	fmt.Fprintf(&b, "}\nprotocol bgp leaf {\nlocal as %d;\nneighbor %s as %d;\ndirect;\nimport all;\nexport where source = RTS_STATIC;\n", own, neighbor, as)
	fmt.Fprint(&b, "connect delay time 1;\nconnect retry time 1;\nerror wait time 1,1;\nhold time 6;\nkeepalive time 2;\n}\n")
	return b.Bytes()
}

// settledRoutes waits until the same routes are there for a while, and at least one everywhere.
func settledRoutes(ctx context.Context, r *Running) (map[string]arrived, error) {
	const pause, quiet = 200 * time.Millisecond, 10
	last, since := "", 0
	for {
		all := map[string]arrived{}
		isAny := true
		for _, name := range []string{"spine", "c.taker"} {
			all[name] = arrived{}
			for _, program := range []string{"bird", "bird6"} {
				lines, err := birdCommand(r.machineOf(name).socketOf(program), "show route all protocol leaf")
				if err != nil && !strings.Contains(err.Error(), "not found") {
					return nil, err
				}
				routes := routesIn(lines)
				isAny = isAny && len(routes) > 0
				maps.Copy(all[name], routes)
			}
		}
		now := fmt.Sprint(all)
		if since++; now != last {
			last, since = now, 0
		}
		if isAny && since >= quiet {
			return all, nil
		}
		select {
		case <-ctx.Done():
			return all, errors.New("the routes do not settle")
		case <-time.After(pause):
		}
	}
}

// routesIn reads `show route all`: prefixes, and the AS path below each.
func routesIn(lines []string) arrived {
	all := arrived{}
	prefix := regexp.MustCompile(`^(\S+/\d+)\s`)
	var current netip.Prefix
	for _, line := range lines {
		if found := prefix.FindStringSubmatch(line); found != nil {
			current = netip.MustParsePrefix(found[1])
		}
		if _, path, ok := strings.Cut(line, "BGP.as_path:"); ok {
			all[current] = strings.TrimSpace(path)
		}
	}
	return all
}
