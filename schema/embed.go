// Package schema carries the CUE schema of topologies in the binary, the same files that `cue vet` and `cue lsp` read in a
// checkout.
package schema

import "embed"

// ImportPath is what a user's file imports to embed #Topology: the module of cue.mod/module.cue, and this folder.
const ImportPath = "topoc.internal/schema"

// Files holds the package's CUE files, all at the root. They need nothing but CUE's standard library.
//
//go:embed *.cue
var Files embed.FS
