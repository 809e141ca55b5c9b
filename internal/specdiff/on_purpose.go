package specdiff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// OnPurpose is one entry of a contract's list of differences on purpose: differences that have their reason in common.
type OnPurpose struct {
	What, Why   string
	Later       bool // only a later document than the structure shows them
	Differences []Difference
}

// ReadOnPurpose reads such a list.
func ReadOnPurpose(data []byte) ([]OnPurpose, error) {
	var entries []struct {
		What, Why   string
		Later       bool
		OnlyOurs    []string `yaml:"only-ours"`
		OnlyKlarnas []string `yaml:"only-klarnas"`
		Facts       []struct{ Path, Fact, Klarnas, Ours string }
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&entries); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var list []OnPurpose
	seen := map[Difference]bool{}
	for _, e := range entries {
		entry := OnPurpose{What: e.What, Why: e.Why, Later: e.Later}
		for _, path := range e.OnlyOurs {
			entry.Differences = append(entry.Differences, onlyOurs(path))
		}
		for _, path := range e.OnlyKlarnas {
			entry.Differences = append(entry.Differences, onlyKlarna(path))
		}
		for _, f := range e.Facts {
			entry.Differences = append(entry.Differences, Difference{f.Path, f.Fact, f.Klarnas, f.Ours})
		}
		if e.What == "" || e.Why == "" || len(entry.Differences) == 0 {
			return nil, fmt.Errorf("the entry %q (%q) needs what, why and a difference", e.What, e.Why)
		}
		for _, d := range entry.Differences {
			if seen[d] {
				return nil, fmt.Errorf("%s: this is listed twice", d)
			}
			seen[d] = true
		}
		list = append(list, entry)
	}
	return list, nil
}

// Table returns the list as a Markdown table.
func Table(list []OnPurpose) string {
	var text strings.Builder
	text.WriteString("| where | what | why |\n| --- | --- | --- |\n")
	for _, entry := range list {
		var paths []string
		for _, d := range entry.Differences {
			paths = append(paths, "`"+d.Path+"`")
		}
		fmt.Fprintf(&text, "| %s | %s | %s |\n", strings.Join(paths, ", "), entry.What, entry.Why)
	}
	return text.String()
}

// reasons returns the reason of each difference.
func reasons(list []OnPurpose) map[Difference]string {
	all := map[Difference]string{}
	for _, entry := range list {
		for _, d := range entry.Differences {
			all[d] = entry.Why
		}
	}
	return all
}
