package hostroute

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/artifact"
	"topoc/compiler/fabric"
)

// The tests of this file hold what Compile writes against the programs that read it.

// need skips the test where programs or root are missing, and fails it where TOPOC_REQUIRE=all.
func need(t *testing.T, isRootNeeded bool, programs ...string) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("TOPOC_REQUIRE") == "all" {
		missing = t.Fatalf
	}
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing("%s is not installed", program)
		}
	}
	if isRootNeeded && os.Getuid() != 0 {
		missing("only root may make a network namespace")
	}
}

// run runs a command and returns its standard output; stdin may be nil.
func run(t *testing.T, stdin []byte, command ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	var stderr bytes.Buffer
	c.Stdin, c.Stderr = bytes.NewReader(stdin), &stderr
	stdout, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command, " "), err, stdout, &stderr)
	}
	return string(stdout)
}

// folder writes the files of a host into a directory of the test's and returns it.
func folder(t *testing.T, h *fabric.Host) string {
	t.Helper()
	dir := t.TempDir()
	for _, file := range Compile(h, "lab") {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file.Path)), file.Data, artifact.Plain); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// want are the routes of example, as "ip route show" writes them but for blanks and what depends on the system.
const (
	multipath4 = "10.244.0.0/16 nexthop via 192.0.2.11 nexthop via 192.0.2.12"
	single4    = "10.97.0.0/24 via 192.0.2.11"
	multipath6 = "fd00:10::/56 nexthop via 2001:db8::11 nexthop via 2001:db8::12"
	single6    = "fd00:20::/112 via 2001:db8::11"
)

var volatile = regexp.MustCompile(` (dev \S+|weight 1|metric \d+|pref medium|proto static)\b`)

// routesOf returns the static routes of a listing by "ip route show", one a line.
func routesOf(listing string) []string {
	var routes []string
	for line := range strings.Lines(listing) {
		text := strings.Join(strings.Fields(volatile.ReplaceAllString(strings.TrimRight(line, " \n"), "")), " ")
		switch {
		case strings.HasPrefix(line, "\t"):
			routes[len(routes)-1] += " " + text
		case strings.Contains(line, "proto static"):
			routes = append(routes, text)
		}
	}
	return routes
}

// namespace begins a script for a network namespace that ends with it: eth0 has the addresses of example.
const namespace = `set -e
ip link add eth0 type veth peer name far
ip link set lo up; ip link set far up; ip link set eth0 up
ip addr add 192.0.2.50/24 dev eth0
ip addr add 2001:db8::50/64 dev eth0 nodad
show() { echo "== $1"; ip -4 route show; ip -6 route show; }
`

// inNamespace runs a script in a new network namespace and returns the routes that each of its calls of show printed.
func inNamespace(t *testing.T, dir, script string) map[string][]string {
	t.Helper()
	shown := map[string][]string{}
	out := run(t, nil, "unshare", "--net", "sh", "-c", "cd "+dir+"\n"+namespace+script)
	for _, part := range strings.Split(out, "== ")[1:] {
		name, listing, _ := strings.Cut(part, "\n")
		shown[name] = routesOf(listing)
	}
	return shown
}

func TestBatchInKernel(t *testing.T) {
	need(t, true, "ip", "unshare")
	got := inNamespace(t, folder(t, example("iproute2")), `
ip -batch routes.batch; show applied
ip -batch routes.batch; show "applied twice"
ip route replace 10.244.0.0/16 proto static via 192.0.2.99
ip -6 route replace fd00:10::/56 proto static via 2001:db8::99
ip -batch routes.batch; show "applied over other next hops"
ip -force -batch undo-routes.batch; show undone
ip -force -batch undo-routes.batch && exit 1; show "undone twice"
ip -batch routes.batch; ip route del 10.96.0.0/16
ip -force -batch undo-routes.batch && exit 1; show "undone where one is gone"
ip route add 10.244.0.0/16 via 192.0.2.99
ip -force -batch undo-routes.batch && exit 1
ip route show 10.244.0.0/16 | grep -q 192.0.2.99; show "undone beside a route of another protocol"
`)
	all := []string{"10.96.0.0/16 nexthop via 192.0.2.11 nexthop via 192.0.2.12", single4, multipath4, multipath6, single6}
	for _, step := range []struct {
		name string
		want []string
	}{
		{"applied", all},
		{"applied twice", all},
		{"applied over other next hops", all},
		{"undone", nil},
		{"undone twice", nil},
		{"undone where one is gone", nil},
		{"undone beside a route of another protocol", nil},
	} {
		if routes, ok := got[step.name]; !ok || !slices.Equal(routes, step.want) {
			t.Errorf("%s: kernel has\n%s\nwant\n%s", step.name, strings.Join(routes, "\n"), strings.Join(step.want, "\n"))
		}
	}
}

// netplanGenerate returns what netplan generates for the interface, from the host's own file and one of ours, for a renderer.
func netplanGenerate(t *testing.T, renderer, ours string) string {
	t.Helper()
	root := t.TempDir()
	etc := filepath.Join(root, "etc/netplan")
	own := fmt.Sprintf("network: {version: 2, renderer: %s, ethernets: {eth0: {addresses: [192.0.2.50/24, \"2001:db8::50/64\"]}}}\n", renderer)
	data, err := os.ReadFile(ours)
	if err == nil {
		err = os.MkdirAll(etc, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(etc, "50-own.yaml"), []byte(own), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(etc, "60-topoc.yaml"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, nil, "netplan", "generate", "--root-dir", root)
	file := "run/systemd/network/10-netplan-eth0.network"
	if renderer == "NetworkManager" {
		file = "run/NetworkManager/system-connections/netplan-eth0.nmconnection"
	}
	generated, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(generated)
}

func TestNetplanAccepts(t *testing.T) {
	need(t, false, "netplan")
	dir := folder(t, example("netplan"))
	for _, tt := range []struct {
		renderer string
		want     []string
	}{
		{"networkd", []string{
			"Destination=10.244.0.0/16\nGateway=192.0.2.11\nMetric=100\n",
			"Destination=10.244.0.0/16\nGateway=192.0.2.12\nMetric=100\n",
			"Destination=10.97.0.0/24\nGateway=192.0.2.11\n\n",
			"Destination=fd00:10::/56\nGateway=2001:db8::11\n\n",
			"Destination=fd00:10::/56\nGateway=2001:db8::12\n\n",
		}},
		{"NetworkManager", []string{
			"=10.244.0.0/16,192.0.2.11,100\n", "=10.244.0.0/16,192.0.2.12,100\n", "=10.97.0.0/24,192.0.2.11\n",
			"=fd00:10::/56,2001:db8::11\n", "=fd00:10::/56,2001:db8::12\n",
		}},
	} {
		t.Run(tt.renderer, func(t *testing.T) {
			generated := netplanGenerate(t, tt.renderer, filepath.Join(dir, "60-topoc.yaml"))
			for _, want := range tt.want {
				if !strings.Contains(generated, want) {
					t.Errorf("netplan generates no %q in\n%s", want, generated)
				}
			}
			undone := netplanGenerate(t, tt.renderer, filepath.Join(dir, "undo-60-topoc.yaml"))
			if !strings.Contains(undone, "192.0.2.50/24") || strings.Contains(undone, "192.0.2.11") {
				t.Errorf("with the undo file netplan generates\n%s", undone)
			}
		})
	}
}

const networkd = "/lib/systemd/systemd-networkd"

// networkdScript runs systemd-networkd in namespaces that end with the script. A read-only /sys tells it that there is no
// udev to wait for, as in a container.
const networkdScript = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run; mkdir -p /run/systemd/network
mount -t tmpfs tmpfs /etc/systemd/network
mount -t sysfs -o ro sysfs /sys
ip addr flush dev eth0
cp generated /run/systemd/network/10-netplan-eth0.network
drop=/etc/systemd/network/10-netplan-eth0.network.d
mkdir $drop; sed -n 's/^#| //p' 60-topoc.yaml >$drop/60-topoc.conf
SYSTEMD_LOG_TARGET=console ` + networkd + ` >&2 & trap "kill $!" EXIT
for i in $(seq 100); do
	sleep 0.1
	[ "$(ip -4 route show proto static | wc -l)" -ge 11 ] && [ "$(ip -6 route show proto static | wc -l)" -ge 4 ] && break
done
show networkd
`

// What the comments of the netplan file say of systemd-networkd: the drop-in wins over the routes of netplan itself.
func TestNetplanDropInInKernel(t *testing.T) {
	need(t, true, "netplan", "ip", "unshare", networkd)
	dir := folder(t, example("netplan"))
	generated := netplanGenerate(t, "networkd", filepath.Join(dir, "60-topoc.yaml"))
	if err := os.WriteFile(filepath.Join(dir, "generated"), []byte(generated), 0o644); err != nil {
		t.Fatal(err)
	}
	out := run(t, nil, "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-c", "cd "+dir+"\n"+namespace+networkdScript)
	_, listing, _ := strings.Cut(out, "== networkd\n")
	for _, want := range []string{multipath4, single4, single6} {
		if !slices.Contains(routesOf(listing), want) {
			t.Errorf("kernel has no %q in\n%s", want, listing)
		}
	}
	if !strings.Contains(listing, "10.244.0.0/16 via 192.0.2.12 dev eth0 proto static metric 100") {
		t.Errorf("kernel lacks the routes of netplan itself in\n%s", listing)
	}
	// The order of joined IPv6 next hops is that of their arrival.
	if !regexp.MustCompile(`(?m)^fd00:10::/56 proto static.*\n\s+nexthop.*\n\s+nexthop`).MatchString(listing) {
		t.Errorf("the IPv6 routes are not joined in\n%s", listing)
	}
}

// nmcli reads a keyfile without a running NetworkManager since 1.40, and prints what it understood.
func TestNetworkManagerAccepts(t *testing.T) {
	need(t, false, "nmcli")
	h := example("networkmanager")
	dir := folder(t, h)
	read := func(name string, change ...string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return run(t, data, slices.Concat([]string{"nmcli", "--offline", "connection", "modify"}, change)...)
	}
	count := func(text, prefix string) (n int) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, prefix) {
				n++
			}
		}
		return n
	}
	understood := read("topoc.nmconnection", "connection.zone", "")
	for _, want := range []string{
		"id=topoc-eth0\n", "interface-name=eth0\n", "autoconnect-priority=1\n",
		"=10.244.0.0/16,192.0.2.11\n", "=10.244.0.0/16,192.0.2.12\n", "_options=weight=1\n", "=10.97.0.0/24,192.0.2.11\n",
		"=fd00:10::/56,2001:db8::11\n", "=fd00:10::/56,2001:db8::12\n",
	} {
		if !strings.Contains(understood, want) {
			t.Errorf("nmcli understands no %q in\n%s", want, understood)
		}
	}
	for prefix, want := range map[string]int{"method=manual": 2, "address1=": 2, "route": 8 + 4} {
		if n := count(understood, prefix); n != want {
			t.Errorf("nmcli understands %d lines %s, want %d:\n%s", n, prefix, want, understood)
		}
	}
	if undone := read("undo-topoc.nmconnection", "connection.zone", ""); count(undone, "route") > 0 || count(undone, "address1=") != 2 {
		t.Errorf("nmcli understands the undo file as\n%s", undone)
	}

	// The commands in the comments do to any profile what the file says, and undo it.
	added := read("undo-topoc.nmconnection", slices.Repeat(modifications(t, dir, "topoc.nmconnection"), 2)...)
	if count(added, "route") != 8+4 {
		t.Errorf("the commands of topoc.nmconnection, twice, make\n%s", added)
	}
	removed := read("topoc.nmconnection", modifications(t, dir, "undo-topoc.nmconnection")...)
	if count(removed, "route") > 0 {
		t.Errorf("the commands of undo-topoc.nmconnection leave\n%s", removed)
	}
}

// modifications returns what the nmcli commands in the comments of a file change, as arguments of one command.
func modifications(t *testing.T, dir, file string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, m := range regexp.MustCompile(`(?m)^#.* connection modify "\$profile" (\S+) "(.*)"$`).FindAllStringSubmatch(string(data), -1) {
		args = append(args, m[1], m[2])
	}
	if len(args) != 2*8 {
		t.Fatalf("%s has the commands %q, want 8", file, args)
	}
	return args
}

func TestDnsmasqAccepts(t *testing.T) {
	need(t, false, "dnsmasq")
	dir := folder(t, example("iproute2"))
	for _, name := range []string{"dns-dnsmasq.conf", "undo-dns-dnsmasq.conf"} {
		run(t, nil, "dnsmasq", "--test", "-C", filepath.Join(dir, name))
	}
}
