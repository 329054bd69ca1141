// Package sarifschema holds documents to the JSON schema of SARIF 2.1.0 that OASIS publishes. Only tests import it.
package sarifschema

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Validate returns what is wrong with a document.
func Validate(document []byte) error {
	schema, err := compiled()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// compiled reads the schema once. The library that makes the documents has a copy of it, word for word
// (github.com/oasis-tcs/sarif-spec, sarif-2.1/schema), as an unexported constant: go.sum vouches for it.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := published()
	if err != nil {
		return nil, fmt.Errorf("the schema of SARIF: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the schema of SARIF: %w", err)
	}
	const name = "sarif-schema-2.1.0.json"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, value); err != nil {
		return nil, err
	}
	return c.Compile(name)
})

func published() (string, error) {
	const module = "github.com/owenrumney/go-sarif/v3"
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module)
	_, here, _, _ := runtime.Caller(0)
	list.Dir = filepath.Dir(here) // within the module, wherever a test went
	dir, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", module, err)
	}
	file := filepath.Join(strings.TrimSpace(string(dir)), "pkg", "report", "v210", "sarif", "schema.go")
	syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	text := ""
	ast.Inspect(syntax, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err = strconv.Unquote(literal.Value)
		}
		return true
	})
	if text == "" {
		err = errors.Join(err, fmt.Errorf("%s has no string", file))
	}
	return text, err
}
