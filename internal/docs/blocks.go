package docs

import (
	"regexp"
	"strings"
)

// Block is one Go block of a Markdown file.
type Block struct {
	File    string // such as README.md, from the root of the repository
	Line    int    // of the first line of the code
	Code    string
	Prelude string // the declarations of the comment before it
}

var (
	fence   = regexp.MustCompile("^( *)```+ *([a-zA-Z]*)")
	prelude = regexp.MustCompile(`(?s)<!--\s*prelude:(.*?)-->\s*$`)
)

// Blocks gives the Go blocks of a Markdown text, in order.
func Blocks(file, text string) []Block {
	var blocks []Block
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			continue
		}
		first := i + 1
		for i = first; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; {
			i++
		}
		if strings.ToLower(open[2]) != "go" {
			continue
		}
		block := Block{File: file, Line: first + 1}
		for _, line := range lines[first:min(i, len(lines))] {
			block.Code += strings.TrimPrefix(line, open[1]) + "\n"
		}
		if before := prelude.FindStringSubmatch(strings.Join(lines[:first-1], "\n")); before != nil {
			block.Prelude = strings.TrimSpace(before[1])
		}
		blocks = append(blocks, block)
	}
	return blocks
}
