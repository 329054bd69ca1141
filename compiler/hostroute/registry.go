package hostroute

import (
	"fmt"
	"maps"
	"slices"

	"topoc/compiler/fabric"
)

// The systems and DNS servers, which are those that the language knows (fabric.HostSystems, fabric.DNSServers).
var (
	systems    = registry[System]{what: "system", words: fabric.HostSystems()}
	dnsServers = registry[DNSServer]{what: "DNS server", words: fabric.DNSServers()}
)

// AllSystems returns the systems, sorted by name.
func AllSystems() []System { return systems.all() }

// AllDNSServers returns the DNS servers, sorted by name.
func AllDNSServers() []DNSServer { return dnsServers.all() }

// system registers a System. A name that is taken, or that the language does not know, panics.
func system(s System) System { return systems.add(s.Name, s) }

// dnsServer registers a DNSServer as system does a System.
func dnsServer(d DNSServer) DNSServer { return dnsServers.add(d.Name, d) }

// registry is what is registered while the package is initialised, and read-only afterwards.
type registry[T any] struct {
	what   string
	words  []string // of the language
	byName map[string]T
}

func (r *registry[T]) add(name string, value T) T {
	if _, taken := r.byName[name]; taken {
		panic(fmt.Sprintf("hostroute: %s %s is registered twice", r.what, name))
	}
	if !slices.Contains(r.words, name) {
		panic(fmt.Sprintf("hostroute: %s %s is no word of the language", r.what, name))
	}
	if r.byName == nil {
		r.byName = map[string]T{}
	}
	r.byName[name] = value
	return value
}

func (r *registry[T]) lookup(name string) (T, bool) {
	value, ok := r.byName[name]
	return value, ok
}

func (r *registry[T]) all() []T {
	values := make([]T, 0, len(r.byName))
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		values = append(values, r.byName[name])
	}
	return values
}
