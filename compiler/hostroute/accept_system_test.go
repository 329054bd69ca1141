package hostroute

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"topoc/compiler/artifact"
)

// all are the routes of example, sorted as routesOf lists them: IPv4, then IPv6.
var all = []string{"10.96.0.0/16 nexthop via 192.0.2.11 nexthop via 192.0.2.12", single4, multipath4, multipath6, single6}

// bare begins a script as namespace does, but eth0 has no address of its own yet, and what is mounted ends with the script.
const bare = `set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
ip link add eth0 type veth peer name far
ip link set lo up; ip link set far up; ip link set eth0 up
show() { echo "== $1"; ip -4 route show; ip -6 route show; }
`

// networkdOwn runs systemd-networkd with a .network file of the host's own and a drop-in.
const networkdOwn = bare + `
mkdir -p /run/systemd/network
mount -t tmpfs tmpfs /etc/systemd/network
mount -t sysfs -o ro sysfs /sys
cat >/etc/systemd/network/10-lan.network <<-END
	[Match]
	Name=eth0
	[Network]
	Address=192.0.2.50/24
	Address=2001:db8::50/64
	Gateway=192.0.2.1
	IPv6AcceptRA=no
END
mkdir /etc/systemd/network/10-lan.network.d
cp drop-in /etc/systemd/network/10-lan.network.d/60-topoc.conf
SYSTEMD_LOG_TARGET=console ` + networkd + ` 2>&1 & trap "kill $!" EXIT
for i in $(seq 100); do
	sleep 0.1
	grep -q ADMIN_STATE=configured /run/systemd/netif/links/* 2>/dev/null && break
done
grep -h ADMIN_STATE=c /run/systemd/netif/links/*
show it
`

// The drop-in's routes are set, all of a multipath route at once, and networkd says that nothing is left to do. What it does not
// understand it reports, as the file says.
func TestNetworkdInKernel(t *testing.T) {
	need(t, true, networkd, "ip", "unshare")
	h := example("systemd-networkd")
	dir := folder(t, h)
	start := func(dropIn string) (string, []string) {
		if err := os.WriteFile(filepath.Join(dir, "drop-in"), []byte(dropIn), artifact.Plain); err != nil {
			t.Fatal(err)
		}
		out := run(t, nil, append(sandbox, "cd "+dir+"\n"+networkdOwn)...)
		before, listing, _ := strings.Cut(out, "== it\n")
		return before, slices.DeleteFunc(routesOf(listing), func(r string) bool { return strings.HasPrefix(r, "default") })
	}
	text := fileOf(t, h, "60-topoc.conf")
	said, routes := start(text)
	slices.Sort(routes)
	if want := slices.Sorted(slices.Values(all)); !slices.Equal(routes, want) {
		t.Errorf("kernel has\n%s\nwant\n%s", strings.Join(routes, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(said, "60-topoc.conf") || !strings.Contains(said, "ADMIN_STATE=configured") {
		t.Errorf("networkd says\n%s", said)
	}
	if said, routes := start(fileOf(t, h, "undo-60-topoc.conf")); len(routes) > 0 || strings.Contains(said, "60-topoc.conf") {
		t.Errorf("with the undo file networkd says\n%s\nand the kernel has\n%s", said, strings.Join(routes, "\n"))
	}
	wrong := regexp.MustCompile(`(?m)^([A-Za-z]+)[a-z]=`).ReplaceAllString(text, "$1=")
	said, _ = start(wrong)
	settings := slices.DeleteFunc(statements(text), func(line string) bool { return line == "[Route]" })
	if got := strings.Count(said, "60-topoc.conf:"); got < len(settings) {
		t.Errorf("networkd complains of %d lines of\n%s\n%s", got, wrong, said)
	}
}

// ifupdownOwn is a machine whose interface has stanzas of its own; the order in which ifupdown reads the files is told to it.
const ifupdownOwn = bare + `
mkdir /run/network
mount -t tmpfs tmpfs /etc/network; cd /etc/network; mkdir if-pre-up.d if-up.d if-down.d if-post-down.d; cd - >/dev/null
cat >own <<-END
	auto eth0
	iface eth0 inet static
		address 192.0.2.50/24
		gateway 192.0.2.1
	iface eth0 inet6 static
		address 2001:db8::50/64
		dad-attempts 0
END
in_order() {
	: >/etc/network/interfaces
	for file in "$@"; do echo "source $PWD/$file" >>/etc/network/interfaces; done
}
`

func TestIfupdownInKernel(t *testing.T) {
	need(t, true, "ifup", "ifquery", "ip", "unshare")
	h := example("ifupdown")
	dir := folder(t, h)
	out := run(t, nil, append(sandbox, "cd "+dir+"\n"+ifupdownOwn+`
in_order own interfaces
ifup --no-act eth0 2>no-act
ifquery eth0 | grep '^address\|^up' | head -n 1 | grep -q '^address'
ifup eth0 2>&1; show up
ifdown eth0 2>&1; show down
ifup eth0 2>&1
sed -n 's/^#| //p' undo-interfaces | sh; show "undone at once"
sed -n 's/^ *up //p' interfaces | sh; show "applied at once"
in_order own undo-interfaces
ifdown eth0 2>&1; ifup eth0 2>&1; show "undone"
ifdown eth0 2>&1; in_order interfaces own
ifup eth0 2>&1 && exit 1; show "in the wrong order"
`)...)
	shown := map[string][]string{}
	for _, part := range strings.Split(out, "== ")[1:] {
		name, listing, _ := strings.Cut(part, "\n")
		shown[name] = routesOf(listing)
	}
	for _, step := range []struct {
		name string
		want []string
	}{
		{"up", all},
		{"down", nil},
		{"undone at once", nil},
		{"applied at once", all},
		{"undone", nil},
		{"in the wrong order", nil},
	} {
		got, isShown := shown[step.name]
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(step.want)); !isShown || !slices.Equal(got, want) {
			t.Errorf("%s: kernel has\n%s\nwant\n%s", step.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestIfupdownRefusesMutants(t *testing.T) {
	need(t, true, "ifup", "ip", "unshare")
	h := example("ifupdown")
	dir := folder(t, h)
	// It goes on with what it understood.
	for _, mutant := range mutants(fileOf(t, h, "interfaces"), regexp.MustCompile(`inet6? |manual`)) {
		if err := os.WriteFile(filepath.Join(dir, "mutant"), []byte(mutant), artifact.Plain); err != nil {
			t.Fatal(err)
		}
		run(t, nil, append(sandbox, "cd "+dir+"\n"+ifupdownOwn+"in_order own mutant\nifup --no-act eth0 2>&1 | grep mutant:\n")...)
	}
}
