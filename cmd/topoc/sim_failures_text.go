package main

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"topoc/compiler/simulate"
	"topoc/compiler/source"
)

// jsonFailure is what one set of failures breaks.
type jsonFailure struct {
	Failed       []string   `json:"failed"`
	Expectations []string   `json:"expectations"`
	Pairs        []jsonPair `json:"pairs"`
	Converge     float64    `json:"convergeSeconds"`
	Because      string     `json:"because"`
}

type jsonPair struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// failureRows makes a row for every set.
func failureRows(report *simulate.FailureReport) iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, row := range report.Rows {
			failure := jsonFailure{
				Failed: listOf(row.Failed), Expectations: listOf(row.Expectations), Pairs: []jsonPair{},
				Converge: row.Converge.Seconds(), Because: row.Because,
			}
			for _, p := range row.Pairs {
				failure.Pairs = append(failure.Pairs, jsonPair(p))
			}
			if !yield(failure) {
				return
			}
		}
	}
}

// failureText prints what failures break for people.
type failureText struct {
	isVerbose bool // sets that break nothing, too
	lines     source.Locator
}

func (t failureText) write(out io.Writer, report *simulate.FailureReport, proofs []simulate.Proof) error {
	w := bufio.NewWriter(out)
	for _, p := range proofs {
		if !p.Holds && len(p.Failed) == 0 {
			fmt.Fprintf(w, "with nothing failed %q does not hold: %s\n", p.Name, p.Reason)
		}
	}
	broken := 0
	var slowest simulate.FailureRow // of those that break nothing
	for _, row := range report.Rows {
		if len(row.Failed) == 0 {
			continue // the proofs have told
		}
		isHarmless := len(row.Expectations) == 0 && len(row.Pairs) == 0
		switch {
		case !isHarmless:
			broken++
		case row.Converge > slowest.Converge:
			slowest = row
		}
		if !isHarmless || t.isVerbose {
			writeFailure(w, row)
		}
	}
	t.damage(w, report.Damage)
	if slowest.Converge > 0 {
		fmt.Fprintf(w, "slowest to settle of those that break nothing: %s, in %s%s\n", strings.Join(slowest.Failed, " and "),
			slowest.Converge, after(": ", slowest.Because))
	}
	sets := counted(report.Sets, "set", "sets")
	fmt.Fprintf(w, "%s of at most %s tried, %d break something\n", sets, counted(report.K, "failure", "failures"), broken)
	return w.Flush()
}

// writeFailure prints one set, with a line for each thing that it breaks.
func writeFailure(w *bufio.Writer, row simulate.FailureRow) {
	fmt.Fprintf(w, "%s\n", strings.Join(row.Failed, " and "))
	for _, name := range row.Expectations {
		fmt.Fprintf(w, "    breaks %q\n", name)
	}
	for _, p := range row.Pairs {
		if p.From == p.To {
			fmt.Fprintf(w, "    pods of %s no longer reach each other\n", p.From)
		} else {
			fmt.Fprintf(w, "    pods of %s no longer reach those of %s\n", p.From, p.To)
		}
	}
	switch {
	case row.Converge > 0 && row.Because != "":
		fmt.Fprintf(w, "    settles in %s: %s\n", row.Converge, row.Because)
	case row.Converge > 0:
		fmt.Fprintf(w, "    settles in %s\n", row.Converge)
	}
}

// after puts a mark before a text that is not empty.
func after(mark, text string) string {
	if text == "" {
		return ""
	}
	return mark + text
}

// damage prints the devices and links whose loss breaks the most.
func (t failureText) damage(w *bufio.Writer, damage []simulate.Damage) {
	if len(damage) == 0 {
		return
	}
	w.WriteString("\ndamage of single failures, the worst first\n")
	table := &textTable{header: []string{"  FAILED", "EXPECTATIONS", "PAIRS", "DECLARED AT"}}
	for _, d := range damage {
		table.rows = append(table.rows, []string{"  " + d.Name, strconv.Itoa(d.Expectations), strconv.Itoa(d.Pairs), declaredAt(t.lines, d.At)})
	}
	table.writeColumns(w)
	w.WriteString("\n")
}

// counted returns a number with what is counted.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
