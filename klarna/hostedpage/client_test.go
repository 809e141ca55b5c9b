package hostedpage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

func TestEveryOperationRunsByTheContract(t *testing.T) {
	t.Parallel()
	all := operations(t)
	require.Len(t, all, len(hostedpage.Operations))
	for i, op := range all {
		s := &script{lines: []line{op.success}}
		require.NoError(t, op.call(t, s.strictClient(t)), op.name)
		require.Len(t, s.seen, 1)
		row := hostedpage.Operations[i]
		require.Equal(t, row.Name, string(op.name), "the tables have the same order")
		require.Equal(t, row.Method, s.seen[0].Method, op.name)
		require.Equal(t, "https://api.playground.klarna.com"+strings.ReplaceAll(row.Path, "{session_id}", pageID), s.seen[0].URL.String(), op.name)
	}
	s := &script{lines: []line{{status: 204}}}
	require.NoError(t, all[3].call(t, s.strictClient(t)), "Klarna documents 204 for a distribution as well")
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
		body := example(t, name)
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(value), name)
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		// Go prints .910 as .91.
		require.JSONEq(t, strings.NewReplacer("44.910Z", "44.91Z", "45.300Z", "45.3Z").Replace(body), string(encoded), name)
	}
}

func TestResponsesAreDecoded(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 201, body: example(t, "hpp_create_session_response.json")}}}
	page, err := s.strictClient(t).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL})
	require.NoError(t, err)
	require.Equal(t, pageID, page.SessionID)
	require.Equal(t, "https://pay.playground.klarna.com/eu/hpp/payments/9KfTz2", page.RedirectURL)
	require.Equal(t, time.Date(2026, 3, 4, 17, 5, 44, 910e6, time.UTC), page.ExpiresAt.Time)
	require.Equal(t, "dm-token-value", page.DistributionModule.Token)

	s = &script{lines: []line{{status: 200, body: `{"session_id":"p","status":"OF_THE_FUTURE","updated_at":"","expires_at":"","new_member":[1]}`}}}
	session, err := s.client(t).ReadSession(t.Context(), pageID)
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
	s := &script{lines: []line{operations(t)[0].success}}
	_, err := s.client(t).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL, MerchantURLs: urls})
	require.NoError(t, err)
	for name, u := range map[string]string{
		"success": urls.Success, "cancel": urls.Cancel, "back": urls.Back, "failure": urls.Failure, "error": urls.Error, "status_update": urls.StatusUpdate,
	} {
		require.Contains(t, s.sent[0], `"`+name+`":"`+u+`"`)
	}
	require.NotContains(t, s.sent[0], `\u`)
	require.NotContains(t, s.sent[0], "options", "what is not set is not sent")
	require.Equal(t, int64(len(s.sent[0])), s.seen[0].ContentLength)
}

func TestWhatIsSetIsSent(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{operations(t)[0].success}}
	_, err := s.client(t).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL, ProfileID: "p-1", Options: hostedpage.Options{
		PlaceOrderMode: hostedpage.PlaceOrderModeNone, PaymentFallback: new(false), PaymentMethodCategory: "pay_later",
		BackgroundImages: []hostedpage.BackgroundImage{{URL: "https://shop.example/wide.jpg", Width: 1920}},
	}})
	require.NoError(t, err)
	require.JSONEq(t, `{"payment_session_url":"`+sessionURL+`","profile_id":"p-1","options":{"place_order_mode":"NONE","payment_fallback":false,
		"payment_method_category":"pay_later","background_images":[{"url":"https://shop.example/wide.jpg","width":1920}]}}`, s.sent[0])
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
	s := &script{lines: []line{operations(t)[0].success}}
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
		created, err := s.client(t).CreateSession(t.Context(), request)
		require.Nil(t, created)
		require.ErrorContains(t, err, "klarna: hostedpage.CreateSession: ")
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, klarna.ErrInvalidRequest, want)
		require.ErrorIs(t, err, klarna.ErrNotSent, want)
		require.NotContains(t, err.Error(), secret)
	}
	require.Empty(t, s.seen)
	for _, u := range []string{"http://127.0.0.1:8181/payments/v1/sessions/s", "http://localhost/x/payments/v1/sessions/s", "https://gateway.example/klarna/checkout/v3/orders/o", "HTTPS://api.klarna.com/payments/v1/sessions/s"} {
		_, err := s.client(t).CreateSession(t.Context(), withURL(u))
		require.NoError(t, err, u)
	}
}

// A client of a local sandbox in another container uses plain http, and names its sessions by the same URL.
func TestSessionURLOnTheClientsOwnBaseURLMayBePlainHTTP(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://sandbox:8090", "http://sandbox:8090/", "http://sandbox:8090/klarna"} {
		s := &script{lines: []line{operations(t)[0].success}}
		client, err := klarna.New(klarna.Environment(base), klarna.APIKey(apiKey), klarna.WithInsecureHTTP(), klarna.WithHTTPClient(&http.Client{Transport: s}))
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
		require.Len(t, s.seen, 1)
	}
}

func TestDistributionThatCannotWorkIsNotSent(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 204}}}
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
		err := s.client(t).DistributeSession(t.Context(), pageID, test.request)
		require.ErrorContains(t, err, "klarna: hostedpage.DistributeSession: ")
		require.ErrorContains(t, err, test.want)
		require.ErrorIs(t, err, klarna.ErrInvalidRequest)
		require.ErrorIs(t, err, klarna.ErrNotSent)
		require.NotContains(t, err.Error(), secret)
	}
	require.Empty(t, s.seen)
	for _, request := range []hostedpage.DistributionRequest{
		{Method: "sms", ContactInformation: hostedpage.DistributionContact{Phone: "1", PhoneCountry: "DE"}},
		{Method: "token", ContactInformation: hostedpage.DistributionContact{AccessID: "any"}},
	} {
		require.NoError(t, s.client(t).DistributeSession(t.Context(), pageID, request))
	}
}

// A repeated create makes a second page, and a repeated distribution sends a second message. Reading and disabling change nothing
// by a repetition.
func TestWhatCouldHappenTwiceIsNotRetried(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]line{
		"lost response": {err: io.EOF}, "reset": {err: errReset}, "500": rejected(500, "INTERNAL_SERVER_ERROR"), "503": {status: 503, body: "<html>"},
		"408": {status: 408}, "half a success": {status: 201, body: `{"session_id":"p`, broken: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, op := range operations(t) {
				if name == "half a success" && i != 0 {
					continue
				}
				s := &script{lines: []line{failure, failure, op.success}}
				err := op.call(t, s.client(t))
				if op.name == hostedpage.OperationReadSession || op.name == hostedpage.OperationDisableSession {
					require.NoError(t, err, op.name)
					require.Len(t, s.seen, 3, op.name)
					continue
				}
				require.Error(t, err, op.name)
				require.Len(t, s.seen, 1, op.name)
				require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.name)
				require.NotErrorIs(t, err, klarna.ErrNotSent, op.name)
			}
		})
	}
}

func TestWhatWasNotProcessedIsRetried(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]line{"dial": {err: errDial}, "429": rejected(429, "TOO_MANY_REQUESTS")} {
		for _, op := range operations(t) {
			s := &script{lines: []line{failure, failure, op.success}}
			require.NoError(t, op.call(t, through(t, s)), "%s %s", name, op.name) // not checked: to check a body is to read it
			require.Len(t, s.seen, 3)
			require.Equal(t, s.sent[2] == "", op.success.status == 200 || op.name == hostedpage.OperationDisableSession, op.name)
			for _, r := range s.seen {
				require.Empty(t, r.Header.Get("Klarna-Idempotency-Key"), op.name)
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
			s := &script{lines: []line{rejected(status, "ANY")}}
			err := op.call(t, s.client(t))
			require.ErrorIs(t, err, want, op.name)
			require.Len(t, s.seen, 1, "a rejection is not retried")
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, op.name, e.Operation)
			require.Equal(t, "ANY", e.Code)
		}
	}
	s := &script{lines: []line{rejected(404, "SESSION_COMPLETED")}}
	require.ErrorIs(t, operations(t)[0].call(t, s.client(t)), klarna.ErrOrderAlreadyPlaced)
}

func TestResponseWithoutItsResultIsUnexpected(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", "null", "[]", "<html>", `{"session_id":""}`, `{"status":1}`} {
		for _, op := range operations(t)[:2] {
			err := op.call(t, (&script{lines: []line{{status: op.success.status, body: body}}}).client(t))
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, body)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, body)
		}
	}
}

// Without a status, nobody knows how far the shopper came; without an id, nobody can ask.
func TestResponseNeedsWhatIsActedOn(t *testing.T) {
	t.Parallel()
	_, err := (&script{lines: []line{{status: 200, body: `{"session_id":"p-1","order_id":"o-1"}`}}}).client(t).ReadSession(t.Context(), pageID)
	require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
	_, err = (&script{lines: []line{{status: 201, body: `{"redirect_url":"https://pay.klarna.com/p-1"}`}}}).client(t).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL})
	require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
}

func TestNoOperationTakesAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		s := &script{lines: []line{op.success}}
		require.Error(t, op.call(t, s.client(t), klarna.WithIdempotencyKey("k")), op.name)
		require.Empty(t, s.seen)
	}
}

func TestMalformedIDSendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 204}}}
	c := s.client(t)
	for _, id := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		_, err := c.ReadSession(t.Context(), id)
		require.ErrorIs(t, err, klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.DisableSession(t.Context(), id), klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.DistributeSession(t.Context(), id, decoded[hostedpage.DistributionRequest](t, "hpp_distribution_request.json")), klarna.ErrNotSent, "%q", id)
	}
	require.Empty(t, s.seen)
	require.NoError(t, c.DisableSession(t.Context(), "a/../b"))
	require.Equal(t, "/hpp/v1/sessions/a%2F..%2Fb", s.seen[0].URL.EscapedPath())
}

func TestIDsAreNoPartOfAnError(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t)[1:] {
		s := &script{lines: []line{{status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Session ` + pageID + ` cannot be found"]}`}}}
		err := op.call(t, s.client(t))
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), pageID)
		require.ErrorContains(t, err, "Session {session_id} cannot be found")
	}
}

func TestBodyIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for _, op := range operations(t) {
		var seen any
		s := &script{lines: []line{op.success}}
		err := op.call(t, s.client(t, klarna.WithPreflight(func(body any) error { seen = body; return wrong })))
		if seen == nil {
			require.NoError(t, err, op.name)
			require.Empty(t, s.sent[0], "%s has a body that is not checked", op.name)
			continue
		}
		require.ErrorIs(t, err, wrong, op.name)
		require.Empty(t, s.seen)
	}
}

func TestClientThatWasNotMade(t *testing.T) {
	t.Parallel()
	for _, c := range []*hostedpage.Client{nil, {}, hostedpage.New(nil), hostedpage.New(&klarna.Client{})} {
		for _, op := range operations(t) {
			require.ErrorContains(t, op.call(t, c), "the client was not made by klarna.New", op.name)
		}
	}
}

// Of the two ways to the URL of a session, one is for clients that reach Klarna by another host.
func TestSessionURLNamesTheHostThatHasTheSession(t *testing.T) {
	t.Parallel()
	for env, want := range map[klarna.Environment]string{
		klarna.PlaygroundEU:             "https://api.playground.klarna.com/payments/v1/sessions/s-1",
		"https://gateway.example/to/k/": "https://gateway.example/to/k/payments/v1/sessions/s-1",
		"http://127.0.0.1:8181":         "http://127.0.0.1:8181/payments/v1/sessions/s-1",
	} {
		client, err := klarna.New(env, klarna.APIKey(apiKey), klarna.WithHTTPClient(http.DefaultClient))
		require.NoError(t, err)
		require.Equal(t, want, client.SessionURL("s-1"))
		require.Equal(t, want, env.SessionURL("s-1"))
		require.NotContains(t, strings.TrimPrefix(client.SessionURL("a/../b?c#d e"), client.BaseURL()+"/payments/v1/sessions/"), "/")
	}
	require.Equal(t, "https://api-na.klarna.com/payments/v1/sessions/s-1", klarna.ProductionNA.SessionURL("s-1"))
}
