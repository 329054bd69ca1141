package compiler_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"topoc/compiler"
	"topoc/compiler/calico"
	"topoc/compiler/check"
	"topoc/compiler/load"
)

func TestPredictionRunsWhateverTheChecksFind(t *testing.T) {
	for _, tt := range []struct {
		name          string
		topology      string
		anyway        bool
		hasPrediction bool
		found         []string
	}{
		{"clean", cluster, true, true, nil},
		{"a check finds an error", cluster + `reserved: r: ["10.20.1.0/24"]`, true, true, []string{"overlap-reserved"}},
		{"a check finds an error, for a build", cluster + `reserved: r: ["10.20.1.0/24"]`, false, false, []string{"overlap-reserved"}},
		{"name that leads nowhere", cluster + `clusters: c: nodes: n2: rack: "r"`, true, true, []string{"unknown-reference"}},
		{"unknown word: nothing to predict from", cluster + `clusters: c: calico: install: "helm"`, true, false, []string{"unknown-word"}},
		{"mistake of shape", cluster + `cluster: {}`, true, false, []string{"unknown-field"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, tt.topology, compiler.Options{Until: compiler.Simulated, Anyway: tt.anyway, Check: check.Options{Today: "2026-01-01"}})
			if (r.Predicted != nil) != tt.hasPrediction {
				t.Errorf("prediction %v", r.Predicted != nil)
			}
			var found []string
			for _, d := range r.Diagnostics {
				found = append(found, d.Check)
			}
			if !slices.Equal(found, tt.found) {
				t.Errorf("found %q, want %q", found, tt.found)
			}
		})
	}
}

// Predicting takes far longer than all else.
func TestNothingIsPredictedForChecksThatNeedNoRoutes(t *testing.T) {
	for _, tt := range []struct {
		name          string
		check         check.Options
		hasPrediction bool
		ran           []string
	}{
		{"of the fabric", check.Options{Only: []string{"host-bits", "as-reserved"}}, false, []string{"as-reserved", "host-bits"}},
		{"of routes", check.Options{Only: []string{"session-no-path", "host-bits"}}, true, []string{"host-bits", "session-no-path"}},
		{"of routes, skipped", check.Options{Only: []string{"session-no-path", "host-bits"}, Skip: []string{"session-no-path"}}, false, []string{"host-bits"}},
	} {
		r := run(t, cluster, compiler.Options{Until: compiler.Simulated, Check: tt.check})
		if (r.Predicted != nil) != tt.hasPrediction || !slices.Equal(r.Ran, tt.ran) {
			t.Errorf("%s: prediction %v, ran %q", tt.name, r.Predicted != nil, r.Ran)
		}
	}
}

func TestObjectsThatAreReadReplaceTheCompiledOnes(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		err  error
	}{{"read", nil}, {"cannot be read", broken}} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			opt := compiler.Options{
				Until: compiler.Simulated, Anyway: true, Load: load.Options{Stdin: strings.NewReader(cluster)},
				ReadObjects: func(cluster string) (*calico.Objects, error) {
					asked = append(asked, cluster)
					return &calico.Objects{}, tt.err
				},
			}
			r, err := compiler.Run(context.Background(), []string{"-"}, opt)
			if !errors.Is(err, tt.err) || !slices.Equal(asked, []string{"c"}) {
				t.Fatalf("error %v, asked for %q", err, asked)
			}
			if err == nil && (r.Predicted == nil || r.Artifacts != nil) {
				t.Errorf("prediction %v, files %v", r.Predicted != nil, r.Artifacts != nil)
			}
		})
	}
}
