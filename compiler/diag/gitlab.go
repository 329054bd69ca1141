package diag

import (
	"encoding/json"
	"io"
	"strings"
)

// WriteGitLab prints what was found as a Code Quality report of GitLab (https://docs.gitlab.com/ci/testing/code_quality/), an array
// of
//
//	{"description", "check_name", "fingerprint", "severity": "critical" | "minor" | "info", "location": {"path", "lines": {"begin"}}}
//
// for errors, warnings and information. A merge request shows those whose fingerprints its target does not have; moving lines
// changes none. What belongs to no line is told of the first, since GitLab drops what has none.
func (r *Report) WriteGitLab(w io.Writer) error {
	fingerprints := r.Found.fingerprints()
	issues := make([]gitlabIssue, len(r.Found))
	for i, d := range r.Found {
		issues[i] = gitlabIssue{
			Description: strings.Join(d.lines(), "\n"),
			Check:       d.Check,
			Fingerprint: fingerprints[i],
			Severity:    gitlabSeverity[d.Severity],
		}
		issues[i].Location.Path = d.Pos.File
		issues[i].Location.Lines.Begin = max(d.Pos.Line, 1)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(issues)
}

var gitlabSeverity = [...]string{Error: "critical", Warning: "minor", Info: "info"}

type gitlabIssue struct {
	Description string `json:"description"`
	Check       string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}
