package check

import (
	"slices"
	"strings"
)

// chapter is checks that belong together.
type chapter struct {
	title string
	names []string
}

// chapters is every check that topoc knows by name, in the order of the index of docs/checks.md; the names of a chapter are sorted.
// Tests hold it to the rules that there are.
var chapters = []chapter{
	{"Addressing", strings.Fields(`
		address-outside-subnet
		docker-default-range
		documentation-range
		duplicate-address
		duplicate-node
		host-bits
		kubernetes-range-mismatch
		overlap-clusters
		overlap-in-cluster
		overlap-infrastructure
		overlap-reserved
		public-address-space
		reserved-address-space
		unusual-prefix-length
	`)},
	{"AS numbers and paths", strings.Fields(`
		as-allowed-needlessly
		as-four-byte-community
		as-leaves-share
		as-mesh-mixed
		as-path-loop
		as-public
		as-reserved
		as-same-on-ebgp
	`)},
	{"Sessions", strings.Fields(`
		listen-range-shared
		max-prefix-too-small
		router-id-duplicate
		session-all-to-all
		session-as-mismatch
		session-family-mismatch
		session-half-open
		session-mesh-and-peers
		session-no-match
		session-no-path
		session-one-sided
		session-own-address
		session-port-mismatch
		session-shadowed
		session-timers
		session-ttl-security
	`)},
	{"Route reflectors", strings.Fields(`
		rr-cluster-id-invalid
		rr-cluster-id-split
		rr-common-fate
		rr-excluded-from-services
		rr-in-mesh
		rr-node-isolated
		rr-partition
		rr-single
		rr-suggested
		rr-unknown-node
	`)},
	{"Routes, filters, clusters together", strings.Fields(`
		ecmp-collapsed
		ecmp-too-narrow
		expectation-failed
		export-of-others
		filter-blocks-expected
		filter-unknown
		filter-unused
		foreign-pool-enabled
		foreign-pool-missing
		foreign-pool-one-way
		import-unfiltered
		isolated-connected
		nat-to-peer
		next-hop-hairpin
		next-hop-unresolvable
		single-point-of-failure
	`)},
	{"Pools, encapsulation, capacity", strings.Fields(`
		cluster-routes-inconsistent
		encapsulation-across-clusters
		encapsulation-invalid
		encapsulation-missing
		encapsulation-outside-host
		node-without-pool
		pool-rack-overlap
		pool-selects-nobody
		pool-too-few-addresses
		pool-too-few-blocks
	`)},
	{"Services, security, outside", strings.Fields(`
		dns-no-service
		enterprise-only
		password-secret-rbac
		secret-in-topology
		service-external-ips-wide
		service-loop
		static-route-not-a-node
		static-route-off-link
		static-route-single-hop
		switch-feature
		switch-name-too-long
		version-gate
		waiver-expired
		waiver-unused
	`)},
}

// catalogue is the names of all chapters, sorted.
var catalogue = func() []string {
	var names []string
	for _, c := range chapters {
		names = append(names, c.names...)
	}
	slices.Sort(names)
	return names
}()

// aboutNames is the checks and mistakes about names that lead nowhere.
var aboutNames = strings.Fields(`filter-unknown rr-unknown-node static-route-not-a-node unknown-reference unknown-word`)

// IsAboutNames reports whether a check, or a mistake of shape, is about names that lead nowhere.
func IsAboutNames(name string) bool { return slices.Contains(aboutNames, name) }

// Known reports whether name is a check's.
func Known(name string) bool {
	_, ok := slices.BinarySearch(catalogue, name)
	return ok
}

// chapterOf returns the title of the chapter that a check is in, "" where there is no such check.
func chapterOf(name string) string {
	for _, c := range chapters {
		if slices.Contains(c.names, name) {
			return c.title
		}
	}
	return ""
}
