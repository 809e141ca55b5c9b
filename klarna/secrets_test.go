package klarna_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// canary marks everything that must not come out.
const canary = "CANARY"

func mark(what string) string { return canary + "-" + what + "-0123456789" }

// markedOperations is the six calls with a mark in every place that is secret or personal.
func markedOperations() map[klarna.Operation]func(context.Context, *klarna.Client, ...klarna.CallOption) (any, error) {
	address := klarna.Address{
		Attention: mark("attention"), City: mark("city"), Email: mark("email"), FamilyName: mark("family"),
		GivenName: mark("given"), OrganizationName: mark("organization"), Phone: mark("phone"), PostalCode: canary,
		Region: mark("region"), StreetAddress: mark("street"), StreetAddress2: mark("street2"), Title: mark("title"),
	}
	customer := klarna.Customer{
		CustomerToken: mark("customer-token"), DateOfBirth: mark("birth"), Gender: mark("gender"),
		NationalIdentificationNumber: mark("national"), OrganizationRegistrationID: mark("registration"), VATID: mark("vat"),
	}
	session := sessionCreate()
	session.BillingAddress, session.ShippingAddress, session.Customer, session.MerchantData = address, address, customer, mark("data")
	token := tokenRequest()
	token.BillingAddress, token.Customer = address, customer
	sessionID, authorization := mark("session/id"), mark("authorization token")
	return map[klarna.Operation]func(context.Context, *klarna.Client, ...klarna.CallOption) (any, error){
		klarna.OperationCreateSession: func(ctx context.Context, c *klarna.Client, o ...klarna.CallOption) (any, error) {
			return c.CreateSession(ctx, session, o...)
		},
		klarna.OperationReadSession: func(ctx context.Context, c *klarna.Client, o ...klarna.CallOption) (any, error) {
			return c.ReadSession(ctx, sessionID, o...)
		},
		klarna.OperationUpdateSession: func(ctx context.Context, c *klarna.Client, o ...klarna.CallOption) (any, error) {
			return nil, c.UpdateSession(ctx, sessionID, klarna.SessionUpdate{BillingAddress: address, Customer: customer}, o...)
		},
		klarna.OperationCreateOrder: func(ctx context.Context, c *klarna.Client, o ...klarna.CallOption) (any, error) {
			return c.CreateOrder(ctx, authorization, klarna.OrderFromSession(session), o...)
		},
		klarna.OperationCancelAuthorization: func(ctx context.Context, c *klarna.Client, o ...klarna.CallOption) (any, error) {
			return nil, c.CancelAuthorization(ctx, authorization, o...)
		},
		klarna.OperationCreateCustomerToken: func(ctx context.Context, c *klarna.Client, o ...klarna.CallOption) (any, error) {
			return c.CreateCustomerToken(ctx, authorization, token, o...)
		},
	}
}

// Marks stand in every secret place; whatever comes out over all operations and all that can go wrong has none.
func TestNoSecretComesOut(t *testing.T) {
	t.Parallel()
	for fault, transport := range map[string]http.RoundTripper{
		"dial":          &script{Lines: []line{{Err: wiretest.ErrDial, Unread: true}}},
		"reset":         &script{Lines: []line{{Err: wiretest.ErrReset}}},
		"429":           &script{Lines: []line{{Status: 429}}},
		"503 HTML":      &script{Lines: []line{{Status: 503, Body: longHTML(1000)}}},
		"200 HTML":      &script{Lines: []line{{Status: 200, Body: "<p>" + canary}}},
		"200 null":      &script{Lines: []line{{Status: 200, Body: "null"}}},
		"200 cut":       &script{Lines: []line{{Status: 200, Body: `{"a":"` + canary, Broken: io.ErrUnexpectedEOF}}},
		"400 JSON":      &script{Lines: []line{{Status: 400, Body: `{"error_code":"BAD_VALUE","error_messages":["Bad value: locale"]}`}}},
		"409 of a body": &script{Lines: []line{{Status: 409, Body: `{"x":"` + canary + `"}`}}},
		"302":           &script{Lines: []line{{Status: 302, Header: http.Header{"Location": {"https://elsewhere/" + canary}}}}},
		"odd type":      &script{Lines: []line{{Status: 500, Header: http.Header{"Content-Type": {"text/x\r\nlevel=ERROR"}}, Body: "x"}}},
		"echo of all":   roundTrip(echo),
		"echo as a type": roundTrip(func(r *http.Request) (*http.Response, error) {
			id := r.URL.Path[len("/payments/v1/"):]
			return &http.Response{StatusCode: 500, Header: http.Header{"Content-Type": {id + " " + r.URL.EscapedPath()}}, Body: io.NopCloser(strings.NewReader("x"))}, nil
		}),
		"transport echo": roundTrip(func(r *http.Request) (*http.Response, error) { return nil, echoError(r) }),
		"no host":        &http.Transport{},
		"slow":           slowTransport{},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			out := &lockedBuilder{}
			logger := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			client, err := klarna.New("https://127.0.0.1:1", klarna.BasicAuth("user", mark("password")),
				klarna.WithHTTPClient(&http.Client{Transport: transport}), klarna.WithLogger(logger),
				klarna.WithTimeout(20*time.Millisecond), quickRetries)
			require.NoError(t, err)
			printEveryWay(out, client)
			for name, call := range markedOperations() {
				var response klarna.Response
				_, err := call(t.Context(), client, klarna.WithResponse(&response))
				if err == nil {
					require.Equal(t, "200 null", fault+"", name) // nothing else is a success
				}
				printEveryWay(out, err, response, &response)
				var e *klarna.Error
				require.ErrorAs(t, err, &e, "%s: %v", name, err)
				printEveryWay(out, *e, e.Operation, e.Code, e.Messages, e.Fields, e.CorrelationID, e.CorrelationIDs)
				for cause := range chain(err) {
					printEveryWay(out, cause)
				}
			}
			requireNoCanary(t, out.String())
		})
	}
}

// requireNoCanary looks for the marks as they are, and as encodings carry them.
func requireNoCanary(t *testing.T, out string) {
	t.Helper()
	pair := base64.StdEncoding.EncodeToString([]byte("user:" + mark("password")))
	for _, secret := range []string{canary, url.PathEscape(mark("session/id")), url.PathEscape(mark("authorization token")), pair, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if at := strings.Index(out, secret); at >= 0 {
			require.Failf(t, "a secret came out", "…%s…", out[max(0, at-200):min(len(out), at+100)])
		}
	}
}

func printEveryWay(out io.Writer, values ...any) {
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(out, nil)).Info("text", "value", value)
		slog.New(slog.NewJSONHandler(out, nil)).Info("json", "value", value)
		if asJSON, err := json.Marshal(value); err == nil {
			_, _ = out.Write(asJSON)
		}
		if err, ok := value.(error); ok {
			func() {
				defer func() { fmt.Fprintln(out, recover()) }()
				panic(err)
			}()
		}
	}
}

// echo responds with the request's URL and credentials, in every place of a response.
func echo(r *http.Request) (*http.Response, error) {
	said := echoError(r).Error()
	body, err := json.Marshal(map[string]any{"error_code": said, "error_messages": []string{said, said}, "correlation_id": said})
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 400, Header: http.Header{"Content-Type": {said}, "Klarna-Correlation-Id": {said}, "X-Echo": {said}},
		Body: io.NopCloser(strings.NewReader(string(body)))}, nil
}

func echoError(r *http.Request) error {
	_, password, _ := r.BasicAuth()
	return errors.New("no " + r.URL.Path + " or " + r.URL.String() + " with " + r.Header.Get("Authorization") + " or " + password)
}

type slowTransport struct{}

func (slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, fmt.Errorf("gave up on %s: %w", r.URL, r.Context().Err())
}

type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
