package load

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/token"
)

// ErrBurst says that CUE could ask for so much memory at once, while it evaluates a topology, that the Go runtime ends the process
// before a watchdog sees anything.
var ErrBurst = errors.New("load: evaluating the topology may end the process")

// Sizes of text.
const (
	// maxBurst is how large a text may become that CUE makes without being watched. It is copied a few times while it grows: that stays
	// under the least room that a ceiling leaves above the limit, however seldom a busy machine lets the watchdog look. So no factor
	// needs to be trusted, not even that of a doubling: where the limit is most of the machine's memory, the ceiling is less than twice
	// as high.
	maxBurst = 64 << 20
	// maxDigits is how long a number may become: CUE refuses to calculate with longer ones.
	maxDigits = 1 << 17
	// maxRepeat is how often CUE repeats a text that is multiplied.
	maxRepeat = 1e6
	// maxEscape is how much longer a harmless function may make a text: it writes a byte as %20.
	maxEscape = 3
	// boundless is the size of what no bound is known for.
	boundless = 1e300
)

// harmless are the functions of CUE's packages that make nothing much larger than what they are given; of a package without names, all.
// list.Range makes one element after the other.
var harmless = map[string][]string{
	"net":     nil,
	"list":    {"Contains", "MaxItems", "MinItems", "Range"},
	"strings": {"Contains", "HasPrefix", "HasSuffix", "MaxRunes", "MinRunes", "ToLower", "ToUpper", "TrimPrefix", "TrimSpace", "TrimSuffix"},
}

// mayBurst reports whether CUE could make a text of more than maxBurst in one step when it evaluates an instance, or call a function
// of which that is not known. It errs to the safe side: a text is taken to be as long as the longest that stands anywhere below the
// name by which it is called, wherever that name is declared.
//
// It holds the lengths of texts below their names, and makes them longer until nothing changes. What grows without end, or
// through more names than rounds, may burst.
func mayBurst(inst *build.Instance) bool {
	const rounds = 16
	b := &bursts{names: map[string]float64{}, bound: map[ast.Node]float64{}, aliases: map[string]bool{}}
	files := filesOf(inst, nil)
	for range rounds {
		b.hasGrown = false
		for _, file := range files {
			b.grow(&b.all, b.size(file))
		}
		if b.all > maxBurst || !b.hasGrown {
			break
		}
	}
	return b.all > maxBurst || b.hasGrown
}

// filesOf returns the files of an instance and of what it imports.
func filesOf(inst *build.Instance, files []*ast.File) []*ast.File {
	files = append(files, inst.Files...)
	for _, imported := range inst.Imports {
		files = filesOf(imported, files)
	}
	return files
}

// bursts holds how long texts can become.
type bursts struct {
	names    map[string]float64   // below the fields of a name
	bound    map[ast.Node]float64 // of the variables of comprehensions, by the identifiers that declare them
	aliases  map[string]bool      // the names that labels give to fields, and to themselves
	dynamic  float64              // below fields whose name is not known
	all      float64              // of any
	hasGrown bool                 // in this round
}

func (b *bursts) grow(size *float64, to float64) {
	if to > *size {
		*size, b.hasGrown = to, true
	}
}

// size returns how long a text can become that is made anywhere below a node.
func (b *bursts) size(node ast.Node) float64 {
	most := 0.0
	ast.Walk(node, func(n ast.Node) bool {
		size, isWhole := b.sizeOf(n)
		most = max(most, size)
		return !isWhole
	}, nil)
	return most
}

// sizeOf returns how long a text can become that a node makes, and whether that includes all below it.
func (b *bursts) sizeOf(n ast.Node) (size float64, isWhole bool) {
	switch n := n.(type) {
	case *ast.Package, *ast.ImportDecl, *ast.Attribute, *ast.CommentGroup:
		return 0, true
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			size = float64(len(n.Value))
		}
		return size, true
	case *ast.Ident:
		return b.reference(n), true
	case *ast.SelectorExpr:
		return b.selected(n), true
	case *ast.Interpolation:
		return b.interpolated(n), true
	case *ast.BinaryExpr:
		return b.operation(n)
	case *ast.CallExpr:
		return maxEscape*b.sum(n.Args) + b.size(n.Fun), true
	case *ast.Field:
		return b.field(n), true
	case *ast.ForClause:
		size = b.size(n.Source)
		b.bind(n.Key, size)
		b.bind(n.Value, size)
		return size, true
	case *ast.LetClause:
		size = b.size(n.Expr)
		b.bind(n.Ident, size)
		return size, true
	case *ast.TryClause:
		if n.Ident == nil {
			return 0, false
		}
		size = b.size(n.Expr)
		b.bind(n.Ident, size)
		return size, true
	case *ast.Alias:
		b.alias(n.Ident)
		return b.size(n.Expr), true
	}
	return 0, false
}

// bind says how long the text of a variable can become.
func (b *bursts) bind(variable *ast.Ident, size float64) {
	if variable != nil {
		before := b.bound[variable]
		b.grow(&before, size)
		b.bound[variable] = before
	}
}

// alias keeps a name for a field, or for its label.
func (b *bursts) alias(name *ast.Ident) {
	if name != nil && !b.aliases[name.Name] {
		b.aliases[name.Name], b.hasGrown = true, true
	}
}

// field keeps what is below a field with its name.
func (b *bursts) field(f *ast.Field) float64 {
	var label ast.Node = f.Label
	if alias, ok := label.(*ast.Alias); ok {
		b.alias(alias.Ident)
		label = alias.Expr
	}
	if f.Alias != nil {
		b.alias(f.Alias.Field)
		b.alias(f.Alias.Label)
	}
	size := 0.0
	if f.Value != nil {
		size = b.size(f.Value)
	}
	if label, ok := label.(ast.Label); ok {
		if name, _, err := ast.LabelName(label); err == nil {
			before := b.names[name]
			b.grow(&before, size)
			b.names[name] = before
			return max(size, float64(len(name)))
		}
	}
	b.grow(&b.dynamic, size)
	return max(size, b.size(label))
}

// reference returns how long the text is that an identifier leads to.
func (b *bursts) reference(x *ast.Ident) float64 {
	switch n := x.Node.(type) {
	case *ast.ImportSpec:
		return 0 // what is selected of it counts
	case *ast.Ident:
		if size, ok := b.bound[n]; ok {
			return size
		}
	case *ast.LetClause:
		return b.bound[n.Ident]
	}
	if b.aliases[x.Name] || x.Name == "self" {
		return b.all
	}
	size := b.names[x.Name]
	if !strings.HasPrefix(x.Name, "_") && !strings.HasPrefix(x.Name, "#") {
		size = max(size, b.dynamic) // one whose name was not known may be called so
	}
	return size
}

// selected returns how long the text is that a selector leads to: no longer than all that it selects from, which may be a package.
func (b *bursts) selected(x *ast.SelectorExpr) float64 {
	from, ok := x.X.(*ast.Ident)
	if !ok {
		return b.size(x.X)
	}
	spec, ok := from.Node.(*ast.ImportSpec)
	if !ok {
		return b.reference(from)
	}
	name, _, err := ast.LabelName(x.Sel)
	if err != nil {
		return boundless
	}
	path, err := unquote(spec.Path.Value)
	if err != nil {
		return boundless
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return max(b.names[name], b.dynamic)
	}
	if functions, ok := harmless[path]; ok && (functions == nil || slices.Contains(functions, name)) {
		return 0
	}
	return boundless
}

// interpolated returns how long a text is that others are put into, or numbers.
func (b *bursts) interpolated(x *ast.Interpolation) float64 {
	sum := 0.0
	for i, part := range x.Elts {
		if i%2 == 0 { // what stands between
			sum += b.size(part)
			continue
		}
		sum += max(b.size(part), maxDigits)
	}
	return sum
}

// operation returns how long the text is that operators make of their operands, if they make one: "a" + "b", 3 * "a".
func (b *bursts) operation(x *ast.BinaryExpr) (size float64, isWhole bool) {
	switch x.Op {
	case token.ADD:
		return b.size(x.X) + b.size(x.Y), true
	case token.MUL:
		times := min(count(x.X), count(x.Y))
		return times * max(b.size(x.X), b.size(x.Y)), true
	}
	return 0, false
}

// count returns how often an operand can repeat the other one.
func count(x ast.Expr) float64 {
	if number, ok := x.(*ast.BasicLit); ok && number.Kind == token.INT {
		if n, err := strconv.ParseFloat(number.Value, 64); err == nil {
			return n
		}
	}
	return maxRepeat
}

// sum returns how long all is together that expressions make.
func (b *bursts) sum(all []ast.Expr) float64 {
	size := 0.0
	for _, x := range all {
		size += b.size(x)
	}
	return size
}
