package check

import (
	"cmp"
	"embed"
	"io/fs"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"topoc/compiler/diag"
)

// Page is all there is to say of one name that a finding can have: a check's, or that of a mistake of shape.
type Page struct {
	Name     string
	Chapter  string        // the title under which the index of docs/checks.md has it
	Severity diag.Severity // the worst that it reports
	Summary  string        // one sentence, no full stop
	Doc      string        // paragraphs: why, what happened where it was not minded, and at last how to mend it
	Source   string        // where the need comes from; one line
}

// Chapters returns the titles of the chapters that pages are in, in the order of the index.
func Chapters() []string {
	var titles []string
	for _, c := range chapters {
		titles = append(titles, c.title)
	}
	return append(titles, ofShape)
}

// Pages returns the pages of all checks of this release and of all mistakes of shape, sorted by name.
func Pages() []*Page {
	var all []*Page
	for _, r := range registry {
		all = append(all, newPage(r.Name, chapterOf(r.Name), r.Severity, r.Doc, r.Source))
	}
	for _, m := range mistakes {
		all = append(all, newPage(m.name, ofShape, diag.Error, m.doc, m.source))
	}
	slices.SortFunc(all, func(a, b *Page) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func newPage(name, chapter string, severity diag.Severity, doc, source string) *Page {
	title, rest, _ := strings.Cut(doc, "\n")
	return &Page{
		Name:     name,
		Chapter:  chapter,
		Severity: severity,
		Summary:  strings.TrimSpace(strings.TrimPrefix(title, name+":")),
		Doc:      strings.TrimSpace(rest),
		Source:   source,
	}
}

// Example shows what a name is about: a topology with the mistake, and without. Tests hold it to what it says.
type Example struct {
	Fires   string // a whole topology, in CUE, in which the check finds one thing
	Finding string // what topoc check prints of it; the file is called example.cue
	Mended  string // the same topology without the mistake
	Waiver  string // what accepts the finding where it is added to Fires; "" where nothing does, or nobody would
}

// examples is a file for each name. They are parsed when somebody asks for one.
//
//go:embed examples/*.txtar
var examples embed.FS

// Example returns the example of the page, the zero Example where there is none.
func (p *Page) Example() Example {
	e, err := readExample(examples, p.Name)
	if err != nil {
		return Example{}
	}
	return e
}

// readExample reads examples/<name>.txtar of a file system. The text of the finding is a golden: a test writes it.
func readExample(in fs.FS, name string) (Example, error) {
	text, err := fs.ReadFile(in, "examples/"+name+".txtar")
	if err != nil {
		return Example{}, err
	}
	var e Example
	parts := map[string]*string{"fires.cue": &e.Fires, "mended.cue": &e.Mended, "waiver.cue": &e.Waiver, "want/finding": &e.Finding}
	for _, f := range txtar.Parse(text).Files {
		if part := parts[f.Name]; part != nil {
			*part = string(f.Data)
		}
	}
	return e, nil
}

// Edit returns how Mended differs from Fires, as the lines of a unified diff, which begin with a blank, - or +. What lies between two
// places is the line "...".
func (e Example) Edit() string {
	var edit strings.Builder
	lines := strings.SplitAfter(string(diff.Diff("", []byte(e.Fires), "", []byte(e.Mended))), "\n")
	for i, line := range lines[min(len(lines), 3):] { // behind the names of the files
		switch {
		case line == " \n":
			edit.WriteString("\n")
		case !strings.HasPrefix(line, "@@"):
			edit.WriteString(line)
		case i > 0:
			edit.WriteString("...\n")
		}
	}
	return strings.TrimLeft(edit.String(), "\n")
}
