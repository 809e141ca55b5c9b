package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

func TestCallbacksAreHTTPS(t *testing.T) {
	t.Parallel()
	for url, code := range map[string]string{
		"https://shop.example/klarna?session={session.id}": "",
		"HTTPS://shop.example/":                            "",
		"":                                                 "",
		"http://shop.example/":                             preflight.CodeNotHTTPS,
		"http://127.0.0.1:8080/":                           preflight.CodeNotHTTPS, // Klarna cannot reach it
		"http://localhost/":                                preflight.CodeNotHTTPS,
		"shop.example/klarna":                              preflight.CodeRelativeURL,
		"/klarna":                                          preflight.CodeRelativeURL,
		"https:/shop.example":                              preflight.CodeRelativeURL,
		"ftp://shop.example":                               preflight.CodeRelativeURL,
	} {
		var want []at
		if code != "" {
			want = []at{
				{"merchant_urls.authorization", code}, {"merchant_urls.confirmation", code},
				{"merchant_urls.notification", code}, {"merchant_urls.push", code},
			}
		}
		urls := klarna.MerchantURLs{Authorization: url, Confirmation: url, Notification: url, Push: url}
		session := sessionOf([]klarna.OrderLine{goods()})
		session.MerchantURLs = urls
		requireWarnings(t, session, want...)
		requireWarnings(t, klarna.OrderFromSession(session), want...)
		requireWarnings(t, klarna.SessionUpdate{MerchantURLs: urls}, want...)
	}
}

// The pattern in the contract allows any scheme: Klarna's own has a look-ahead, which Go's regular expressions lack.
func TestAnAppReturnURLIsForAnApp(t *testing.T) {
	t.Parallel()
	for url, code := range map[string]string{
		"myshop://klarna/return":      "",
		"com.example.shop://":         "",
		"httpshop://return":           "",
		"https://shop.example/return": preflight.CodeAppScheme,
		"http://shop.example/return":  preflight.CodeAppScheme,
		"HttpS://shop.example/return": preflight.CodeAppScheme,
		"https://shop.example:8443/#": preflight.CodeAppScheme,
		"myshop:return":               preflight.CodeAppScheme,
		"/return":                     preflight.CodeAppScheme,
	} {
		update := klarna.SessionUpdate{MerchantURLs: klarna.MerchantURLs{AppReturnURL: url}}
		if code == "" {
			requireWarnings(t, update)
		} else {
			requireWarnings(t, update, at{"merchant_urls.app_return_url", code})
		}
	}
}
