package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/rs/zerolog"

	"topoc/tools/thirdparty"
)

// generator is the module that lists modules.
const generator = "github.com/CycloneDX/cyclonedx-gomod"

// writeSBOM writes the list of the modules in a binary, with their licences. It has no time and no number of its own, and says of the
// generator its name and version alone: the program that cyclonedx-gomod itself comes as would tell its own checksum, which depends on
// who built it.
func writeSBOM(name, binary string, linked []thirdparty.Module) error {
	generated, err := bin.NewGenerator(binary, bin.WithIncludeStdlib(true), bin.WithLogger(zerolog.Nop()))
	if err != nil {
		return err
	}
	list, err := generated.Generate()
	if err != nil {
		return err
	}
	licences := map[string]string{}
	for i := range linked {
		m := &linked[i]
		if licences[m.Path], err = m.Licence(); err != nil {
			return err
		}
	}
	licences["std"] = licences[thirdparty.Go]
	for i := range *list.Components {
		c := &(*list.Components)[i]
		if licences[c.Name] == "" {
			return fmt.Errorf("the licence of %s %s is not known", c.Name, c.Version)
		}
		c.Licenses = &cyclonedx.Licenses{{Expression: licences[c.Name]}}
	}
	version, err := generatorVersion()
	if err != nil {
		return err
	}
	list.Metadata.Tools = &cyclonedx.ToolsChoice{
		Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: generator, Version: version}},
	}
	var b bytes.Buffer
	if err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(list, cyclonedx.SpecVersion1_6); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

func generatorVersion() (string, error) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == generator {
				return d.Version, nil
			}
		}
	}
	return "", fmt.Errorf("this program does not know its version of %s", generator)
}
