package firewall

import (
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Behind a chain that drops the rest, what the topology says gets through to a node, and nothing else does. All machines are
// addresses of one network namespace, whose packets to itself pass the input hook as any others.
func TestPackets(t *testing.T) {
	needs(t, "nft", "ip")
	runtime.LockOSThread() // and never unlocked: the thread, and its namespace, end with the test
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	var rules string
	for _, file := range Compile(link(t, topology(t, "mesh"))) {
		if file.Path == "firewall/lab-nodes.nft" {
			rules = string(file.Data)
		}
	}
	command := func(stdin string, words ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), words[0], words[1:]...)
		c.Stdin = strings.NewReader(stdin)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
		}
	}
	command("", "ip", "link", "set", "lo", "up")
	for _, address := range []string{"192.0.2.11", "192.0.2.12", "198.51.100.13", "192.0.2.99", "10.244.7.7"} {
		command("", "ip", "address", "add", address+"/32", "dev", "lo")
	}
	command(rules, "nft", "-f", "-")
	command(`table inet filter {
	chain input {
		type filter hook input priority filter; policy drop
		ct state established,related accept
		jump topoc_input
	}
}
`, "nft", "-f", "-")

	const node = "192.0.2.11"
	for _, tt := range []struct {
		name, network, from, port string
		want                      bool
	}{
		{"BGP of another node", "tcp", "192.0.2.12", "179", true},
		{"BGP of a node in another subnet", "tcp", "198.51.100.13", "179", true},
		{"BGP of a stranger", "tcp", "192.0.2.99", "179", false},
		{"BGP of a pod", "tcp", "10.244.7.7", "179", false},
		{"the API for a pod", "tcp", "10.244.7.7", "6443", true},
		{"Typha", "tcp", "192.0.2.12", "5473", true},
		{"another port", "tcp", "192.0.2.12", "2379", false},
		{"IPIP of another node", "ip4:4", "192.0.2.12", "", true},
		{"IPIP of a stranger", "ip4:4", "192.0.2.99", "", false},
		{"another protocol", "ip4:47", "192.0.2.12", "", false},
		{"VXLAN where no pool has it", "udp", "192.0.2.12", "4789", false},
	} {
		if got := arrives(t, tt.network, tt.from, node, tt.port); got != tt.want {
			t.Errorf("%s: arrives is %v, want %v", tt.name, got, tt.want)
		}
	}
}

// patience is how long a packet may be on its way.
const patience = 300 * time.Millisecond

// arrives reports whether a connection, or a packet, gets from one address to another.
func arrives(t *testing.T, network, from, to, port string) bool {
	t.Helper()
	if network == "tcp" {
		l, err := net.Listen(network, net.JoinHostPort(to, port))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0)), Timeout: patience}
		c, err := dialer.Dial(network, net.JoinHostPort(to, port))
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
	receiver, err := net.ListenPacket(network, joined(to, port))
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	sender, err := net.ListenPacket(network, joined(from, strings.Repeat("0", min(len(port), 1))))
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	if _, err := sender.WriteTo([]byte("0123456789abcdefghij"), receiver.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if err := receiver.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _, err = receiver.ReadFrom(make([]byte, 100))
	return err == nil
}

// joined is an address as net wants it: raw packets have no port.
func joined(address, port string) string {
	if port == "" {
		return address
	}
	return net.JoinHostPort(address, port)
}
