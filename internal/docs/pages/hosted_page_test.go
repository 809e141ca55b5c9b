package pages

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// The functions of this file hold what docs/hosted-page.md quotes beside examples/hostedpage.

func behindGateway(ctx context.Context, sessionID string) (*hostedpage.CreatedSession, error) {
	// quote: gateway
	client, err := klarna.New("https://gateway.shop.example/klarna", creds)
	if err != nil {
		return nil, err
	}
	page, err := hostedpage.New(client).CreateSession(ctx, hostedpage.SessionRequest{
		PaymentSessionURL: klarna.PlaygroundEU.SessionURL(sessionID), // where the gateway leads to
	})
	// end of quote
	return page, err
}

func placeholders(reference string) string {
	// quote: placeholders
	success := "https://shop.example/done?" + url.Values{"reference": {reference}}.Encode() + "&page={{session_id}}"
	// end of quote
	return success
}

func distribute(ctx context.Context, pages *hostedpage.Client, pageID string) error {
	// quote: distribute
	err := pages.DistributeSession(ctx, pageID, hostedpage.DistributionRequest{
		Method:             hostedpage.DistributionMethodEmail,
		ContactInformation: hostedpage.DistributionContact{Email: "customer@example.com"},
	})
	// end of quote
	return err
}

func paidOtherwise(ctx context.Context, pages *hostedpage.Client, pageID string) (orderID string, err error) {
	// quote: disable
	err = pages.DisableSession(ctx, pageID)
	if err == nil {
		return "", nil // nobody can pay on the page any more
	}
	page, readErr := pages.ReadSession(ctx, pageID)
	switch {
	case errors.Is(readErr, klarna.ErrNotFound): // it has expired
		return "", nil
	case readErr != nil:
		return "", readErr // call again
	case page.Status == hostedpage.SessionStatusCompleted:
		return page.OrderID, nil // it was paid twice: cancel or refund one of the orders
	case hostedpage.IsFinal(page.Status):
		return "", nil
	}
	return "", err // call again
	// end of quote
}

func TestBlocksAboutTheHostedPage(t *testing.T) {
	t.Parallel()
	_ = behindGateway // compiled only
	require.Equal(t, "https://shop.example/done?reference=a%26b&page={{session_id}}", placeholders("a&b"))

	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	newPage := func() (*hostedpage.Client, string) {
		session, err := client.CreateSession(t.Context(), cart)
		require.NoError(t, err)
		pages := hostedpage.New(client)
		page, err := pages.CreateSession(t.Context(), hostedpage.SessionRequest{
			PaymentSessionURL: client.SessionURL(session.SessionID), Options: hostedpage.Options{PlaceOrderMode: hostedpage.PlaceOrderModePlaceOrder},
		})
		require.NoError(t, err)
		return pages, page.SessionID
	}
	pages, pageID := newPage()
	require.NoError(t, distribute(t.Context(), pages, pageID))
	require.Len(t, server.HostedPage(pageID).Distributions, 1)
	orderID, err := paidOtherwise(t.Context(), pages, pageID)
	require.NoError(t, err)
	require.Empty(t, orderID)

	pages, pageID = newPage()
	_, err = server.VisitHostedPage(pageID, klarnatest.HostedPageApprove)
	require.NoError(t, err)
	orderID, err = paidOtherwise(t.Context(), pages, pageID)
	require.NoError(t, err)
	require.Equal(t, server.HostedPage(pageID).Session.OrderID, orderID)
	require.NotEmpty(t, orderID)
}

// quote: test
func TestOrderIsFoundThoughTheShopperNeverReturns(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	session, err := client.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	pages := hostedpage.New(client)
	page, err := pages.CreateSession(t.Context(), hostedpage.SessionRequest{
		PaymentSessionURL: client.SessionURL(session.SessionID),
		Options:           hostedpage.Options{PlaceOrderMode: hostedpage.PlaceOrderModePlaceOrder},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.VisitHostedPage(page.SessionID, klarnatest.HostedPageApprove); err != nil {
		t.Fatal(err)
	}
	outcome, err := pages.ReadSession(t.Context(), page.SessionID)
	if err != nil || !hostedpage.IsFinal(outcome.Status) || server.Order(outcome.OrderID) == nil {
		t.Fatal(outcome, err)
	}
}

// end of quote
