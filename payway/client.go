package payway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	gen "github.com/klarna-go/klarna-payments/gen/payway"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Environment is the base URL that calls go to: [Stage], [Production], or another https URL, such as a reverse proxy's. Plain
// http is accepted for loopback only. There is no default.
type Environment string

// Payway's environments. A token belongs to one of them (inferred).
const (
	Stage      Environment = "https://payway-api.stage.adeprimo.se" // for testing
	Production Environment = "https://backend.worldoftulo.com"
)

// Scope is the scope that a [Token] needs for CreateSession.
const Scope = "/external/klarna_payments/w"

// OperationCreateSession is the operation name in observers, limiters and logs.
const OperationCreateSession klarna.Operation = "payway.CreateSession"

var createSession = engine.Operation{
	Name: string(OperationCreateSession), Method: http.MethodPost, Path: "/external/api/v1/klarna_payments/create_session",
	Success: []int{http.StatusOK}, Result: engine.FromBody,
	Required: []string{"item.klarna_client_token", "item.klarna_payments_session_id"},
	// Retried at worst into a session that nobody uses: it charges nothing (inferred).
}

// Token is the access token of one reader: of a Payway API client, with the scope [Scope] and with an identity, which is the
// reader's account. The session is opened on that account, so never keep one token for all readers. A token lives for an
// hour or two, as its expires_in states.
//
// Printing, logging or encoding a Token shows no part of it; string(token) is the token. fmt cannot call the methods of a
// struct's unexported field, and prints such a Token in full.
//
// Source: Payway's pages on API access and authentication.
type Token string

const redactedToken = "payway.Token{…}" //nolint:gosec // G101: it stands in place of a token

// Format prints a placeholder for every verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedToken) }

// String returns a placeholder.
func (Token) String() string { return redactedToken }

// MarshalText returns a placeholder.
func (Token) MarshalText() ([]byte, error) { return []byte(redactedToken), nil }

// check returns what is wrong with the token, or "". It does not quote it.
func (t Token) check() string {
	switch {
	case t == "":
		return "the token is empty"
	case strings.ContainsFunc(string(t), func(r rune) bool { return r <= ' ' || r > '~' }):
		return "the token contains a blank, a control character or a letter beyond ASCII; pass it without the word Bearer"
	}
	return ""
}

// Client calls Payway. [New] makes it. It is immutable and safe for concurrent use; make one and keep it for all readers.
type Client struct{ engine *engine.Engine }

// New returns a client for an environment. It takes the options of [klarna.New], but for WithPreflight, which is an error: the
// requests of this API are always checked.
func New(env Environment, opts ...klarna.Option) (*Client, error) {
	base, err := engine.ParseBaseURL(string(env), false)
	if err != nil {
		return nil, fmt.Errorf("payway: %w; use payway.Stage, payway.Production or another https base URL", err)
	}
	config, err := klarna.EngineConfig(base, func(f *engine.Failure) error {
		e := newError(f)
		e.Header, e.Body = nil, nil // they may contain personal data
		return e
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("payway: %w", err)
	}
	config.LogMessage = "payway"
	config.CorrelationHeader, config.KeyHeader = "", "" // Payway documents neither
	config.ParseError = parseErrorBody
	return &Client{engine.New(config)}, nil
}

// CreateSession has Payway open a Klarna session for the reader that the token belongs to. Give the session's ClientToken to
// the reader's browser, and keep its SessionID on the server. A session is open for 48 hours or until the purchase. There is
// no update: create another one for another package or period.
//
// The request must have Code, PeriodType, an absolute ConfirmationURL and, if set, a PeriodID of 24 hexadecimal digits
// (inferred) and a StartDate that is a day. Whether that day is over is left to Payway. What is not sent because of such a
// rule wraps ErrInvalidRequest, or ErrUnauthorized for a malformed token, and [klarna.ErrNotSent].
//
// It returns an [*Error] in every case. It is retried after every failure but a rejection, a redirect and a response that is
// too large, since a session charges nothing.
//
// Source: Payway's page "Create session" (v1).
func (c *Client) CreateSession(ctx context.Context, token Token, request SessionRequest, opts ...klarna.CallOption) (*Session, error) {
	switch {
	case c == nil || c.engine == nil:
		return nil, notSent("the client was not made by payway.New")
	case ctx == nil:
		return nil, notSent("the context is nil")
	case token.check() != "":
		return nil, notSent(token.check(), ErrUnauthorized)
	}
	if faults := checkRequest(request); faults != nil {
		return nil, notSent(strings.Join(faults, "; "), ErrInvalidRequest)
	}
	req, err := gen.NewCreateKlarnaPaymentsSessionRequest("", request)
	if err != nil {
		return nil, notSent("the request cannot be built: "+err.Error(), err)
	}
	var envelope gen.SessionResponse
	call, response, err := klarna.EngineCall(engine.Call{
		Operation: &createSession, Request: req, Result: &envelope, Authorization: "Bearer " + string(token),
	}, opts)
	if err != nil {
		return nil, notSent(err.Error(), err)
	}
	result, err := c.engine.Do(ctx, call)
	response.Fill(result)
	var failure *engine.Failure
	switch {
	case errors.As(err, &failure):
		return nil, newError(failure)
	case err != nil:
		return nil, notSent(err.Error(), err)
	}
	return &envelope.Item, nil
}

var periodID = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)

// checkRequest returns everything that is wrong with a request, by the names of the members, without their values.
func checkRequest(r SessionRequest) (faults []string) {
	u, urlErr := url.Parse(r.ConfirmationURL)
	absolute := urlErr == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http")
	_, dayErr := time.Parse(time.DateOnly, r.StartDate)
	isID, wouldBeID := periodID.MatchString(r.PeriodID), periodID.MatchString(strings.Trim(r.PeriodID, ", "))
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{r.Code == "", "code is empty"},
		{r.PeriodType == "", "period_type is empty"},
		{r.ConfirmationURL == "", "confirmation_url is empty"},
		{r.ConfirmationURL != "" && !absolute, "confirmation_url is not an absolute http or https URL"},
		{r.PeriodID != "" && !wouldBeID, "period_id must have 24 hexadecimal digits"},
		{!isID && wouldBeID, "period_id must have 24 hexadecimal digits and nothing else; remove the comma or blank"},
		{r.StartDate != "" && dayErr != nil, "start_date is not a day such as 2026-12-01"},
	} {
		if rule.broken {
			faults = append(faults, rule.text)
		}
	}
	return faults
}
