// Package docs compiles the Go blocks of the Markdown files, so that what people copy works.
//
// A block that begins with a package clause is a program and is compiled as it is. Any other is a fragment. It is
// compiled inside a function, or as declarations if it declares functions, with:
//
//   - the imports that it uses, found by their names (see imports.go),
//
//   - the variables of prelude.go, such as ctx, client and cart,
//
//   - what a comment right before the block declares, and the reader does not see:
//
//     <!-- prelude: var warehouse chan klarna.OrderLine -->
//
// A fragment may return, with an error or without. What it declares need not be used. A block belongs to the module
// that has what it imports: the root, klarna/otelklarna or examples.
package docs
