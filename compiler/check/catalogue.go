package check

import (
	"slices"
	"strings"
)

// catalogue is every check that topoc knows by name, sorted. It is longer than All: a waiver may name a check that this
// release doesn't run yet, so that one file serves several releases.
var catalogue = strings.Fields(`
	address-outside-subnet
	as-allowed-needlessly
	as-four-byte-community
	as-leaves-share
	as-mesh-mixed
	as-path-loop
	as-public
	as-reserved
	as-same-on-ebgp
	cluster-routes-inconsistent
	dns-no-service
	docker-default-range
	documentation-range
	duplicate-address
	duplicate-node
	ecmp-collapsed
	ecmp-too-narrow
	encapsulation-across-clusters
	encapsulation-invalid
	encapsulation-missing
	encapsulation-outside-host
	enterprise-only
	expectation-failed
	export-of-others
	filter-blocks-expected
	filter-unknown
	filter-unused
	foreign-pool-enabled
	foreign-pool-missing
	foreign-pool-one-way
	host-bits
	import-unfiltered
	isolated-connected
	kubernetes-range-mismatch
	listen-range-shared
	max-prefix-too-small
	nat-to-peer
	next-hop-hairpin
	next-hop-unresolvable
	node-without-pool
	overlap-clusters
	overlap-in-cluster
	overlap-infrastructure
	overlap-reserved
	password-secret-rbac
	pool-rack-overlap
	pool-selects-nobody
	pool-too-few-addresses
	pool-too-few-blocks
	public-address-space
	reserved-address-space
	router-id-duplicate
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
	service-external-ips-wide
	service-loop
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
	single-point-of-failure
	static-route-not-a-node
	static-route-off-link
	static-route-single-hop
	switch-feature
	switch-name-too-long
	unusual-prefix-length
	version-gate
	waiver-expired
	waiver-unused
`)

// mistakes is the names of the findings that are no checks, sorted: mistakes of shape, which are found in reading and linking a
// topology. No waiver silences one.
var mistakes = strings.Fields(`
	bad-address
	bad-name
	bad-prefix
	bad-selector
	conflict
	missing-field
	out-of-range
	syntax
	undefined
	unknown-field
	unknown-reference
	unknown-word
	wrong-type
`)

// IsMistake reports whether name is that of a mistake of shape.
func IsMistake(name string) bool {
	_, ok := slices.BinarySearch(mistakes, name)
	return ok
}

// aboutNames is the checks and mistakes about names that lead nowhere.
var aboutNames = strings.Fields(`filter-unknown rr-unknown-node static-route-not-a-node unknown-reference unknown-word`)

// IsAboutNames reports whether a check, or a mistake of shape, is about names that lead nowhere.
func IsAboutNames(name string) bool { return slices.Contains(aboutNames, name) }

// Known reports whether name is a check's, be it one of this release or not.
func Known(name string) bool {
	_, ok := slices.BinarySearch(catalogue, name)
	return ok
}
