package emulate

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespaceDir is where `ip netns` looks for namespaces. In a sandbox it is the sandbox's own.
const namespaceDir = "/run/netns"

// namespace is a network namespace with a name that `ip netns` knows.
type namespace struct {
	name   string
	handle netns.NsHandle
	links  *netlink.Handle
}

// newNamespace makes a namespace that forwards packets as a router does.
func newNamespace(name string) (*namespace, error) {
	n := &namespace{name: name}
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		file := filepath.Join(namespaceDir, name)
		if err := os.WriteFile(file, nil, 0o444); err != nil {
			return err
		}
		if err := unix.Mount("/proc/thread-self/ns/net", file, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("name network namespace %s: %w", name, err)
		}
		for setting, value := range settings {
			if err := setKernel(setting, value); err != nil {
				return err
			}
		}
		if err := setKernel("net/ipv4/fib_multipath_hash_seed", hashSeed(name)); err != nil {
			return err
		}
		var err error
		n.handle, err = netns.GetFromPath(file)
		return err
	})
	if err != nil {
		return nil, err
	}
	if n.links, err = netlink.NewHandleAt(n.handle); err != nil {
		return nil, fmt.Errorf("reach network namespace %s: %w", name, err)
	}
	lo, err := n.links.LinkByName(loopback)
	if err != nil {
		return nil, err
	}
	return n, n.links.LinkSetUp(lo)
}

// settings make a namespace a router: it forwards, spreads connections over next hops by ports too, keeps IPv6 addresses when a
// link falls, and uses an IPv6 address at once.
var settings = map[string]string{
	"net/ipv4/ip_forward":                     "1",
	"net/ipv4/conf/all/rp_filter":             "0",
	"net/ipv4/conf/default/rp_filter":         "0",
	"net/ipv4/conf/all/send_redirects":        "0",
	"net/ipv4/conf/default/send_redirects":    "0",
	"net/ipv4/fib_multipath_hash_policy":      "1",
	"net/ipv6/conf/all/forwarding":            "1",
	"net/ipv6/conf/default/accept_dad":        "0",
	"net/ipv6/conf/default/keep_addr_on_down": "1",
	"net/ipv6/conf/all/keep_addr_on_down":     "1",
	"net/ipv6/fib_multipath_hash_policy":      "1",
	"net/ipv6/route/max_size":                 "1048576",
}

// hashSeed is another number for every machine, so that they don't all choose the same of several next hops, as kernels that share
// one would.
func hashSeed(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprint(max(h.Sum32(), 1)) // 0 is that there is none
}

// setKernel sets a kernel parameter of the thread's namespace. One that this kernel doesn't have changes nothing here.
func setKernel(name, value string) error {
	err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// onThread runs work on a thread of its own, which ends with it: what work changes of the thread is gone then.
func onThread(work func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		result <- work()
	}()
	return <-result
}

// do runs work in the namespace. What it starts stays there.
func (n *namespace) do(work func() error) error {
	return onThread(func() error {
		if err := netns.Set(n.handle); err != nil {
			return fmt.Errorf("enter network namespace %s: %w", n.name, err)
		}
		return work()
	})
}

// close takes the namespace away, as soon as nobody is in it.
func (n *namespace) close() {
	n.links.Close()
	n.handle.Close()
	file := filepath.Join(namespaceDir, n.name)
	unix.Unmount(file, unix.MNT_DETACH)
	os.Remove(file)
}
