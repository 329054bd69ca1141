// Command profile reads a CPU profile of `go test` from standard input, and writes to standard output what of it the compiler of Go is
// to know: which functions call which how often, nothing of the machine and of the day.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/google/pprof/profile"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
}

func run(from io.Reader, to io.Writer) error {
	p, err := profile.Parse(from)
	if err != nil {
		return err
	}
	for _, l := range p.Location {
		l.Mapping, l.Address = nil, 0
	}
	p.Mapping, p.Comments, p.TimeNanos, p.DurationNanos = nil, nil, 0, 0
	for _, s := range p.Sample {
		s.Label, s.NumLabel = nil, nil
	}
	merged, err := profile.Merge([]*profile.Profile{p}) // places that differ by their address alone are one now
	if err != nil {
		return err
	}
	return merged.Write(to)
}
