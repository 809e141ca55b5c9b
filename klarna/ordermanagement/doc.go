// Package ordermanagement takes an order on after it was placed, with the Klarna Order Management API v1.
package ordermanagement
