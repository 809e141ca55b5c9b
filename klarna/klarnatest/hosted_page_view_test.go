package klarnatest_test

import (
	"bytes"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// browse sends what a browser sends to a page: no credentials, and for an action a form.
func (s *shop) browse(pageID string, form ...string) response {
	s.t.Helper()
	address := strings.TrimPrefix(s.server.HostedPage(pageID).RedirectURL, s.server.URL)
	if form == nil {
		return s.send(http.MethodGet, address, "", "Authorization", "")
	}
	return s.send(http.MethodPost, address, strings.Join(form, "&"), "Authorization", "", "Content-Type", "application/x-www-form-urlencoded")
}

func hook(name string) string { return ` data-klarna-sandbox="` + name + `"` }

func TestPageShowsTheCartAndItsButtons(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, pageID := s.page("", allURLs)
	got := s.browse(pageID)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", got.header.Get("Referrer-Policy"))
	require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'")
	for _, want := range []string{
		`<html lang="de-DE">`, "This is a local sandbox, not Klarna. No money moves.", "124.00 EUR", "1 × Running shoe, 119.00 EUR", "1 × Parcel, 5.00 EUR",
		hook("notice"), hook("amount"), hook("lines"), hook("approve"), hook("decline"), hook("error"), hook("stay"), hook("cancel"), hook("back"),
	} {
		require.Contains(t, got.body, want)
	}
	require.NotContains(t, got.body, hook("status"))
	require.Equal(t, hostedpage.SessionStatusInProgress, s.readPage(pageID).Status, "it was opened")

	tricky := cart()
	tricky.OrderLines[0].Name = `<script>alert("1")</script>`
	page, err := s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{
		PaymentSessionURL: s.SessionURL(s.open(tricky)), Options: hostedpage.Options{PageTitle: "<b>Title</b>"},
	})
	require.NoError(t, err)
	got = s.browse(page.SessionID)
	require.NotContains(t, got.body, "<script>")
	require.NotContains(t, got.body, "<b>")
	require.Contains(t, html.UnescapeString(got.body), tricky.OrderLines[0].Name)
	require.NotContains(t, got.body, hook("back"), "without a URL there is no way back")

	page, err = s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{
		PaymentSessionURL: s.SessionURL(s.open(cart())), Options: hostedpage.Options{ShowSubtotalDetail: hostedpage.ShowSubtotalDetailHide},
	})
	require.NoError(t, err)
	require.NotContains(t, s.browse(page.SessionID).body, hook("lines"))
}

func TestAmountsOfAPageHaveTwoDecimals(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for amount, want := range map[int64]string{0: "0.00 EUR", 7: "0.07 EUR", 70: "0.70 EUR", 12345678: "123456.78 EUR"} {
		c := klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: amount, OrderLines: []klarna.OrderLine{
			{Name: "A", Quantity: 1, UnitPrice: amount + 5, TotalAmount: amount + 5}, {Type: klarna.OrderLineTypeDiscount, Name: "D", Quantity: 1, UnitPrice: -5, TotalAmount: -5},
		}}
		page, err := s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(s.open(c))})
		require.NoError(t, err)
		got := s.browse(page.SessionID).body
		require.Contains(t, got, ">"+want+"<")
		require.Contains(t, got, "1 × D, -0.05 EUR")
	}
}

func TestButtonsLeadToTheShop(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for action, want := range map[string]string{
		"decline": "https://shop.example/failure?sid=", "error": "https://shop.example/error?sid=",
		"cancel": "https://shop.example/cancel?sid=", "back": "https://shop.example/back?sid=", "approve": "https://shop.example/done?a=1&sid=",
	} {
		_, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
		got := s.browse(pageID, "action="+action)
		require.Equal(t, http.StatusSeeOther, got.status, action)
		location := got.header.Get("Location")
		require.True(t, strings.HasPrefix(location, want+pageID), location)
		if action == "approve" {
			require.Contains(t, location, "&token={{authorization_token}}&order="+s.readPage(pageID).OrderID)
		}
	}
}

// The order exists although the shopper never gets back: the case that a shop needs callbacks or polling for.
func TestOrderIsPlacedWithoutTheWayBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sessionID, pageID := s.page(hostedpage.PlaceOrderModeCaptureOrder, allURLs)
	for _, action := range []string{"decline", "error", "back", "cancel"} {
		got := s.browse(pageID, "action="+action, "stay=1")
		require.Equal(t, http.StatusOK, got.status)
		require.Contains(t, got.body, hook("status"))
		require.Contains(t, got.body, hook("approve"), "the shopper may choose again")
	}
	got := s.browse(pageID, "action=approve", "stay=1")
	require.Equal(t, http.StatusOK, got.status)
	require.Empty(t, got.header.Get("Location"))
	require.Contains(t, got.body, "The payment is approved. You can close this window.")
	require.NotContains(t, got.body, hook("approve"))
	require.Len(t, s.server.OrderIDs(sessionID), 1)

	for _, form := range [][]string{nil, {"action=approve"}} { // a reload, and a second click
		got = s.browse(pageID, form...)
		require.Contains(t, got.body, "This purchase is paid already.")
		require.NotContains(t, got.body, hook("approve"))
	}
	require.Equal(t, http.StatusConflict, got.status)
	require.Len(t, s.server.OrderIDs(sessionID), 1)
}

func TestPageThatHasEnded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, disabled := s.page("", allURLs)
	address := strings.TrimPrefix(s.server.HostedPage(disabled).RedirectURL, s.server.URL)
	require.NoError(t, s.pages().DisableSession(t.Context(), disabled))
	for _, path := range []string{address, address + "/qr", "/hpp/payments/unknown", "/hpp/payments/unknown/qr"} {
		got := s.send(http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, got.status, path)
		require.Contains(t, got.body, "This page was not found.")
	}
	require.Equal(t, http.StatusNotFound, s.send(http.MethodPost, address, "action=approve", "Content-Type", "application/x-www-form-urlencoded").status)

	// An order was placed through the widget meanwhile.
	sessionID, open := s.page("", allURLs)
	s.order(s.authorize(sessionID), orderOf(cart()))
	require.Contains(t, s.browse(open).body, "This purchase is paid already.")

	inStore := cart()
	inStore.AcquiringChannel = klarna.AcquiringChannelInStore
	page, err := s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(s.open(inStore)), MerchantURLs: allURLs})
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, s.browse(page.SessionID, "action=cancel").status)
	require.Contains(t, s.browse(page.SessionID).body, "This page has ended.")

	_, expired := s.page("", allURLs)
	address = strings.TrimPrefix(s.server.HostedPage(expired).RedirectURL, s.server.URL)
	s.server.Advance(48 * time.Hour)
	require.Equal(t, http.StatusNotFound, s.send(http.MethodGet, address, "").status)
}

func TestActionThatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, pageID := s.page("", allURLs)
	for _, form := range [][]string{{""}, {"action=steal"}, {"action=" + strings.Repeat("x", 5<<10)}} {
		got := s.browse(pageID, form...)
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Contains(t, got.body, "There is no such action.")
	}
	require.Equal(t, hostedpage.SessionStatusWaiting, s.readPage(pageID).Status)
	_, err := s.server.VisitHostedPage(pageID, "steal")
	require.EqualError(t, err, "klarnatest: VisitHostedPage: 400 BAD_VALUE: Bad value: action")
}

func TestPictureInPlaceOfTheQRCode(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	page, err := s.pages().CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: s.SessionURL(s.open(cart()))})
	require.NoError(t, err)
	u, err := url.Parse(page.QRCodeURL)
	require.NoError(t, err)
	got := s.send(http.MethodGet, u.Path, "")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "image/svg+xml", got.header.Get("Content-Type"))
	require.Contains(t, got.body, "no QR code")
	require.Equal(t, hostedpage.SessionStatusWaiting, s.readPage(page.SessionID).Status, "the picture does not open the page")
}

// The address of a page is all that it takes to pay, so it is in no log.
func TestVisitIsLoggedWithoutTheAddress(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newShop(t, klarnatest.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	_, pageID := s.page(hostedpage.PlaceOrderModePlaceOrder, allURLs)
	address := s.server.HostedPage(pageID).RedirectURL
	s.browse(pageID)
	s.browse(pageID, "action=approve")
	page := s.readPage(pageID)
	s.server.Close()
	require.Contains(t, log.String(), `msg="hosted page" status=200`)
	require.Contains(t, log.String(), `msg="hosted page" status=303`)
	for _, secret := range []string{address, address[strings.LastIndex(address, "/"):], pageID, page.OrderID} {
		require.NotContains(t, log.String(), secret)
	}
}
