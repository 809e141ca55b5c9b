// Package docs checks that the Go blocks of the Markdown files are code that compiles.
//
// Each block quotes a source of this repository, byte by byte, and names it in a comment right before it:
//
//	<!-- source: internal/docs/pages/errors_test.go log -->
//
// The name is that of a region, which begins with the line "// quote: log" and ends with "// end of quote". Without a
// name, the block quotes the whole file. To change a block, change its source and run:
//
//	go test ./internal/docs -update
package docs
