// Package emulate runs a topology with real daemons in network namespaces of this machine: BIRD on nodes, told what Calico would
// tell it, FRR, BIRD 2, OpenBGPD or GoBGP on switches, told what topoc writes for them, and holds what they come to against the prediction.
//
// It touches nothing outside of namespaces that it made itself. It runs on Linux, and needs root or user namespaces.
package emulate
