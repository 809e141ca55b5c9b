// Package otelklarna traces and measures the calls of package klarna with OpenTelemetry. It is a module of its own, so
// that programs without OpenTelemetry do not get its dependencies:
//
//	go get github.com/klarna-go/klarna-payments/klarna/otelklarna
//
//	observer, err := otelklarna.NewObserver()
//	client, err := klarna.New(env, creds, klarna.WithObserver(observer))
//
// Each call is a client span named after its operation, such as "klarna.CreateOrder". Each attempt is a client span
// below it, named after method and route, with the attributes of OpenTelemetry's semantic conventions for HTTP, and
// counts in the histogram http.client.request.duration, in seconds.
//
// URLs are recorded as templates only (url.template), because an authorization token is part of the URL; an instrumented
// http.Transport would record it. No propagation headers are sent, because Klarna asks for none.
package otelklarna
