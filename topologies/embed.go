// Package topologies carries the example topologies, for topoc init.
package topologies

import "embed"

// Files holds one topology per file, all at the root.
//
//go:embed *.cue
var Files embed.FS
