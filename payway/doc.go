// Package payway is a client for selling subscriptions with Klarna through Payway, the platform of World of Tulo. It is not
// made, checked or supported by Klarna or by Payway.
//
// The publisher's backend names a package, and Payway opens the Klarna session, since price, tax and Klarna's credentials
// are Payway's:
//
//	client, err := payway.New(payway.Stage)
//	session, err := client.CreateSession(ctx, token, payway.SessionRequest{
//		Code:            "nordlys_web",
//		PeriodType:      payway.PeriodTypeRecurring,
//		ConfirmationURL: "https://paper.example/thanks",
//	})
//
// The reader's browser shows Klarna's widget with session.ClientToken and comes back with an authorization token, with which
// the backend calls Payway's place_order. That has no method here: create_session is the only one of Payway's endpoints that
// is documented well enough to generate a client from.
//
// Options, call options and [klarna.Response] are those of package klarna. docs/payway.md has the whole way, and package
// paywaytest is a fake server for tests.
//
// Sources: the provider's page "Create session" (v1), its pages on sibling endpoints, and the section "Error handling" of
// its overview. What is concluded from them is marked "inferred".
package payway
