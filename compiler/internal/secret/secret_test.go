package secret

import (
	"strings"
	"testing"
	"unicode"
)

// Secrets here are made up, or those of vendors' documentation; where a scanner of repositories would complain they are put together.
func TestKind(t *testing.T) {
	for _, tt := range []struct {
		name, text, want, hidden string // hidden is what Masked must not show; empty: all of text
	}{
		{"PEM", "-----BEGIN RSA " + "PRIVATE KEY----- MIIEpAIBAAKCAQEA", "a private key", "MIIEpAIBAAKCAQEA"},
		{"OpenSSH", "key: -----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE", "a private key", "b3BlbnNzaC1rZXktdjE"},
		{"PEM in base64", "LS0tLS1CRUdJTiBSU0Eg" + "UFJJVkFURSBLRVktLS0tLQ==", "a private key", ""},
		{"AWS", "AKIA" + "IOSFODNN7EXAMPLE", "an access key of AWS", ""},
		{"secret key of AWS", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", "a key or token, drawn at random", ""},
		{"GitHub", "ghp_" + strings.Repeat("aB3d", 9), "a token of GitHub", ""},
		{"GitLab", "glpat-" + "abcdefghij0123456789", "a token of GitLab", ""},
		{"Slack", "xoxb-" + "123456789012-abcdefghij", "a token of Slack", ""},
		{"Google", "AIza" + strings.Repeat("aB3d_", 7), "an API key of Google", ""},
		{"Vault", "hvs." + "CAESIJ1234567890abcdefgh", "a token of a cloud service", ""},
		{"JWT", "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN", "a JSON web token", ""},
		{"MD5 crypt", "secret 5 $1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "a password's hash", "hx5rVt7rPNoS4wqbXKX7m0"},
		{"SHA-512 crypt", "$6$rounds=5000$saltsalt$abcdefghijklmnop", "a password's hash", ""},
		{"bcrypt", "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "a password's hash", ""},
		{"type 8", "$8$mTj4RZG8N9ZDOk$elY/asfm8kD3iDmkBe3hD2r4xcA/0oWS5V3os.O91u.", "a password's hash", ""},
		{"type 9", "$9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM", "a password's hash", ""},
		{"type 7", "neighbor 10.0.0.1 password 7 0822455D0A16", "an enciphered password", "0822455D0A16"},
		{"Junos", "$9$Be4EhyVb2GDkevYo", "an enciphered password", ""},
		{"Comware", "password cipher $c$3$0MQ9Sp5kyNBQSlUeI1g6cXzrYg==", "a password's hash", "0MQ9Sp5kyNBQSlUeI1g6cXzrYg"},
		{"VRP", `password cipher %^%#d3K-Y@AbCdEf:x%^%#`, "an enciphered password", "d3K-Y@AbCdEf:x"},
		{"FRR", "neighbor 10.0.0.1 password hunter22", "a password", "hunter22"},
		{"H3C", "password simple Hunter22", "a password", "Hunter22"},
		{"assigned", "to fw (password: hunter2)", "a password", "hunter2"},
		{"in lower case at the end", "pwd=correcthorse", "a password", "correcthorse"},
		{"as YAML", `{"password": "hunter2"}`, "a password", "hunter2"},
		{"snake case", "bgp_password=Hunter2", "a password", "Hunter2"},
		{"a token assigned", "api_key: 9f86D081x884c", "a secret", "9f86D081x884c"},
		{"URL", "https://bot:hunter2@git.example", "a password in a URL", "hunter2"},
		{"random", "x 4fT9zQ1mWc7RbK2pLs8VdN3yXh5G y", "a key or token, drawn at random", "4fT9zQ1mWc7RbK2pLs8VdN3yXh5G"},
		{"WireGuard", "yAnz5TF+lXXJte14tji3" + "zlMNq+hd2rYUIgJBgB3fBmk=", "a key or token, drawn at random", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Kind(tt.text); got != tt.want {
				t.Errorf("%q looks like %q, want %q", tt.text, got, tt.want)
			}
			hidden := tt.hidden
			if hidden == "" {
				hidden = tt.text
			}
			if masked := Masked(tt.text); strings.Contains(masked, hidden) || !strings.Contains(masked, Hidden) {
				t.Errorf("masked: %q", masked)
			}
		})
	}
}

func TestWhatIsOrdinaryIsShown(t *testing.T) {
	for _, text := range []string{
		"", "node-1", "rack1", "leaf01.example.com", "10.0.0.1/24", "fd00:10:244::/56", "GigabitEthernet1/0/24", "HundredGigE0/0/0/1.100", "Vlan-interface20",
		"TenGigabitEthernet1/0/1 to Leaf01-Port24", "Rack42Leaf07Port12Vlan100", "Ethernet1/1", "MC_myResourceGroup_myAKSCluster_eastus2",
		"123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000", "00:1B:44:11:3A:B7", "001b.4411.3ab7",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"docker.io/calico/node@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "v3.31.0-20251021-gdeadbeefcafe",
		"SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDnNjmTX7PhTYsXnLI", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4n1ZxYkTmTqZ1Qw3rT5yUzXcVbNm",
		"64512:100", "64512:1:100", "all()", "rack == 'rack1' && has(route-reflector)", "kubernetes.io/hostname", "CN1234ABCD5678EF90GH1234",
		"password-secret-rbac", "clusters.prod.bgp.meshPassword", "password: see the handbook", "the password is rotated by hand", "password rotation every 90 days",
		"passwords are in Vault", "password: <from Vault>", "password=${BGP_PASSWORD}", "Password: none", "md5: required", "secret: bgp-passwords",
		"reads the secret bgp-secrets by another role", "token-rotation", "https://git.example/ops/site", "ssh://git@git.example/x", "neighbor 10.0.0.1 password",
		"secret of cluster-1 is in namespace kube-system", "password 7 characters long", "compass: north", "2026-01-01T10:00:00Z", "bypass=1", "monkey: x", "password: # of the mesh", `password: secret: "bgp"`,
		"set <password> on the device", "Password 2 of 3", "an unnumbered link from Spine01 to Leaf02 over Ethernet1/1", `{secret: "NAME", key: "KEY"}`,
	} {
		if kind := Kind(text); kind != "" {
			t.Errorf("%q looks like %s", text, kind)
		}
		if masked := Masked(text); masked != text {
			t.Errorf("%q is masked: %q", text, masked)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"bgp-password", "hunter2", "a password"},
		{"example.com/api-key", "correcthorse", "a password"},
		{"bgpPassword", "x1", "a password"},
		{"psk", "a", "a password"},
		{"bgp-password", "", ""},
		{"has-password", "true", ""},
		{"password", "enabled", ""},
		{"password-rotation", "weekly", ""},
		{"token", "v2", ""},
		{"rack", "rack1", ""},
		{"compass", "north", ""},
		{"rack", "AKIA" + "IOSFODNN7EXAMPLE", "an access key of AWS"},
	} {
		if got := KindOf(tt.name, tt.value); got != tt.want {
			t.Errorf("%s: %q looks like %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

// Every form is asked for by what it begins with.
func TestFormsAreAskedFor(t *testing.T) {
	for _, text := range []string{
		"paſſword: hunter2", "PASSWORD: Hunter2", "Pre-Shared-Key = Hunter2x", "COMMUNITY STRING: Hunter2x", "Authentication-Key Hunter2x", "KEY-STRING 7 Hunter2x",
		"%@%@d3KAbCdEf:x%@%@", "GLRT-" + "abcdefghij0123456789 glrt-" + "abcdefghij0123456789",
	} {
		if Kind(text) == "" {
			t.Errorf("%q looks like nothing", text)
		}
	}
}

// FuzzMasked holds that just what looks like a secret is masked, and that it is not shown beside that either.
func FuzzMasked(f *testing.F) {
	for _, s := range []string{
		"password: hunter2", "AKIA" + "IOSFODNN7EXAMPLE", "a $1$mERr$hx5rVt7rPNoS4wqbXKX7m0 b", "https://a:b1@c https://a:b1@c", "password: password: a1b2c3d4", "\xff", "key 7 0822455D0A16",
		"wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", "-----BEGIN " + "PRIVATE KEY-----", "token=a1b2c3d4=e5", `"password": "x"`, "pwd==== 'a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind, masked := Kind(text), Masked(text)
		if (kind == "") != (masked == text) {
			t.Errorf("%q looks like %q and is masked as %q", text, kind, masked)
		}
		isASCII := !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
		for _, form := range forms {
			if isASCII && !form.isIn(strings.ToLower(text)) && form.pattern().MatchString(text) {
				t.Errorf("%q is not held to the pattern of %s, which matches", text, form.kind)
			}
		}
		kept, at := masked, 0
		for _, s := range spans(text, -1) {
			if s.from < 0 || s.to > len(text) || s.from >= s.to {
				t.Fatalf("%q: no such part: %+v", text, s)
			}
			if s.from < at {
				continue
			}
			before, after, _ := strings.Cut(kept, Hidden)
			if before != text[at:s.from] {
				t.Fatalf("%q is masked as %q: %q stands before what looks like %s", text, masked, before, s.kind)
			}
			kept, at = after, s.to
		}
		if kept != text[at:] {
			t.Errorf("%q is masked as %q, which ends in %q", text, masked, kept)
		}
	})
}
