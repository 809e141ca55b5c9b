// Package settlements is what oapi-codegen compiles from two operations of the Klarna Settlements API. It knows nothing of
// this module: it stands for a client that a shop generates for an API that has no package here.
package settlements

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config oapi-codegen.yaml settlements.yaml
