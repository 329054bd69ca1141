package hostroute

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coredns/caddy/caddyfile"
)

// corefile returns the plugins of each zone, with their arguments, as CoreDNS's own parser reads them: it takes the names that its
// plugins have, and sees that a value is one that they take. (The plugins themselves are as large as CoreDNS.)
func corefile(text string) (map[string][]string, error) {
	blocks, err := caddyfile.Parse("Corefile", strings.NewReader(text), []string{"errors", "cache", "forward", "whoami"})
	if err != nil {
		return nil, err
	}
	zones := map[string][]string{}
	for _, b := range blocks {
		var plugins []string
		for name, tokens := range b.Tokens {
			var words []string
			for _, token := range tokens {
				words = append(words, token.Text)
			}
			line := strings.Join(words, " ")
			if !corefilePlugins[name](words[1:]) {
				return nil, fmt.Errorf("%s takes no %q", name, line)
			}
			plugins = append(plugins, line)
		}
		slices.Sort(plugins)
		for _, key := range b.Keys {
			if _, isTaken := zones[key]; isTaken {
				return nil, fmt.Errorf("zone %s stands twice", key)
			}
			zones[key] = plugins
		}
	}
	return zones, nil
}

// corefilePlugins are the plugins' manual pages: coredns-errors(7), coredns-cache(7), coredns-forward(7).
var corefilePlugins = map[string]func(words []string) bool{
	"errors": func(words []string) bool { return len(words) == 0 },
	"cache": func(words []string) bool {
		if len(words) != 1 {
			return false
		}
		_, err := strconv.ParseUint(words[0], 10, 32)
		return err == nil
	},
	"forward": func(words []string) bool {
		return len(words) > 1 && words[0] == "." && !slices.ContainsFunc(words[1:], func(to string) bool {
			_, err := netip.ParseAddr(to)
			return err != nil
		})
	},
	"whoami": func(words []string) bool { return len(words) == 0 },
}

// The file stands beside a block of the site's own.
func TestCoreDNSParses(t *testing.T) {
	const own = ". {\n  whoami\n}\n"
	h := forwarder("coredns")
	text := fileOf(t, h, "dns-coredns.conf")
	zones, err := corefile(own + text)
	if err != nil {
		t.Fatal(err)
	}
	for zone, service := range map[string]string{
		"prod.example": "10.96.0.10", "96.10.in-addr.arpa": "10.96.0.10", "244.10.in-addr.arpa": "10.96.0.10", "245.10.in-addr.arpa": "10.96.0.10",
		"v6.prod.example": "fd00:20::a", "3" + strings.Repeat(".0", 20) + ".2.0.0.0.0.d.f.ip6.arpa": "fd00:20::a",
	} {
		if want := []string{"cache 30", "errors", "forward . " + service}; !slices.Equal(zones[zone], want) {
			t.Errorf("zone %s has %q, want %q", zone, zones[zone], want)
		}
	}
	if undone, err := corefile(own + fileOf(t, h, "undo-dns-coredns.conf")); err != nil || len(undone) != 1 {
		t.Errorf("with the undo file there are %v (%v)", undone, err)
	}
	// (An opening brace may be missing: the parser does without.)
	wrong := mutants(text, regexp.MustCompile(`errors|cache|forward`))
	for _, missing := range []string{"}", ",", "30", "10.96.0.10", " ."} {
		wrong["without "+missing] = strings.Replace(strings.Join(statements(text), "\n"), missing, "", 1)
	}
	for what, mutant := range wrong {
		if other, err := corefile(own + mutant); err == nil && maps.EqualFunc(other, zones, slices.Equal) {
			t.Errorf("taken %s:\n%s", what, mutant)
		}
	}
}
