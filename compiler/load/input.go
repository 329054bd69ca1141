package load

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/encoding/json"
	"cuelang.org/go/encoding/yaml"

	"topoc/compiler/diag"
	"topoc/compiler/internal/lazyregexp"
	"topoc/compiler/source"
)

// input is one file of a topology.
type input struct {
	name   string // as the user named it; below a directory, the directory as named and the file
	data   []byte
	format inputFormat
	dir    string // the directory argument it was found in; empty for a file of its own
	source *sourceFile
	file   *ast.File // nil until parsed
}

type inputFormat uint8

const (
	cueFormat inputFormat = iota
	yamlFormat
	jsonFormat
	guessedFormat // of standard input, until it is parsed
)

// maxInput is the most bytes of all files together: positions are 32 bits wide.
const maxInput = 1 << 31

// read reads the files that make up a topology.
func read(files []string, opt Options) ([]*input, error) {
	var inputs []*input
	size := 0
	for _, name := range files {
		found, err := readArgument(name, opt)
		if err != nil {
			return nil, err
		}
		for _, in := range found {
			size += len(in.data)
		}
		inputs = append(inputs, found...)
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("load: no files given")
	}
	if size > maxInput {
		return nil, fmt.Errorf("load: %d bytes are too much for one topology", size)
	}
	return inputs, nil
}

func readArgument(name string, opt Options) ([]*input, error) {
	if name == "-" {
		data, err := opt.Read.read(name, func() ([]byte, error) { return readStdin(opt.Stdin) })
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return []*input{{name: name, data: data, format: guessedFormat}}, nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return readDirectory(name, opt.Read)
	}
	data, err := opt.Read.read(name, func() ([]byte, error) { return readFile(name) })
	if err != nil {
		return nil, unreadable(name, err)
	}
	return []*input{{name: name, data: data, format: formatByName(name)}}, nil
}

// read returns what is in a file that was read before, or else reads it.
func (f Files) read(name string, read func() ([]byte, error)) ([]byte, error) {
	data, ok := f[name]
	if ok {
		return data, nil
	}
	data, err := read()
	if err == nil && f != nil {
		f[name] = data
	}
	return data, err
}

func readStdin(stdin io.Reader) ([]byte, error) {
	if stdin == nil {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(stdin, maxInput+1))
}

// readFile reads a file, but no more than all files together may have: a device has no end. It does not ask for the memory of a huge
// file at once: the watchdog is to see it coming.
func readFile(name string) ([]byte, error) {
	const most = 64 << 20
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(0)
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	data := bytes.NewBuffer(make([]byte, 0, min(size, most)+bytes.MinRead))
	_, err = data.ReadFrom(io.LimitReader(f, maxInput+1))
	return data.Bytes(), err
}

// unreadable says that a file cannot be read, without the name of the system call.
func unreadable(name string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("read %s: %w", name, err)
}

func formatByName(name string) inputFormat {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return yamlFormat
	case ".json":
		return jsonFormat
	}
	return cueFormat
}

// guessFormat tells what standard input is. JSON begins with a brace and reads as JSON. CUE and YAML look alike, so CUE is what
// reads as CUE; what doesn't is YAML if it reads as YAML, and else the mistakes are CUE's.
func guessFormat(data []byte) inputFormat {
	if bytes.HasPrefix(bytes.TrimSpace(withoutMark(data)), []byte("{")) {
		if _, err := json.Extract("-", withoutMark(data)); err == nil {
			return jsonFormat
		}
	}
	if _, isPlain := readPlain(data); isPlain && !bytes.Contains(data, []byte{0}) {
		return cueFormat
	}
	if _, err := parser.ParseFile("-", data); err == nil {
		return cueFormat
	}
	if _, err := yaml.Extract("-", data); err == nil {
		return yamlFormat
	}
	return cueFormat
}

// byteOrderMark may begin a file. CUE's and YAML's parsers pass over it, JSON's does not.
var byteOrderMark = []byte("\ufeff")

// withoutMark puts spaces in the place of a byte order mark, so that all places stay what they are.
func withoutMark(data []byte) []byte {
	if rest, ok := bytes.CutPrefix(data, byteOrderMark); ok {
		return append([]byte("   "), rest...)
	}
	return data
}

// parse makes the input's syntax tree. It returns the mistakes in its syntax.
func (in *input) parse(l *locator) diag.List {
	if found := in.unreadable(l); found != nil {
		return diag.List{found}
	}
	if in.format == guessedFormat {
		in.format = guessFormat(in.data)
	}
	var err error
	switch in.format {
	case yamlFormat:
		in.file, err = yaml.Extract(in.name, in.data)
	case jsonFormat:
		var expr ast.Expr
		if expr, err = json.Extract(in.name, withoutMark(in.data)); err == nil {
			in.file = jsonFile(in.name, expr)
		}
	default:
		in.file, err = parser.ParseFile(in.name, in.data, parser.AllErrors)
	}
	if err == nil {
		return nil
	}
	// What a parser finds behind the first mistake follows from it.
	e := errors.Errors(err)[0]
	message, pos := in.syntaxMessage(e), l.pos(in.inText(l.offset(e.Position())))
	if m := yamlLine().FindStringSubmatch(message); m != nil && !pos.IsValid() {
		message = m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			pos = source.Pos{File: in.name, Line: line, Column: 1}
		}
	}
	if !pos.IsValid() {
		pos = l.pos(in.source.base)
	}
	hint := syntaxHint(message)
	if in.format == cueFormat && aboutBrackets().MatchString(message) {
		if at, isExtra, ok := misplaced(in.data); ok && in.source.base+at <= l.offset(e.Position()) {
			pos = l.pos(in.source.base + at)
			message, hint = "what is opened here is not closed where the lines below it end ("+message+")", "close it, or indent the lines alike"
			if isExtra {
				message, hint = "this closes nothing that is open on a line indented like it", "delete it, or indent the lines alike"
			}
		}
	}
	var found diag.List
	d := found.Add(checkSyntax, diag.Error, "", "%s", l.withoutLiteral(message, pos))
	d.Pos, d.Hint = pos, hint
	return found
}

// aboutBrackets is what a parser says where a brace or bracket is missing, or there is one too many.
var aboutBrackets = lazyregexp.New(`^(expected '[\])}]'|expected 'EOF'|missing ',' in list|expected operand, found '[\])}])`)

// syntaxHints are edits for what parsers say, by a part of it.
var syntaxHints = []struct {
	part, hint string
}{
	{"not terminated", "close the string with a quotation mark"},
	{"missing ','", "write a comma, or begin a new line"},
	{"expected label or ':'", "write a colon behind the name of the field"},
	{"expected operand", "write a value behind the colon"},
	{"illegal character", "delete it, or put the text in quotes"},
	{"escape sequence", `write \\ for a backslash`},
}

// syntaxHint is an edit for what a parser says.
func syntaxHint(message string) string {
	for _, h := range syntaxHints {
		if strings.Contains(message, h.part) {
			return h.hint
		}
	}
	return "correct what stands here, or right before it"
}

// inText moves a place at the end of the file back behind its last character, to a line that there is.
func (in *input) inText(at offset) offset {
	if end := in.source.base + offset(len(in.data)); at == end {
		return in.source.base + offset(len(bytes.TrimSpace(in.data)))
	}
	return at
}

// yamlLine is how the YAML parser says where: it has no positions.
var yamlLine = lazyregexp.New(`^(?:yaml: )?(?:line )?([0-9]+): (.*)`)

func jsonFile(name string, expr ast.Expr) *ast.File {
	if s, ok := expr.(*ast.StructLit); ok {
		return &ast.File{Filename: name, Decls: s.Elts}
	}
	return &ast.File{Filename: name, Decls: []ast.Decl{&ast.EmbedDecl{Expr: expr}}}
}

// syntaxMessage rids a parser's message of the file that it may carry in front.
func (in *input) syntaxMessage(e errors.Error) string {
	format, args := e.Msg()
	message := fmt.Sprintf(format, args...)
	if message == "" {
		message = e.Error()
	}
	message = strings.TrimPrefix(message, in.name+":")
	return clip(message)
}

var _ source.Tracer = (*locator)(nil)
