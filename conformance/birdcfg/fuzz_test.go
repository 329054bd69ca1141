package birdcfg

import (
	"errors"
	"testing"
)

// FuzzParse holds the parser to an error with a place for whatever is no configuration, and filters to an end.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(included["lists.conf"])
	for _, tt := range mistakes {
		f.Add(tt.text)
	}
	for _, tt := range filterRuns {
		f.Add("filter f { " + tt.body + " }")
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseText(text, included)
		if err != nil {
			var placed *Error
			if !errors.As(err, &placed) || placed.At == "" || placed.What == "" {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		for _, filter := range c.Filters {
			r := Route{Net: pf("10.64.1.0/26"), Source: FromBGP}
			if accepted, err := filter.Run(&r); accepted && err != nil {
				t.Errorf("accepted with an error: %v", err)
			}
			filter.Mentions()
		}
	})
}
