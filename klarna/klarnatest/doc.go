// Package klarnatest is a stand-in for Klarna Payments v1, for tests and for trying things without credentials. It is to
// package klarna what net/http/httptest is to net/http: a [Server] listens on loopback, remembers sessions,
// authorizations and orders, and answers as Klarna does, in status, error code, message and correlation id.
//
//	server := klarnatest.NewServer()
//	defer server.Close()
//	client := server.Client()
//
//	session, err := client.CreateSession(ctx, cart)
//	token, err := server.Authorize(session.SessionID) // what the shopper does in the browser
//	order, err := client.CreateOrder(ctx, token, klarna.CreateOrderRequest{ … the same cart … })
//
// # What it knows
//
// A session lives for 48 hours and an authorization token for 60 minutes, by a clock that [Server.Advance] moves. A token
// is worth one order, which must be what was authorized: amount, country, currency, order lines and addresses. The same
// body again for the same token gives the same order. An authorization makes the one before it void. Customer tokens
// need a session that was opened for them.
//
// What Klarna does not say, and the server therefore decides by itself, is marked "inferred" in the source.
package klarnatest
