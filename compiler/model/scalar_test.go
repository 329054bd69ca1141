package model

import (
	"testing"
	"time"
)

func TestParseASN(t *testing.T) {
	for _, tt := range []struct {
		text string
		want ASN
		ok   bool
	}{
		{"64512", 64512, true},
		{"4294967295", 4294967295, true},
		{"1.0", 65536, true},
		{"65535.65535", 4294967295, true},
		{"0", 0, true},
		{"4294967296", 0, false},
		{"65536.0", 0, false},
		{"1.65536", 0, false},
		{"1.2.3", 0, false},
		{"", 0, false},
		{"-1", 0, false},
	} {
		got, err := ParseASN(tt.text)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("ParseASN(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	if d, err := ParseDuration("2m"); err != nil || time.Duration(d) != 2*time.Minute || d.String() != "2m0s" {
		t.Errorf("ParseDuration(2m) = %v, %v", d, err)
	}
	for _, bad := range []string{"", "2", "-2s", "two"} {
		if _, err := ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) took it", bad)
		}
	}
}
