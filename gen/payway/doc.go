// Package payway is the client of Payway's operation for Klarna sessions that oapi-codegen compiles from api/payway.yaml.
// Programs import package payway of this module, which checks requests and has errors to tell apart.
package payway
