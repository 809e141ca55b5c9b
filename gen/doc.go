// Package gen is the Klarna Payments v1 client that oapi-codegen compiles from api/openapi.yaml. Programs import package
// klarna, which makes it safe to use with money; its methods and aliases reach everything that is here.
//
// All amounts are in minor units (2500 is 25.00), all tax rates in basis points (1900 is 19 %).
package gen
