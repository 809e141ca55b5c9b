package klarna_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/klarna-go/klarna-payments/internal/settlements"
	"github.com/klarna-go/klarna-payments/klarna"
)

// A client that oapi-codegen generated for another Klarna API, here two operations of Settlements, sends through the Client: with
// its credentials, retries, limits and errors.
func ExampleClient_Do() {
	server := httptest.NewServer(http.HandlerFunc(settlementsAPI)) // in place of Klarna
	defer server.Close()
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey("klarna_test_api_example"))
	if err != nil {
		fmt.Println(err)
		return
	}
	api, err := settlements.NewClientWithResponses(client.BaseURL(), settlements.WithHTTPClient(client))
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	payout, err := api.GetPayoutWithResponse(ctx, "XISA93DJ")
	if err != nil { // a *klarna.Error: a status other than 2xx is one, too
		fmt.Println(err)
		return
	}
	fmt.Println(payout.JSON200.PayoutDate, payout.JSON200.Totals.SettlementAmount, payout.JSON200.CurrencyCode)

	page, err := api.GetTransactionsWithResponse(ctx, &settlements.GetTransactionsParams{PaymentReference: "XISA93DJ", Size: 500})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range page.JSON200.Transactions {
		fmt.Println(t.Type, t.Amount, t.MerchantCaptureReference)
	}

	_, err = api.GetPayoutWithResponse(ctx, "UNKNOWN93DJ")
	fmt.Println(err)
	// Output:
	// 2026-03-16T08:00:00Z 10156 EUR
	// SALE 10470 SHP-88121
	// FEE -314 SHP-88121
	// klarna: Do: 404 NOT_FOUND: Payout {path} not found (correlation id c-93)
}

// settlementsAPI responds as the Settlements API would.
func settlementsAPI(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/settlements/v1/payouts/XISA93DJ":
		_, _ = fmt.Fprint(w, `{"payment_reference":"XISA93DJ","payout_date":"2026-03-16T08:00:00Z","currency_code":"EUR","totals":{"settlement_amount":10156}}`)
	case "/settlements/v1/transactions":
		_, _ = fmt.Fprint(w, `{"transactions":[{"type":"SALE","amount":10470,"merchant_capture_reference":"SHP-88121"},`+
			`{"type":"FEE","amount":-314,"merchant_capture_reference":"SHP-88121"}]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"error_code":"NOT_FOUND","error_messages":["Payout UNKNOWN93DJ not found"],"correlation_id":"c-93"}`)
	}
}
