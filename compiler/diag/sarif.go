package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"topoc/compiler/internal/lazyregexp"
	"topoc/compiler/source"
)

// sarifSchema is where OASIS publishes the schema of the form.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// WriteSARIF prints the report as one run of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code
// scanning of GitHub and editors read it. A result has the path of its value as a logical location. Its notes that have a place are
// related locations, and lines of its message that link there, since GitHub shows no others; the hint is a line of the message:
// SARIF's fixes are edits of text, a hint is one for people.
func (r *Report) WriteSARIF(w io.Writer) error {
	report := sarif.NewReport()
	report.Schema = sarifSchema
	run := sarif.NewRun().
		WithTool(sarif.NewTool().WithDriver(r.sarifDriver())).
		WithColumnKind("unicodeCodePoints")
	fingerprints := r.Found.fingerprints()
	for i, d := range r.Found {
		run.AddResult(r.sarifResult(d).WithPartialFingerprints(map[string]string{"topoc/v1": fingerprints[i]}))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(report.AddRun(run))
}

func (r *Report) sarifDriver() *sarif.ToolComponent {
	driver := sarif.NewToolComponent().WithName("topoc").WithVersion(r.Version)
	for _, rule := range r.Rules {
		doc := rule.Doc
		if doc == "" {
			doc = rule.Summary
		}
		first, _, _ := strings.Cut(doc, "\n\n")
		help := fmt.Sprintf("%s\n\ntopoc explain %s", doc, rule.Name)
		driver.AddRule(sarif.NewReportingDescriptor().
			WithID(rule.Name).
			WithShortDescription(sarifString(rule.Summary)).
			WithFullDescription(sarifString(first)).
			WithHelp(sarifString(help)).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel[rule.Severity])))
	}
	return driver
}

func sarifString(text string) *sarif.MultiformatMessageString {
	return sarif.NewMultiformatMessageString().WithText(sarifText(text))
}

var sarifLevel = [...]string{Error: sarif.LevelError, Warning: sarif.LevelWarning, Info: sarif.LevelNote}

func (r *Report) sarifResult(d *Diagnostic) *sarif.Result {
	result := sarif.NewResult().WithRuleID(d.Check).WithRuleIndex(r.rule(d.Check)).WithLevel(sarifLevel[d.Severity])
	text := []string{sarifText(printable(d.Message))}
	for _, n := range d.Notes {
		line := "note: " + sarifText(printable(n.Message))
		if n.Pos.File != "" {
			id := len(result.RelatedLocations) + 1
			result.AddRelatedLocation(r.sarifLocation(n.Pos, n.Path).WithID(id).WithMessage(sarif.NewTextMessage(sarifText(printable(n.Message)))))
			line += fmt.Sprintf(" ([%s](%d))", sarifLinkText.Replace(printable(n.Pos.String())), id)
		}
		text = append(text, line)
	}
	if d.Hint != "" {
		text = append(text, "hint: "+sarifText(printable(d.Hint)))
	}
	result.WithMessage(sarif.NewTextMessage(strings.Join(text, "\n")))
	if d.Pos.File != "" || d.Path != "" {
		result.AddLocation(r.sarifLocation(d.Pos, d.Path))
	}
	return result
}

func (r *Report) sarifLocation(p source.Pos, at source.Path) *sarif.Location {
	location := sarif.NewLocation()
	if p.File != "" {
		physical := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewArtifactLocation().WithURI(sarifURI(p.File)))
		if p.IsValid() {
			region := sarif.NewRegion().WithStartLine(p.Line)
			start, end := r.columns(p)
			if start > 0 {
				region.WithStartColumn(start)
			}
			if end > 0 {
				region.WithEndColumn(end)
			}
			physical.WithRegion(region)
		}
		location.WithPhysicalLocation(physical)
	}
	if at != "" {
		location.AddLogicalLocation(sarif.NewLogicalLocation().WithFullyQualifiedName(string(at)))
	}
	return location
}

// sarifURI returns a reference to a file: relative where its name is. On Windows an absolute name begins with a drive, "C:/", or with
// a server, "//server/".
func sarifURI(file string) string {
	server, isShared := strings.CutPrefix(file, "//")
	switch {
	case isShared:
		host, rest, _ := strings.Cut(server, "/")
		return (&url.URL{Scheme: "file", Host: host, Path: "/" + rest}).String()
	case drive().MatchString(file):
		return (&url.URL{Scheme: "file", Path: "/" + file}).String()
	case path.IsAbs(file):
		return (&url.URL{Scheme: "file", Path: file}).String()
	}
	return (&url.URL{Path: file}).String()
}

var drive = lazyregexp.New(`^[A-Za-z]:/`)

// sarifText returns s so that nothing in it is taken for a link or for the place of an argument (section 3.11). Braces around
// anything but a number stay as they are, though they too should be doubled: readers show what they are given.
func sarifText(s string) string {
	return sarifPlaceholder().ReplaceAllString(strings.ReplaceAll(s, "](", "] ("), "{$0}")
}

var (
	sarifPlaceholder = lazyregexp.New(`\{[0-9]+\}`)
	sarifLinkText    = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`)
)
