package check

import (
	"strings"

	"topoc/compiler/diag"
	"topoc/compiler/fabric"
)

var _ = rule(Rule{
	Name:     "switch-name-too-long",
	Severity: diag.Error,
	Doc: `switch-name-too-long: a name in a switch's snippet must not be longer than its dialect takes

A switch refuses the command with a name that is too long, or takes its first characters for the name: then two VRFs become one,
and routes and sessions land where they don't belong. On Linux (frr, nvue, sonic, vyos, bird2) a VRF is an interface, whose name
has at most 15 characters; Comware and VRP take 31. VRFs are the only names that a snippet has from the topology: topoc makes
those of groups, lists and policies of at most 31 characters, which every dialect takes, and shortens descriptions.

Mend it with a shorter name of the VRF, at all switches that have it.`,
	Source: "linux, include/uapi/linux/if.h, IFNAMSIZ; H3C Comware 7 command references, ip vpn-instance",
	Run: func(p *Pass) {
		for _, s := range p.Fabric.Switches {
			told := map[string]*diag.Diagnostic{} // by message, which has the name
			for _, need := range fabric.Unsupported(s) {
				switch d := told[need.Message]; {
				case need.Longest == 0:
				case d != nil:
					d.Note(need.At, "the name is written here too")
				default:
					d = p.Reportf(need.At, "switch %s: %s", s.Name, need.Message).Note(s.At().Field("dialect"), "the dialect is set here")
					told[need.Message] = d
					if len(need.Dialects) == 0 {
						d.WithHint("write a name of at most %d characters", need.Longest)
					} else {
						d.WithHint("write a name of at most %d characters, or use a dialect that takes it: %s", need.Longest, strings.Join(need.Dialects, ", "))
					}
				}
			}
		}
	},
})
