// Command topoc compiles a topology of Kubernetes clusters that run Calico, and of the network around them, to Calico
// manifests, switch configuration and host routes, and refuses those that would not work.
package main

import (
	"fmt"
	"os"
)

// The exit codes.
const (
	exitOK      = 0 // clean
	exitFound   = 1 // problems were reported, or --check found a difference
	exitUsage   = 2 // wrong usage
	exitFailure = 3 // could not run: timeout, memory, a file that cannot be read or written
)

// commands is the command table, in the order of the help.
func commands() []*command {
	return []*command{
		buildCommand(),
		checkCommand(),
		explainCommand(),
		showCommand(),
		simCommand(),
		emulateCommand(),
		initCommand(),
		schemaCommand(),
		completionCommand(),
		versionCommand(),
		helpCommand(),
	}
}

func main() {
	e, err := newEnv()
	if err != nil {
		fmt.Fprintln(os.Stderr, "topoc:", err)
		os.Exit(exitFailure)
	}
	os.Exit(run(e, os.Args[1:]))
}
