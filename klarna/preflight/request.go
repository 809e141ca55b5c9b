package preflight

import (
	genorders "github.com/klarna-go/klarna-payments/gen/ordermanagement"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The contracts of the requests, by their names in api.Contracts.
const (
	payments        = "payments"
	orderManagement = "order-management"
	hostedPage      = "hosted-payment-page"
	customerToken   = "customer-token"
)

// request is what the rules look at, in whichever type it came.
type request struct {
	contract string
	schema   string // the name in the OpenAPI document
	body     any

	money *money                     // of Order Management only
	page  *hostedpage.SessionRequest // of a hosted page only; what follows is of Payments and charges only

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

// read accepts the types of all APIs. Anything else is a problem, and nothing more is checked then.
func read(body any, report *Report) (*request, bool) {
	for _, readOther := range []func(any) (*request, bool){readOrderManagement, readHostedPage, readCharge} {
		if r, ok := readOther(body); ok {
			if r == nil {
				report.problem("", CodeNotARequest, "is a nil pointer")
			}
			return r, r != nil
		}
	}
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
		report.problem("", CodeNotARequest, "is of type %T, but must be a klarna.SessionCreate, SessionUpdate, CreateOrderRequest or CustomerTokenCreationRequest, "+
			"an ordermanagement.CaptureRequest, RefundRequest, AuthorizationUpdate, MerchantReferences or CustomerDetails, "+
			"a hostedpage.SessionRequest or DistributionRequest, a customertoken.OrderRequest, or a pointer to one", body)
		return nil, false
	}
	report.problem("", CodeNotARequest, "is a nil pointer")
	return nil, false
}

func readSessionCreate(body *klarna.SessionCreate) *request {
	return &request{
		contract: payments, schema: "session_create", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
		urls:     body.MerchantURLs,
		personal: personal{body.BillingAddress, body.ShippingAddress, body.Customer},
		cart:     cart{amount: &body.OrderAmount, tax: &body.OrderTaxAmount, lines: body.OrderLines},
	}
}

func readSession(body *klarna.SessionUpdate) *request {
	return &request{
		contract: payments, schema: "session", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
		urls: body.MerchantURLs,
		cart: cart{amount: body.OrderAmount, tax: body.OrderTaxAmount, lines: body.OrderLines, update: true},
	}
}

func readOrder(body *klarna.CreateOrderRequest) *request {
	return &request{
		contract: payments, schema: "create_order_request", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
		urls: body.MerchantURLs,
		cart: cart{amount: &body.OrderAmount, tax: &body.OrderTaxAmount, lines: body.OrderLines},
	}
}

func readToken(body *klarna.CustomerTokenCreationRequest) *request {
	return &request{
		contract: payments, schema: "customer_token_creation_request", body: body,
		country: body.PurchaseCountry, currency: body.PurchaseCurrency, locale: body.Locale,
	}
}

// readOrderManagement reads a request of package ordermanagement. The request is nil for a nil pointer.
func readOrderManagement(body any) (*request, bool) {
	switch body := body.(type) {
	case ordermanagement.CaptureRequest:
		return readOrderManagement(&body)
	case *ordermanagement.CaptureRequest:
		return orderRequest("CaptureObject", body, func() *money {
			return &money{field: "captured_amount", code: CodeCapturedAmount, amount: body.CapturedAmount, lines: body.OrderLines}
		}), true
	case ordermanagement.RefundRequest:
		return readOrderManagement(&body)
	case *ordermanagement.RefundRequest:
		return orderRequest("RefundObject", body, func() *money {
			return &money{field: "refunded_amount", code: CodeRefundedAmount, amount: body.RefundedAmount, lines: body.OrderLines}
		}), true
	case ordermanagement.AuthorizationUpdate:
		return readOrderManagement(&body)
	case *ordermanagement.AuthorizationUpdate:
		return orderRequest("Update_authorization", body, func() *money {
			return &money{field: "order_amount", code: CodeOrderAmount, amount: body.OrderAmount, mayBeZero: true, lines: body.OrderLines}
		}), true
	case ordermanagement.MerchantReferences:
		return readOrderManagement(&body)
	case *ordermanagement.MerchantReferences:
		return orderRequest("Update_merchant_references", body, nil), true
	case ordermanagement.CustomerDetails:
		return readOrderManagement(&body)
	case *ordermanagement.CustomerDetails:
		return orderRequest("UpdateConsumer", body, nil), true
	case *genorders.ShippingInfoRequest: // of which callers give the list
		return orderRequest("UpdateShippingInfo", body, nil), true
	case *genorders.ExtendDueDateRequest: // of which callers give the number
		return orderRequest("ExtendDueDateRequest", body, nil), true
	}
	return nil, false
}

func orderRequest[B any](schema string, body *B, of func() *money) *request {
	if body == nil {
		return nil
	}
	r := &request{contract: orderManagement, schema: schema, body: body}
	if of != nil {
		r.money = of()
	}
	return r
}
