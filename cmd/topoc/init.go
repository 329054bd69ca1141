package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler/artifact"
	"topoc/topologies"
)

func initCommand() *command {
	return &command{
		name:    "init",
		args:    "[LAB]",
		summary: "write a topology to start from",
		help: `
Without an argument topology.cue is written, a small topology to fill in. With
one, LAB.cue is written, which is one of the examples:

  ` + strings.Join(labs(), "\n  ") + `

A file that exists is not overwritten.`,
		maxArgs:  1,
		argWords: labs,
		setup:    func(*pflag.FlagSet) func(*env, []string) error { return runInit },
	}
}

//go:embed starter.cue
var starter []byte

func runInit(e *env, args []string) error {
	name, data := "topology.cue", starter
	if len(args) > 0 {
		if err := initCommand().oneOf("example", args[0], labs()); err != nil {
			return err
		}
		var err error
		if data, err = topologies.Files.ReadFile(args[0] + ".cue"); err != nil {
			return fmt.Errorf("init: %w", err)
		}
		name = args[0] + ".cue"
	}
	switch err := createNew(name, data); {
	case errors.Is(err, fs.ErrExist):
		return &artifact.RefusedError{Dir: ".", Files: []artifact.Refusal{{Path: name, Reason: "exists, and is not overwritten"}}}
	case err != nil:
		return fmt.Errorf("init: %w", err)
	}
	_, err := fmt.Fprintf(e.stdout, "wrote %s; next: topoc build %s -o out\n", name, name)
	return err
}

// labs returns the names of the examples, sorted.
func labs() []string {
	files, err := fs.Glob(topologies.Files, "*.cue")
	if err != nil {
		panic("topoc: " + err.Error()) // the pattern is a constant
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(path.Base(file), ".cue")
	}
	return files
}
