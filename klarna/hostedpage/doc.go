// Package hostedpage sends the shopper to a payment page that Klarna hosts, with the Klarna Hosted Payment Page API v1. The shop's
// own page needs no script of Klarna's. The page can also be shown as a QR code, or sent by e-mail or as a text message.
//
//	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(os.Getenv("KLARNA_API_KEY")))
//	session, err := client.CreateSession(ctx, cart)
//	pages := hostedpage.New(client)
//	page, err := pages.CreateSession(ctx, hostedpage.SessionRequest{
//		PaymentSessionURL: client.SessionURL(session.SessionID),
//		MerchantURLs:      hostedpage.MerchantURLs{Success: "https://shop.example/done?page={{session_id}}", …},
//		Options:           hostedpage.Options{PlaceOrderMode: hostedpage.PlaceOrderModePlaceOrder},
//	})
//	http.Redirect(w, r, page.RedirectURL, http.StatusSeeOther)
//
// The error of a call is a [*klarna.Error], unless an id, an option or the body is invalid: then nothing was sent. It wraps the
// sentinel errors (Err…) of package klarna by its status. "(inferred)" marks what Klarna does not document.
//
// # The outcome
//
// Options.PlaceOrderMode sets what happens when the shopper has paid:
//
//	NONE (the default)   the session has an AuthorizationToken: place the order with klarna.Client.CreateOrder, within 60 minutes
//	PLACE_ORDER          Klarna places the order, and the session has its OrderID: capture it when the goods ship
//	CAPTURE_ORDER        Klarna places and captures the order, and the session has its OrderID
//
// In the modes PLACE_ORDER and CAPTURE_ORDER the order exists even if the shopper never returns to the shop. So learn the outcome
// from status callbacks ([ParseStatusCallback]) or by polling ([Client.ReadSession]), and use the redirect for the shopper only.
//
// # Placeholders
//
// Klarna replaces {{session_id}} in all of MerchantURLs, and in Success {{authorization_token}} (mode NONE) or {{order_id}} (the
// other modes). Add them to a URL as text: [net/url.Values.Encode] writes their braces as %7B, which Klarna does not replace. This
// package sends URLs as they are.
//
// # Retries
//
// None of the calls moves money, and none fails with [klarna.ErrOutcomeUnknown]. A retry of CreateSession could make a second page,
// and one of DistributeSession could send a second message, so they are retried only where Klarna did not process the request.
// [klarna.RetryPolicy] explains the columns.
//
//	                   not sent    429       ambiguous   rejected
//	CreateSession      retried     retried   no          no
//	ReadSession        retried     retried   retried     no
//	DisableSession     retried     retried   retried     no
//	DistributeSession  retried     retried   no          no
package hostedpage
