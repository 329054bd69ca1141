package sarifschema

import "testing"

func TestValidate(t *testing.T) {
	const driver = `"tool": {"driver": {"name": "topoc"}}`
	for _, tt := range []struct {
		name, document string
		want           bool
	}{
		{"a run that found nothing", `{"version": "2.1.0", "runs": [{` + driver + `, "results": []}]}`, true},
		{"a result", `{"version": "2.1.0", "runs": [{` + driver + `, "results": [{"message": {"text": "m"}, "level": "error"}]}]}`, true},
		{"no JSON", `{"version"`, false},
		{"two documents", `{"version": "2.1.0", "runs": []} {}`, false},
		{"another version", `{"version": "2.0.0", "runs": []}`, false},
		{"a run of no tool", `{"version": "2.1.0", "runs": [{}]}`, false},
		{"a result without a message", `{"version": "2.1.0", "runs": [{` + driver + `, "results": [{}]}]}`, false},
		{"an unknown field", `{"version": "2.1.0", "runs": [], "reuslts": []}`, false},
		{"an unknown level", `{"version": "2.1.0", "runs": [{` + driver + `, "results": [{"message": {"text": "m"}, "level": "info"}]}]}`, false},
		{"a column of 0", `{"version": "2.1.0", "runs": [{` + driver + `, "results": [{"message": {"text": "m"}, "locations": [
			{"physicalLocation": {"artifactLocation": {"uri": "lab.cue"}, "region": {"startLine": 1, "startColumn": 0}}}]}]}]}`, false},
		{"a URI that cannot be decoded", `{"version": "2.1.0", "runs": [{` + driver + `, "results": [{"message": {"text": "m"}, "locations": [
			{"physicalLocation": {"artifactLocation": {"uri": "100%.cue"}}}]}]}]}`, false},
	} {
		if err := Validate([]byte(tt.document)); (err == nil) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
