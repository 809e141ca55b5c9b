package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// A Go struct has an empty text where nothing was given. It breaks the pattern, but that is not what is wrong with it.
func TestAnEmptyRequiredFieldIsMissing(t *testing.T) {
	t.Parallel()
	const missing = preflight.CodeMissing
	requireProblems(t, klarna.SessionCreate{},
		at{"order_lines", missing}, at{"purchase_country", missing}, at{"purchase_currency", missing})
	requireProblems(t, klarna.CreateOrderRequest{},
		at{"order_lines", missing}, at{"purchase_country", missing}, at{"purchase_currency", missing})
	requireProblems(t, klarna.CustomerTokenCreationRequest{}, at{"description", missing}, at{"intended_use", missing})
	const seenWithout = preflight.CodeMayBeMissing
	requireWarnings(t, klarna.CustomerTokenCreationRequest{Description: "Coffee", IntendedUse: klarna.IntendedUseSubscription},
		at{"locale", seenWithout}, at{"purchase_country", seenWithout}, at{"purchase_currency", seenWithout})
	requireProblems(t, klarna.SessionUpdate{OrderLines: []klarna.OrderLine{{}, {Name: "Shoe", Subscription: klarna.Subscription{IntervalCount: 1}}}},
		at{"order_lines[0].name", missing},
		at{"order_lines[1].subscription.name", missing}, at{"order_lines[1].subscription.interval", missing})
	// The document would take these two empty.
	requireProblems(t, klarna.SessionUpdate{Attachment: klarna.Attachment{Body: "{}"}}, at{"attachment.content_type", missing})
	requireProblems(t, klarna.SessionUpdate{Attachment: klarna.Attachment{ContentType: "application/json"}}, at{"attachment.body", missing})
}

func TestMessagesOfForm(t *testing.T) {
	t.Parallel()
	for want, update := range map[string]klarna.SessionUpdate{
		`billing_address.postal_code has 11 characters, but may have 10 or fewer`: {BillingAddress: klarna.Address{PostalCode: "10115–10116"}},
		`billing_address.country is a text of 3 characters, but must match ^[A-Za-z]{2,2}$, such as DE`: {
			BillingAddress: klarna.Address{Country: "DEU"}},
		`purchase_country is "DEU", but must match ^[A-Za-z]{2,2}$, such as DE`:                          {PurchaseCountry: "DEU"},
		`purchase_country is a text of 7 characters, but must match ^[A-Za-z]{2,2}$, such as DE`:         {PurchaseCountry: "Germany"},
		`purchase_country is a text of 1 character, but must match ^[A-Za-z]{2,2}$, such as DE`:          {PurchaseCountry: "?"},
		`locale is "de_DE", but must match ^[A-Za-z]{2,2}(?:-[A-Za-z]{2,2})*$, such as de-DE`:            {Locale: "de_DE"},
		`acquiring_channel is "in-store", but must be one of ECOMMERCE, IN_STORE, TELESALES`:             {AcquiringChannel: "in-store"},
		`acquiring_channel is a text of 4 characters, but must be one of ECOMMERCE, IN_STORE, TELESALES`: {AcquiringChannel: "shop"},
		`options.color_text is a text of 3 characters, but must match ^#[A-Fa-f0-9]{6}$, such as #FF9900`: {
			Options: klarna.Options{ColorText: "red"}},
		`customer.organization_entity_type is a text of 5 characters, but must be one of ` +
			`LIMITED_COMPANY, PUBLIC_LIMITED_COMPANY, ENTREPRENEURIAL_COMPANY, LIMITED_PARTNERSHIP_LIMITED_COMPANY, LIMITED_PARTNERSHIP, ` +
			`GENERAL_PARTNERSHIP, REGISTERED_SOLE_TRADER, SOLE_TRADER, CIVIL_LAW_PARTNERSHIP, PUBLIC_INSTITUTION, OTHER`: {
			Customer: klarna.Customer{OrganizationEntityType: "sport"}},
	} {
		require.Equal(t, []string{want}, messages(update))
	}
	require.Equal(t, []string{"order_lines has 0 entries, but needs 1 or more"}, messages(sessionOf([]klarna.OrderLine{})))
	require.Equal(t, []string{"order_lines has 1001 entries, but may have 1000 or fewer"}, messages(sessionOf(repeat(goods(), 1001))))
	require.Equal(t, []string{`intended_use is a text of 4 characters, but must be SUBSCRIPTION`}, messages(klarna.CustomerTokenCreationRequest{
		Description: "Coffee", IntendedUse: "once", Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	}))
}

// Klarna was seen to accept known values in another case.
func TestAKnownValueInAnotherCaseIsAWarning(t *testing.T) {
	t.Parallel()
	const other = preflight.CodeOtherCase
	requireWarnings(t, klarna.CustomerTokenCreationRequest{
		Description: "Coffee", IntendedUse: "subscription", Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	}, at{"intended_use", other})
	requireWarnings(t, klarna.SessionUpdate{AcquiringChannel: "ecommerce"}, at{"acquiring_channel", other})
	requireWarnings(t, klarna.SessionUpdate{Customer: klarna.Customer{Type: "Person", OrganizationEntityType: "other"}},
		at{"customer.type", other}, at{"customer.organization_entity_type", other})
	report := preflight.Inspect(klarna.SessionUpdate{Customer: klarna.Customer{Type: "Person"}})
	require.Equal(t, "customer.type is written in another case than person, which Klarna was seen to accept", report.Warnings[0].Message)
}
