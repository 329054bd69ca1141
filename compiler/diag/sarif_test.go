package diag

import "testing"

func TestSARIFURI(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"relative", "lab/a b.cue", "lab/a%20b.cue"},
		{"absolute", "/srv/lab.cue", "file:///srv/lab.cue"},
		{"on a drive of Windows", "C:/Users/a b/lab.cue", "file:///C:/Users/a%20b/lab.cue"},
		{"on a server, as Windows names it", "//server/share/lab.cue", "file://server/share/lab.cue"},
		{"a colon that is no drive's", "a:b.cue", "./a:b.cue"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := sarifURI(test.file); got != test.want {
				t.Errorf("%s is %s, want %s", test.file, got, test.want)
			}
		})
	}
}
