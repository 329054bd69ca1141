package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"topoc/compiler"
	"topoc/compiler/simulate"
)

// simFormats are the forms in which a prediction is printed.
func simFormats() []string { return []string{"text", "json"} }

func simCommand() *command {
	return &command{
		name:    "sim",
		args:    "COMMAND TOPOLOGY [ARGUMENTS] [FLAGS]",
		summary: "predict sessions, routes, traces and what failures break",
		help: `
The control plane is predicted from the objects that a build emits, as Calico,
BIRD and the switches read them: which sessions come up, which routes every
device has and why, what becomes of a packet, what a failure breaks. Nothing is
started and nobody is asked.

What the checks find goes to standard error and stops nothing: what is wrong
with a topology is best seen in its routes. Only mistakes of shape stop.

With --objects DIR the objects are read from a build's output, which may have
been edited since, instead of being compiled.`,
		subcommands: []*command{
			simSessionsCommand(),
			simRoutesCommand(),
			simTraceCommand(),
			simFailuresCommand(),
		},
	}
}

// prediction is the flags of every command that predicts.
type prediction struct {
	input    input
	findings findings
	objects  string
	format   string
}

func (p *prediction) declare(flags *pflag.FlagSet) {
	flags.StringVar(&p.format, "format", "text", "print as `FORMAT`: "+strings.Join(simFormats(), ", "))
	flags.StringVar(&p.objects, "objects", "", "read what Calico is told from `DIR`, the output of a build")
	p.input.declare(flags)
	p.findings.declarePrinting(flags)
}

// run predicts one topology for command c, and prints what the checks found to standard error. The Result has a prediction
// unless there is an error.
func (p *prediction) run(e *env, c *command, topology string) (*compiler.Result, error) {
	if err := c.oneOf("format", p.format, simFormats()); err != nil {
		return nil, err
	}
	options := compiler.Options{Until: compiler.Simulated, Anyway: true, NoFiles: true, Check: p.findings.options(e)}
	if p.objects != "" {
		options.ReadObjects = builtObjects{p.objects, p.input.limits()}.read
	}
	result, err := p.input.run(e, topology, options)
	if err != nil {
		return nil, err
	}
	if err := p.findings.print(e, e.stderr, e.stderrTerminal, result.Diagnostics, result.Locator); err != nil {
		return nil, err
	}
	if result.Predicted == nil {
		return nil, errFound
	}
	for _, r := range result.Predicted.Refused {
		fmt.Fprintf(e.stderr, "topoc: %s: %s\n", r.Cluster, r)
	}
	sayOscillations(e, result.Predicted.Oscillations)
	return result, nil
}

func (p *prediction) isJSON() bool { return p.format == "json" }

// sayOscillations warns of what the prediction holds still only for the moment: it never settles.
func sayOscillations(e *env, oscillations []simulate.Oscillation) {
	for _, o := range oscillations {
		what := "sessions"
		if o.Prefix.IsValid() {
			what = "routes to " + o.Prefix.String()
		}
		fmt.Fprintf(e.stderr, "topoc: %s never settle: %s\n", what, strings.Join(o.Cycle, ", then "))
	}
}
