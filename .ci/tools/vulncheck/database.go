package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// public is where the Go project keeps its database.
const public = "https://vuln.go.dev"

// mirror is the module that the database is made of, with a version for each of its changes. Where only Go modules can be had, it is
// the next best: a module proxy may have an older one.
const mirror = "golang.org/x/vulndb@latest"

// database is one that govulncheck can read.
type database struct {
	address string
	what    string // for who reads what was found
}

// unreachableError says that there is no database to be had.
type unreachableError struct{ reasons []error }

func (e *unreachableError) Error() string { return errors.Join(e.reasons...).Error() }

// findDatabase returns the one that GOVULNDB names, or the public one, or that of the module. The error is an *unreachableError where
// the network has none of the last two.
func findDatabase(ctx context.Context) (database, error) {
	if address := os.Getenv("GOVULNDB"); address != "" {
		return database{address, address + ", which GOVULNDB names"}, nil
	}
	err := ask(ctx, public+"/index/db.json")
	if err == nil {
		return database{public, public}, nil
	}
	var network *url.Error
	if !errors.As(err, &network) {
		return database{}, err
	}
	db, err := fromModule(ctx)
	if err != nil {
		return database{}, &unreachableError{[]error{network, err}}
	}
	return db, nil
}

// ask finds out whether something is served at an address. It returns a *url.Error where nobody answers.
func ask(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	return nil
}

// fromModule returns the database in the module.
func fromModule(ctx context.Context) (database, error) {
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", mirror)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	var got struct{ Path, Version, Dir, Error string }
	if decodeErr := json.Unmarshal(out, &got); decodeErr != nil || got.Error != "" || err != nil {
		return database{}, fmt.Errorf("go mod download %s: %w %s%s", mirror, errors.Join(err, decodeErr), got.Error, &complaint)
	}
	entries := filepath.Join(got.Dir, "data", "osv")
	if found, err := filepath.Glob(filepath.Join(entries, "GO-*.json")); err != nil || len(found) == 0 {
		return database{}, fmt.Errorf("%s %s has no entries in %s", got.Path, got.Version, entries)
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(entries)}
	return database{address.String(), fmt.Sprintf("%s %s, since %s is out of reach", got.Path, got.Version, public)}, nil
}
