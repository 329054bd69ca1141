package check

import "topoc/compiler/diag"

// What packets are sent with and checked against (RFC 5082 section 3).
const (
	mostTTL   = 255
	calicoTTL = 64 // of a session without TTL security: BIRD's multihop
)

var _ = rule(Rule{
	Name:     "session-ttl-security",
	Severity: diag.Error,
	Source:   "RFC 5082 section 3; Calico, BGPPeer ttlSecurity",
	Doc: `session-ttl-security: both ends of a session have TTL security, or neither

An end with TTL security drops packets that have passed more routers than it allows, which it sees by how much is missing to a TTL of
255. Only an end that has it too sends with 255; Calico sends with 64 otherwise. So one end alone drops everything the other
sends: the session never comes up, and neither daemon says why. A limit of 192 hops and more lets 64 pass, and protects from
nothing. A rack's ttlSecurity goes onto both ends of its sessions. This is about sessions between two clusters whose two ends are
written by hand, in peers of both; what a speaker outside the topology does nobody knows.

Mend it by the same ttlSecurity in the entry of the other cluster, or by deleting it.`,
	Run: func(p *Pass) {
		for _, x := range p.answers() {
			secured, other := x.a, x.b
			if hopsOf(secured) == 0 {
				secured, other = x.b, x.a
			}
			hops := hopsOf(secured)
			if hops == 0 || hopsOf(other) != 0 {
				continue
			}
			severity, then := diag.Error, "never comes up"
			if calicoTTL > mostTTL-hops {
				severity, then = diag.Warning, "comes up unprotected"
			}
			p.Report(severity, secured.At.Field("ttlSecurity"), "%s takes packets of TTL %d and more, and %s, the other end, has no ttlSecurity and sends TTL %d: the session %s",
				secured.title(), mostTTL+1-hops, other.title(), calicoTTL, then).
				Note(other.At, "the other end is here").
				WithHint("write ttlSecurity: %d in %s too", hops, other.title())
		}
	},
})

// hopsOf is how many networks away the other end of an entry's sessions may be; 0: TTL security is off.
func hopsOf(m *meeting) int {
	if m.TTLSecurity == nil {
		return 0
	}
	return *m.TTLSecurity
}
