package check_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"topoc/compiler/check"
)

// docs is all pages in one document.
const docs = "../../docs/checks.md"

// TestDocsAreThePages holds docs/checks.md to the pages. With TOPOC_UPDATE=1 it is rewritten, from the examples as TestExamples has
// left them on disk just before: those in this binary may be older.
func TestDocsAreThePages(t *testing.T) {
	want := []byte(document(t))
	if os.Getenv("TOPOC_UPDATE") == "1" {
		if err := os.WriteFile(docs, want, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("TOPOC_UPDATE=1 go test ./compiler/check rewrites it:\n%s", diff.Diff("docs/checks.md", got, "pages", want))
	}
}

// document prints the index, by chapter, and a section for each page in the order of the index.
func document(t *testing.T) string {
	pages := check.Pages()
	var index, sections strings.Builder
	for _, chapter := range check.Chapters() {
		fmt.Fprintf(&index, "\n**%s**\n\n| check | severity | asks for |\n|---|---|---|\n", chapter)
		fmt.Fprintf(&sections, "\n## %s\n", chapter)
		for _, p := range pages {
			if p.Chapter == chapter {
				fmt.Fprintf(&index, "| [%s](#%s) | %s | %s |\n", p.Name, p.Name, p.Severity, markdown(p.Summary))
				writeSection(t, &sections, p)
			}
		}
	}
	return docsHead + index.String() + sections.String()
}

const docsHead = `# Checks

What ` + "`topoc check`" + ` can find, as ` + "`topoc explain CHECK`" + ` tells it. This file is made of the same texts
(` + "`TOPOC_UPDATE=1 go test ./compiler/check`" + `), and a test runs every example: the first topology of a section has the mistake, what
topoc prints of it follows, then the edit that mends it, and what accepts it where that is meant.

An error stops a build; a warning does so with ` + "`--strict`" + `; information is printed with ` + "`-v`" + `. The severity is the worst that a
check reports. Mistakes of shape cannot be waived.
`

func writeSection(t *testing.T, b *strings.Builder, p *check.Page) {
	fmt.Fprintf(b, "\n### %s\n\n*%s*: %s\n\n%s\n", p.Name, p.Severity, markdown(p.Summary), markdown(p.Doc))
	e, err := check.ReadExample(os.DirFS("."), p.Name)
	if err != nil && !slices.Contains(check.EditedOnly, p.Name) {
		t.Errorf("%s: %v", p.Name, err)
	}
	for _, block := range []struct{ title, language, text string }{
		{"It fires on", "cue", e.Fires},
		{"", "text", e.Finding},
		{"Mended:", "diff", e.Edit()},
		{"To accept it:", "cue", e.Waiver},
	} {
		if block.text == "" {
			continue
		}
		if block.title != "" {
			fmt.Fprintf(b, "\n%s\n", block.title)
		}
		fmt.Fprintf(b, "\n```%s\n%s```\n", block.language, block.text)
	}
	fmt.Fprintf(b, "\nSource: %s\n", linked(markdown(p.Source)))
}

// markdown returns prose with what Markdown would take for more than text escaped.
func markdown(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "|", `\|`, "`", "\\`").Replace(text)
}

// linked makes links of what a source names: issues of Calico and of what is near it, and RFCs.
func linked(source string) string {
	source = regexp.MustCompile(`\b([a-z-]+)#([0-9]+)`).ReplaceAllStringFunc(source, func(name string) string {
		repository, number, _ := strings.Cut(name, "#")
		if owner := owners[repository]; owner != "" {
			return fmt.Sprintf("[%s](https://github.com/%s/%s/issues/%s)", name, owner, repository, number)
		}
		return name
	})
	return regexp.MustCompile(`\bRFC ([0-9]+)`).ReplaceAllString(source, "[$0](https://www.rfc-editor.org/rfc/rfc$1)")
}

// owners are those of the repositories whose issues sources name.
var owners = map[string]string{
	"calico": "projectcalico", "node": "projectcalico", "confd": "projectcalico", "felix": "projectcalico", "bird": "projectcalico",
	"libcalico-go": "projectcalico", "cni-plugin": "projectcalico", "calicoctl": "projectcalico", "submariner": "submariner-io", "metallb": "metallb", "kubeasz": "easzlab", "kubeadm": "kubernetes", "coredns": "coredns", "kubernetes": "kubernetes",
}

// TestSourcesHaveOwners: a reader finds the issue that a source names.
func TestSourcesHaveOwners(t *testing.T) {
	for _, p := range check.Pages() {
		for _, name := range regexp.MustCompile(`\b([a-z-]+)#[0-9]+`).FindAllStringSubmatch(p.Source, -1) {
			if owners[name[1]] == "" {
				t.Errorf("%s: whose repository is %s?", p.Name, name[1])
			}
		}
	}
}

// TestPagesAreWhole: a page has all its parts, in the form in which they are printed.
func TestPagesAreWhole(t *testing.T) {
	for _, p := range check.Pages() {
		if !slices.Contains(check.Chapters(), p.Chapter) || p.Summary == "" || p.Doc == "" || p.Source == "" || strings.ContainsAny(p.Source, "\n") ||
			strings.HasSuffix(p.Source, ".") {
			t.Errorf("%s: its chapter, summary, doc or source is missing, or the source is no line without full stop: %+v", p.Name, p)
		}
		if slices.Contains(check.EditedOnly, p.Name) {
			continue // no topology is an example
		}
		e := p.Example()
		onDisk, err := check.ReadExample(os.DirFS("."), p.Name)
		if err != nil || e != onDisk || e.Finding == "" || e.Edit() == "" {
			t.Errorf("%s: the example is not whole, or is not the one in examples (%v)", p.Name, err)
		}
		isMistake, isAboutWaivers := check.IsMistake(p.Name), strings.HasPrefix(p.Name, "waiver-")
		if isMistake && e.Waiver != "" || !isMistake && !isAboutWaivers && e.Waiver == "" {
			t.Errorf("%s: a check has a waiver, a mistake of shape cannot be waived", p.Name)
		}
	}
}
