package switchconf_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// srlSchema is what of SR Linux's configuration a snippet may hold, as Nokia's YANG models of 25.3 have it. A line is a container, a
// list with its keys, or a leaf with its kind: see srlKind; * is of many. Lines that begin with + stand for those of srlGroupings.
const srlSchema = `
routing-policy
 prefix-set [name]
  name name
  prefix [ip-prefix mask-length-range]
   ip-prefix prefix
   mask-length-range lengths
 policy [name]
  name name
  default-action
   policy-result accept|reject|next-policy
  statement [name]
   name name
   match
    prefix
     prefix-set ->/routing-policy/prefix-set
    protocol bgp|static|local|host|aggregate
    bgp
     as-path-length
      value 0-255
      operator eq|ge|le
   action
    policy-result accept|reject|next-policy|next-statement
    bgp
     next-hop
      set self
network-instance [name]
 name name
 ip-forwarding
  receive-ipv4-check bool
 next-hop-groups
  group [name]
   name name
   nexthop [index]
    index 0-65535
    ip-address ip
 static-routes
  route [prefix]
   prefix prefix
   next-hop-group ->/network-instance/next-hop-groups/group
 protocols
  bgp
   admin-state enable|disable
   autonomous-system 1-4294967295
   router-id ip
   afi-safi [afi-safi-name]
    afi-safi-name ipv4-unicast|ipv6-unicast
    admin-state enable|disable
    multipath
     allow-multiple-as bool
     ebgp
      maximum-paths 1-256
     ibgp
      maximum-paths 1-256
   dynamic-neighbors
    accept
     max-sessions 0-65535
     match [prefix]
      prefix prefix
      allowed-peer-as *asn
      peer-group ->/network-instance/protocols/bgp/group
    interface [interface-name]
     interface-name subinterface
     allowed-peer-as *asn
     peer-group ->/network-instance/protocols/bgp/group
   group [group-name]
    group-name name
+session
   neighbor [peer-address]
    peer-address ip
    peer-group ->/network-instance/protocols/bgp/group
+session
`

// srlGroupings are what several places have in common.
var srlGroupings = map[string]string{"session": `    description text
    peer-as 1-4294967295
    as-path-options
     replace-peer-as bool
    authentication
     keychain name
    failure-detection
     enable-bfd bool
    multihop
     admin-state enable|disable
     maximum-hops 1-255
    graceful-restart
     admin-state enable|disable
    afi-safi [afi-safi-name]
     afi-safi-name ipv4-unicast|ipv6-unicast
     admin-state enable|disable
     import-policy *->/routing-policy/policy
     export-policy *->/routing-policy/policy
     ipv4-unicast
      advertise-ipv6-next-hops bool
      receive-ipv6-next-hops bool
      prefix-limit-received
       max-received-routes 1-4294967295
       warning-threshold-pct 0-100
     ipv6-unicast
      prefix-limit-received
       max-received-routes 1-4294967295
       warning-threshold-pct 0-100
    route-reflector
     client bool
     cluster-id ip
    send-default-route
     ipv4-unicast bool
     ipv6-unicast bool
    timers
     hold-time 3-65535
     keepalive-interval 0-21845
     prefix-limit-restart-timer 0-65535
    transport
     local-address ip
`}

// srlRule is a line of the schema.
type srlRule struct {
	kind string   // of a leaf
	keys []string // of a list
	of   map[string]*srlRule
}

// srlRules reads the schema.
func srlRules() *srlRule {
	text := srlSchema
	for name, lines := range srlGroupings {
		text = strings.ReplaceAll(text, "+"+name+"\n", lines)
	}
	root := &srlRule{of: map[string]*srlRule{}}
	stack := []*srlRule{root}
	for line := range strings.Lines(strings.TrimPrefix(text, "\n")) {
		trimmed := strings.TrimLeft(line, " ")
		stack = stack[:len(line)-len(trimmed)+1]
		name, rest, _ := strings.Cut(strings.TrimSpace(trimmed), " ")
		rule := &srlRule{of: map[string]*srlRule{}}
		if strings.HasPrefix(rest, "[") {
			rule.keys = strings.Fields(strings.Trim(rest, "[]"))
		} else {
			rule.kind = rest
		}
		stack[len(stack)-1].of[name] = rule
		stack = append(stack, rule)
	}
	return root
}

var srlExpressions = map[string]*regexp.Regexp{
	"name":         regexp.MustCompile("^[A-Za-z0-9!@#$%^&()|+=`~.,/_:;?-][A-Za-z0-9 !@#$%^&()|+=`~.,/_:;?-]{0,254}$"),
	"text":         regexp.MustCompile(`^.{1,255}$`),
	"lengths":      regexp.MustCompile(`^([0-9]+\.\.[0-9]+|exact)$`),
	"asn":          regexp.MustCompile(`^[1-9][0-9]*(\.\.[1-9][0-9]*)?$`),
	"subinterface": regexp.MustCompile(`^(mgmt0\.0|system0\.0|(lo|irb)[0-9]{1,3}\.[0-9]{1,4}|ethernet-[1-9][0-9]?(/[1-9][0-9]{0,2}){1,2}\.[0-9]{1,4}|lag[1-9][0-9]{0,3}\.[0-9]{1,4})$`),
}

// srlReader reads requests as a switch would.
type srlReader struct {
	root     *srlRule
	instance string          // of the path that is read
	defined  map[string]bool // lists' elements, by schema path, network instance and name
}

// command checks one command, and takes down what it defines.
func (r *srlReader) command(action, path string, value any) error {
	rule, schema := r.root, ""
	r.instance = ""
	rest := path
	for rest != "" {
		m := regexp.MustCompile(`^/([a-z0-9-]+)((?:\[[a-z-]+=[^]]+\])*)`).FindStringSubmatch(rest)
		if m == nil {
			return fmt.Errorf("%q is no path", path)
		}
		rest = rest[len(m[0]):]
		if rule = rule.of[m[1]]; rule == nil || rule.kind != "" {
			return fmt.Errorf("%s: no such path", path)
		}
		schema += "/" + m[1]
		keys := regexp.MustCompile(`\[([a-z-]+)=([^]]+)\]`).FindAllStringSubmatch(m[2], -1)
		if len(keys) != len(rule.keys) {
			return fmt.Errorf("%s: %d keys of %s, want %q", path, len(keys), m[1], rule.keys)
		}
		for i, k := range keys {
			if k[1] != rule.keys[i] {
				return fmt.Errorf("%s: key %s, want %s", path, k[1], rule.keys[i])
			}
			if err := r.leaf(rule.of[k[1]].kind, k[2]); err != nil {
				return fmt.Errorf("%s: %v", path, err)
			}
			if schema == "/network-instance" {
				r.instance = k[2]
			}
			if rest == "" && action == "replace" {
				defer func() { r.defined[r.id(schema, k[2])] = true }()
			}
		}
	}
	switch {
	case action == "delete" && value == nil:
		return nil
	case action != "replace" && action != "update":
		return fmt.Errorf("%s: action %q", path, action)
	}
	return r.node(path, rule, value, len(rule.keys))
}

func (r *srlReader) id(schema, name string) string {
	if strings.HasPrefix(schema, "/network-instance/") {
		schema += "|" + r.instance
	}
	return schema + "|" + name
}

// node checks a container, or an element of a list of which the first keys are in the path.
func (r *srlReader) node(at string, rule *srlRule, value any, inPath int) error {
	members, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is no object", at)
	}
	for _, key := range rule.keys[inPath:] {
		if _, ok := members[key]; !ok {
			return fmt.Errorf("%s lacks key %s", at, key)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		v := members[name]
		if about, ok := strings.CutPrefix(name, "_annotate"); ok {
			leaf := rule.of[strings.TrimPrefix(about, "_")]
			if s, ok := v.(string); !ok || s == "" || about != "" && (!strings.HasPrefix(about, "_") || leaf == nil || leaf.kind == "") {
				return fmt.Errorf("%s: %s is no annotation", at, name)
			}
			continue
		}
		member := rule.of[name]
		if member == nil {
			return fmt.Errorf("%s has no %s", at, name)
		}
		if err := r.member(at+"/"+name, member, v); err != nil {
			return err
		}
	}
	return nil
}

func (r *srlReader) member(at string, rule *srlRule, value any) error {
	kind, isMany := strings.CutPrefix(rule.kind, "*")
	if !isMany && len(rule.keys) == 0 {
		if kind == "" {
			return r.node(at, rule, value, 0)
		}
		return r.leaf(kind, value)
	}
	items, ok := value.([]any)
	if !ok || len(items) == 0 {
		return fmt.Errorf("%s is no list", at)
	}
	for _, item := range items {
		err := error(nil)
		if isMany {
			err = r.leaf(kind, item)
		} else {
			err = r.node(at, rule, item, 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leaf checks a value of a kind: name, text, ip, prefix, lengths, asn, subinterface, bool, a range of numbers, a choice of words, or
// the name of what stands at a path.
func (r *srlReader) leaf(kind string, value any) error {
	if kind == "bool" {
		if _, ok := value.(bool); !ok {
			return fmt.Errorf("%v is not true or false", value)
		}
		return nil
	}
	if low, _, ok := strings.Cut(kind, "-"); ok && isNumber.MatchString(low) {
		if n, ok := value.(json.Number); ok {
			return argument(kind, string(n))
		}
		if s, ok := value.(string); ok && isNumber.MatchString(s) && kind == "0-65535" { // a key in a path
			return argument(kind, s)
		}
		return fmt.Errorf("%v is no number", value)
	}
	s, ok := value.(string)
	if !ok {
		return fmt.Errorf("%v is no string", value)
	}
	if e := srlExpressions[kind]; e != nil {
		if !e.MatchString(s) {
			return fmt.Errorf("%q is no %s", s, kind)
		}
		return nil
	}
	family := "4"
	if strings.Contains(s, ":") {
		family = "6"
	}
	switch schema, isReference := strings.CutPrefix(kind, "->"); {
	case isReference && !r.defined[r.id(schema, s)]:
		return fmt.Errorf("%s %s is not defined yet", schema, s)
	case isReference:
		return nil
	case kind == "ip":
		return argument("ipv"+family, s)
	case kind == "prefix":
		return argument("prefix"+family, s)
	case !slices.Contains(strings.Split(kind, "|"), s):
		return fmt.Errorf("%q is not of %s", s, kind)
	}
	return nil
}
