package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler/calico"
)

func versionCommand() *command {
	formats := func() []string { return []string{"text", "json"} }
	return &command{
		name:      "version",
		summary:   "print the version, and the Calico releases it knows",
		flagWords: map[string]func() []string{"format": formats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			format := flags.String("format", "text", "print as `FORMAT`: text, json")
			return func(e *env, _ []string) error {
				if err := versionCommand().oneOf("format", *format, formats()); err != nil {
					return err
				}
				return thisVersion().write(e.stdout, *format == "json")
			}
		},
	}
}

// version is what the binary knows of itself.
type version struct {
	Version  string   `json:"version"`  // of the module: "(devel)" where it was built in a checkout without version control
	Revision string   `json:"revision"` // of the checkout, "" where unknown; "+dirty" behind one with changes
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Calico   releases `json:"calico"`
}

// releases is a span of releases of Calico: those for which topoc knows which fields they have.
type releases struct {
	Oldest string `json:"oldest"`
	Newest string `json:"newest"`
}

// calicoReleases is the span that package calico has looked at.
var calicoReleases = releases{Oldest: "3.12", Newest: calico.Newest.String()}

func thisVersion() version {
	v := version{Version: "(unknown)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Calico: calicoReleases}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = info.Main.Version
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Revision = s.Value + v.Revision
		case s.Key == "vcs.modified" && s.Value == "true":
			v.Revision += "+dirty"
		}
	}
	return v
}

func (v version) write(w io.Writer, isJSON bool) error {
	if isJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	_, err := fmt.Fprintf(w, "topoc %s\n%s %s\nCalico %s to %s\n",
		strings.TrimSpace(v.Version+" "+v.Revision), v.Go, v.Platform, v.Calico.Oldest, v.Calico.Newest)
	return err
}
