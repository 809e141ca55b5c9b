// Package klarnatest is a fake server of Klarna Payments, Order Management, Customer Token and Hosted Payment Page v1, for tests and
// for trying things without credentials. It is to package klarna what net/http/httptest is to net/http: a [Server] listens on
// loopback, remembers sessions, authorizations, orders and customer tokens, and responds as Klarna does, in status, error code,
// message and correlation id.
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
// is valid for one order, which must be what was authorized: amount, currency, order lines and addresses. The same
// body again for the same token returns the same order. An authorization makes the one before it void. Customer tokens
// need a session that was opened for them.
//
// Every request is validated against the contract of its API, one of the project's OpenAPI documents, and checked by the money
// rules of package preflight. What is invalid is rejected as Klarna does it, with 400 BAD_VALUE and the paths of the fields. An
// update is checked together with the rest of the session.
//
// # What it tolerates
//
// Klarna accepts more than its documents have: unknown members, null, other case, numbers in strings, amounts that are off by at
// most its tolerance. So does the server, and each oddity is a [Warning]: in the log, in [Request], and in [WarningHeader] of the response.
// With [WithStrict] it is a rejection with the same text, so that a shop's tests find its own mistakes. docs/sandbox.md lists the rules.
//
//	server := klarnatest.NewServer(klarnatest.WithStrict())
//
// A server forgets what has expired, and of more than 100,000 sessions, or 256 MB of them, the oldest ([WithCapacity]).
// [Server.Created], [Server.OrderIDs] and [Server.CustomerTokens] return what it created.
//
// # After the order
//
// A placed order goes on with all operations of package ordermanagement, on the same client. It can be captured in parts and
// refunded, and its amounts add up. It expires at midnight UTC after 28 days, unless it is extended. While its fraud status is
// PENDING ([Server.SetFraudStatus]) a capture is rejected, until [Server.EndReview] or [Server.NotifyFraud] accepts the order. An
// order with auto_capture is captured. [Server.Order] returns an order without a request.
//
//	orders := ordermanagement.New(client)
//	captureID, err := orders.CaptureOrder(ctx, order.OrderID, ordermanagement.CaptureRequest{CapturedAmount: 500})
//
// A request with a known idempotency key is not carried out again for 24 hours: it gets the same response, whatever its body,
// its order or its operation. [WithKeyConflicts] rejects it as long as the first one runs.
//
// # Customer tokens
//
// A token can be charged, read and cancelled with package customertoken, on the same client. Each charge makes an order as above,
// once for each idempotency key. A token that was made of lines with a subscription is charged with lines that have the same one,
// and any other without. [Server.SetTokenStatus] suspends and cancels a token, [Server.DeclineCharges] has its charges declined
// until the customer confirms one (step_up_id) and so replaces the stored card. A cancellation is accepted at once and takes effect
// a second later, by the server's clock. [Server.CustomerToken] returns a token without a request.
//
//	tokens := customertoken.New(client)
//	server.DeclineCharges(token, "UNAVAILABLE_PAYMENT_METHOD")
//
// # The hosted page
//
// The operations of package hostedpage work on the same sessions. The page is real: at its RedirectURL one approves, is declined,
// meets an error, cancels or goes back, and the browser is sent to the shop's URL, with its placeholders replaced. A checkbox keeps
// the browser on the page, as if the connection broke. With the modes PLACE_ORDER and CAPTURE_ORDER the order is placed at once.
// Without a browser the same is done by [Server.VisitHostedPage], or by posting the form, as with curl -d action=approve;
// [Server.HostedPage] returns a page without a request, with the messages that were to be distributed.
//
//	pages := hostedpage.New(client)
//	page, err := pages.CreateSession(ctx, hostedpage.SessionRequest{PaymentSessionURL: client.SessionURL(session.SessionID)})
//	location, err := server.VisitHostedPage(page.SessionID, klarnatest.HostedPageApprove)
//
// A page expires an hour before its session, and is unknown then. A session's URL must name this server ([Server.URL]).
//
// # What can go wrong
//
// [Server.Fail] breaks the next requests of an operation: a status, a page of HTML, a delay, a reset before or after the
// order was placed, a truncated or endless response. [Server.PendingFaults] returns those that no request has met.
// [Server.SetRateLimit] lets callers run into a limit.
//
//	server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter())          // the order exists, the response is lost
//	server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.ResetAfter()) // the capture exists, the response is lost
//
// # Callbacks
//
// After an authorization the shop is called at its merchant_urls.authorization, in the background and with up to three
// attempts; [Server.NotifyFraud] calls its merchant_urls.notification; each change of a hosted page's status calls its status_update
// URL, with up to four attempts. [Server.SetCallbacks] changes that: twice, late, before the browser, or never. Only loopback
// addresses are called, unless the policy allows others. [Server.Callbacks] returns what was done or skipped, and
// [Server.WaitForCallbacks] waits for all of it.
//
// # The browser
//
// At [ScriptPath] is a script that takes the place of Klarna's in a shop's page. The client token contains the server's URL. The
// widget states that it is a local sandbox, and lets the person at the screen approve, decline, report a field as invalid, or
// close it. Without a browser the same is done by
//
//	POST /kp/sandbox/authorize  {"client_token": "…", "outcome": "approve"}
//
// which responds with the object that the page's callback would get. There are session (what load asks), authorize,
// reauthorize and finalize; "data" is what the page passes to Klarna's script, "auto_finalize" false asks for a finalize,
// and the outcome is approve, decline, invalid_fields or close. Command klarna-sandbox is the same server as a program.
//
// # Control over HTTP
//
// Below [ControlPath] are calls that do what the methods of [Server] do, for tests in other languages; an OpenAPI document at
// ControlPath + "openapi.yaml" describes them. [Server.Reset] begins anew, [Server.Sessions], [Server.Orders], [Server.Captures] and
// [Server.Tokens] list, [Server.AuthorizeAs] does whatever the shopper does. Only loopback is served, unless [WithRemoteControl] allows others.
//
// # What is inferred
//
// What Klarna does not document, and the server therefore decides, is marked "inferred" in the source.
package klarnatest
