package switchconf_test

import (
	"fmt"
	"net"
	"net/netip"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// grammar is every command that a snippet of a dialect may hold, by the view it belongs in, as its vendor's references have it; it
// stands for a device where no program can be asked. In a command {a|b} is a choice, [x] may be left out, and <x> is an argument:
// see argument. A backslash makes one of these characters an ordinary one. Behind " => " stands the view that a command enters, and
// behind a comma what leaves that, if not leave. Where leave is empty, start has menus, which can be entered from any other.
type grammar struct {
	dialect string
	comment string                          // begins a comment
	leave   string                          // leaves a view
	indent  string                          // of a level
	start   string                          // the outermost view
	flatten func(*testing.T, string) string // turns a snippet that is a document into lines
	views   map[string][]string
	rules   map[string][]*rule // made from views by ready
}

// rule is a line of a grammar, ready to match.
type rule struct {
	expression    *regexp.Regexp
	kinds         []string // of its arguments
	enters, leave string   // the view, "" where it stays, and what leaves it
}

func (g grammar) ready() *grammar {
	g.rules = map[string][]*rule{}
	for view, lines := range g.views {
		for _, line := range lines {
			command, behind, _ := strings.Cut(line, " => ")
			expression, kinds := syntax(command)
			enters, leave, isOwn := strings.Cut(behind, ", ")
			if !isOwn {
				leave = g.leave
			}
			g.rules[view] = append(g.rules[view], &rule{expression, kinds, enters, leave})
		}
	}
	return &g
}

// syntax turns a line of the grammar into an expression whose groups are the arguments.
func syntax(rule string) (*regexp.Regexp, []string) {
	var arguments []string
	pattern := regexp.MustCompile(`\\.|<[^>]*>| \[|[][{}|]|[^][{}|<> \\]+| `).ReplaceAllStringFunc(rule, func(token string) string {
		switch {
		case token[0] == '\\':
			return regexp.QuoteMeta(token[1:])
		case token == "{":
			return "(?:"
		case token == "}":
			return ")"
		case token == " [":
			return "(?: "
		case token == "]":
			return ")?"
		case token == "|" || token == " ":
			return token
		case !strings.HasPrefix(token, "<"):
			return regexp.QuoteMeta(token)
		}
		kind := strings.Trim(token, "<>")
		arguments = append(arguments, kind)
		switch {
		case strings.HasPrefix(kind, "text"), strings.HasPrefix(kind, "element"):
			return `(\S.*)`
		case kind == "peer":
			return `(\S+(?: \d+)?)`
		}
		return `(\S+)`
	})
	return regexp.MustCompile("^" + pattern + "$"), arguments
}

// argument checks an argument of a kind: ipv4, ipv6, prefix4, prefix6, mask (of IPv4), tenfold, a range of numbers, nameN and textN of
// at most N characters, peer: a group, an address, or a subnet, family: inet or inet6, or element4 and element6: of a prefix set.
func argument(kind, value string) error {
	if low, high, ok := strings.Cut(kind, "-"); ok {
		n, err := strconv.ParseUint(value, 10, 32)
		l, _ := strconv.ParseUint(low, 10, 32)
		h, _ := strconv.ParseUint(high, 10, 32)
		if err != nil || n < l || n > h || value != strconv.FormatUint(n, 10) {
			return fmt.Errorf("%q is not in %s", value, kind)
		}
		return nil
	}
	if strings.HasPrefix(kind, "prefix") {
		p, err := netip.ParsePrefix(value)
		if err == nil && (p.Masked() != p || p.Addr().Is4() != (kind == "prefix4")) {
			err = fmt.Errorf("%s is no %s", value, kind)
		}
		return err
	}
	if strings.HasPrefix(kind, "element") {
		return element(kind, value)
	}
	length, _ := strconv.Atoi(strings.TrimLeft(kind, "abcdefghijklmnopqrstuvwxyz"))
	switch a, err := netip.ParseAddr(value); {
	case kind == "mask" && (err != nil || !a.Is4() || !isMask(a.As4())):
		return fmt.Errorf("%q is no mask", value)
	case kind == "tenfold" && !regexp.MustCompile("^10{1,7}$").MatchString(value):
		return fmt.Errorf("%q is no power of ten up to 10000000", value)
	case kind == "ipv4" && (err != nil || !a.Is4()), kind == "ipv6" && (err != nil || !a.Is6()):
		return fmt.Errorf("%q is no %s address", value, kind)
	case strings.HasPrefix(kind, "name"), strings.HasPrefix(kind, "text"):
		if len(value) > length || strings.Contains(value, "?") {
			return fmt.Errorf("%q has more than %d characters or a question mark", value, length)
		}
	case kind == "family" && value != "inet" && value != "inet6":
		return fmt.Errorf("%q is no family", value)
	case kind == "peer" && err != nil:
		if address, bits, ok := strings.Cut(value, " "); ok {
			if _, err := netip.ParsePrefix(address + "/" + bits); err != nil {
				return err
			}
		} else if len(value) > 47 {
			return fmt.Errorf("%q is no group's name", value)
		}
	}
	return nil
}

// element checks an element of a prefix set: "10.0.0.0/8 ge 24 le 26,".
func element(kind, value string) error {
	words := strings.Fields(strings.TrimSuffix(value, ","))
	longest := 32
	if kind == "element6" {
		longest = 128
	}
	err := argument(strings.Replace(kind, "element", "prefix", 1), words[0])
	switch rest := words[1:]; {
	case err != nil || len(rest) == 0:
		return err
	case len(rest) == 2 && rest[0] == "le", len(rest) == 4 && rest[0] == "ge" && rest[2] == "le":
		for i := 1; i < len(rest) && err == nil; i += 2 {
			err = argument(fmt.Sprintf("0-%d", longest), rest[i])
		}
		return err
	}
	return fmt.Errorf("%q is no element", value)
}

func isMask(bytes [4]byte) bool {
	ones, bits := net.IPMask(bytes[:]).Size()
	return ones+bits > 0
}

// find returns the rule of a view that takes a command, and where in it the arguments are, or nil.
func (g *grammar) find(view, command string) (*rule, []int) {
	for _, rule := range g.rules[view] {
		at := rule.expression.FindStringSubmatchIndex(command)
		fault := at == nil
		for i, kind := range rule.kinds {
			if !fault && at[2*i+2] >= 0 {
				fault = argument(kind, command[at[2*i+2]:at[2*i+3]]) != nil
			}
		}
		if !fault {
			return rule, at[2:]
		}
	}
	return nil, nil
}

// read goes through a snippet as the device would: do gets every command, with the view it is in. It returns what the device would
// refuse.
func (g *grammar) read(text string, do func(view, command string)) []error {
	var faults []error
	type level struct{ view, leave string }
	stack := []level{{g.start, ""}}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		at, command := stack[len(stack)-1], strings.TrimSpace(line)
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("%d: %s: %q", i+1, fmt.Sprintf(format, args...), line))
		}
		if strings.HasPrefix(command, g.comment) {
			continue
		}
		depth := 0 // a menu has none
		for _, l := range stack {
			if l.leave != "" {
				depth++
			}
		}
		if rule, _ := g.find(g.start, command); rule != nil && g.leave == "" && depth == 0 {
			at, stack = stack[0], stack[:1]
		}
		if command == at.leave && depth > 0 {
			stack, depth = stack[:len(stack)-1], depth-1
		} else if rule, _ := g.find(at.view, command); rule == nil {
			fault("no such command in %s view", at.view)
		} else {
			do(at.view, command)
			if rule.enters != "" {
				stack = append(stack, level{rule.enters, rule.leave})
			}
		}
		if line != strings.Repeat(g.indent, depth)+command {
			fault("is indented as if in another view")
		}
	}
	if stack[len(stack)-1].leave != "" {
		faults = append(faults, fmt.Errorf("ends in view %s", stack[len(stack)-1].view))
	}
	return faults
}

// testGoldens reads every golden of the dialect as a device would, and then sees that the grammar takes no command of them any more
// in which a letter of a keyword is missing, or a number is beyond its range.
func (g *grammar) testGoldens(t *testing.T) {
	t.Helper()
	goldens, err := filepath.Glob("testdata/" + g.dialect + "-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	mutated := 0
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files[1:] {
			for _, fault := range g.read(g.lines(t, f), func(view, command string) {
				for _, wrong := range g.mutants(view, command) {
					mutated++
					if rule, _ := g.find(view, wrong); rule != nil {
						t.Errorf("%s: %s view takes %q", golden, view, wrong)
					}
				}
			}) {
				t.Errorf("%s:%s:%v", golden, path.Base(f.Name), fault)
			}
		}
	}
	t.Logf("%d goldens, %d mutants refused", len(goldens), mutated)
}

// lines returns a file of a golden as lines.
func (g *grammar) lines(t *testing.T, f txtar.File) string {
	if g.flatten == nil || strings.Contains(f.Name, ".undo.") {
		return string(f.Data)
	}
	return g.flatten(t, string(f.Data))
}

// mutants returns a command with mistakes: one for each keyword and each number.
func (g *grammar) mutants(view, command string) []string {
	rule, at := g.find(view, command)
	if rule == nil {
		return nil
	}
	var all []string
	isArgument := make([]bool, len(command)+1)
	for i, kind := range rule.kinds {
		from, to := at[2*i], at[2*i+1]
		if from < 0 {
			continue
		}
		for j := from; j < to; j++ {
			isArgument[j] = true
		}
		if _, high, ok := strings.Cut(kind, "-"); ok {
			n, _ := strconv.ParseUint(high, 10, 64)
			all = append(all, command[:from]+strconv.FormatUint(n+1, 10)+command[to:])
		}
	}
	for i := range command { // the last letter of each keyword
		isLast := i+1 == len(command) || command[i+1] == ' '
		if isLast && !isArgument[i] && i > 0 && command[i-1] != ' ' {
			all = append(all, command[:i]+command[i+1:])
		}
	}
	return all
}
