// Package ordermanagement is the Klarna Order Management v1 client that oapi-codegen compiles from
// api/order-management.yaml. Programs import package klarna/ordermanagement, which makes it safe to use with money; its
// methods and aliases reach everything that is here.
//
// All amounts are in minor units (2500 is 25.00), all tax rates in basis points (1900 is 19 %).
package ordermanagement
