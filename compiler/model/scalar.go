package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ASN is an AS number (RFC 6793). Zero is reserved (RFC 7607), so where absence matters it is a *ASN.
type ASN uint32

// ParseASN reads asplain ("64512") or asdot ("1.10") notation (RFC 5396).
func ParseASN(s string) (ASN, error) {
	high, low, dotted := strings.Cut(s, ".")
	if !dotted {
		n, err := strconv.ParseUint(s, 10, 32)
		return ASN(n), err
	}
	h, err := strconv.ParseUint(high, 10, 16)
	if err != nil {
		return 0, err
	}
	l, err := strconv.ParseUint(low, 10, 16)
	return ASN(h<<16 | l), err
}

func (a ASN) String() string { return strconv.FormatUint(uint64(a), 10) }

// Duration is a span of time as Kubernetes writes it: "120s", "2m".
type Duration time.Duration

// ParseDuration reads what time.ParseDuration reads, but no negative spans.
func ParseDuration(s string) (Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("negative duration %s", s)
	}
	return Duration(d), err
}

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the form that ParseDuration reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// SecretRef names a key of a Kubernetes Secret in calico-node's namespace. A topology never holds the password itself.
type SecretRef struct {
	Secret string `json:"secret"`
	Key    string `json:"key"`
}
