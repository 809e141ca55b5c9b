package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestQuickstartEndsWithAnOrderID(t *testing.T) {
	for _, name := range []string{"KLARNA_API_KEY", "KLARNA_USERNAME", "KLARNA_PASSWORD", "KLARNA_BASE_URL"} {
		t.Setenv(name, "")
	}
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := lines[len(lines)-1]
	if !regexp.MustCompile(`^The order that was placed: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(last) {
		t.Errorf("the last line is %q", last)
	}
	for _, want := range []string{
		"a fake Klarna server within this program", "243.00 EUR, including 38.80 EUR tax", "Session read     complete",
		"captured 0.00 EUR, left to capture 243.00 EUR, refunded 0.00 EUR", "klarna.ErrOutcomeUnknown",
		"captured 119.00 EUR, left to capture 124.00 EUR, refunded 0.00 EUR", "nothing was captured twice",
		"captured 243.00 EUR, left to capture 0.00 EUR, refunded 0.00 EUR", "119.00 EUR to refund, including 19.00 EUR tax",
		"captured 243.00 EUR, left to capture 0.00 EUR, refunded 119.00 EUR",
		"124.00 EUR charged, including 19.80 EUR tax", "customertoken.ErrPaymentMethodUnavailable",
		"404 NOT_FOUND: Invalid authorization token",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
}

func TestQuickstartWithCredentialsStopsAtTheBrowser(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	t.Setenv("KLARNA_USERNAME", "")
	t.Setenv("KLARNA_PASSWORD", "")
	t.Setenv("KLARNA_API_KEY", server.APIKey)
	t.Setenv("KLARNA_BASE_URL", server.URL)
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"klarna.Client(" + server.URL + ")", "Klarna.Payments.authorize", "Nothing was bought"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
	for _, request := range server.Requests() {
		if request.Operation == klarna.OperationCreateOrder {
			t.Error("an order was placed without a shopper")
		}
	}
	if strings.Contains(out.String(), server.APIKey) {
		t.Error("the output shows the API key")
	}
}
