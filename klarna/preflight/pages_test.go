package preflight_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// pageRequests are the requests of the Hosted Payment Page, as requests are those of Payments.
var pageRequests = map[string]func() any{
	"SessionCreationRequestV1": func() any {
		return &hostedpage.SessionRequest{
			PaymentSessionURL: klarna.PlaygroundEU.SessionURL("s-1"),
			Options:           hostedpage.Options{BackgroundImages: []hostedpage.BackgroundImage{{URL: "https://shop.example/wide.jpg"}}},
		}
	},
	"DistributionRequestV1": func() any {
		return &hostedpage.DistributionRequest{Method: hostedpage.DistributionMethodEmail, ContactInformation: hostedpage.DistributionContact{Email: "customer@example.com"}}
	},
}

func TestExamplesOfTheHostedPageAreInOrder(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]any{
		"hpp_create_session_request.json": new(hostedpage.SessionRequest), "hpp_distribution_request.json": new(hostedpage.DistributionRequest),
	} {
		data, err := os.ReadFile(filepath.Join("..", "hostedpage", "testdata", "examples", name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, body))
		requireWarnings(t, body)
	}
	requireWarnings(t, *pageRequests["SessionCreationRequestV1"]().(*hostedpage.SessionRequest))
	requireWarnings(t, *pageRequests["DistributionRequestV1"]().(*hostedpage.DistributionRequest))
	for _, body := range []any{(*hostedpage.SessionRequest)(nil), (*hostedpage.DistributionRequest)(nil), hostedpage.Session{}} {
		requireProblems(t, body, at{"", preflight.CodeNotARequest})
	}
}

func TestHostedPageWithBothKindsOfCategories(t *testing.T) {
	t.Parallel()
	page := hostedpage.SessionRequest{PaymentSessionURL: klarna.PlaygroundEU.SessionURL("s-1")}
	page.Options.PaymentMethodCategory, page.Options.PaymentMethodCategories = "PAY_NOW", []string{"PAY_LATER"}
	requireProblems(t, page, at{"options.payment_method_categories", preflight.CodeNotAllowed})
	page.Options.PaymentMethodCategories = nil
	requireWarnings(t, page)
}

func TestWarningsOfAHostedPage(t *testing.T) {
	t.Parallel()
	page := hostedpage.SessionRequest{PaymentSessionURL: klarna.PlaygroundEU.SessionURL("s-1")}
	encoded := "https://shop.example/?sid=%7b%7Bsession_id%7D%7D"
	page.MerchantURLs = hostedpage.MerchantURLs{Success: encoded, Cancel: encoded, Back: encoded, Failure: encoded, Error: encoded, StatusUpdate: encoded}
	var want []at
	for _, name := range []string{"success", "cancel", "back", "failure", "error", "status_update"} {
		want = append(want, at{"merchant_urls." + name, preflight.CodeEncodedPlaceholder})
	}
	requireWarnings(t, page, want...)
	page.MerchantURLs = hostedpage.MerchantURLs{StatusUpdate: "http://shop.example/"}
	requireWarnings(t, page, at{"merchant_urls.status_update", preflight.CodeNotHTTPS})
	for mode, want := range map[hostedpage.PlaceOrderMode][]at{
		"": nil, hostedpage.PlaceOrderModeNone: nil,
		hostedpage.PlaceOrderModePlaceOrder:   {{"merchant_urls.status_update", preflight.CodeNoStatusUpdate}},
		hostedpage.PlaceOrderModeCaptureOrder: {{"merchant_urls.status_update", preflight.CodeNoStatusUpdate}},
	} {
		page.MerchantURLs, page.Options.PlaceOrderMode = hostedpage.MerchantURLs{}, mode
		requireWarnings(t, page, want...)
	}
}
