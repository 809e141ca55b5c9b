// Package customertoken is the Klarna Customer Token v1 client that oapi-codegen compiles from api/customer-token.yaml.
// Programs import package klarna/customertoken, which makes it safe to use with money; its methods and aliases reach
// everything that is here. What is the same in Payments, such as an order line, is the type of package gen.
//
// All amounts are in minor units (2500 is 25.00), all tax rates in basis points (1900 is 19 %).
package customertoken
