package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"topoc/compiler/check"
	"topoc/compiler/diag"
	"topoc/compiler/source"
)

// findings is the flags of the commands that check, and how these print what they found.
type findings struct {
	strict, all, verbose bool
	today                date
}

func (f *findings) declare(flags *pflag.FlagSet) {
	flags.BoolVar(&f.strict, "strict", false, "fail on warnings too")
	flags.Var(&f.today, "today", "judge waivers as of `DATE`, as in 2026-12-31 (default the system's date)")
	f.declarePrinting(flags)
}

// declarePrinting is for commands that print findings but don't check.
func (f *findings) declarePrinting(flags *pflag.FlagSet) {
	flags.BoolVar(&f.all, "all", false, fmt.Sprintf("print all findings, not %d per check", diag.PerCheck))
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print more: findings that are information only, names of files")
}

// options returns what the checks need to know.
func (f *findings) options(e *env) check.Options {
	return check.Options{Today: f.today.or(e.now())}
}

// print prints diagnostics as text. lines finds the lines that they quote.
func (f *findings) print(e *env, w io.Writer, isTerminal bool, l diag.List, lines source.Locator) error {
	return f.text(e, isTerminal, lines).Print(w, l)
}

// text returns how diagnostics are printed as text. lines finds the lines that they quote.
func (f *findings) text(e *env, isTerminal bool, lines source.Locator) diag.Text {
	return diag.Text{Source: lines, Color: e.color(isTerminal), All: f.all, Verbose: f.verbose}
}

// date is a flag value: a day, YYYY-MM-DD. The zero date is none.
type date string

func (d *date) String() string { return string(*d) }

// Set implements pflag.Value.
func (d *date) Set(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return fmt.Errorf("%q is no date: write it as 2026-12-31", s)
	}
	*d = date(s)
	return nil
}

// Type implements pflag.Value.
func (*date) Type() string { return "DATE" }

// or returns d, or the day of now where d is none.
func (d date) or(now time.Time) string {
	if d == "" {
		return now.Format(time.DateOnly)
	}
	return string(d)
}
