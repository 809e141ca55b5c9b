package docs

import "strings"

// variables are what every fragment may use without declaring it.
var variables = []struct{ name, of string }{
	{"ctx", "context.Context"},
	{"client", "*klarna.Client"},
	{"env", "klarna.Environment"},
	{"creds", "klarna.Credentials"},
	{"apiKey", "string"},
	{"username", "string"},
	{"password", "string"},
	{"cart", "klarna.SessionCreate"},
	{"lines", "[]klarna.OrderLine"},
	{"session", "*klarna.MerchantSession"},
	{"sessionID", "string"},
	{"authorizationToken", "string"},
	{"order", "klarna.CreateOrderRequest"},
	{"request", "klarna.CreateOrderRequest"},
	{"placed", "*klarna.Order"},
	{"err", "error"},
	{"logger", "*slog.Logger"},
	{"w", "http.ResponseWriter"},
	{"r", "*http.Request"},
	{"mux", "*http.ServeMux"},

	// What a shop has of its own.
	{"cartID", "string"},
	{"key", "[]byte"}, // of its callback signer
	{"signer", "*klarna.CallbackSigner"},
	{"signedCallbackURL", "string"},
	{"queue", "func(cartID string, callback klarna.AuthorizationCallback)"},
	{"queueReview", "func(orderID string, event klarna.FraudEventType)"},
	{"checkLater", "func(sessionID, authorizationToken string, request klarna.CreateOrderRequest) error"},
}

// preludeWithout declares the variables, but for those that a block declares itself.
func preludeWithout(own map[string]bool) string {
	var all strings.Builder
	for _, v := range variables {
		if !own[v.name] {
			all.WriteString("var " + v.name + " " + v.of + "\n")
		}
	}
	return all.String()
}
