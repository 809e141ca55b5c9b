package main

import (
	"encoding/base64"
	"encoding/hex"
	"path"
	"runtime/debug"
	"strings"
)

// bom is the part of CycloneDX 1.6 that is needed here.
type bom struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Ref        string     `json:"bom-ref"`
	Type       string     `json:"type"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// describe lists what a program holds: its modules, and Go's standard library. It names no time, so that the same
// program prints the same text.
func describe(info *debug.BuildInfo, version string) bom {
	program := module("application", info.Main.Path, version, "")
	program.Name = path.Base(info.Path)
	for _, setting := range info.Settings {
		if setting.Key == "GOOS" || setting.Key == "GOARCH" || setting.Key == "vcs.revision" {
			program.Properties = append(program.Properties, property{Name: "go:" + setting.Key, Value: setting.Value})
		}
	}
	parts := []component{module("library", "std", strings.TrimPrefix(info.GoVersion, "go"), "")}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		parts = append(parts, module("library", m.Path, m.Version, m.Sum))
	}
	needs := dependency{Ref: program.Ref}
	for _, part := range parts {
		needs.DependsOn = append(needs.DependsOn, part.Ref)
	}
	return bom{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{Component: program}, Components: parts, Dependencies: []dependency{needs},
	}
}

// module is a Go module by its package URL, with the checksum that go.sum has for it.
func module(kind, name, version, sum string) component {
	purl := "pkg:golang/" + name + "@" + version
	c := component{Ref: purl, Type: kind, Name: name, Version: version, PURL: purl}
	if encoded, ok := strings.CutPrefix(sum, "h1:"); ok {
		if digest, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			c.Hashes = []hash{{"SHA-256", hex.EncodeToString(digest)}}
		}
	}
	return c
}
