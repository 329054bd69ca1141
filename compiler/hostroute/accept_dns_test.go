package hostroute

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"topoc/compiler/artifact"
	"topoc/compiler/fabric"
)

// sandbox begins a command whose script may mount and start what it likes: all of it ends with the script.
var sandbox = []string{"unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"}

// clusterDNS continues the script of namespace: the DNS services of both zones of example, each of which knows its own names only,
// and a resolver that asks 127.0.0.53 and nothing else.
const clusterDNS = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
ip addr add 127.0.0.53/32 dev lo; ip addr add 10.96.0.10/32 dev lo; ip -6 addr add fd00:20::a/128 dev lo nodad
service() { dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= --bind-interfaces "$@" >&2 & }
service --listen-address=10.96.0.10 --host-record=web.prod.example,10.244.1.7 --host-record=db.prod.example,10.96.3.4
service --listen-address=fd00:20::a --host-record=web.v6.prod.example,fd00:20::77
printf 'nameserver 127.0.0.53\noptions timeout:3 attempts:1\n' >/run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf
echo 'hosts: dns' >/run/nsswitch.conf; mount --bind /run/nsswitch.conf /etc/nsswitch.conf
listening() {
	for i in $(seq 100); do
		ss -Hlun "sport = :53" | grep -qF "$1" && return
		sleep 0.1
	done
	echo "nobody listens on $1" >&2; cat *.log >&2; exit 1
}
listening 10.96.0.10; listening fd00:20::a
answer() { echo "$1 $(getent hosts "$1" | tr -s ' ')"; }
answers() {
	listening 127.0.0.53
	echo "== $1"; for name in web.prod.example 10.244.1.7 db.prod.example 10.96.3.4 web.v6.prod.example fd00:20::77; do answer $name; done
}
`

// answered is what answers prints where both zones are forwarded.
const answered = `web.prod.example 10.244.1.7 web.prod.example
10.244.1.7 10.244.1.7 web.prod.example
db.prod.example 10.96.3.4 db.prod.example
10.96.3.4 10.96.3.4 db.prod.example
web.v6.prod.example fd00:20::77 web.v6.prod.example
fd00:20::77 fd00:20::77 web.v6.prod.example
`

// forwarder returns a host whose server forwards the zones of example.
func forwarder(server string) *fabric.Host {
	h := example("iproute2")
	h.DNS.Server = server
	return h
}

// answers runs a server with its file, then with the undo twin, and compares what its clients get to know. The script starts the
// server with what stands in the file "topoc", in the background.
func answers(t *testing.T, h *fabric.Host, file, script, want string) {
	t.Helper()
	dir := folder(t, h)
	for _, tt := range []struct{ file, want string }{
		{file, want},
		{"undo-" + file, regexp.MustCompile(`(?m) .*$`).ReplaceAllString(want, " ")},
	} {
		data, err := os.ReadFile(filepath.Join(dir, tt.file))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "topoc"), data, artifact.Plain)
		}
		if err != nil {
			t.Fatal(err)
		}
		out := run(t, nil, append(sandbox, "cd "+dir+"\n"+namespace+clusterDNS+script+"\nanswers it")...)
		if _, got, _ := strings.Cut(out, "== it\n"); got != tt.want {
			t.Errorf("with %s its clients get to know\n%s\nwant\n%s", tt.file, got, tt.want)
		}
	}
}

func TestDnsmasqAnswers(t *testing.T) {
	need(t, true, "dnsmasq", "ip", "ss", "unshare")
	answers(t, forwarder("dnsmasq"), "dns-dnsmasq.conf", `
dnsmasq --keep-in-foreground --conf-file=topoc --no-resolv --no-hosts --stop-dns-rebind --user=root --pid-file= --bind-interfaces --listen-address=127.0.0.53 >&2 &
`, answered)
}

// The private-address lines are what would strip the answers, were it not for private-domain.
func TestUnboundAnswers(t *testing.T) {
	need(t, true, "unbound", "unbound-checkconf", "dnsmasq", "ip", "ss", "unshare")
	answers(t, forwarder("unbound"), "dns-unbound.conf", `
cat >unbound.conf <<-END
	server:
		interface: 127.0.0.53
		chroot: ""
		username: ""
		directory: "$PWD"
		pidfile: ""
		use-syslog: no
		do-not-query-localhost: no
		auto-trust-anchor-file: "$PWD/root.key"
		private-address: 10.0.0.0/8
		private-address: fd00::/8
	include: "$PWD/topoc"
END
echo '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D' >root.key
unbound-checkconf unbound.conf >&2
unbound -d -c unbound.conf >&2 &
`, answered)
}

// The options come from the file as its comments say; named validates, as it does unless told otherwise.
func TestBINDAnswers(t *testing.T) {
	need(t, true, "named", "named-checkconf", "dnsmasq", "ip", "ss", "unshare")
	answers(t, forwarder("bind"), "dns-bind.conf", `
sed -n 's/^#| //p' topoc >options
cat >named.conf <<-END
	options {
		directory "$PWD"; pid-file none; session-keyfile none; listen-on { 127.0.0.53; }; listen-on-v6 { none; };
		dnssec-validation auto;
		include "$PWD/options";
	};
	controls { };
	include "$PWD/topoc";
END
named-checkconf named.conf
named -g -c named.conf >&2 2>named.log &
`, answered)
}

const resolved = "/usr/local/lib/topoc/systemd-resolved" // where .ci/deps puts it

// With one service the file is a drop-in. That of example's second zone is left out, so that its names are unknown.
func TestResolvedAnswers(t *testing.T) {
	need(t, true, resolved, "dnsmasq", "ip", "ss", "unshare")
	h := forwarder("systemd-resolved")
	h.DNS.Zones = h.DNS.Zones[:1]
	answers(t, h, "dns-systemd-resolved.conf", `
ip addr del 127.0.0.53/32 dev lo
for file in passwd group; do cp /etc/$file /run/$file; done
echo 'systemd-resolve:x:999999:999999::/:/bin/false' >>/run/passwd; echo 'systemd-resolve:x:999999:' >>/run/group
for file in passwd group; do mount --bind /run/$file /etc/$file; done
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d; chown 999999:999999 /run/systemd/resolve
cp topoc /run/systemd/resolved.conf.d/60-topoc.conf
printf '[Resolve]\nFallbackDNS=\nCache=no\n' >/run/systemd/resolved.conf.d/10-own.conf
SYSTEMD_LOG_TARGET=console `+resolved+` 2>resolved.log &
listening 127.0.0.53; ! grep -E 'Unknown|Failed|nvalid' resolved.log >&2
`, strings.Replace(answered, `web.v6.prod.example fd00:20::77 web.v6.prod.example
fd00:20::77 fd00:20::77 web.v6.prod.example
`, "web.v6.prod.example \nfd00:20::77 \n", 1))
}

// The programs that check a configuration take every golden, and refuse each in which the last letter of a keyword is missing.
func TestCheckersRefuseMutants(t *testing.T) {
	for _, tt := range []struct {
		server, file string
		checker      []string
		keyword      string // an expression whose match loses its last letter
	}{
		{"unbound", "dns-unbound.conf", []string{"unbound-checkconf"}, `(?m)^ *[a-z-]+:|transparent`},
		{"bind", "dns-bind.conf", []string{"named-checkconf"}, `(?m)^zone|type|forward |only|forwarders`},
		{"dnsmasq", "dns-dnsmasq.conf", []string{"dnsmasq", "--test", "-C"}, `(?m)^[a-z-]+=`},
	} {
		t.Run(tt.server, func(t *testing.T) {
			need(t, false, tt.checker[0])
			dir := t.TempDir()
			refuses := func(text string) (string, bool) {
				path := filepath.Join(dir, "topoc.conf")
				if err := os.WriteFile(path, []byte(text), artifact.Plain); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command(tt.checker[0], append(tt.checker[1:], path)...).CombinedOutput()
				return string(out), err != nil
			}
			text := fileOf(t, forwarder(tt.server), tt.file)
			if out, isRefused := refuses(text); isRefused {
				t.Fatalf("%s refuses %s: %s", tt.checker[0], tt.file, out)
			}
			for keyword, mutant := range mutants(text, regexp.MustCompile(tt.keyword)) {
				if _, isRefused := refuses(mutant); !isRefused {
					t.Errorf("%s takes a %s in which %q lacks its last letter", tt.checker[0], tt.file, keyword)
				}
			}
		})
	}
}

// mutants returns a text with each different match of an expression without its last letter, by the match. Comments stay.
func mutants(text string, keyword *regexp.Regexp) map[string]string {
	all := map[string]string{}
	comment := regexp.MustCompile(`(?m)^ *#.*\n`)
	text = comment.ReplaceAllString(text, "")
	for _, at := range keyword.FindAllStringIndex(text, -1) {
		match := text[at[0]:at[1]]
		last := strings.LastIndexFunc(match, func(r rune) bool { return r >= 'a' && r <= 'z' })
		all[match] = text[:at[0]+last] + text[at[0]+last+1:]
	}
	return all
}

// fileOf returns what Compile writes into one file of a host.
func fileOf(t *testing.T, h *fabric.Host, name string) string {
	t.Helper()
	for _, file := range Compile(h, "lab") {
		if filepath.Base(file.Path) == name {
			return string(file.Data)
		}
	}
	t.Fatal(fmt.Errorf("no file %s", name))
	return ""
}
