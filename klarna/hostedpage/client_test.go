package hostedpage_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

func TestEveryOperationRunsByTheContract(t *testing.T) {
	t.Parallel()
	all := operations(t)
	tested.RequireRequests(t, all, strings.NewReplacer("{session_id}", pageID))
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 204}}}
	require.NoError(t, all[3].Call(t, tested.StrictClient(t, s)), "Klarna documents 204 for a distribution as well")
}

// The published bodies come out as they came in, key for key.
func TestExampleBodyComesBackKeyForKey(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"hpp_create_session_request.json":           new(hostedpage.SessionRequest),
		"hpp_create_session_response.json":          new(hostedpage.CreatedSession),
		"hpp_read_session_response.authorized.json": new(hostedpage.Session),
		"hpp_read_session_response.placed.json":     new(hostedpage.Session),
		"hpp_distribution_request.json":             new(hostedpage.DistributionRequest),
		"hpp_status_callback.json":                  new(hostedpage.StatusCallback),
	} {
		// Go prints .910 as .91.
		body := strings.NewReplacer("44.910Z", "44.91Z", "45.300Z", "45.3Z").Replace(example(t, name))
		require.JSONEq(t, body, tested.Encoded(t, name, value), name)
	}
}

func TestResponsesAreDecoded(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 201, Body: example(t, "hpp_create_session_response.json")}}}
	page, err := tested.StrictClient(t, s).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL})
	require.NoError(t, err)
	require.Equal(t, pageID, page.SessionID)
	require.Equal(t, "https://pay.playground.klarna.com/eu/hpp/payments/9KfTz2", page.RedirectURL)
	require.Equal(t, time.Date(2026, 3, 4, 17, 5, 44, 910e6, time.UTC), page.ExpiresAt.Time)
	require.Equal(t, "dm-token-value", page.DistributionModule.Token)

	s = &wiretest.Script{Lines: []wiretest.Line{{Status: 200, Body: `{"session_id":"p","status":"OF_THE_FUTURE","updated_at":"","expires_at":"","new_member":[1]}`}}}
	session, err := tested.Client(t, s).ReadSession(t.Context(), pageID)
	require.NoError(t, err)
	require.Equal(t, "OF_THE_FUTURE", session.Status)
	require.True(t, session.ExpiresAt.IsZero())
}

// Klarna replaces placeholders in the text of a URL, so a URL is on the wire as the shop wrote it.
func TestURLsAreOnTheWireAsTheyAre(t *testing.T) {
	t.Parallel()
	urls := hostedpage.MerchantURLs{
		Success: "https://shop.example/done?a=1&sid={{session_id}}&t={{authorization_token}}&o={{order_id}}", Cancel: "https://shop.example/cancel?a=<1>&b=2",
		Back: "myshop://cart/{{session_id}}", Failure: "https://shop.example/no", Error: "https://shop.example/error",
		StatusUpdate: "http://shop.example/hook?c=%26&d=2",
	}
	s := &wiretest.Script{Lines: []wiretest.Line{operations(t)[0].Success}}
	_, err := tested.Client(t, s).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL, MerchantURLs: urls})
	require.NoError(t, err)
	for name, u := range map[string]string{
		"success": urls.Success, "cancel": urls.Cancel, "back": urls.Back, "failure": urls.Failure, "error": urls.Error, "status_update": urls.StatusUpdate,
	} {
		require.Contains(t, s.Sent()[0], `"`+name+`":"`+u+`"`)
	}
	require.NotContains(t, s.Sent()[0], `\u`)
	require.NotContains(t, s.Sent()[0], "options", "what is not set is not sent")
	require.Equal(t, int64(len(s.Sent()[0])), s.Seen()[0].ContentLength)
}

func TestWhatIsSetIsSent(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{operations(t)[0].Success}}
	_, err := tested.Client(t, s).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL, ProfileID: "p-1", Options: hostedpage.Options{
		PlaceOrderMode: hostedpage.PlaceOrderModeNone, PaymentFallback: new(false), PaymentMethodCategory: "pay_later",
		BackgroundImages: []hostedpage.BackgroundImage{{URL: "https://shop.example/wide.jpg", Width: 1920}},
	}})
	require.NoError(t, err)
	require.JSONEq(t, `{"payment_session_url":"`+sessionURL+`","profile_id":"p-1","options":{"place_order_mode":"NONE","payment_fallback":false,
		"payment_method_category":"pay_later","background_images":[{"url":"https://shop.example/wide.jpg","width":1920}]}}`, s.Sent()[0])
}

const secret = "s3cretvalue"

func TestPageThatCannotWorkIsNotSent(t *testing.T) {
	t.Parallel()
	page := func(change func(*hostedpage.SessionRequest)) hostedpage.SessionRequest {
		request := hostedpage.SessionRequest{PaymentSessionURL: sessionURL}
		change(&request)
		return request
	}
	withURL := func(u string) hostedpage.SessionRequest { return hostedpage.SessionRequest{PaymentSessionURL: u} }
	s := &wiretest.Script{Lines: []wiretest.Line{operations(t)[0].Success}}
	for want, request := range map[string]hostedpage.SessionRequest{
		"payment_session_url is missing": {},
		"payment_session_url is not an absolute URL; it is what SessionURL of the klarna.Client returns, not the id": withURL("1f6b8e90-" + secret),
		"payment_session_url is not an absolute URL":                                                                 withURL("/payments/v1/sessions/" + secret),
		"payment_session_url is not an":                                                                              withURL("https://api.klarna.com:port/" + secret),
		`payment_session_url must begin with https://, not with "http:"`:                                             withURL("http://api.klarna.com/payments/v1/sessions/" + secret),
		`payment_session_url must begin with https://, not with "ftp:"`:                                              withURL("ftp://127.0.0.1/payments/v1/sessions/" + secret),
		"payment_session_url has no session id at its end":                                                           withURL(klarna.PlaygroundEU.SessionURL("")),
		"payment_session_url has no session id":                                                                      withURL("https://api.klarna.com"),
		"merchant_urls.success is relative":                                                                          page(func(r *hostedpage.SessionRequest) { r.MerchantURLs.Success = "/done?" + secret }),
		"merchant_urls.cancel is relative":                                                                           page(func(r *hostedpage.SessionRequest) { r.MerchantURLs.Cancel = "cancel?" + secret }),
		"merchant_urls.back is relative":                                                                             page(func(r *hostedpage.SessionRequest) { r.MerchantURLs.Back = "//shop.example/" + secret }),
		"merchant_urls.failure is relative":                                                                          page(func(r *hostedpage.SessionRequest) { r.MerchantURLs.Failure = "?" + secret }),
		"merchant_urls.error is relative":                                                                            page(func(r *hostedpage.SessionRequest) { r.MerchantURLs.Error = "{{session_id}}:" + secret }),
		"merchant_urls.status_update is relative; it must be an absolute URL":                                        page(func(r *hostedpage.SessionRequest) { r.MerchantURLs.StatusUpdate = "/hook?" + secret }),
		"options has both payment_method_category and payment_method_categories; set one of them": page(func(r *hostedpage.SessionRequest) {
			r.Options.PaymentMethodCategory, r.Options.PaymentMethodCategories = "PAY_NOW", []string{"PAY_NOW"}
		}),
	} {
		created, err := tested.Client(t, s).CreateSession(t.Context(), request)
		require.Nil(t, created)
		require.ErrorContains(t, err, "klarna: hostedpage.CreateSession: ")
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, klarna.ErrInvalidRequest, want)
		require.ErrorIs(t, err, klarna.ErrNotSent, want)
		require.NotContains(t, err.Error(), secret)
	}
	require.Empty(t, s.Seen())
	for _, u := range []string{"http://127.0.0.1:8181/payments/v1/sessions/s", "http://localhost/x/payments/v1/sessions/s", "https://gateway.example/klarna/checkout/v3/orders/o", "HTTPS://api.klarna.com/payments/v1/sessions/s"} {
		_, err := tested.Client(t, s).CreateSession(t.Context(), withURL(u))
		require.NoError(t, err, u)
	}
}

// A client of a local sandbox in another container uses plain http, and names its sessions by the same URL.
func TestSessionURLOnTheClientsOwnBaseURLMayBePlainHTTP(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://sandbox:8090", "http://sandbox:8090/", "http://sandbox:8090/klarna"} {
		s := &wiretest.Script{Lines: []wiretest.Line{operations(t)[0].Success}}
		client, err := klarna.New(klarna.Environment(base), klarna.APIKey(apitest.Key), klarna.WithInsecureHTTP(), klarna.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		create := func(sessionURL string) error {
			_, err := hostedpage.New(client).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL})
			return err
		}
		require.NoError(t, create(client.SessionURL("s-1")), base)
		for _, foreign := range []string{
			"http://sandbox:80901/payments/v1/sessions/s", "http://other:8090/payments/v1/sessions/s", "http://sandbox:8090@other/payments/v1/sessions/s",
		} {
			require.ErrorContains(t, create(foreign), "must begin with https://", foreign)
		}
		require.ErrorContains(t, create(client.BaseURL()+"/"), "no session id")
		require.Len(t, s.Seen(), 1)
	}
}

func TestDistributionThatCannotWorkIsNotSent(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 204}}}
	email, phone := hostedpage.DistributionContact{Email: secret}, hostedpage.DistributionContact{Phone: secret}
	for _, test := range []struct {
		request hostedpage.DistributionRequest
		want    string
	}{
		{hostedpage.DistributionRequest{}, "method is missing"},
		{hostedpage.DistributionRequest{ContactInformation: email}, "method is missing"},
		{hostedpage.DistributionRequest{Method: "email", ContactInformation: phone}, "contact_information.email is missing"},
		{hostedpage.DistributionRequest{Method: "sms", ContactInformation: email}, "contact_information.phone is missing"},
		{hostedpage.DistributionRequest{Method: "token", ContactInformation: email}, "contact_information.access_id is missing"},
		{hostedpage.DistributionRequest{Method: "carrier_pigeon"}, "contact_information is missing"},
	} {
		err := tested.Client(t, s).DistributeSession(t.Context(), pageID, test.request)
		require.ErrorContains(t, err, "klarna: hostedpage.DistributeSession: ")
		require.ErrorContains(t, err, test.want)
		require.ErrorIs(t, err, klarna.ErrInvalidRequest)
		require.ErrorIs(t, err, klarna.ErrNotSent)
		require.NotContains(t, err.Error(), secret)
	}
	require.Empty(t, s.Seen())
	for _, request := range []hostedpage.DistributionRequest{
		{Method: "sms", ContactInformation: hostedpage.DistributionContact{Phone: "1", PhoneCountry: "DE"}},
		{Method: "token", ContactInformation: hostedpage.DistributionContact{AccessID: "any"}},
	} {
		require.NoError(t, tested.Client(t, s).DistributeSession(t.Context(), pageID, request))
	}
}

// A repeated create makes a second page, and a repeated distribution sends a second message. Reading and disabling change nothing
// by a repetition.
func TestWhatCouldHappenTwiceIsNotRetried(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]wiretest.Line{
		"lost response": {Err: io.EOF}, "reset": {Err: wiretest.ErrReset}, "500": apitest.Rejected(500, "INTERNAL_SERVER_ERROR"), "503": {Status: 503, Body: "<html>"},
		"408": {Status: 408}, "half a success": {Status: 201, Body: `{"session_id":"p`, Broken: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, op := range operations(t) {
				if name == "half a success" && i != 0 {
					continue
				}
				s := &wiretest.Script{Lines: []wiretest.Line{failure, failure, op.Success}}
				err := op.Call(t, tested.Client(t, s))
				if op.Name == hostedpage.OperationReadSession || op.Name == hostedpage.OperationDisableSession {
					require.NoError(t, err, op.Name)
					require.Len(t, s.Seen(), 3, op.Name)
					continue
				}
				require.Error(t, err, op.Name)
				require.Len(t, s.Seen(), 1, op.Name)
				require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.Name)
				require.NotErrorIs(t, err, klarna.ErrNotSent, op.Name)
			}
		})
	}
}

func TestWhatWasNotProcessedIsRetried(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]wiretest.Line{"dial": {Err: wiretest.ErrDial}, "429": apitest.Rejected(429, "TOO_MANY_REQUESTS")} {
		for _, op := range operations(t) {
			s := &wiretest.Script{Lines: []wiretest.Line{failure, failure, op.Success}}
			require.NoError(t, op.Call(t, tested.Through(t, s)), "%s %s", name, op.Name) // not checked: to check a body is to read it
			require.Len(t, s.Seen(), 3)
			require.Equal(t, s.Sent()[2] == "", op.Success.Status == 200 || op.Name == hostedpage.OperationDisableSession, op.Name)
			for _, r := range s.Seen() {
				require.Empty(t, r.Header.Get("Klarna-Idempotency-Key"), op.Name)
			}
		}
	}
}

func TestRejectionHasItsErrorByStatus(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		for status, want := range map[int]error{
			400: klarna.ErrInvalidRequest, 401: klarna.ErrUnauthorized, 403: klarna.ErrForbidden, 404: klarna.ErrNotFound, 413: klarna.ErrInvalidRequest,
		} {
			s := &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(status, "ANY")}}
			err := op.Call(t, tested.Client(t, s))
			require.ErrorIs(t, err, want, op.Name)
			require.Len(t, s.Seen(), 1, "a rejection is not retried")
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, op.Name, e.Operation)
			require.Equal(t, "ANY", e.Code)
		}
	}
	s := &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(404, "SESSION_COMPLETED")}}
	require.ErrorIs(t, operations(t)[0].Call(t, tested.Client(t, s)), klarna.ErrOrderAlreadyPlaced)
}

func TestResponseWithoutItsResultIsUnexpected(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", "null", "[]", "<html>", `{"session_id":""}`, `{"status":1}`} {
		for _, op := range operations(t)[:2] {
			err := op.Call(t, tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{{Status: op.Success.Status, Body: body}}}))
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, body)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, body)
		}
	}
}

// Without a status, nobody knows how far the shopper came; without an id, nobody can ask.
func TestResponseNeedsWhatIsActedOn(t *testing.T) {
	t.Parallel()
	_, err := tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 200, Body: `{"session_id":"p-1","order_id":"o-1"}`}}}).ReadSession(t.Context(), pageID)
	require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
	_, err = tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 201, Body: `{"redirect_url":"https://pay.klarna.com/p-1"}`}}}).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL})
	require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
}

func TestNoOperationTakesAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		require.Error(t, op.Call(t, tested.Client(t, s), klarna.WithIdempotencyKey("k")), op.Name)
		require.Empty(t, s.Seen())
	}
}

func TestMalformedIDSendsNothing(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 204}}}
	c := tested.Client(t, s)
	for _, id := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		_, err := c.ReadSession(t.Context(), id)
		require.ErrorIs(t, err, klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.DisableSession(t.Context(), id), klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.DistributeSession(t.Context(), id, decoded[hostedpage.DistributionRequest](t, "hpp_distribution_request.json")), klarna.ErrNotSent, "%q", id)
	}
	require.Empty(t, s.Seen())
	require.NoError(t, c.DisableSession(t.Context(), "a/../b"))
	require.Equal(t, "/hpp/v1/sessions/a%2F..%2Fb", s.Seen()[0].URL.EscapedPath())
}

func TestIDsAreNoPartOfAnError(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t)[1:] {
		s := &wiretest.Script{Lines: []wiretest.Line{{Status: 404, Body: `{"error_code":"NOT_FOUND","error_messages":["Session ` + pageID + ` cannot be found"]}`}}}
		err := op.Call(t, tested.Client(t, s))
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), pageID)
		require.ErrorContains(t, err, "Session {session_id} cannot be found")
	}
}

func TestBodyIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, tested.RequireCheckedBodies(t, operations(t)))
}

func TestClientThatWasNotMade(t *testing.T) {
	t.Parallel()
	tested.RequireMadeClient(t, operations(t))
}

// Of the two ways to the URL of a session, one is for clients that reach Klarna by another host.
func TestSessionURLNamesTheHostThatHasTheSession(t *testing.T) {
	t.Parallel()
	for env, want := range map[klarna.Environment]string{
		klarna.PlaygroundEU:             "https://api.playground.klarna.com/payments/v1/sessions/s-1",
		"https://gateway.example/to/k/": "https://gateway.example/to/k/payments/v1/sessions/s-1",
		"http://127.0.0.1:8181":         "http://127.0.0.1:8181/payments/v1/sessions/s-1",
	} {
		client, err := klarna.New(env, klarna.APIKey(apitest.Key), klarna.WithHTTPClient(http.DefaultClient))
		require.NoError(t, err)
		require.Equal(t, want, client.SessionURL("s-1"))
		require.Equal(t, want, env.SessionURL("s-1"))
		require.NotContains(t, strings.TrimPrefix(client.SessionURL("a/../b?c#d e"), client.BaseURL()+"/payments/v1/sessions/"), "/")
	}
	require.Equal(t, "https://api-na.klarna.com/payments/v1/sessions/s-1", klarna.ProductionNA.SessionURL("s-1"))
}
