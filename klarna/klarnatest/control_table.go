package klarnatest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// controlTable is the control API. Adding a call means adding its row here and its path to control.yaml.
var controlTable = []controlRoute{
	{"GET clock", []string{"Now"}, func(s *Server, _ *controlCall) (any, error) { return s.controlClock(), nil }},
	{"POST clock", []string{"Advance"}, (*Server).controlAdvance},
	{"POST reset", []string{"Reset"}, func(s *Server, _ *controlCall) (any, error) { s.Reset(); return nil, nil }},
	{"GET requests", []string{"Requests"}, (*Server).controlRequests},
	{"GET created", []string{"Created"}, func(s *Server, _ *controlCall) (any, error) { return s.Created(), nil }},
	{"GET sessions", []string{"Sessions"}, func(s *Server, _ *controlCall) (any, error) {
		return listed("sessions", s.Sessions()), nil
	}},
	{"GET sessions/{session_id}/orders", []string{"OrderIDs"}, func(s *Server, call *controlCall) (any, error) {
		return listed("order_ids", s.OrderIDs(call.PathValue("session_id"))), nil
	}},
	{"POST sessions/{session_id}/authorize", []string{"Authorize", "AuthorizeWith", "AuthorizeAs"}, (*Server).controlAuthorize},
	{"GET authorizations/{authorization_token}/customer-tokens", []string{"CustomerTokens"}, func(s *Server, call *controlCall) (any, error) {
		return listed("customer_tokens", s.CustomerTokens(call.PathValue("authorization_token"))), nil
	}},
	{"GET orders", []string{"Orders"}, func(s *Server, _ *controlCall) (any, error) { return listed("orders", s.Orders()), nil }},
	{"GET orders/{order_id}", []string{"Order"}, func(s *Server, call *controlCall) (any, error) {
		return found(s.Order(call.PathValue("order_id")))
	}},
	{"POST orders/{order_id}/review", []string{"EndReview"}, func(s *Server, call *controlCall) (any, error) {
		var body struct{ Status klarna.FraudStatus }
		return change(call, &body, func() error { return s.EndReview(call.PathValue("order_id"), body.Status) })
	}},
	{"POST orders/{order_id}/fraud-notification", []string{"NotifyFraud"}, func(s *Server, call *controlCall) (any, error) {
		var body struct {
			EventType klarna.FraudEventType `json:"event_type"`
		}
		return change(call, &body, func() error { return s.NotifyFraud(call.PathValue("order_id"), body.EventType) })
	}},
	{"GET captures", []string{"Captures"}, func(s *Server, _ *controlCall) (any, error) { return listed("captures", s.Captures()), nil }},
	{"GET customer-tokens", []string{"Tokens"}, func(s *Server, _ *controlCall) (any, error) {
		return listed("customer_tokens", s.Tokens()), nil
	}},
	{"GET customer-tokens/{customer_token}", []string{"CustomerToken"}, func(s *Server, call *controlCall) (any, error) {
		return found(s.CustomerToken(call.PathValue("customer_token")))
	}},
	{"PUT customer-tokens/{customer_token}/status", []string{"SetTokenStatus"}, func(s *Server, call *controlCall) (any, error) {
		var body struct{ Status customertoken.TokenStatus }
		return change(call, &body, func() error { return s.SetTokenStatus(call.PathValue("customer_token"), body.Status) })
	}},
	{"PUT customer-tokens/{customer_token}/decline", []string{"DeclineCharges"}, func(s *Server, call *controlCall) (any, error) {
		var body struct{ Code string }
		return change(call, &body, func() error { return s.DeclineCharges(call.PathValue("customer_token"), body.Code) })
	}},
	{"GET hosted-pages/{session_id}", []string{"HostedPage"}, func(s *Server, call *controlCall) (any, error) {
		return found(s.HostedPage(call.PathValue("session_id")))
	}},
	{"POST hosted-pages/{session_id}/visit", []string{"VisitHostedPage"}, (*Server).controlVisit},
	{"GET faults", []string{"PendingFaults"}, (*Server).controlPendingFaults},
	{"POST faults", []string{"Fail"}, (*Server).controlFail},
	{"PUT rate-limit", []string{"SetRateLimit"}, func(s *Server, call *controlCall) (any, error) {
		var body struct {
			CreateSession int `json:"create_session"`
			Others        int
		}
		return change(call, &body, func() error { s.SetRateLimit(body.CreateSession, body.Others); return nil })
	}},
	{"PUT fraud-status", []string{"SetFraudStatus"}, func(s *Server, call *controlCall) (any, error) {
		var body struct{ Status klarna.FraudStatus }
		return change(call, &body, func() error { s.SetFraudStatus(body.Status); return nil })
	}},
	{"GET callbacks", []string{"Callbacks", "WaitForCallbacks"}, (*Server).controlCallbacks},
	{"PUT callback-policy", []string{"SetCallbacks"}, (*Server).controlCallbackPolicy},
}

// listed is an object with a list, which is empty and not null.
func listed[E any](name string, all []E) any {
	if all == nil {
		all = []E{}
	}
	return map[string]any{name: all}
}

// found is what there is, or errUnknown.
func found[T any](it *T) (any, error) {
	if it == nil {
		return nil, errUnknown
	}
	return it, nil
}

// change decodes the body, and does what changes the server.
func change(call *controlCall, body any, do func() error) (any, error) {
	if err := call.into(body); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, stateError{err}
	}
	return nil, nil
}

func (s *Server) controlClock() any { return map[string]time.Time{"now": s.Now()} }

func (s *Server) controlAdvance(call *controlCall) (any, error) {
	var body struct{ Advance duration }
	if err := call.into(&body); err != nil {
		return nil, err
	}
	if time.Duration(s.clock.ahead.Load())+time.Duration(body.Advance) > maxDuration {
		return nil, fmt.Errorf("the clock cannot be moved by more than 100 years in all")
	}
	s.Advance(time.Duration(body.Advance))
	return s.controlClock(), nil
}

func (s *Server) controlRequests(call *controlCall) (any, error) {
	type withBody struct {
		Request
		Body string `json:"body,omitempty"`
	}
	requests := s.Requests()
	if call.URL.Query().Get("bodies") != "true" {
		return listed("requests", requests), nil
	}
	all := make([]withBody, len(requests))
	for i, r := range requests {
		all[i] = withBody{r, string(r.Body)}
	}
	return listed("requests", all), nil
}

func (s *Server) controlAuthorize(call *controlCall) (any, error) {
	body := struct {
		Outcome         Outcome         `json:"outcome"`
		InvalidFields   []string        `json:"invalid_fields"`
		BillingAddress  json.RawMessage `json:"billing_address"`
		ShippingAddress json.RawMessage `json:"shipping_address"`
		Customer        json.RawMessage `json:"customer"`
	}{}
	if err := call.into(&body); err != nil {
		return nil, err
	}
	data := members{}
	for name, value := range map[string]json.RawMessage{
		"billing_address": body.BillingAddress, "shipping_address": body.ShippingAddress, "customer": body.Customer,
	} {
		if value != nil {
			data[name] = value
		}
	}
	result, err := s.authorizeAs(call.PathValue("session_id"), body.Outcome, data, body.InvalidFields)
	if err != nil {
		return nil, stateError{err}
	}
	return result, nil
}

func (s *Server) controlVisit(call *controlCall) (any, error) {
	var body struct{ Action HostedPageAction }
	if err := call.into(&body); err != nil {
		return nil, err
	}
	location, err := s.VisitHostedPage(call.PathValue("session_id"), body.Action)
	if err != nil {
		return nil, stateError{err}
	}
	return map[string]string{"location": location}, nil
}

func (s *Server) controlCallbacks(call *controlCall) (any, error) {
	if text := call.URL.Query().Get("wait"); text != "" {
		var wait duration
		if err := wait.UnmarshalText([]byte(text)); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(call.Context(), time.Duration(wait))
		defer cancel()
		stop := context.AfterFunc(s.closing, cancel)
		defer stop()
		_ = s.WaitForCallbacks(ctx) // those that are not through then are not listed
	}
	type attempt struct {
		Time    time.Time    `json:"time"`
		Kind    CallbackKind `json:"kind"`
		URL     string       `json:"url"`
		Try     int          `json:"try"`
		Status  int          `json:"status,omitempty"`
		Skipped string       `json:"skipped,omitempty"`
		Error   string       `json:"error,omitempty"`
	}
	var all []attempt
	for _, c := range s.Callbacks() {
		a := attempt{c.Time, c.Kind, c.URL, c.Try, c.StatusCode, c.Skipped, ""}
		if c.Err != nil {
			a.Error = c.Err.Error()
		}
		all = append(all, a)
	}
	return listed("callbacks", all), nil
}

func (s *Server) controlCallbackPolicy(call *controlCall) (any, error) {
	var body struct {
		Never, Twice, First  bool
		Delay, Wait, Timeout duration
	}
	return change(call, &body, func() error {
		s.callbacks.mu.Lock()
		allow := s.callbacks.policy.Allow
		s.callbacks.mu.Unlock()
		s.SetCallbacks(CallbackPolicy{
			Never: body.Never, Twice: body.Twice, First: body.First,
			Delay: time.Duration(body.Delay), Wait: time.Duration(body.Wait), Timeout: time.Duration(body.Timeout), Allow: allow,
		})
		return nil
	})
}
