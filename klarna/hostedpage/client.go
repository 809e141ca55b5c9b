package hostedpage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	gen "github.com/klarna-go/klarna-payments/gen/hostedpage"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Client calls the Klarna Hosted Payment Page API through a [klarna.Client]. [New] makes it. It is immutable and safe for
// concurrent use.
type Client struct{ client *klarna.Client }

// New returns a client that sends its calls through another: with its environment, credentials and options.
func New(client *klarna.Client) *Client { return &Client{client} }

// CreateSession creates a page for a payments session, and returns its addresses: send the shopper to RedirectURL. PaymentSessionURL
// is [klarna.Client.SessionURL] of the session's id, or [klarna.Environment.SessionURL] for a client behind a gateway. The page
// expires an hour before the payments session.
//
// It returns klarna.ErrInvalidRequest, without sending anything, if PaymentSessionURL is missing or not an absolute https URL (http
// is accepted for loopback, and below the client's own base URL: see klarna.WithInsecureHTTP), if one of MerchantURLs is relative,
// or if Options has both PaymentMethodCategory and PaymentMethodCategories. It returns klarna.ErrNotFound if the payments session
// has expired. An ambiguous failure is not retried: the page may exist. Calling again is harmless, and makes a second page for the
// same payments session.
//
// Source: the operation createHppSession of api/hosted-payment-page.yaml.
func (c *Client) CreateSession(ctx context.Context, page SessionRequest, opts ...klarna.CallOption) (*CreatedSession, error) {
	req, err := build(page, checkPage(page, c.base()), func(body io.Reader) (*http.Request, error) {
		return gen.NewCreateHppSessionRequestWithBody(server, nil, jsonType, body)
	})
	created := new(CreatedSession)
	if err := c.send(ctx, createSession, req, err, &page, created, opts); err != nil {
		return nil, err
	}
	return created, nil
}

// ReadSession reads how far the shopper came. It is what to act on: callbacks and redirects only say when to read. Status may be
// a value that this package does not know, and [IsFinal] reports whether it can still change. A completed session has the
// AuthorizationToken or the OrderID, by its place order mode.
//
// It returns klarna.ErrInvalidID for a malformed id, and klarna.ErrNotFound for a page that is unknown or has expired.
//
// Source: the operation getSessionById of api/hosted-payment-page.yaml.
func (c *Client) ReadSession(ctx context.Context, sessionID string, opts ...klarna.CallOption) (*Session, error) {
	req, err := gen.NewGetSessionByIDRequest(server, sessionID)
	read := new(Session)
	if err := c.send(ctx, readSession, req, err, nil, read, opts); err != nil {
		return nil, err
	}
	return read, nil
}

// DisableSession ends a page that was not completed: when the order was paid in another way, or is not wanted any more. It is
// final.
//
// It returns klarna.ErrInvalidRequest if the shopper completed the page before: then read the session for the order. An ambiguous
// failure is retried. After any failure, [Client.ReadSession] returns where the page stands.
//
// Source: the operation disableHppSession of api/hosted-payment-page.yaml.
func (c *Client) DisableSession(ctx context.Context, sessionID string, opts ...klarna.CallOption) error {
	req, err := gen.NewDisableHppSessionRequest(server, sessionID)
	return c.send(ctx, disableSession, req, err, nil, nil, opts)
}

// DistributeSession has Klarna send the link to the shopper, by e-mail or as a text message. Klarna checks the address at once, and
// delivers the message within seconds to minutes. Each call sends another message.
//
// It returns klarna.ErrInvalidRequest, without sending anything, if Method is missing or ContactInformation lacks what the method
// needs; and also if Klarna rejects the address, or the page is disabled. An ambiguous failure, and so a 503, is not retried: the
// message may have been sent.
//
// Source: the operation distributeHppSession of api/hosted-payment-page.yaml.
func (c *Client) DistributeSession(ctx context.Context, sessionID string, distribution DistributionRequest, opts ...klarna.CallOption) error {
	req, err := build(distribution, checkDistribution(distribution), func(body io.Reader) (*http.Request, error) {
		return gen.NewDistributeHppSessionRequestWithBody(server, sessionID, jsonType, body)
	})
	return c.send(ctx, distributeSession, req, err, &distribution, nil, opts)
}

const (
	// server is the base URL for the request builders: none, since the client completes relative URLs with its own.
	server   = ""
	jsonType = "application/json"
)

func (c *Client) send(ctx context.Context, op *engine.Operation, req *http.Request, buildErr error, body, result any, opts []klarna.CallOption) error {
	var client *klarna.Client // which reports that it was not made, if c was not
	if c != nil {
		client = c.client
	}
	_, err := client.Send(ctx, op, req, buildErr, body, result, opts)
	return err
}

// base is the base URL of the client, or "" if it was not made by New.
func (c *Client) base() string {
	if c == nil || c.client == nil {
		return ""
	}
	return c.client.BaseURL()
}

// build makes a request with a body, unless a check failed. The body has URLs as they are: the request builders would write & as
// \u0026, which is the same in JSON, but not to a program that looks for placeholders before it decodes.
func build(body any, failed error, with func(io.Reader) (*http.Request, error)) (*http.Request, error) {
	if failed != nil {
		return nil, fmt.Errorf("%w: %w", failed, klarna.ErrInvalidRequest)
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	return with(bytes.NewReader(bytes.TrimSpace(encoded.Bytes())))
}

// checkPage reports what of a page cannot work. It rejects nothing that Klarna accepts, and quotes no URL, since shops put secrets
// into them.
func checkPage(page SessionRequest, base string) error {
	if err := checkSessionURL(page.PaymentSessionURL, base); err != nil {
		return fmt.Errorf("payment_session_url %w", err)
	}
	urls := page.MerchantURLs
	for _, u := range [...]struct{ name, url string }{
		{"success", urls.Success}, {"cancel", urls.Cancel}, {"back", urls.Back},
		{"failure", urls.Failure}, {"error", urls.Error}, {"status_update", urls.StatusUpdate},
	} {
		if u.url != "" && !absolute.MatchString(u.url) {
			return fmt.Errorf("merchant_urls.%s is relative; it must be an absolute URL", u.name)
		}
	}
	if page.Options.PaymentMethodCategory != "" && len(page.Options.PaymentMethodCategories) > 0 {
		return errors.New("options has both payment_method_category and payment_method_categories; set one of them")
	}
	return nil
}

// absolute matches what begins with a scheme: app links and placeholders are allowed.
var absolute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// checkSessionURL reports what is wrong with the URL of a payments session, as the end of a sentence about it. A client
// that is allowed to use plain http, such as for a local sandbox in another container, may name its sessions by it.
func checkSessionURL(text, base string) error {
	if text == "" {
		return errors.New("is missing; it is what SessionURL of the klarna.Client returns")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("is not an absolute URL; it is what SessionURL of the klarna.Client returns, not the id of the session")
	case u.Scheme != "https" && u.Scheme != "http", engine.IsPlain(u) && !isBelow(text, base):
		return fmt.Errorf("must begin with https://, not with %.20q; http is accepted for loopback and for the client's own base URL only", u.Scheme+":")
	case strings.Trim(u.Path, "/") == "" || strings.HasSuffix(u.Path, "/"):
		return errors.New("has no session id at its end")
	}
	return nil
}

// isBelow reports whether a URL begins with the base URL of a client.
func isBelow(text, base string) bool {
	return base != "" && strings.HasPrefix(text, strings.TrimRight(base, "/")+"/")
}

// checkDistribution reports what a distribution lacks.
func checkDistribution(d DistributionRequest) error {
	var missing string
	switch contact := d.ContactInformation; {
	case d.Method == "":
		missing = "method"
	case d.Method == DistributionMethodEmail && contact.Email == "":
		missing = "contact_information.email"
	case d.Method == DistributionMethodSMS && contact.Phone == "":
		missing = "contact_information.phone"
	case d.Method == DistributionMethodToken && contact.AccessID == "":
		missing = "contact_information.access_id"
	case contact == DistributionContact{}:
		missing = "contact_information"
	default:
		return nil
	}
	return fmt.Errorf("%s is missing", missing)
}
