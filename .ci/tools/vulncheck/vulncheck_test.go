package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// said is what govulncheck says of one function, behind what it knows of the vulnerability.
func said(id, module, pkg, function string) string {
	return `{"osv": {"id": "` + id + `", "summary": "Something bad"}}
{"finding": {"osv": "` + id + `", "fixed_version": "v1.2.3", "trace": [{"module": "` + module + `", "version": "v1.0.0"}]}}
{"finding": {"osv": "` + id + `", "fixed_version": "v1.2.3", "trace": [
	{"module": "` + module + `", "version": "v1.0.0", "package": "` + pkg + `", "function": "` + function + `"},
	{"module": "topoc", "package": "topoc/cmd/topoc", "function": "main"}]}}
`
}

// allAccepted is what has to be found for the list of what is accepted to be up to date.
func allAccepted() string {
	var b strings.Builder
	for _, a := range accepted {
		b.WriteString(said(a.id, "github.com/projectcalico/calico", a.within+"selector", "Parse"))
	}
	return b.String()
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		name      string
		said      string
		wantClean bool
		want      string // part of what is printed
	}{
		{"what is accepted", allAccepted(), true, "accepted: " + accepted[0].id + " in github.com/projectcalico/calico v1.0.0: Something bad; v1.2.3 mends it"},
		{"a function that may be called", allAccepted() + said("GO-1", "example.com/m", "example.com/m/p", "F"), false,
			"vulnerable: GO-1 in example.com/m v1.0.0: Something bad; v1.2.3 mends it\n\tmay be called: example.com/m/p\n"},
		{"a package without a function that may be called", allAccepted() + said("GO-1", "example.com/m", "example.com/m/p", ""), true, ""},
		{"the standard library", allAccepted() + said("GO-1", "stdlib", "net/http", "Get"), true, "in the standard library: GO-1"},
		{"what is accepted in another package", allAccepted() + said(accepted[0].id, "github.com/projectcalico/calico", "github.com/projectcalico/calico/felix", "Run"),
			false, "vulnerable: " + accepted[0].id},
		{"what is accepted and gone", "", false, accepted[0].id + " is accepted, and is not found any more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &findings{}
			if err := f.read(strings.NewReader(test.said)); err != nil {
				t.Fatal(err)
			}
			var printed strings.Builder
			isClean, err := f.report(&printed)
			if err != nil || isClean != test.wantClean || !strings.Contains(printed.String(), test.want) {
				t.Errorf("clean: %v, %v, and it prints\n%s\nwant %v and %q", isClean, err, &printed, test.wantClean, test.want)
			}
		})
	}
	if err := (&findings{}).read(strings.NewReader(`{"finding": `)); err == nil {
		t.Error("half a message is no error")
	}
}

// Only a network that leads nowhere may make the check one that checks nothing.
func TestAsk(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/index/db.json" {
			http.NotFound(w, r)
		}
	}))
	isUnreachable := func(path string) bool {
		err := ask(context.Background(), server.URL+path)
		var network *url.Error
		if (err == nil) != (path == "/index/db.json") {
			t.Errorf("%s: %v", path, err)
		}
		return errors.As(err, &network)
	}
	if isUnreachable("/index/db.json") || isUnreachable("/elsewhere") {
		t.Error("a server that answers is out of reach")
	}
	server.Close()
	if !isUnreachable("/nobody") {
		t.Error("a server that is gone is in reach")
	}
}
