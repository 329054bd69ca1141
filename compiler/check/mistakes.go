package check

import (
	"cmp"
	"slices"
)

// mistake is what there is to say of a finding that is no check's: a mistake of shape, found in reading and linking a topology. It
// is always an error, and no waiver silences it.
type mistake struct {
	name   string
	doc    string // as that of a Rule
	source string // as that of a Rule
}

// ofShape is the title of their chapter.
const ofShape = "Mistakes of shape"

// mistakes is sorted by name.
var mistakes = []mistake{
	{
		name:   "bad-address",
		source: "RFC 6943 section 3.1.1; CVE-2021-29923",
		doc: `bad-address: an IP address must stand here

The text is no IPv4 or IPv6 address, is of the other family, or has a length behind it where a single machine is meant. A
leading zero is refused too: programs disagree about 010.0.0.1. Go up to 1.16 read it as 10.0.0.1 and the C library reads
8.0.0.1, which was a vulnerability of what compared the two (CVE-2021-29923).

Mend it by writing the address alone, in its usual form: "10.0.0.1" or "fd00::1".`,
	},
	{
		name:   "bad-name",
		source: "RFC 1123 section 2.1; Kubernetes, Object Names and IDs",
		doc: `bad-name: a name must have the form of what it names, and be fit for a file where one is called after it

Kubernetes takes only names of lower-case letters, digits and hyphens, some with dots, so an object with another name is
refused when it is applied, long after the build. A node's name must moreover be the one that kubectl get nodes prints: what
is written for another one reaches no node. Switches and hosts give their names to files, and may not lead out of the
directory.

Mend it by a name of lower-case letters, digits and hyphens.`,
	},
	{
		name:   "bad-prefix",
		source: "RFC 4632 section 3.1; calico#3003, node#563",
		doc: `bad-prefix: an address with the length of its subnet, or a range of addresses, must stand here, in CIDR notation

The length behind the slash is missing, too large, or not a number. It is never guessed: Calico takes a node's address without
a length for a subnet of one address, and clusters where that had happened sent everything through their tunnels in the
CrossSubnet modes, also to nodes on the same wire (calico#3003, node#563).

Mend it by adding the length: "192.168.10.11/24" for a machine, "10.244.0.0/16" for a range.`,
	},
	{
		name:   "bad-selector",
		source: "libcalico-go/lib/selector, confd/pkg/backends/calico/node_labels.go; kubeasz#741",
		doc: `bad-selector: a selector must be one that Calico can read: all(), rack == 'r1', has(disk) && zone in {'a', 'b'}

Where Calico's objects are plain CRDs, nothing judges a selector before confd does; that logs a line and lets it select no
node. In the scripts of kubeasz the selector !has(…) stood in YAML without quotes, was read as a tag, and was gone: the
BGPPeer applied to all nodes (kubeasz#741).

Mend it by ==, not =, by single quotes around values, and by && and || between terms.`,
	},
	{
		name:   "conflict",
		source: "CUE language specification, Unification",
		doc: `conflict: two values for one field must agree, since CUE unifies all that is written for it; and fields must not exclude each other

CUE has no order in which a later value would win: whatever is written for a field, in one file or several, holds at once. So
a value under a pattern like [_] is a rule for everybody and no default, and an exception to it is a conflict. Some fields of
a pool, rack or switch exclude each other too, where Calico or the switch would take only one.

Mend it by deleting one of the two values, or by making one a default: *"3.31" | string.`,
	},
	{
		name:   "missing-field",
		source: "the schema of topologies (topoc schema); Calico, BGPPeer",
		doc: `missing-field: a required field must be written, also one that another field makes necessary

Nothing can be derived in its place. Some of these fields Calico doesn't ask for either: its API takes a BGPPeer that has an
address and no AS number, and no session comes of it.

Mend it by writing the field.`,
	},
	{
		name:   "out-of-range",
		source: "the schema of topologies (topoc schema); Calico, IPPool; RFC 6793",
		doc: `out-of-range: a number must lie within the bounds of its field

The bounds are those of what the number ends in: 32 bits for an AS number, 16 for a port, what Calico's API takes for the
rest. A value beyond them often is the right number of something else. blockSize, for one, is the length of a block's prefix,
not how many addresses it has: 26 stands for 64 of them.

Mend it by a number within the bounds that the finding names.`,
	},
	{
		name:   "syntax",
		source: "CUE language specification; YAML 1.2; RFC 8259",
		doc: `syntax: a file must be readable as CUE, YAML or JSON

A bracket, quote or comma is missing, or the indentation of YAML is not what it seems. Nothing behind the place can be
trusted, so no check runs; where the error is one of a missing bracket, the place is where its absence was noticed, at the end
of the file at the worst.

Mend it at the place, or above it. cue fmt FILE shows by its indentation which bracket is open.`,
	},
	{
		name:   "undefined",
		source: "CUE language specification, Declarations and scope",
		doc: `undefined: a CUE reference must lead to a field or a definition

A word without quotes is a reference in CUE, not a string as in YAML: encapsulation: VXLAN asks for the value of a field that
is called VXLAN.

Mend it by quotes around the word where a string is meant, else by declaring the field or correcting the name.`,
	},
	{
		name:   "unknown-field",
		source: "the schema of topologies (topoc schema); Kubernetes, Custom Resources: field pruning; calico#4963",
		doc: `unknown-field: a field must be one of the language's: topoc schema lists them

A field that nobody knows would be a wish that nobody fulfils. That is what happens to it further down: an API server drops
what the schema of a custom resource doesn't have, and tells only a client that asks for strict validation.

Mend it by the name that the finding proposes, or by looking the field up with topoc schema.`,
	},
	{
		name:   "unknown-reference",
		source: "the schema of topologies (topoc schema)",
		doc: `unknown-reference: a name must be declared in the topology: a cluster, node, rack, group, switch or host

Names are how the parts of a topology find each other. One that leads nowhere leaves out what it was written for: a node
without its rack has no session with the rack's switches. The other checks run without that part, so that they don't tell the
same again.

Mend it by correcting the name, or by declaring what it names.`,
	},
	{
		name:   "unknown-word",
		source: "the schema of topologies (topoc schema)",
		doc: `unknown-word: a word must be one that the language knows for its field

Fields such as encapsulation, dialect, system or via take one of a few words, in the case in which they are listed. Calico's
own API mixes several spellings (IPIPCrossSubnet for the operator, ipipMode: CrossSubnet in an IPPool); a topology has one for
each.

Mend it by one of the words that the finding lists.`,
	},
	{
		name:   "wrong-type",
		source: "the schema of topologies (topoc schema); yaml.org, Boolean Language-Independent Type",
		doc: `wrong-type: a value must have the type of its field: a string, a number, a list, a struct

A single value where a list belongs is the most frequent case, a number or a truth value in quotes the next. In YAML it also
comes from what is not in quotes: 3.10 is the number 3.1, and for readers of YAML 1.1 no and off are truth values.

Mend it by brackets around a single value of a list, by quotes around a string, or by leaving quotes out around a number.`,
	},
}

// IsMistake reports whether name is that of a mistake of shape.
func IsMistake(name string) bool {
	_, ok := slices.BinarySearchFunc(mistakes, name, func(m mistake, name string) int { return cmp.Compare(m.name, name) })
	return ok
}
