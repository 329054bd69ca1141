package model

import "net/netip"

// IPPool is a pool in full (Calico: api/pkg/apis/projectcalico/v3/ippool.go).
type IPPool struct {
	CIDR             netip.Prefix `json:"cidr"`
	BlockSize        *int         `json:"blockSize,omitzero"`     // prefix length of a block: default 26, IPv6 122
	Encapsulation    string       `json:"encapsulation,omitzero"` // None (default), IPIP, IPIPCrossSubnet, VXLAN, VXLANCrossSubnet
	NATOutgoing      *bool        `json:"natOutgoing,omitzero"`   // default true, IPv6 false
	NodeSelector     string       `json:"nodeSelector,omitzero"`  // default all()
	Rack             string       `json:"rack,omitzero"`          // instead of nodeSelector
	Disabled         bool         `json:"disabled,omitzero"`
	DisableBGPExport bool         `json:"disableBGPExport,omitzero"`
	AllowedUses      []string     `json:"allowedUses,omitzero"`    // default Workload, Tunnel
	AssignmentMode   string       `json:"assignmentMode,omitzero"` // Automatic (default), Manual (Calico 3.30)
}
