package klarnatest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// pages returns a client of the Hosted Payment Page whose every exchange is checked against the contract, with one attempt.
func (s *shop) pages(opts ...klarna.Option) *hostedpage.Client {
	s.t.Helper()
	return hostedpage.New(s.checkedOnce("hosted-payment-page", opts...))
}

// allURLs are URLs of a shop with the placeholders that each may have.
var allURLs = hostedpage.MerchantURLs{
	Success: "https://shop.example/done?a=1&sid={{session_id}}&token={{authorization_token}}&order={{order_id}}",
	Cancel:  "https://shop.example/cancel?sid={{session_id}}", Back: "https://shop.example/back?sid={{session_id}}",
	Failure: "https://shop.example/failure?sid={{session_id}}", Error: "https://shop.example/error?sid={{session_id}}",
}

// page opens a session and makes a page for it, and returns both ids.
func (s *shop) page(mode hostedpage.PlaceOrderMode, urls hostedpage.MerchantURLs) (sessionID, pageID string) {
	s.t.Helper()
	sessionID = s.open(cart())
	page, err := s.pages().CreateSession(context.Background(), hostedpage.SessionRequest{
		PaymentSessionURL: s.SessionURL(sessionID), MerchantURLs: urls, Options: hostedpage.Options{PlaceOrderMode: mode},
	})
	require.NoError(s.t, err)
	return sessionID, page.SessionID
}

func (s *shop) visit(pageID string, action klarnatest.HostedPageAction) string {
	s.t.Helper()
	location, err := s.server.VisitHostedPage(pageID, action)
	require.NoError(s.t, err)
	return location
}

func (s *shop) readPage(pageID string) *hostedpage.Session {
	s.t.Helper()
	page, err := s.pages().ReadSession(context.Background(), pageID)
	require.NoError(s.t, err)
	require.Equal(s.t, *page, s.server.HostedPage(pageID).Session)
	return page
}

func TestPageThatReturnsAnAuthorizationToken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, mode := range []hostedpage.PlaceOrderMode{"", hostedpage.PlaceOrderModeNone} {
		sessionID, pageID := s.page(mode, allURLs)
		require.Equal(t, hostedpage.SessionStatusWaiting, s.readPage(pageID).Status)
		location := s.visit(pageID, klarnatest.HostedPageApprove)
		page := s.readPage(pageID)
		require.Equal(t, hostedpage.SessionStatusCompleted, page.Status)
		require.Empty(t, page.OrderID)
		require.Empty(t, s.server.OrderIDs(sessionID), "the shop places the order")
		require.Equal(t, "https://shop.example/done?a=1&sid="+pageID+"&token="+page.AuthorizationToken+"&order={{order_id}}", location)

		order := s.order(page.AuthorizationToken, orderOf(cart()))
		require.Equal(t, []string{order.OrderID}, s.server.OrderIDs(sessionID))
		require.Zero(t, s.server.Order(order.OrderID).CapturedAmount)
	}
}

func TestPageThatPlacesTheOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for mode, want := range map[hostedpage.PlaceOrderMode]ordermanagement.OrderStatus{
		hostedpage.PlaceOrderModePlaceOrder: ordermanagement.OrderStatusAuthorized, hostedpage.PlaceOrderModeCaptureOrder: ordermanagement.OrderStatusCaptured,
	} {
		sessionID, pageID := s.page(mode, allURLs)
		location := s.visit(pageID, klarnatest.HostedPageApprove)
		page := s.readPage(pageID)
		require.Equal(t, hostedpage.SessionStatusCompleted, page.Status)
		require.Empty(t, page.AuthorizationToken)
		require.Equal(t, []string{page.OrderID}, s.server.OrderIDs(sessionID))
		require.Equal(t, "https://shop.example/done?a=1&sid="+pageID+"&token={{authorization_token}}&order="+page.OrderID, location)

		order, err := s.orders().ReadOrder(t.Context(), page.OrderID)
		require.NoError(t, err)
		require.Equal(t, want, order.Status)
		require.EqualValues(t, 12400, order.OrderAmount)
		require.Equal(t, page.KlarnaReference, order.KlarnaReference)
		require.Len(t, order.OrderLines, 2)
		require.Equal(t, klarna.SessionStatusComplete, s.read(sessionID).Status)
		if mode == hostedpage.PlaceOrderModePlaceOrder {
			_, err = s.orders().CaptureOrder(t.Context(), page.OrderID, ordermanagement.RemainingCapture(*order))
			require.NoError(t, err)
		}
	}
	require.Equal(t, 2, s.server.Created().Orders)
	require.Equal(t, 2, s.server.Created().HostedPages)
}

func TestShopperLeavesThePage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for action, want := range map[klarnatest.HostedPageAction]struct{ location, status string }{
		klarnatest.HostedPageOpen:    {"", hostedpage.SessionStatusInProgress},
		klarnatest.HostedPageDecline: {"https://shop.example/failure?sid=", hostedpage.SessionStatusFailed},
		klarnatest.HostedPageError:   {"https://shop.example/error?sid=", hostedpage.SessionStatusError},
		klarnatest.HostedPageBack:    {"https://shop.example/back?sid=", hostedpage.SessionStatusBack},
		klarnatest.HostedPageCancel:  {"https://shop.example/cancel?sid=", hostedpage.SessionStatusBack},
	} {
		sessionID, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
		if want.location != "" {
			want.location += pageID
		}
		require.Equal(t, want.location, s.visit(pageID, action), action)
		page := s.readPage(pageID)
		require.Equal(t, want.status, page.Status, action)
		require.False(t, hostedpage.IsFinal(page.Status))
		require.Empty(t, s.server.OrderIDs(sessionID))
		require.NotEmpty(t, s.visit(pageID, klarnatest.HostedPageApprove), "the shopper comes back and pays")
		require.Len(t, s.server.OrderIDs(sessionID), 1)
	}
	_, pageID := s.page("", hostedpage.MerchantURLs{Failure: "https://shop.example/failure"})
	require.Equal(t, "https://shop.example/failure", s.visit(pageID, klarnatest.HostedPageError), "without an error URL it is the failure URL")
	for _, action := range []klarnatest.HostedPageAction{klarnatest.HostedPageBack, klarnatest.HostedPageCancel, klarnatest.HostedPageApprove} {
		require.Empty(t, s.visit(pageID, action), "without a URL the browser stays")
	}
}

// In e-commerce a cancel acts as back. In a store it ends the page.
func TestCancelIsFinalInAStore(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for channel, want := range map[klarna.AcquiringChannel]hostedpage.SessionStatus{
		klarna.AcquiringChannelEcommerce: hostedpage.SessionStatusBack, klarna.AcquiringChannelInStore: hostedpage.SessionStatusCancelled,
		klarna.AcquiringChannelTelesales: hostedpage.SessionStatusCancelled,
	} {
		c := cart()
		c.AcquiringChannel = channel
		page, err := s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(s.open(c)), MerchantURLs: allURLs})
		require.NoError(t, err)
		s.visit(page.SessionID, klarnatest.HostedPageCancel)
		require.Equal(t, want, s.readPage(page.SessionID).Status, channel)
		_, err = s.server.VisitHostedPage(page.SessionID, klarnatest.HostedPageApprove)
		require.Equal(t, want == hostedpage.SessionStatusCancelled, err != nil, channel)
		if err != nil {
			require.EqualError(t, err, "klarnatest: VisitHostedPage: 400 BAD_REQUEST: Session has ended")
			require.NoError(t, s.pages().DisableSession(t.Context(), page.SessionID))
			require.Equal(t, want, s.readPage(page.SessionID).Status, "it stays cancelled")
		}
	}
}

func TestPageIsApprovedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sessionID, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
	approved := make(chan error, 20)
	for range cap(approved) {
		go func() {
			_, err := s.server.VisitHostedPage(pageID, klarnatest.HostedPageApprove)
			approved <- err
		}()
	}
	succeeded := 0
	for range cap(approved) {
		if err := <-approved; err == nil {
			succeeded++
		} else {
			require.EqualError(t, err, "klarnatest: VisitHostedPage: 400 BAD_REQUEST: Session has already been completed")
		}
	}
	require.Equal(t, 1, succeeded)
	require.Len(t, s.server.OrderIDs(sessionID), 1)
	require.Equal(t, 1, s.server.Created().Orders)

	// A second page for the same session is harmless: the session has its order.
	sessionID = s.open(cart())
	var both []string
	for range 2 {
		page, err := s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{
			PaymentSessionURL: s.SessionURL(sessionID), Options: hostedpage.Options{PlaceOrderMode: hostedpage.PlaceOrderModeCaptureOrder}})
		require.NoError(t, err)
		both = append(both, page.SessionID)
	}
	s.visit(both[0], klarnatest.HostedPageApprove)
	_, err := s.server.VisitHostedPage(both[1], klarnatest.HostedPageApprove)
	require.EqualError(t, err, "klarnatest: VisitHostedPage: 404 SESSION_COMPLETED: Session has already been completed")
	require.Len(t, s.server.OrderIDs(sessionID), 1)
	_, err = s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(sessionID)})
	require.ErrorIs(t, err, klarna.ErrOrderAlreadyPlaced)
}

// The shop updates the session while the page is open: what is approved is what the session holds then.
func TestPageOrdersWhatTheSessionHolds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sessionID, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
	s.visit(pageID, klarnatest.HostedPageOpen)
	smaller := cart()
	smaller.OrderLines = smaller.OrderLines[:1]
	smaller.OrderAmount, smaller.OrderTaxAmount = 11900, 1900
	require.NoError(t, s.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{OrderAmount: new(int64(11900)), OrderTaxAmount: new(int64(1900)), OrderLines: smaller.OrderLines}))
	s.visit(pageID, klarnatest.HostedPageApprove)
	require.EqualValues(t, 11900, s.server.Order(s.readPage(pageID).OrderID).OrderAmount)
}

// However the shop's update and the approval meet, the order is what the session holds, and there is one.
func TestUpdateAndApprovalAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for range 30 {
		sessionID, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
		updated := make(chan error)
		go func() {
			updated <- s.UpdateSession(context.Background(), sessionID, klarna.SessionUpdate{
				OrderAmount: new(int64(11900)), OrderTaxAmount: new(int64(1900)), OrderLines: cart().OrderLines[:1],
			})
		}()
		s.visit(pageID, klarnatest.HostedPageApprove)
		want := int64(11900)
		if err := <-updated; err != nil { // the order came first
			require.ErrorIs(t, err, klarna.ErrOrderAlreadyPlaced)
			want = 12400
		}
		require.Equal(t, want, s.read(sessionID).OrderAmount)
		require.Equal(t, want, s.server.Order(s.readPage(pageID).OrderID).OrderAmount)
	}
}

// A page is printed without its tokens and addresses.
func TestPageIsPrintedWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, pageID := s.page("", allURLs)
	require.NoError(t, s.pages().DistributeSession(t.Context(), pageID, byEmail))
	s.visit(pageID, klarnatest.HostedPageApprove)
	page := s.server.HostedPage(pageID)
	require.Equal(t, "hosted page COMPLETED|hosted page COMPLETED", fmt.Sprintf("%v|%#v", page, *page))
}

func TestPageExpiresAnHourBeforeItsSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sessionID, pageID := s.page("", allURLs)
	session, page := s.read(sessionID), s.readPage(pageID)
	require.Equal(t, time.Hour, session.ExpiresAt.Sub(page.ExpiresAt.Time))
	s.server.Advance(47*time.Hour - time.Minute)
	s.readPage(pageID)
	s.server.Advance(2 * time.Minute)
	_, err := s.pages().ReadSession(t.Context(), pageID)
	requireRejected(t, err, invalidSession)
	require.ErrorIs(t, s.pages().DisableSession(t.Context(), pageID), klarna.ErrNotFound)
	require.Nil(t, s.server.HostedPage(pageID))
	_, err = s.server.VisitHostedPage(pageID, klarnatest.HostedPageApprove)
	require.EqualError(t, err, "klarnatest: VisitHostedPage: 404 NOT_FOUND: Invalid session id")
	require.Equal(t, klarna.SessionStatusIncomplete, s.read(sessionID).Status, "the session lives on for an hour")
	_, err = s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(sessionID)})
	require.ErrorIs(t, err, klarna.ErrNotFound, "but not long enough for a page")
}

func TestDisabledPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, pageID := s.page("", allURLs)
	for range 2 {
		require.NoError(t, s.pages().DisableSession(t.Context(), pageID))
		require.Equal(t, hostedpage.SessionStatusDisabled, s.readPage(pageID).Status)
	}
	_, err := s.server.VisitHostedPage(pageID, klarnatest.HostedPageOpen)
	require.EqualError(t, err, "klarnatest: VisitHostedPage: 400 BAD_REQUEST: Session is disabled")
	err = s.pages().DistributeSession(t.Context(), pageID, byEmail)
	requireRejected(t, err, rejection{400, "BAD_REQUEST", "Session is disabled"})

	_, pageID = s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
	s.visit(pageID, klarnatest.HostedPageApprove)
	err = s.pages().DisableSession(t.Context(), pageID)
	requireRejected(t, err, rejection{400, "BAD_REQUEST", "Session has already been completed"})
	require.NotEmpty(t, s.readPage(pageID).OrderID, "then look for the order")
	err = s.pages().DistributeSession(t.Context(), pageID, byEmail)
	requireRejected(t, err, rejection{400, "BAD_REQUEST", "Session has ended"})
	require.ErrorIs(t, s.pages().DisableSession(t.Context(), "unknown"), klarna.ErrNotFound)
}

var byEmail = hostedpage.DistributionRequest{Method: hostedpage.DistributionMethodEmail, ContactInformation: hostedpage.DistributionContact{Email: "customer@example.com"}}

func TestDistributionIsRecorded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, pageID := s.page("", allURLs)
	bySMS := hostedpage.DistributionRequest{Method: hostedpage.DistributionMethodSMS, ContactInformation: hostedpage.DistributionContact{Phone: "+49 (0)152-2113356", PhoneCountry: "DE"}}
	byToken := hostedpage.DistributionRequest{Method: hostedpage.DistributionMethodToken, ContactInformation: hostedpage.DistributionContact{AccessID: "278352"}}
	for _, request := range []hostedpage.DistributionRequest{byEmail, bySMS, byToken} {
		require.NoError(t, s.pages().DistributeSession(t.Context(), pageID, request))
	}
	for field, contact := range map[string]hostedpage.DistributionRequest{
		"email": {Method: "email", ContactInformation: hostedpage.DistributionContact{Email: "customer.example.com"}},
		"phone": {Method: "sms", ContactInformation: hostedpage.DistributionContact{Phone: "customer@example.com"}},
	} {
		err := s.pages().DistributeSession(t.Context(), pageID, contact)
		requireRejected(t, err, rejection{400, "BAD_VALUE", "Bad value: contact_information." + field})
	}
	require.Equal(t, []hostedpage.DistributionRequest{byEmail, bySMS, byToken}, s.server.HostedPage(pageID).Distributions)
	require.ErrorIs(t, s.pages().DistributeSession(t.Context(), "unknown", byEmail), klarna.ErrNotFound)
}

// hosted sends a request of the Hosted Payment Page that the client would not send.
func (s *shop) hosted(method, path, body string, header ...string) response {
	s.t.Helper()
	return s.sendChecked("hosted-payment-page", method, path, body, header...)
}

func TestInvalidRequestForAPageIsRejected(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sessionID := s.open(cart())
	u := `"payment_session_url":"` + s.SessionURL(sessionID) + `"`
	tokenOnly := `"payment_session_url":"` + s.SessionURL(s.open(cartFor(klarna.IntentTokenize))) + `"`
	for body, want := range map[string]string{
		`{}`:                        `Bad value: payment_session_url`,
		`[]`:                        `"error_code":"BAD_REQUEST"`,
		`{"payment_session_url":7}`: `Bad value: payment_session_url`,
		`{"payment_session_url":"` + sessionID + `"}`:                                                                                                    `Bad value: payment_session_url`,
		`{"payment_session_url":"` + s.server.URL + `/payments/v1/sessions/"}`:                                                                           `Bad value: payment_session_url`,
		`{"payment_session_url":"` + s.server.URL + `/checkout/v3/orders/x"}`:                                                                            `Bad value: payment_session_url`,
		`{"payment_session_url":"https://api.playground.klarna.com/payments/v1/sessions/` + sessionID + `"}`:                                             `Bad value: payment_session_url`,
		`{"payment_session_url":"http://127.0.0.1:1/payments/v1/sessions/` + sessionID + `"}`:                                                            `Bad value: payment_session_url`,
		`{"payment_session_url":"http://10.0.0.1:` + s.server.URL[strings.LastIndex(s.server.URL, ":")+1:] + `/payments/v1/sessions/` + sessionID + `"}`: `Bad value: payment_session_url`,
		`{"payment_session_url":"http://10.0.0.1/payments/v1/sessions/` + sessionID + `"}`:                                                               `Bad value: payment_session_url`,
		`{` + u + `,"options":{"place_order_mode":"LATER"}}`:                                                                                             `Bad value: options.place_order_mode`,
		`{` + u + `,"options":{"background_images":[{"width":1e2}]}}`:                                                                                    `Bad value: options`,
		`{` + u + `,"options":{"payment_method_category":"PAY_NOW","payment_method_categories":["PAY_NOW"]}}`:                                            `Bad value: options.payment_method_category, options.payment_method_categories`,
		`{` + tokenOnly + `,"options":{"place_order_mode":"PLACE_ORDER"}}`:                                                                               `Bad value: options.place_order_mode`,
	} {
		got := s.hosted(http.MethodPost, "/hpp/v1/sessions", body)
		require.Equal(t, http.StatusBadRequest, got.status, body)
		require.Contains(t, got.body, want, body)
	}
	got := s.hosted(http.MethodPost, "/hpp/v1/sessions", `{"payment_session_url":"`+s.SessionURL("unknown")+`"}`)
	require.Equal(t, http.StatusNotFound, got.status)
	got = s.hosted(http.MethodPost, "/hpp/v1/sessions", `{`+tokenOnly+`}`)
	require.Equal(t, http.StatusCreated, got.status, "a token can be approved on a page")
	got = s.hosted(http.MethodPost, "/hpp/v1/sessions", `{`+strings.Replace(u, "127.0.0.1", "localhost", 1)+`}`)
	require.Equal(t, http.StatusCreated, got.status, "the names of this machine are the same")
	var page hostedpage.CreatedSession
	require.NoError(t, json.Unmarshal([]byte(got.body), &page))
	for body, want := range map[string]string{
		`{"contact_information":{}}`:                           `Bad value: method`,
		`{"method":"email","contact_information":{}}`:          `Bad value: contact_information.email`,
		`{"method":"sms","contact_information":{}}`:            `Bad value: contact_information.phone`,
		`{"method":"token","contact_information":{}}`:          `Bad value: contact_information.access_id`,
		`{"method":"carrier_pigeon","contact_information":{}}`: `Bad value: method`,
	} {
		got := s.hosted(http.MethodPost, "/hpp/v1/sessions/"+page.SessionID+"/distribution", body)
		require.Equal(t, http.StatusBadRequest, got.status, body)
		require.Contains(t, got.body, want, body)
	}
	got = s.hosted(http.MethodGet, "/hpp/v1/sessions/"+page.SessionID, "", "Authorization", "Basic wrong")
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Equal(t, http.StatusMethodNotAllowed, s.send(http.MethodPut, "/hpp/v1/sessions/"+page.SessionID, "").status)
}

// A client behind a gateway names the host that has the session, and not its own.
func TestGatewaysURLOfASessionIsRejected(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	upstream, err := url.Parse(s.server.URL)
	require.NoError(t, err)
	gateway := httptest.NewServer(http.StripPrefix("/klarna", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) }}))
	defer gateway.Close()
	client, err := klarna.New(klarna.Environment(gateway.URL+"/klarna"), klarna.APIKey(s.server.APIKey), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	session, err := client.CreateSession(t.Context(), cart())
	require.NoError(t, err)
	_, err = hostedpage.New(client).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: client.SessionURL(session.SessionID)})
	requireRejected(t, err, rejection{400, "BAD_VALUE", "Bad value: payment_session_url"})
	page, err := hostedpage.New(client).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: klarna.Environment(s.server.URL).SessionURL(session.SessionID)})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(page.RedirectURL, s.server.URL), "the page is not behind the gateway")
}

func TestFaultsOfThePageOperations(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	client := s.server.Client(klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond}))
	pages, sessionID := hostedpage.New(client), s.open(cart())
	request := hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(sessionID)}

	s.server.Fail(hostedpage.OperationCreateSession, klarnatest.ResetAfter())
	_, err := pages.CreateSession(t.Context(), request)
	require.ErrorIs(t, err, klarna.ErrNoResponse)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Equal(t, 1, s.server.Created().HostedPages, "it exists, and was not made twice")

	s.server.Fail(hostedpage.OperationCreateSession, klarnatest.TooManyRequests(0), klarnatest.TooManyRequests(0))
	page, err := pages.CreateSession(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, 2, s.server.Created().HostedPages)

	s.server.Fail(hostedpage.OperationCreateSession, klarnatest.Delay(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = pages.CreateSession(ctx, request)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, klarna.ErrNoResponse)

	s.server.Fail(hostedpage.OperationDistributeSession, klarnatest.EmptyStatus(503))
	require.ErrorIs(t, pages.DistributeSession(t.Context(), page.SessionID, byEmail), klarna.ErrServer)
	require.Empty(t, s.server.HostedPage(page.SessionID).Distributions, "no second attempt was made")
	s.server.Fail(hostedpage.OperationDisableSession, klarnatest.ResetAfter())
	require.NoError(t, pages.DisableSession(t.Context(), page.SessionID))
	s.server.Fail(hostedpage.OperationReadSession, klarnatest.EmptyStatus(503), klarnatest.ResetBefore())
	read, err := pages.ReadSession(t.Context(), page.SessionID)
	require.NoError(t, err)
	require.Equal(t, hostedpage.SessionStatusDisabled, read.Status)
	require.Empty(t, s.server.PendingFaults())
}

// statusHook is a shop's receiver of status callbacks.
type statusHook struct {
	*httptest.Server
	mu     sync.Mutex
	status []int // of the responses; 204 after them
	seen   []hostedpage.StatusCallback
	paths  []string
}

func newStatusHook(t *testing.T, status ...int) *statusHook {
	h := &statusHook{status: status}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callback, err := hostedpage.ParseStatusCallback(r)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.seen, h.paths = append(h.seen, callback), append(h.paths, r.URL.RequestURI())
		code := http.StatusNoContent
		if len(h.status) > 0 {
			code, h.status = h.status[0], h.status[1:]
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *statusHook) callbacks() []hostedpage.StatusCallback {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]hostedpage.StatusCallback(nil), h.seen...)
}

func TestStatusCallbacks(t *testing.T) {
	t.Parallel()
	s, hook := newShop(t), newStatusHook(t)
	document := contractOf(t, "hosted-payment-page")
	urls := allURLs
	urls.StatusUpdate = hook.URL + "/hook?secret=1&sid={{session_id}}"
	_, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, urls)
	s.waitForCallbacks()
	require.Empty(t, hook.callbacks(), "a new page has not changed")

	var want []string
	events := map[string]bool{}
	for _, step := range []struct {
		action klarnatest.HostedPageAction
		want   []string
	}{
		{klarnatest.HostedPageOpen, []string{"IN_PROGRESS"}},
		{klarnatest.HostedPageOpen, nil},
		{klarnatest.HostedPageDecline, []string{"FAILED"}},
		{klarnatest.HostedPageBack, []string{"IN_PROGRESS", "BACK"}},
		{klarnatest.HostedPageApprove, []string{"IN_PROGRESS", "COMPLETED"}},
	} {
		before := len(hook.callbacks())
		s.visit(pageID, step.action)
		s.waitForCallbacks()
		var got []string
		for _, callback := range hook.callbacks()[before:] {
			got = append(got, callback.Session.Status)
			events[callback.EventID] = true
			require.NoError(t, document.Value("status_callback", membersOf(t, callback)))
		}
		require.ElementsMatch(t, step.want, got, "they may come in any order")
		want = append(want, step.want...)
	}
	require.Len(t, events, len(want), "each change has an id of its own")
	for _, path := range hook.paths {
		require.Equal(t, "/hook?secret=1&sid="+pageID, path)
	}
	for _, callback := range hook.callbacks() {
		if callback.Session.Status == "COMPLETED" {
			require.Equal(t, *s.readPage(pageID), callback.Session)
		}
	}
	require.Len(t, s.server.Callbacks(), len(want), "the authorization callback is not made for a page")

	_, pageID = s.page("", urls)
	require.NoError(t, s.pages().DisableSession(t.Context(), pageID))
	s.waitForCallbacks()
	all := hook.callbacks()
	require.Equal(t, "DISABLED", all[len(all)-1].Session.Status)
}

func TestStatusCallbackIsDeliveredAtMostFourTimes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status []int
		want   int
	}{"the last": {[]int{500, 404, 302}, 4}, "never": {[]int{500, 500, 500, 500, 500, 500}, 4}, "the first": {[]int{202}, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, hook := newShop(t), newStatusHook(t, test.status...)
			s.server.SetCallbacks(klarnatest.CallbackPolicy{Wait: time.Millisecond})
			_, pageID := s.page("", hostedpage.MerchantURLs{StatusUpdate: hook.URL})
			s.visit(pageID, klarnatest.HostedPageOpen)
			s.waitForCallbacks()
			seen := hook.callbacks()
			require.Len(t, seen, test.want)
			for i, tried := range s.server.Callbacks() {
				require.Equal(t, klarnatest.CallbackHostedPage, tried.Kind)
				require.Equal(t, i+1, tried.Try)
				require.Equal(t, seen[0], seen[i], "each delivery has the same event id")
			}
		})
	}
}

func TestStatusCallbacksFollowThePolicy(t *testing.T) {
	t.Parallel()
	s, hook := newShop(t), newStatusHook(t)
	_, pageID := s.page("", hostedpage.MerchantURLs{StatusUpdate: "http://192.0.2.1/hook"})
	s.visit(pageID, klarnatest.HostedPageOpen)
	require.Equal(t, "the URL is not on this machine", s.server.Callbacks()[0].Skipped)
	s.server.SetCallbacks(klarnatest.CallbackPolicy{Never: true})
	_, pageID = s.page("", hostedpage.MerchantURLs{StatusUpdate: hook.URL})
	s.visit(pageID, klarnatest.HostedPageOpen)
	require.Equal(t, "callbacks are switched off", s.server.Callbacks()[1].Skipped)
	s.server.SetCallbacks(klarnatest.CallbackPolicy{Allow: func(string, netip.AddrPort) bool { return false }})
	s.visit(pageID, klarnatest.HostedPageDecline)
	s.waitForCallbacks()
	require.Empty(t, hook.callbacks())

	s.server.SetCallbacks(klarnatest.CallbackPolicy{Twice: true, First: true})
	s.visit(pageID, klarnatest.HostedPageApprove)
	completed := 0
	for _, callback := range hook.callbacks() {
		if callback.Session.Status == "COMPLETED" {
			completed++
		}
	}
	require.Equal(t, 2, completed, "the callback is through before the browser is sent on")
}

// Klarna waits three seconds for a response, where it waits two for that to an authorization callback.
func TestShopHasThreeSecondsForAStatusCallback(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var received atomic.Int32
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if received.Add(1) == 1 {
			<-r.Context().Done() // no response
		}
	}))
	defer hook.Close()
	_, pageID := s.page("", hostedpage.MerchantURLs{StatusUpdate: hook.URL})
	s.visit(pageID, klarnatest.HostedPageOpen)
	s.waitForCallbacks()
	callbacks := s.server.Callbacks()
	require.Len(t, callbacks, 2)
	between := callbacks[1].Time.Sub(callbacks[0].Time)
	require.GreaterOrEqual(t, between, 4*time.Second, "3 seconds, and 1 before the next attempt")
	require.Less(t, between, 10*time.Second, "a busy machine takes longer")
	require.ErrorContains(t, callbacks[0].Err, "timeout")
}

// A server that runs for long forgets pages with their sessions.
func TestPagesAreForgottenWithTheirSessions(t *testing.T) {
	t.Parallel()
	s := newShop(t, klarnatest.WithCapacity(2, 1<<20))
	_, first := s.page("", allURLs)
	address := s.server.HostedPage(first).RedirectURL
	s.page("", allURLs)
	require.NotNil(t, s.server.HostedPage(first))
	s.page("", allURLs)
	require.Nil(t, s.server.HostedPage(first))
	require.Equal(t, http.StatusNotFound, s.send(http.MethodGet, strings.TrimPrefix(address, s.server.URL), "").status)

	// Pages of one session count as much as sessions do.
	small := newShop(t, klarnatest.WithCapacity(2, 64<<10))
	sessionID := small.open(cart())
	forgotten := false
	for i := range 200 {
		_, err := small.pages().CreateSession(t.Context(), hostedpage.SessionRequest{
			PaymentSessionURL: small.SessionURL(sessionID), Options: hostedpage.Options{PageTitle: fmt.Sprint(strings.Repeat("x", 500), i)}})
		forgotten = forgotten || err != nil
	}
	require.True(t, forgotten, "the session was forgotten with its pages")
	require.Zero(t, small.server.StoredPages())
}
