// Package hostedpage is the Klarna Hosted Payment Page v1 client that oapi-codegen compiles from
// api/hosted-payment-page.yaml. Programs import package klarna/hostedpage, which adds checks, retries and errors; its methods
// and aliases reach everything that is here.
package hostedpage
