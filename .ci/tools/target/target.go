// Package target lists the systems that topoc is released for.
package target

import "os"

// Target is a system and a processor, named as Go names them.
type Target struct{ OS, Arch string }

// All is every target, sorted.
var All = []Target{
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"linux", "amd64"}, {"linux", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

func (t Target) String() string { return t.OS + "_" + t.Arch }

// Environ is this process's environment, changed so that go builds for t: without cgo, and with nothing from the settings of who
// builds that would change what comes of it.
func (t Target) Environ() []string {
	return append(os.Environ(), "GOOS="+t.OS, "GOARCH="+t.Arch, "CGO_ENABLED=0",
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off", "GOFLAGS=", "GOWORK=off")
}
