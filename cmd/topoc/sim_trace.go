package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

func simTraceCommand() *command {
	return &command{
		name:    "sim trace",
		args:    "TOPOLOGY FROM TO",
		summary: "follow packets from one place to another, and the answers back",
		help: `
FROM and TO are names of clusters, switches, hosts or nodes, CLUSTER/NODE,
CLUSTER/pods, CLUSTER/services, or addresses. Every branch of every equal-cost
route is followed, there and back; each step says the route or rule that made
it, and where that is declared.

Where FROM cannot reach TO the exit code is 1, and the last line names the
device and the rule that stop the packet or the route it needs, and the edit
that mends it.`,
		minArgs: 3, maxArgs: 3,
		flagWords: map[string]func() []string{"format": simFormats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			s := &simTrace{}
			s.declare(flags)
			return s.run
		},
	}
}

// simTrace is one run of the command.
type simTrace struct{ prediction }

func (s *simTrace) run(e *env, args []string) error {
	result, err := s.prediction.run(e, simTraceCommand(), args[0])
	if err != nil {
		return err
	}
	var places [2]simulate.Place
	for i, text := range args[1:] {
		if places[i], err = simulate.ParsePlace(result.Fabric, text); err != nil {
			return usagef("FROM and TO are names, CLUSTER/NODE, CLUSTER/pods, CLUSTER/services, or addresses", "sim trace: %v", err)
		}
	}
	trace := result.Predicted.Trace(places[0], places[1])
	if s.isJSON() {
		err = writeIndented(e.stdout, map[string]jsonTrace{"trace": newJSONTrace(trace, result.Locator)})
	} else {
		err = writeTrace(e.stdout, trace, result.Locator)
	}
	if err == nil && !trace.Reached {
		return errFound
	}
	return err
}

type jsonTrace struct {
	From     string       `json:"from"`
	To       string       `json:"to"`
	Reached  bool         `json:"reached"`
	Verdict  string       `json:"verdict"`
	Complete bool         `json:"complete"` // paths are all ways of all pairs, there and back
	Paths    [][]jsonStep `json:"paths"`
}

type jsonStep struct {
	Device     string `json:"device"`
	Cluster    string `json:"cluster"`
	Action     string `json:"action"`
	Reason     string `json:"reason"`
	DeclaredAt string `json:"declaredAt"` // file:line, or "" where nobody wrote it
}

func newJSONTrace(t *simulate.Trace, lines source.Locator) jsonTrace {
	trace := jsonTrace{From: t.From.Text, To: t.To.Text, Reached: t.Reached, Verdict: t.Verdict, Complete: t.Complete, Paths: [][]jsonStep{}}
	for _, path := range t.Paths {
		steps := []jsonStep{}
		for _, s := range path {
			cluster, device := splitName(s.Device)
			steps = append(steps, jsonStep{device, cluster, s.Action, s.Reason, declaredAt(lines, s.DeclaredAt)})
		}
		trace.Paths = append(trace.Paths, steps)
	}
	return trace
}

// declaredAt returns the file and line of a declaration; "" for none.
func declaredAt(lines source.Locator, at source.Path) string {
	if at == "" {
		return ""
	}
	pos := lines.Locate(at)
	if !pos.IsValid() {
		return ""
	}
	return fmt.Sprintf("%s:%d", pos.File, pos.Line)
}

// withPlace returns a sentence with the file and line of the declaration behind it, where somebody wrote one.
func withPlace(text string, lines source.Locator, at source.Path) string {
	if place := declaredAt(lines, at); place != "" {
		return text + " (" + place + ")"
	}
	return text
}

// writeTrace prints a trace for people: each path, and the verdict.
func writeTrace(out io.Writer, t *simulate.Trace, lines source.Locator) error {
	w := bufio.NewWriter(out)
	all := fmt.Sprint(len(t.Paths))
	if t.Reached && !t.Complete {
		all = "more than " + all
	}
	for i, path := range t.Paths {
		fmt.Fprintf(w, "path %d of %s\n", i+1, all)
		table := &textTable{}
		for _, s := range path {
			table.rows = append(table.rows, []string{"  " + s.Device, s.Action, withPlace(s.Reason, lines, s.DeclaredAt)})
		}
		table.writeColumns(w)
		w.WriteString("\n")
	}
	fmt.Fprintln(w, t.Verdict)
	if t.Stop != nil {
		if at := declaredAt(lines, t.Stop.At); at != "" {
			fmt.Fprintf(w, "    to edit: %s\n", at)
		}
	}
	return w.Flush()
}
