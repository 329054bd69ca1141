package diag

import (
	"encoding/json"
	"io"

	"topoc/compiler/source"
)

// WriteJSON prints l, which the caller has located and sorted, as one object:
//
//	{"diagnostics": [{"check", "severity", "message", "path", "file", "line", "column",
//	                  "notes": [{"message", "path", "file", "line", "column"}], "hint"}]}
//
// Every key is always there: without a hint it is "", without notes []; a diagnostic that belongs to no line has line and
// column 0. Nothing is left out, whatever the severity and however many a check found.
func (l List) WriteJSON(w io.Writer) error {
	if len(l) == 0 {
		_, err := io.WriteString(w, "{\"diagnostics\": []}\n")
		return err
	}
	out := struct {
		Diagnostics []jsonDiagnostic `json:"diagnostics"`
	}{make([]jsonDiagnostic, len(l))}
	for i, d := range l {
		out.Diagnostics[i] = jsonDiagnostic{
			Check:     d.Check,
			Severity:  d.Severity.String(),
			jsonPlace: placeOf(d.Message, d.Path, d.Pos),
			Notes:     make([]jsonPlace, len(d.Notes)),
			Hint:      d.Hint,
		}
		for j, n := range d.Notes {
			out.Diagnostics[i].Notes[j] = placeOf(n.Message, n.Path, n.Pos)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // a->b in a message stays readable
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

type jsonDiagnostic struct {
	Check    string `json:"check"`
	Severity string `json:"severity"`
	jsonPlace
	Notes []jsonPlace `json:"notes"`
	Hint  string      `json:"hint"`
}

type jsonPlace struct {
	Message string      `json:"message"`
	Path    source.Path `json:"path"`
	File    string      `json:"file"`
	Line    int         `json:"line"`
	Column  int         `json:"column"`
}

func placeOf(message string, path source.Path, pos source.Pos) jsonPlace {
	return jsonPlace{Message: message, Path: path, File: pos.File, Line: pos.Line, Column: pos.Column}
}
