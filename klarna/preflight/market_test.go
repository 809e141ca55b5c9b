package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestCurrencyAndLocaleAreThoseOfTheCountry(t *testing.T) {
	t.Parallel()
	const market = preflight.CodeMarket
	for _, test := range []struct {
		country, currency, locale string
		want                      []at
	}{
		{"DE", "EUR", "de-DE", nil},
		{"DE", "EUR", "en-DE", nil},
		{"de", "eur", "DE-de", nil}, // the document takes any case
		{"SE", "SEK", "sv-SE", nil},
		{"CH", "CHF", "it-CH", nil},
		{"GB", "GBP", "en-US", []at{{"locale", market}}},
		{"DE", "EUR", "de-AT", []at{{"locale", market}}},
		{"FI", "EUR", "fi", []at{{"locale", market}}}, // as shops got wrong
		{"SE", "EUR", "sv-SE", []at{{"purchase_currency", market}}},
		{"SE", "EUR", "fi-FI", []at{{"purchase_currency", market}, {"locale", market}}},
		{"JP", "JPY", "ja-JP", []at{{"purchase_country", market}}},
	} {
		token := klarna.CustomerTokenCreationRequest{Description: "Coffee", IntendedUse: klarna.IntendedUseSubscription}
		token.PurchaseCountry, token.PurchaseCurrency, token.Locale = test.country, test.currency, test.locale
		requireWarnings(t, token, test.want...)

		session := sessionOf([]klarna.OrderLine{goods()})
		session.PurchaseCountry, session.PurchaseCurrency, session.Locale = test.country, test.currency, test.locale
		requireWarnings(t, session, test.want...)
		requireWarnings(t, klarna.OrderFromSession(session), test.want...)
		requireWarnings(t, klarna.SessionUpdate{PurchaseCountry: test.country, PurchaseCurrency: test.currency, Locale: test.locale}, test.want...)
	}
}

// An update may have any of them, and what is not there cannot be compared.
func TestWhatIsNotGivenDoesNotClash(t *testing.T) {
	t.Parallel()
	for _, update := range []klarna.SessionUpdate{
		{Locale: "sv-SE", PurchaseCurrency: "USD"}, {PurchaseCountry: "DE"}, {PurchaseCountry: "DE", Locale: "de-DE"},
	} {
		requireWarnings(t, update)
	}
}

// What has the wrong form is a problem, and need not be a warning as well.
func TestAWrongFormIsNotComparedWithTheCountry(t *testing.T) {
	t.Parallel()
	for _, update := range []klarna.SessionUpdate{
		{PurchaseCountry: "Germany"}, {PurchaseCountry: "DEU"}, {PurchaseCountry: "12"}, {PurchaseCountry: "DE", Locale: "German, of course"},
		{PurchaseCountry: "DE", PurchaseCurrency: "Euros and cents"},
	} {
		report := preflight.Inspect(update)
		require.Len(t, report.Problems, 1)
		require.Empty(t, report.Warnings)
	}
}
