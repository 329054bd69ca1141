package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// What is left of a profile is its functions, lines and counts.
func TestNothingOfTheMachineIsLeft(t *testing.T) {
	f := &profile.Function{ID: 1, Name: "topoc/compiler.Run", Filename: "topoc/compiler/compiler.go", StartLine: 60}
	m := &profile.Mapping{ID: 1, File: "/home/somebody/compiler.test", BuildID: "somebody"}
	at := []*profile.Location{
		{ID: 1, Mapping: m, Address: 1, Line: []profile.Line{{Function: f, Line: 70}}}, {ID: 2, Mapping: m, Address: 2, Line: []profile.Line{{Function: f, Line: 70}}},
	}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		Sample: []*profile.Sample{
			{Location: at[:1], Value: []int64{1, 10}, Label: map[string][]string{"user": {"somebody"}}}, {Location: at[1:], Value: []int64{2, 20}},
		},
		Mapping: []*profile.Mapping{m}, Location: at, Function: []*profile.Function{f}, TimeNanos: 1, DurationNanos: 2, Comments: []string{"of somebody"},
	}
	var before, after bytes.Buffer
	if err := p.Write(&before); err != nil {
		t.Fatal(err)
	}
	if err := run(&before, &after); err != nil {
		t.Fatal(err)
	}
	got, err := profile.Parse(&after)
	if err != nil {
		t.Fatal(err)
	}
	if text := got.String(); strings.Contains(text, "somebody") || got.TimeNanos != 0 {
		t.Errorf("left of it is\n%s", text)
	}
	if len(got.Sample) != 1 || got.Sample[0].Value[1] != 30 || got.Sample[0].Location[0].Line[0].Function.Name != f.Name {
		t.Errorf("samples are\n%s", got)
	}
	if err := run(strings.NewReader("no profile"), &after); err == nil {
		t.Error("it reads anything")
	}
}
