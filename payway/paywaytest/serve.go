package paywaytest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	gen "github.com/klarna-go/klarna-payments/gen/payway"
	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/payway"
)

const path = "/external/api/v1/klarna_payments/create_session"

// response notes the status that is sent.
type response struct {
	http.ResponseWriter
	request *Request
}

func (r response) WriteHeader(status int) {
	r.request.StatusCode = status
	r.ResponseWriter.WriteHeader(status)
}

func (r response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// serve serves one request, or lets it meet a fault.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	request := &Request{Time: time.Now()}
	defer s.record(request)
	request.Body, _ = io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // what is cut is not JSON
	usual := func(w http.ResponseWriter, r *http.Request) {
		status, body := s.handle(r, request)
		send(w, status, body)
	}
	fault := func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) { serve(w, r) }
	s.mu.Lock()
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	fault(response{w, request}, r, usual)
}

func (s *Server) handle(r *http.Request, request *Request) (status int, body any) {
	if r.URL.Path != path || r.Method != http.MethodPost {
		return http.StatusNotFound, errorBody(payway.ErrorCodeNotFound, "There is no such endpoint")
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	s.mu.Lock()
	granted, known := s.tokens[payway.Token(token)]
	s.mu.Unlock()
	switch {
	case !strings.EqualFold(scheme, "Bearer") || !known:
		return http.StatusUnauthorized, errorBody("", "The token is missing, unknown or expired")
	case !slices.Contains(granted.scopes, payway.Scope):
		return http.StatusForbidden, errorBody("", "The token lacks the scope "+payway.Scope)
	case granted.identity == "":
		return http.StatusForbidden, errorBody("", "The token has no identity")
	}
	request.Identity = granted.identity
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(media) != "application/json" {
		return http.StatusBadRequest, errorBody(payway.ErrorCodeInvalidContentTypeError, "Content-Type must be application/json")
	}
	if code, message, field := check(request.Body); code != "" {
		return http.StatusBadRequest, errorBody(code, message, field)
	}
	session, err := s.open(r, request)
	if err != nil {
		return http.StatusBadGateway, errorBody("", "Klarna: "+err.Error())
	}
	return http.StatusOK, gen.SessionResponse{Item: session}
}

// check returns the first fault of a body.
func check(body []byte) (code, message, field string) {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return payway.ErrorCodeJSONParserError, "The body is not a JSON object", ""
	}
	document, _ := contract.LoadNamed("payway") // it is part of this module
	var broken *contract.Error
	if errors.As(document.Body("session_request", body), &broken) {
		first := broken.Violations[0]
		if unknown, ok := strings.CutSuffix(first.Reason, `" is unsupported`); ok {
			return payway.ErrorCodeUnknownParameter, "is not recognized", strings.TrimPrefix(unknown, `property "`)
		}
		return payway.ErrorCodeInvalidParameter, first.Reason, first.Path
	}
	u, err := url.Parse(members["confirmation_url"].(string))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return payway.ErrorCodeInvalidParameter, "must be an absolute URL", "confirmation_url"
	}
	if day, ok := members["start_date"].(string); ok {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return payway.ErrorCodeInvalidParameter, "must be a day such as 2026-12-01", "start_date"
		}
	}
	return "", "", ""
}

// open opens a session at Klarna, with a price that is made up.
func (s *Server) open(r *http.Request, request *Request) (payway.Session, error) {
	var of payway.SessionRequest
	_ = json.Unmarshal(request.Body, &of) // it was checked
	line := klarna.CompleteLine(klarna.OrderLine{Type: klarna.OrderLineTypeDigital, Name: of.Code, Quantity: 1, UnitPrice: 9900, TaxRate: 600})
	opened, err := s.client.CreateSession(r.Context(), klarna.SessionCreate{
		PurchaseCountry: "SE", PurchaseCurrency: "SEK", Locale: "sv-SE",
		OrderAmount: line.TotalAmount, OrderTaxAmount: line.TotalTaxAmount, OrderLines: []klarna.OrderLine{line},
	})
	if err != nil {
		return payway.Session{}, err
	}
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails
	session := payway.Session{SessionID: fmt.Sprintf("%x", id), ClientToken: opened.ClientToken}
	categories, _ := json.Marshal(opened.PaymentMethodCategories)
	_ = json.Unmarshal(categories, &session.PaymentMethodCategories) // they have the same form
	request.SessionID, request.klarnaID = session.SessionID, opened.SessionID
	return session, nil
}

func errorBody(code, message string, fields ...string) gen.ErrorBody {
	body := gen.ErrorBody{Code: code, Message: message}
	if len(fields) > 1 {
		body.Field = fields
	} else if len(fields) == 1 && fields[0] != "" {
		body.Field = fields[0]
	}
	return body
}

func send(w http.ResponseWriter, status int, body any) {
	data, _ := json.Marshal(body) // it is made of strings
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // fails only when the caller has gone
}

// inProcess sends requests to a handler. So the URL of a Klarna that is behind a proxy does not have to lead back to it.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}
