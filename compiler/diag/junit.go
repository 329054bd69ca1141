package diag

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// WriteJUnit prints the report as JUnit's XML, in the form that Jenkins and GitLab read: a testsuite for each topology, in it a
// testcase for each check that ran and for each mistake of shape that was found. One fails where its check found an error, or a
// warning where those fail; it has one failure, with everything of that check in its text, since readers show no more than one.
// What fails nothing is its system-out. Source lines are quoted as in Text. There are no times, so that equal input prints equally.
func (r *Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "topoc check"}
	for _, t := range r.Topologies {
		suite := r.junitSuite(t)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Suites = append(all.Suites, suite)
	}
	out := bufio.NewWriter(w)
	out.WriteString(xml.Header)
	enc := xml.NewEncoder(out)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	out.WriteByte('\n')
	return out.Flush()
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"` // always 0: a topology that cannot be read is no test
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"` // always 0, as Skipped is: what did not run is no test
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`      // the check
	Class   string        `xml:"classname,attr"` // the topology, by which readers group
	File    string        `xml:"file,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
	Out     *junitText    `xml:"system-out"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"` // the worst severity
	Text    string `xml:",cdata"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

func (r *Report) junitSuite(t Topology) junitSuite {
	byCheck := map[string]List{}
	names := slices.Clone(t.Ran)
	for _, d := range t.Found {
		byCheck[d.Check] = append(byCheck[d.Check], d)
		names = append(names, d.Check)
	}
	slices.Sort(names)
	suite := junitSuite{Name: xmlText(t.Name)}
	for _, name := range slices.Compact(names) {
		c := r.junitCase(name, byCheck[name])
		c.Class = suite.Name
		if c.Failure != nil {
			suite.Failures++
		}
		suite.Tests++
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

func (r *Report) junitCase(check string, found List) junitCase {
	var failing, others List
	for _, d := range found {
		if d.Severity == Error || d.Severity == Warning && r.Strict {
			failing = append(failing, d)
		} else {
			others = append(others, d)
		}
	}
	c := junitCase{Name: xmlText(check)}
	if len(found) > 0 {
		c.File = xmlText(found[0].Pos.File)
	}
	if len(failing) > 0 {
		c.Failure = &junitFailure{Message: failing[0].Message, Type: Warning.String(), Text: r.junitText(failing)}
		if failing.Count(Error) > 0 {
			c.Failure.Type = Error.String()
		}
		if more := len(failing) - 1; more > 0 {
			c.Failure.Message += fmt.Sprintf(" (and %d more)", more)
		}
		c.Failure.Message = xmlText(printable(c.Failure.Message))
	}
	if len(others) > 0 {
		c.Out = &junitText{Text: r.junitText(others)}
	}
	return c
}

// junitText is the text form of l without its closing line.
func (r *Report) junitText(l List) string {
	var b strings.Builder
	out := &textWriter{Writer: bufio.NewWriter(&b), opts: Text{Source: r.Source}}
	for _, d := range l {
		out.diagnostic(d)
	}
	out.Flush() // to a strings.Builder, which takes everything
	return "\n" + xmlText(b.String())
}

// xmlText replaces what no document of XML 1.0 can hold, not even escaped. The encoder does that but in CDATA.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r >= 0x20 && r < 0xfffe || r > 0xffff {
			return r
		}
		return utf8.RuneError
	}, s)
}
