package diag

import (
	"strings"
	"testing"
)

func TestWriteJSON(t *testing.T) {
	tests := []struct {
		name string
		list List
		want string
	}{
		{"nothing found", nil, `{"diagnostics": []}` + "\n"},
		{"every key is there", List{{
			Check: "session-as-mismatch", Severity: Warning, Message: "a <-> b", Path: "clusters.a", Pos: at("lab.cue", 3, 7),
			Notes: []Note{{Message: "here", Path: `nodes."b"`, Pos: at("other.cue", 1, 2)}},
			Hint:  "delete it",
		}, {
			Check: "syntax", Message: "m", Pos: at("-", 1, 1),
		}}, `{
  "diagnostics": [
    {
      "check": "session-as-mismatch",
      "severity": "warning",
      "message": "a <-> b",
      "path": "clusters.a",
      "file": "lab.cue",
      "line": 3,
      "column": 7,
      "notes": [
        {
          "message": "here",
          "path": "nodes.\"b\"",
          "file": "other.cue",
          "line": 1,
          "column": 2
        }
      ],
      "hint": "delete it"
    },
    {
      "check": "syntax",
      "severity": "error",
      "message": "m",
      "path": "",
      "file": "-",
      "line": 1,
      "column": 1,
      "notes": [],
      "hint": ""
    }
  ]
}
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.list.WriteJSON(&b); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", b.String(), tt.want)
			}
		})
	}
}
