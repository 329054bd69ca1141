package load

import "testing"

// A name that a loop makes of an element is told at the element; one that is written as a label is told there, whatever else says the same.
func TestBadNamesAreToldWhereTheyAreWritten(t *testing.T) {
	for _, tt := range []struct{ name, topology, want string }{
		{"made by a loop", "name: \"t\"\nclusters: c: nodes: {for n in [\"N 1\"] {(n): {}}}\n", "2:32"},
		{"written as a label", "name: \"t\"\nclusters: c: {\n\tnodes: \"N 1\": {}\n\trouteReflectors: main: nodes: [\"N 1\"]\n}\n", "3:9"},
		{"written as a label, without a character", "name: \"t\"\nclusters: c: {\n\tnodes: \"\": {}\n\trouteReflectors: main: nodes: [\"\"]\n}\n", "3:9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := decodeText(t, "t.cue", []byte(tt.topology), true).Diagnostics
			if len(found) == 0 || found[0].Check != checkBadName || found[0].Pos.String() != "t.cue:"+tt.want {
				t.Errorf("want bad-name at %s:\n%s", tt.want, dump(found))
			}
		})
	}
}
