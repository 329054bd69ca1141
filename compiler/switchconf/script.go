package switchconf

import (
	"fmt"

	"topoc/compiler/internal/cfgtext"
)

// script is a snippet in the making: commands in the order in which a device must take them, each with what takes it back.
// The undo is the same script from its end: so that nothing is removed which something still refers to.
type script struct{ sections []*section }

// section is a stretch under one comment.
type section struct {
	title string
	parts []*part
}

// part is commands that follow each other in one view.
type part struct {
	views []view
	do    []string
	back  []string
}

// view is a level of nesting: the command that enters it and the one that leaves it. One that nothing leaves, such as a menu, lasts
// until another one is entered, and indents nothing.
type view struct{ enter, leave string }

// section begins a section; everything up to the next one is below its title.
func (s *script) section(title string) { s.sections = append(s.sections, &section{title: title}) }

// in begins a part of the last section, whose commands belong in nested views, outermost first.
func (s *script) in(views ...view) *part {
	p := &part{views: views}
	last := s.sections[len(s.sections)-1]
	last.parts = append(last.parts, p)
	return p
}

// line adds a command that nothing takes back: what it belongs to is removed whole, or it has to stay.
func (p *part) line(format string, args ...any) { p.do = append(p.do, fmt.Sprintf(format, args...)) }

// undo adds a command that takes back.
func (p *part) undo(format string, args ...any) {
	p.back = append(p.back, fmt.Sprintf(format, args...))
}

// does reports whether there is any command in it, besides those that take back.
func (s *script) does() bool {
	for _, c := range s.sections {
		for _, p := range c.parts {
			if len(p.do) > 0 {
				return true
			}
		}
	}
	return false
}

// apply writes the snippet below a header of comments.
func (s *script) apply(p *Printer, header []string) []byte {
	w := &writer{Writer: cfgtext.New(p.indent), comment: p.comment, lines: func(p *part) []string { return p.do }}
	w.header(header)
	for _, c := range s.sections {
		var parts []*part
		for _, p := range c.parts {
			if n := len(p.views); len(p.do) > 0 || n > 0 && p.views[n-1].leave != "" { // a view may be all there is to say: the last node of a policy
				parts = append(parts, p)
			}
		}
		w.section(c.title, parts)
	}
	return w.Bytes()
}

// undo writes what takes the snippet back.
func (s *script) undo(p *Printer, header []string) []byte {
	w := &writer{Writer: cfgtext.New(p.indent), comment: p.comment, lines: func(p *part) []string { return p.back }}
	w.header(header)
	for i := len(s.sections) - 1; i >= 0; i-- {
		c := s.sections[i]
		var parts []*part
		for j := len(c.parts) - 1; j >= 0; j-- {
			if len(c.parts[j].back) > 0 {
				parts = append(parts, c.parts[j])
			}
		}
		w.section(c.title, parts)
	}
	return w.Bytes()
}

// writer writes one side of a script.
type writer struct {
	*cfgtext.Writer
	comment string
	lines   func(*part) []string
}

// header writes comments; an empty one is a line between paragraphs.
func (w *writer) header(comments []string) {
	for _, c := range comments {
		if c != "" {
			c = " " + c
		}
		w.Line("%s", w.comment+c)
	}
}

func (w *writer) section(title string, parts []*part) {
	if len(parts) == 0 {
		return
	}
	w.Line("%s", w.comment)
	w.Line("%s %s", w.comment, title)
	w.nest(parts, 0)
}

// nest writes parts that have their first depth views in common.
func (w *writer) nest(parts []*part, depth int) {
	for len(parts) > 0 {
		if len(parts[0].views) == depth {
			for _, line := range w.lines(parts[0]) {
				w.Line("%s", line)
			}
			parts = parts[1:]
			continue
		}
		same := 1
		for same < len(parts) && len(parts[same].views) > depth && parts[same].views[depth] == parts[0].views[depth] {
			same++
		}
		if v := parts[0].views[depth]; v.leave != "" {
			w.Enclose(v.enter, v.leave, func() { w.nest(parts[:same], depth+1) })
		} else {
			w.Line("%s", v.enter)
			w.nest(parts[:same], depth+1)
		}
		parts = parts[same:]
	}
}
