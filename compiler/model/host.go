package model

import "net/netip"

// Host is a machine outside the clusters that reaches them by static routes.
type Host struct {
	Address   netip.Prefix             `json:"address,omitzero"`
	Address6  netip.Prefix             `json:"address6,omitzero"`
	Interface string                   `json:"interface,omitzero"` // default eth0
	Gateway   netip.Addr               `json:"gateway,omitzero"`
	Gateway6  netip.Addr               `json:"gateway6,omitzero"`
	System    string                   `json:"system"`          // iproute2, netplan, networkmanager, …
	Routes    map[string]*StaticRoutes `json:"routes,omitzero"` // by cluster
	DNS       *HostDNS                 `json:"dns,omitzero"`
}

// HostDNS makes a host forward the names of clusters to them.
type HostDNS struct {
	Server  string   `json:"server"`
	Forward []string `json:"forward"` // clusters
}
