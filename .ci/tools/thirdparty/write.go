package thirdparty

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteTable writes THIRD_PARTY_LICENSES.md: the modules with their licences.
func WriteTable(w io.Writer, linked, tested []Module) error {
	var b bytes.Buffer
	b.WriteString("# Code of others\n\n" +
		"`make licences` writes this file, and a test holds it to what topoc is built of. That also fails where a licence is not\n" +
		"one of those that may be used. The archives of a release carry the texts, in `THIRD_PARTY_LICENSES.txt`.\n\n" +
		"## In the binary\n\n")
	if err := writeRows(&b, linked); err != nil {
		return err
	}
	b.WriteString("\n## In tests only\n\nThe modules in `conformance/` and `.ci/tools/` have further ones. They run on the machines of developers and of CI, and are part of\n" +
		"nothing that is passed on.\n\n")
	if err := writeRows(&b, tested); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeRows(b *bytes.Buffer, all []Module) error {
	b.WriteString("| module | version | licence (SPDX) | files |\n|---|---|---|---|\n")
	for i := range all {
		m := &all[i]
		licence, err := m.Licence()
		if err != nil {
			return err
		}
		version := m.Version
		if m.Path == Go {
			version = "that of the build"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", m.Path, version, licence, strings.Join(m.Files, ", "))
	}
	return nil
}

// rule stands between the texts of licences.
var rule = strings.Repeat("=", 80) + "\n"

// WriteTexts writes the texts of the modules' licences and their notices, each text once, below the modules that it is for.
func WriteTexts(w io.Writer, linked []Module) error {
	var texts []string
	users := map[string][]string{}
	for i := range linked {
		m := &linked[i]
		for _, file := range m.Files {
			read, err := m.read(file)
			if err != nil {
				return err
			}
			text := strings.TrimRight(string(read), "\n") + "\n"
			if users[text] == nil {
				texts = append(texts, text)
			}
			users[text] = append(users[text], strings.TrimSpace(m.Path+" "+m.Version)+": "+file)
		}
	}
	var b strings.Builder
	b.WriteString("topoc holds code of others. These are their licences and notices, each below the modules and files that it is from.\n")
	for _, text := range texts {
		b.WriteString("\n" + rule + strings.Join(users[text], "\n") + "\n" + rule + "\n" + text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
