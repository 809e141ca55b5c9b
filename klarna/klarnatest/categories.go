package klarnatest

import (
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

// badge is the picture that Klarna's responses name for every category.
const badge = "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg"

// categoryNames are what the shopper reads, by language: pay later, pay over time, pay now. English for all others.
var categoryNames = map[string][3]string{
	"en": {"Pay later", "Financing", "Pay now"},
	"de": {"Später bezahlen", "Ratenkauf", "Sofort bezahlen"},
	"sv": {"Få först. Betala sen.", "Dela upp betalningen", "Betala nu"},
}

// categories are the three that a playground account gets.
func categories(locale string) []klarna.PaymentMethodCategory {
	names, ok := categoryNames[language(locale)]
	if !ok {
		names = categoryNames["en"]
	}
	assets := klarna.AssetURLs{Descriptive: badge, Standard: badge}
	return []klarna.PaymentMethodCategory{
		{Identifier: klarna.PaymentMethodCategoryIdentifierPayLater, Name: names[0], AssetURLs: assets},
		{Identifier: klarna.PaymentMethodCategoryIdentifierPayOverTime, Name: names[1], AssetURLs: assets},
		{Identifier: klarna.PaymentMethodCategoryIdentifierPayNow, Name: names[2], AssetURLs: assets},
	}
}

// language is the first part of a locale, such as de of de-DE.
func language(locale string) string {
	language, _, _ := strings.Cut(locale, "-")
	return strings.ToLower(language)
}
