package check

import (
	"fmt"
	"net/netip"
	"strings"

	"topoc/compiler/fabric"
)

// maxListed is how many names a message lists before it counts.
const maxListed = 4

// someOf lists names in a message: "a", "a and b", "a, b, c, d and 3 others".
func someOf[T any](items []T, name func(T) string) string {
	var listed []string
	for _, item := range items[:min(len(items), maxListed)] {
		listed = append(listed, name(item))
	}
	if len(items) > maxListed {
		return strings.Join(listed, ", ") + andOthers(len(items)-maxListed, "other")
	}
	if last := len(listed) - 1; last > 0 {
		return strings.Join(listed[:last], ", ") + " and " + listed[last]
	}
	return strings.Join(listed, "")
}

// count says how many there are: "1 node", "3 nodes".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func nodeName(n *fabric.Node) string { return n.Name }

// ownSubnet is the subnet of the node's own address, the IPv4 one where it has both.
func ownSubnet(n *fabric.Node) netip.Prefix {
	if n.Address.IsValid() {
		return n.Address.Masked()
	}
	return n.Address6.Masked()
}

// addressesOf lists the addresses of a switch's interfaces.
func addressesOf(s *fabric.Switch) string {
	var all []netip.Prefix
	for _, i := range s.Interfaces {
		for _, p := range []netip.Prefix{i.Address, i.Address6} {
			if p.IsValid() {
				all = append(all, p)
			}
		}
	}
	if len(all) == 0 {
		return "no address on any interface"
	}
	return someOf(all, netip.Prefix.String)
}

// addressFieldOf is the field that holds the address in ownSubnet.
func addressFieldOf(n *fabric.Node) string {
	if n.Address.IsValid() {
		return "address"
	}
	return "address6"
}
