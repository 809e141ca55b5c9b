package klarnatest

import (
	"cmp"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

// badge is the picture that Klarna's responses name for every category.
const badge = "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg"

// categoryNames are what the shopper reads, by category and language. English for all other languages.
var categoryNames = map[string]map[string]string{
	klarna.PaymentMethodCategoryIdentifierKlarna:      {"en": "Pay with Klarna", "de": "Mit Klarna bezahlen", "sv": "Betala med Klarna"},
	klarna.PaymentMethodCategoryIdentifierPayLater:    {"en": "Pay later", "de": "Später bezahlen", "sv": "Få först. Betala sen."},
	klarna.PaymentMethodCategoryIdentifierPayOverTime: {"en": "Financing", "de": "Ratenkauf", "sv": "Dela upp betalningen"},
	klarna.PaymentMethodCategoryIdentifierPayNow:      {"en": "Pay now", "de": "Sofort bezahlen", "sv": "Betala nu"},
}

// offered returns the categories of a session. One that has no name here is named by its identifier.
func (s *Server) offered(locale string) (categories []klarna.PaymentMethodCategory) {
	for _, identifier := range s.categories {
		names := categoryNames[identifier]
		categories = append(categories, klarna.PaymentMethodCategory{
			Identifier: identifier,
			Name:       cmp.Or(names[language(locale)], names["en"], identifier),
			AssetURLs:  klarna.AssetURLs{Descriptive: badge, Standard: badge},
		})
	}
	return categories
}

// language is the first part of a locale, such as de of de-DE.
func language(locale string) string {
	language, _, _ := strings.Cut(locale, "-")
	return strings.ToLower(language)
}
