package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"topoc/compiler/simulate"
)

// mostFailures is how many failures at once are tried at most: the sets of three of a thousand devices are too many to try, and
// their report too long to read.
const mostFailures = 2

func simFailuresCommand() *command {
	return &command{
		name:    "sim failures",
		args:    "TOPOLOGY",
		summary: "let devices and links fail, and say what that breaks",
		help: `
Every set of at most K nodes, switches and links fails at once. What is printed
is what each set breaks: expectations that hold no longer, and clusters whose
pods no longer reach each other; how long the network needs until it has
settled, as far as timers tell; and the devices and links whose loss does the
most damage. Sets that break nothing are counted, with -v they are listed.

The exit code is 1 where an expectation breaks that should survive so many
failures, or does not hold with nothing failed.`,
		minArgs: 1, maxArgs: 1,
		flagWords: map[string]func() []string{"format": simFormats},
		setup: func(flags *pflag.FlagSet) func(*env, []string) error {
			s := &simFailures{}
			s.k = 1
			flags.Var(&s.k, "k", fmt.Sprintf("let up to `K` fail at once, at most %d", mostFailures))
			s.declare(flags)
			return s.run
		},
	}
}

// simFailures is one run of the command.
type simFailures struct {
	prediction
	k failureCount
}

// failureCount is a flag value: how many failures at once.
type failureCount int

func (n *failureCount) String() string { return strconv.Itoa(int(*n)) }

// Set implements pflag.Value.
func (n *failureCount) Set(s string) error {
	parsed, err := strconv.Atoi(s)
	if err != nil {
		return fmt.Errorf("%q is no number: write 1 or %d", s, mostFailures)
	}
	*n = failureCount(parsed)
	return nil
}

// Type implements pflag.Value.
func (*failureCount) Type() string { return "K" }

func (s *simFailures) run(e *env, args []string) error {
	c := simFailuresCommand()
	switch {
	case s.k < 1:
		return c.usagef("sim failures: at least one must fail, so --k %d makes no sense", s.k)
	case s.k > mostFailures:
		return c.usagef("sim failures: --k %d is more than %d: nobody can try all sets of so many failures, nor read what they break", s.k, mostFailures)
	}
	result, err := s.prediction.run(e, c, args[0])
	if err != nil {
		return err
	}
	report, proofs := result.Predicted.Failures(int(s.k)), result.Predicted.Prove()
	if s.isJSON() {
		err = writeLists(e.stdout, jsonList{"failures", failureRows(report)})
	} else {
		text := failureText{isVerbose: s.findings.verbose, lines: result.Locator}
		err = text.write(e.stdout, report, proofs)
	}
	if err == nil && breaks(report, proofs) {
		return errFound
	}
	return err
}

// breaks reports whether an expectation does not hold that should: with nothing failed, or with as many as it should survive.
func breaks(report *simulate.FailureReport, proofs []simulate.Proof) bool {
	survives := map[string]int{}
	for _, p := range proofs {
		if !p.Holds && len(p.Failed) <= report.K {
			return true
		}
		if p.Expectation != nil {
			survives[p.Name] = p.Expectation.Survives
		}
	}
	return slices.ContainsFunc(report.Rows, func(row simulate.FailureRow) bool {
		return slices.ContainsFunc(row.Expectations, func(name string) bool { return survives[name] >= len(row.Failed) })
	})
}
