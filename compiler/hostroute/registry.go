package hostroute

import (
	"fmt"
	"maps"
	"slices"

	"topoc/compiler/fabric"
)

// The systems and DNS servers that this release writes. The language knows more (fabric.HostSystems, fabric.DNSServers):
// SystemWritten and DNSWritten tell which of its words have no form yet.
var (
	systems    = registry[System]{what: "system", words: fabric.HostSystems()}
	dnsServers = registry[DNSServer]{what: "DNS server", words: fabric.DNSServers()}
)

// AllSystems returns the systems that this release writes, sorted by name.
func AllSystems() []System { return systems.all() }

// AllDNSServers returns the DNS servers that this release writes, sorted by name.
func AllDNSServers() []DNSServer { return dnsServers.all() }

// SystemWritten reports whether this release writes files for the host system of that name.
func SystemWritten(name string) bool {
	_, ok := systems.lookup(name)
	return ok
}

// DNSWritten reports whether this release writes files for the DNS server of that name.
func DNSWritten(name string) bool {
	_, ok := dnsServers.lookup(name)
	return ok
}

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
