package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteGitHub prints what was found as workflow commands of GitHub Actions, a line each, which a runner shows as annotations of the
// lines they name (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands):
//
//	::error file=lab.cue,line=41,col=14,title=session-as-mismatch::node-1 expects …%0Alab.cue:9:8: note: …%0Ahint: …
//
// Information is a notice. Where nothing is found, nothing is printed.
func (r *Report) WriteGitHub(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, d := range r.Found {
		var properties []string
		add := func(name, value string) {
			properties = append(properties, name+"="+githubProperty.Replace(printable(value)))
		}
		if d.Pos.File != "" {
			add("file", d.Pos.File)
		}
		if d.Pos.IsValid() {
			add("line", fmt.Sprint(d.Pos.Line))
			if column, _ := r.columns(d.Pos); column > 0 {
				add("col", fmt.Sprint(column))
			}
		}
		add("title", d.Check)
		fmt.Fprintf(out, "::%s %s::%s\n", githubCommand[d.Severity], strings.Join(properties, ","),
			githubMessage.Replace(strings.Join(d.lines(), "\n")))
	}
	return out.Flush()
}

var githubCommand = [...]string{Error: "error", Warning: "warning", Info: "notice"}

// What a runner takes back: message and properties of a command (ActionCommand in the runner's source).
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
