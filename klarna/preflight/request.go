package preflight

import "github.com/klarna-go/klarna-payments/klarna"

// request is what the rules look at, in whichever of the four types it came.
type request struct {
	schema string // the name in the OpenAPI document
	body   any

	country, currency, locale string
	urls                      klarna.MerchantURLs
	personal                  personal // of a new session only
	cart                      cart
}

// cart is the money of a request. Amount and tax are nil where an update leaves them as they are.
type cart struct {
	amount, tax *int64
	lines       []klarna.OrderLine
	update      bool
}

// personal is who buys.
type personal struct {
	billing, shipping klarna.Address
	customer          klarna.Customer
}

// read accepts the four types. Anything else is a problem, and nothing more is checked then.
func read(body any, report *Report) (*request, bool) {
	switch body := body.(type) {
	case klarna.SessionCreate:
		return readSessionCreate(&body), true
	case *klarna.SessionCreate:
		if body != nil {
			return readSessionCreate(body), true
		}
	case klarna.SessionUpdate:
		return readSession(&body), true
	case *klarna.SessionUpdate:
		if body != nil {
			return readSession(body), true
		}
	case klarna.CreateOrderRequest:
		return readOrder(&body), true
	case *klarna.CreateOrderRequest:
		if body != nil {
			return readOrder(body), true
		}
	case klarna.CustomerTokenCreationRequest:
		return readToken(&body), true
	case *klarna.CustomerTokenCreationRequest:
		if body != nil {
			return readToken(body), true
		}
	default:
		report.problem("", CodeNotARequest, "is of type %T, but must be a klarna.SessionCreate, Session, CreateOrderRequest "+
			"or CustomerTokenCreationRequest, or a pointer to one", body)
		return nil, false
	}
	report.problem("", CodeNotARequest, "is a nil pointer")
	return nil, false
}

func readSessionCreate(body *klarna.SessionCreate) *request {
	return &request{
		schema: "session_create", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
		urls:     body.MerchantURLs,
		personal: personal{body.BillingAddress, body.ShippingAddress, body.Customer},
		cart:     cart{amount: &body.OrderAmount, tax: &body.OrderTaxAmount, lines: body.OrderLines},
	}
}

func readSession(body *klarna.SessionUpdate) *request {
	return &request{
		schema: "session", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
		urls: body.MerchantURLs,
		cart: cart{amount: body.OrderAmount, tax: body.OrderTaxAmount, lines: body.OrderLines, update: true},
	}
}

func readOrder(body *klarna.CreateOrderRequest) *request {
	return &request{
		schema: "create_order_request", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
		urls: body.MerchantURLs,
		cart: cart{amount: &body.OrderAmount, tax: &body.OrderTaxAmount, lines: body.OrderLines},
	}
}

func readToken(body *klarna.CustomerTokenCreationRequest) *request {
	return &request{
		schema: "customer_token_creation_request", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
	}
}
