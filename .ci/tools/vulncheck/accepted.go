package main

import "strings"

// acceptance says why a vulnerability is none here.
type acceptance struct {
	id     string
	within string // what the path of every package that may be called begins with
	reason string
}

// The advisories of Calico name no functions, and so stand for every package of its module.
const (
	libcalico = "github.com/projectcalico/calico/libcalico-go/lib/"
	inCNI     = "it is in the CNI plugin and what installs that; topoc links the parser of selectors"
)

var accepted = []acceptance{
	{"GO-2024-2801", libcalico, inCNI},
	{"GO-2026-5888", libcalico, inCNI},
	{"GO-2026-5891", libcalico, inCNI},
}

// acceptedFor returns why a finding is accepted, if it is.
func acceptedFor(f *finding) (acceptance, bool) {
	for _, a := range accepted {
		if a.id != f.id {
			continue
		}
		for _, p := range f.packages {
			if !strings.HasPrefix(p+"/", a.within) {
				return acceptance{}, false
			}
		}
		return a, true
	}
	return acceptance{}, false
}
