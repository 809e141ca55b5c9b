// Package api holds the contract: the OpenAPI document of the Klarna Payments API v1, in our own words.
//
// Package gen is compiled from it, and tests, preflight and klarnatest check bodies against it.
package api

import _ "embed"

// OpenAPI is the document, openapi.yaml, as it is committed. Do not change its bytes.
//
//go:embed openapi.yaml
var OpenAPI []byte
