// Package conformance holds what topoc writes and predicts against programs that nobody here wrote: Calico's own code, a real
// API server, real BIRD and FRR. It is a module of its own, so that topoc's stays light.
package conformance
