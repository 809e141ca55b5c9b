// Package api holds the contracts: OpenAPI documents of the APIs that this library calls, in our own words.
//
// Package gen is compiled from openapi.yaml, and tests, preflight and klarnatest check bodies against it. [Contracts] lists
// all documents.
package api

import _ "embed"

// OpenAPI is the document of Payments v1, openapi.yaml, as it is committed. Do not change its bytes.
//
//go:embed openapi.yaml
var OpenAPI []byte
