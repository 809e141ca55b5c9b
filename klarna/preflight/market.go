package preflight

import (
	"slices"
	"strings"
)

// checkMarket warns of a country that Klarna does not list, and of a currency or locale that is not that of the country.
// Klarna states that it checks locale and country, but the playground was seen to accept locale EN with country SE.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/validations-in-kp/
func checkMarket(request *request, report *Report) {
	if len(request.country) != len("DE") || !codeLike.MatchString(request.country) {
		return // left as it is, or a problem of form
	}
	country := strings.ToUpper(request.country)
	here, ok := markets[country]
	if !ok {
		report.warning("purchase_country", CodeMarket, "is %q, which is not in Klarna's list", country)
		return
	}
	if codeLike.MatchString(request.currency) && !strings.EqualFold(request.currency, here.currency) {
		report.warning("purchase_currency", CodeMarket,
			"is %q, but %s pays in %s", request.currency, country, here.currency)
	}
	fits := func(locale string) bool { return strings.EqualFold(locale, request.locale) }
	if codeLike.MatchString(request.locale) && !slices.ContainsFunc(here.locales, fits) {
		report.warning("locale", CodeMarket,
			"is %q, but %s has %s", request.locale, country, strings.Join(here.locales, ", "))
	}
}

// market is what Klarna offers in a country.
type market struct {
	currency string
	locales  []string
}

// markets are Klarna's countries.
//
// Source: https://docs.klarna.com/payments/web-payments/before-you-start/data-requirements/puchase-countries-currencies-locales
var markets = map[string]market{
	"AT": {"EUR", []string{"de-AT", "en-AT"}},
	"AU": {"AUD", []string{"en-AU"}},
	"BE": {"EUR", []string{"nl-BE", "fr-BE", "en-BE"}},
	"CA": {"CAD", []string{"en-CA", "fr-CA"}},
	"CH": {"CHF", []string{"de-CH", "fr-CH", "it-CH", "en-CH"}},
	"CZ": {"CZK", []string{"cs-CZ", "en-CZ"}},
	"DE": {"EUR", []string{"de-DE", "en-DE"}},
	"DK": {"DKK", []string{"da-DK", "en-DK"}},
	"ES": {"EUR", []string{"es-ES", "en-ES"}},
	"FI": {"EUR", []string{"fi-FI", "sv-FI", "en-FI"}},
	"FR": {"EUR", []string{"fr-FR", "en-FR"}},
	"GB": {"GBP", []string{"en-GB"}},
	"GR": {"EUR", []string{"el-GR", "en-GR"}},
	"HU": {"HUF", []string{"hu-HU", "en-HU"}},
	"IE": {"EUR", []string{"en-IE"}},
	"IT": {"EUR", []string{"it-IT", "en-IT"}},
	"MX": {"MXN", []string{"en-MX", "es-MX"}},
	"NL": {"EUR", []string{"nl-NL", "en-NL"}},
	"NO": {"NOK", []string{"nb-NO", "en-NO"}},
	"NZ": {"NZD", []string{"en-NZ"}},
	"PL": {"PLN", []string{"pl-PL", "en-PL"}},
	"PT": {"EUR", []string{"pt-PT", "en-PT"}},
	"RO": {"RON", []string{"ro-RO", "en-RO"}},
	"SE": {"SEK", []string{"sv-SE", "en-SE"}},
	"SK": {"EUR", []string{"sk-SK", "en-SK"}},
	"US": {"USD", []string{"en-US", "es-US"}},
}
