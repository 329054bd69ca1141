package switchconf_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// named finds names in commands of dialects after Cisco's: the first group of an expression that isn't empty.
type named []*regexp.Regexp

func find(expressions ...string) named {
	var n named
	for _, e := range expressions {
		n = append(n, regexp.MustCompile(e))
	}
	return n
}

func (n named) in(command string) string {
	for _, e := range n {
		if m := e.FindStringSubmatch(command); m != nil {
			return m[1]
		}
	}
	return ""
}

// nameTable says what a snippet defines, where it refers to that, and what an undo removes, by kind.
type nameTable map[string]struct{ defined, used, removed named }

// ciscoNames is for dialects after Cisco's.
var ciscoNames = nameTable{
	"prefix list": {
		find(`^ip(?:v6)? prefix-list (\S+)`),
		find(`^match ip(?:v6)? address prefix-list (\S+)`),
		find(`^no ip(?:v6)? prefix-list (\S+)$`),
	},
	"route map": {
		find(`^route-map (\S+) (?:permit|deny)`),
		find(`^neighbor \S+ route-map (\S+) (?:in|out)$`, `^route-map (\S+) (?:in|out)$`, `^redistribute static route-map (\S+)$`),
		find(`^no route-map (\S+)$`),
	},
	"group": {
		find(`^neighbor (\S+) peer[ -]group$`, `^template peer (\S+)$`, `^template (\S+)$`),
		find(`peer[ -]group (\S+)`, `^inherit peer (\S+)`, `^inherit template (\S+)`),
		find(`^no neighbor (\S+) peer[ -]group$`, `^no template peer (\S+)$`, `^no template (\S+)$`),
	},
	"neighbor": {
		find(`^neighbor (interface \S+|[0-9a-f.:/]*[.:][0-9a-f.:/]*)(?: |$)`, `^neighbor ([eE]thernet\S+)`),
		nil,
		find(`^no neighbor (interface \S+|[0-9a-f.:/]*[.:][0-9a-f.:/]*)(?: |$)`, `^no neighbor ([eE]thernet\S+)`),
	},
}

// testCisco holds the goldens of a dialect after Cisco's to its grammar and names.
func (g *grammar) testCisco(t *testing.T) {
	t.Helper()
	g.testNames(t, ciscoNames)
}

// testNames holds the goldens of a dialect to its grammar, and to this: what a command refers to was defined by one before it,
// the undo removes exactly what the snippet defined, and nothing before what refers to it.
func (g *grammar) testNames(t *testing.T, names nameTable) {
	t.Helper()
	g.testGoldens(t)
	goldens, err := filepath.Glob("testdata/" + g.dialect + "-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files[1:] {
			base, _, isUndo := strings.Cut(f.Name, ".undo.")
			if !isUndo {
				continue
			}
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { // the snippet
				return strings.HasPrefix(f.Name, base+".") && !strings.Contains(f.Name, ".undo.")
			})
			name := golden + ":" + a.Files[i].Name
			defined, groupOf := g.defines(t, names, name, g.lines(t, a.Files[i]))
			removed := g.removes(t, names, name, string(f.Data), groupOf)
			for kind := range names {
				if d, r := slices.Sorted(maps.Keys(defined[kind])), slices.Sorted(maps.Keys(removed[kind])); !slices.Equal(d, r) {
					t.Errorf("%s defines %ss %q, its undo removes %q", name, kind, d, r)
				}
			}
		}
	}
}

// defines reads a snippet and returns the names that it defines, by kind, and the groups that neighbors belong to.
func (g *grammar) defines(t *testing.T, names nameTable, name, text string) (defined map[string]map[string]bool, groupOf map[string]string) {
	t.Helper()
	defined, groupOf = map[string]map[string]bool{}, map[string]string{}
	neighbor := ""
	g.read(text, func(view, command string) {
		for _, wrong := range swapped(command) {
			if rule, _ := g.find(view, wrong); rule != nil {
				t.Errorf("%s: %s view takes %q", name, view, wrong)
			}
		}
		if n := names["neighbor"].defined.in(command); n != "" {
			neighbor = n
		}
		if group := names["group"].used.in(command); group != "" && !strings.Contains(command, "listen") {
			groupOf[neighbor] = group
		}
		for kind, n := range names {
			if used := n.used.in(command); used != "" && !defined[kind][used] && n.defined.in(command) == "" {
				t.Errorf("%s: %q refers to %s %s, which is not defined yet", name, command, kind, used)
			}
			if d := n.defined.in(command); d != "" {
				if defined[kind] == nil {
					defined[kind] = map[string]bool{}
				}
				defined[kind][d] = true
			}
		}
	})
	return defined, groupOf
}

// removes reads an undo and returns the names that it removes, by kind.
func (g *grammar) removes(t *testing.T, names nameTable, name, text string, groupOf map[string]string) map[string]map[string]bool {
	t.Helper()
	removed := map[string]map[string]bool{}
	g.read(text, func(_, command string) {
		if len(removed["prefix list"]) > 0 && names["prefix list"].removed.in(command) == "" {
			t.Errorf("%s: %q comes after prefix lists were removed", name, command)
		}
		if len(removed["route map"]) > 0 && names["neighbor"].removed.in(command) != "" {
			t.Errorf("%s: %q comes after route maps were removed", name, command)
		}
		group := groupOf[names["neighbor"].removed.in(command)]
		if strings.Contains(command, " listen") {
			group = names["group"].used.in(command)
		}
		if removed["group"][group] {
			t.Errorf("%s: %q comes after group %s was removed", name, command, group)
		}
		for kind, n := range names {
			if r := n.removed.in(command); r != "" {
				if removed[kind] == nil {
					removed[kind] = map[string]bool{}
				}
				removed[kind][r] = true
			}
		}
	})
	return removed
}

var isNumber = regexp.MustCompile(`^[0-9]+$`)

// swapped returns a command with two words that follow each other exchanged, for each pair that differs: but not behind
// "description", where anything may stand, and not two numbers.
func swapped(command string) []string {
	var all []string
	words := strings.Fields(command)
	for i := 0; i+1 < len(words) && words[i] != "description"; i++ {
		if words[i] == words[i+1] || words[i+1] == "description" || isNumber.MatchString(words[i]+words[i+1]) {
			continue
		}
		other := slices.Clone(words)
		other[i], other[i+1] = other[i+1], other[i]
		all = append(all, strings.Join(other, " "))
	}
	return all
}

// families returns lines of a grammar with ipv4 and with ipv6 in the place of <ip>, or prefix4 and prefix6 in that of <prefix>.
func families(lines ...string) []string {
	var all []string
	for _, line := range lines {
		if !strings.Contains(line, "<ip>") && !strings.Contains(line, "<prefix>") {
			all = append(all, line)
			continue
		}
		for _, family := range []string{"4", "6"} {
			all = append(all, strings.NewReplacer("<ip>", "<ipv"+family+">", "<prefix>", "<prefix"+family+">").Replace(line))
		}
	}
	return all
}
