package switchconf_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// sonicFields are the fields of config_db that a snippet may set, by table and key, and what they take, as SONiC's YANG models
// have it.
var sonicFields = map[string]map[string]*regexp.Regexp{
	"DEVICE_METADATA|localhost": {
		"docker_routing_config_mode": regexp.MustCompile(`^(separated|unified|split|split-unified)$`),
		"frr_mgmt_framework_config":  regexp.MustCompile(`^(true|false)$`),
	},
}

// sonicFaults returns what SONiC would refuse of a part of config_db.
func sonicFaults(text string) []string {
	var tables map[string]map[string]map[string]string
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&tables); err != nil {
		return []string{err.Error()}
	}
	var faults []string
	for table, keys := range tables {
		for key, fields := range keys {
			for field, value := range fields {
				if takes := sonicFields[table+"|"+key][field]; takes == nil {
					faults = append(faults, fmt.Sprintf("table %s has no field %s below %s", table, field, key))
				} else if !takes.MatchString(value) {
					faults = append(faults, fmt.Sprintf("%s|%s|%s is %q", table, key, field, value))
				}
			}
		}
	}
	return faults
}

// TestSonicTables reads every golden's part of config_db as SONiC would, and then each with a letter of a word missing. FRR's part
// is for FRR itself: see frrFiles.
func TestSonicTables(t *testing.T) {
	goldens, err := filepath.Glob("testdata/sonic-*.txtar")
	if err != nil || len(goldens) == 0 {
		t.Fatal("no goldens", err)
	}
	letter := regexp.MustCompile(`[A-Za-z_-]`)
	for _, golden := range goldens {
		a, err := txtar.ParseFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files[1:] {
			if !strings.HasSuffix(f.Name, ".json") {
				continue
			}
			text := string(f.Data)
			for _, fault := range sonicFaults(text) {
				t.Errorf("%s:%s: %s", golden, f.Name, fault)
			}
			for _, at := range letter.FindAllStringIndex(text, -1) {
				if wrong := text[:at[0]] + text[at[1]:]; len(sonicFaults(wrong)) == 0 {
					t.Errorf("%s: SONiC takes\n%s", golden, wrong)
				}
			}
		}
	}
}
