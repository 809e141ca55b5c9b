package preflight

import "strings"

// checkURLs looks at the merchant_urls. That Klarna takes https only is in its newest documents, and not in the
// one that is the contract here, so anything else is a warning. So is an app's URL that opens a browser: the rule against it
// is in the same documents, and Klarna was seen to accept one. Relative URLs are what an extension of Klarna's own sends while a shop
// has none.
func checkURLs(request *request, report *Report) {
	urls := &request.urls
	if opensBrowser(urls.AppReturnURL) {
		report.warning("merchant_urls.app_return_url", CodeAppScheme,
			"opens a browser, but should have the app's own scheme, such as myshop://")
	}
	for _, callback := range []struct{ name, url string }{
		{"authorization", urls.Authorization},
		{"confirmation", urls.Confirmation},
		{"notification", urls.Notification},
		{"push", urls.Push},
	} {
		switch {
		case callback.url == "", hasScheme(callback.url, "https"):
		case !hasScheme(callback.url, "http"):
			report.warning("merchant_urls."+callback.name, CodeRelativeURL,
				"does not begin with https://, so that Klarna cannot call it")
		default:
			report.warning("merchant_urls."+callback.name, CodeNotHTTPS,
				"is not an https URL, which Klarna asks for")
		}
	}
}

func opensBrowser(url string) bool { return hasScheme(url, "https") || hasScheme(url, "http") }

// hasScheme does not parse the rest: placeholders such as {session.id} are not what a URL is made of.
func hasScheme(url, scheme string) bool {
	prefix := scheme + "://"
	return len(url) >= len(prefix) && strings.EqualFold(url[:len(prefix)], prefix)
}
