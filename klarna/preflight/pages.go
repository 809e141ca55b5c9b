package preflight

import (
	"strings"

	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// readHostedPage reads a request of package hostedpage. The request is nil for a nil pointer.
func readHostedPage(body any) (*request, bool) {
	switch body := body.(type) {
	case hostedpage.SessionRequest:
		return readHostedPage(&body)
	case *hostedpage.SessionRequest:
		if body == nil {
			return nil, true
		}
		return &request{contract: hostedPage, schema: "SessionCreationRequestV1", body: body, page: body}, true
	case hostedpage.DistributionRequest:
		return readHostedPage(&body)
	case *hostedpage.DistributionRequest:
		if body == nil {
			return nil, true
		}
		return &request{contract: hostedPage, schema: "DistributionRequestV1", body: body}, true
	}
	return nil, false
}

// checkPage looks at what the contract cannot express. Klarna accepts a URL in which it finds no placeholder, so it is a warning.
func checkPage(page *hostedpage.SessionRequest, report *Report) {
	urls, options := page.MerchantURLs, page.Options
	for _, u := range []struct{ name, url string }{
		{"success", urls.Success}, {"cancel", urls.Cancel}, {"back", urls.Back},
		{"failure", urls.Failure}, {"error", urls.Error}, {"status_update", urls.StatusUpdate},
	} {
		if strings.Contains(strings.ToUpper(u.url), "%7B%7B") {
			report.warning("merchant_urls."+u.name, CodeEncodedPlaceholder, "has a percent-encoded placeholder, which Klarna does not replace")
		}
	}
	if urls.StatusUpdate != "" && !hasScheme(urls.StatusUpdate, "https") {
		report.warning("merchant_urls.status_update", CodeNotHTTPS, "is not an https URL, which Klarna asks for")
	}
	if options.PaymentMethodCategory != "" && len(options.PaymentMethodCategories) > 0 {
		report.problem("options.payment_method_categories", CodeNotAllowed, "is set together with payment_method_category, but one excludes the other")
	}
	if mode := options.PlaceOrderMode; urls.StatusUpdate == "" && (mode == hostedpage.PlaceOrderModePlaceOrder || mode == hostedpage.PlaceOrderModeCaptureOrder) {
		report.warning("merchant_urls.status_update", CodeNoStatusUpdate, "is missing: Klarna places the order even if the shopper never returns, so read the session until it is final")
	}
}
