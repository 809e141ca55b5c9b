package api

import "embed"

//go:embed *.yaml
var documents embed.FS

// Contract is the row of one API: its document, what is compiled from it, and what the checks of this repository
// expect. Paths begin at the root of the repository.
type Contract struct {
	Name     string // for arguments and test names
	Title    string // for people
	Document string // the OpenAPI document, in this folder
	Prefix   string // what all its paths begin with

	// Structure is the provider's document without its texts, which ours is compared with, and Differences lists where
	// the two differ on purpose. Both are empty for a provider that publishes no document.
	Structure, Differences string

	Config    string   // the configuration of oapi-codegen
	Generated string   // the package that oapi-codegen writes
	Package   string   // the package on top of it, which gets aliases and constants in types.gen.go
	NoAlias   []string // schemas that get no alias there
	MinCover  int      // the percentage of Package that its tests cover at least

	Provider  Provider
	Statuses  map[string][]string // statuses that an operation declares beyond those of Provider, by operationId
	Callbacks []Callback
}

// Provider is what the contracts of one provider have in common.
type Provider struct {
	Servers  []string // all of them, in order
	Security string   // the HTTP authentication scheme of every operation
	Errors   []string // the schemas that the body of an error may have

	// Headers are those that a response declares, by its status; "*" is every response.
	Headers map[string][]string

	// The statuses of errors that operations declare: every one, one with a request body, one with an id in its path.
	Always, WithBody, WithID []string
}

// Callback is a request that the provider sends to the shop.
type Callback struct {
	Operation, Name, URL string // the operation that declares it, its name there, and its URL
	ID, Schema           string // its own operationId, and the schema of its body
}

// Contracts are all contracts. Adding one means adding its document, its generator configuration and its row here: the
// generator, the tests and the targets of the Makefile walk this list.
var Contracts = []Contract{
	{
		Name:        "payments",
		Title:       "Payments v1",
		Document:    "api/openapi.yaml",
		Prefix:      "/payments/v1/",
		Structure:   "api/testdata/klarna-2023-03-03.structure.yaml",
		Differences: "api/testdata/klarna-2023-03-03.differences.yaml",
		Config:      "oapi-codegen.yaml",
		Generated:   "gen",
		Package:     "klarna",
		MinCover:    90,
		Provider:    klarna,
		Statuses:    map[string][]string{"createOrder": {"409"}, "purchaseToken": {"409"}},
		Callbacks: []Callback{
			{
				Operation: "createCreditSession", Name: "authorization", URL: "{$request.body#/merchant_urls/authorization}",
				ID: "authorizationCallback", Schema: "authorization_callback",
			},
			{
				Operation: "createOrder", Name: "fraudNotification", URL: "{$request.body#/merchant_urls/notification}",
				ID: "fraudNotification", Schema: "fraud_notification",
			},
		},
	},
	{
		Name:        "order-management",
		Title:       "Order Management v1",
		Document:    "api/order-management.yaml",
		Prefix:      "/ordermanagement/v1/",
		Structure:   "api/testdata/klarna-order-management-1.0.structure.yaml",
		Differences: "api/testdata/klarna-order-management-1.0.differences.yaml",
		Config:      "gen/ordermanagement/oapi-codegen.yaml",
		Generated:   "gen/ordermanagement",
		Package:     "klarna/ordermanagement",
		NoAlias:     []string{"ErrorMessageDto", "ExtendDueDateRequest", "UpdateShippingInfo"},
		MinCover:    90,
		Provider:    orderManagement(),
		Statuses: map[string][]string{
			"acknowledgeOrder": {"409"}, "appendOrderShippingInfo": {"409"}, "appendShippingInfo": {"409"}, "cancelOrder": {"409"},
			"captureOrder": {"409"}, "extendAuthorizationTime": {"409"}, "extendDueDate": {"409"}, "refundOrder": {"409"},
			"releaseRemainingAuthorization": {"409"}, "triggerSendOut": {"409"}, "updateAuthorization": {"409"},
			"updateConsumerDetails": {"409"}, "updateMerchantReferences": {"409"},
		},
	},
	{
		Name:        "customer-token",
		Title:       "Customer Token v1",
		Document:    "api/customer-token.yaml",
		Prefix:      "/customer-token/v1/",
		Structure:   "api/testdata/klarna-customer-token-1.0.structure.yaml",
		Differences: "api/testdata/klarna-customer-token-1.0.differences.yaml",
		Config:      "gen/customertoken/oapi-codegen.yaml",
		Generated:   "gen/customertoken",
		Package:     "klarna/customertoken",
		NoAlias: []string{
			"address", "attachment", "authorized_payment_method", "authorized_payment_method_type", "customer_token_status_update_request",
			"fraud_status", "order_line", "order_line_type", "product_identifiers", "subscription", "subscription_interval", "token_status_change",
		}, // of package klarna, or in the method's name
		MinCover: 90,
		Provider: klarna,
		Statuses: map[string][]string{"createOrder": {"409"}},
	},
	{
		Name:        "hosted-payment-page",
		Title:       "Hosted Payment Page v1",
		Document:    "api/hosted-payment-page.yaml",
		Prefix:      "/hpp/v1/",
		Structure:   "api/testdata/klarna-hosted-payment-page-1.1.structure.yaml",
		Differences: "api/testdata/klarna-hosted-payment-page-1.1.differences.yaml",
		Config:      "gen/hostedpage/oapi-codegen.yaml",
		Generated:   "gen/hostedpage",
		Package:     "klarna/hostedpage",
		NoAlias:     []string{"error_body"},
		MinCover:    90,
		Provider:    hostedPage(),
		Statuses:    map[string][]string{"createHppSession": {"404"}, "disableHppSession": {"400"}, "distributeHppSession": {"503"}},
		Callbacks: []Callback{{
			Operation: "createHppSession", Name: "statusUpdate", URL: "{$request.body#/merchant_urls/status_update}",
			ID: "statusCallback", Schema: "status_callback",
		}},
	},
	{
		Name:      "payway",
		Title:     "Klarna Payments through Payway v1",
		Document:  "api/payway.yaml",
		Prefix:    "/external/api/v1/klarna_payments/",
		Config:    "gen/payway/oapi-codegen.yaml",
		Generated: "gen/payway",
		Package:   "payway",
		NoAlias:   []string{"error_body", "session_response"}, // payway.Error and the envelope are hand-written
		MinCover:  90,
		Provider: Provider{
			Servers:  []string{"https://payway-api.stage.adeprimo.se", "https://backend.worldoftulo.com"},
			Security: "bearer",
			Errors:   []string{"error_body"},
			Always:   []string{"401", "403", "429", "5XX"},
			WithBody: []string{"400"},
		},
		Statuses: map[string][]string{"createKlarnaPaymentsSession": {"404", "409"}},
	},
}

var klarna = Provider{
	Servers: []string{
		"https://api.klarna.com",
		"https://api-na.klarna.com",
		"https://api-oc.klarna.com",
		"https://api.playground.klarna.com",
		"https://api-na.playground.klarna.com",
		"https://api-oc.playground.klarna.com",
	},
	Security: "basic",
	Errors:   []string{"ErrorV2"},
	Headers: map[string][]string{
		"*":   {"Klarna-Correlation-Id"},
		"429": {"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"},
	},
	Always:   []string{"401", "403", "429", "5XX"},
	WithBody: []string{"400", "413"},
	WithID:   []string{"404"},
}

// orderManagement is what Order Management does otherwise: a schema of its own for errors, 400 for a malformed id, and 422
// for a value beyond its limits.
func orderManagement() Provider {
	p := klarna
	p.Errors = []string{"ErrorMessageDto"}
	p.WithBody = []string{"400", "413", "422"}
	p.WithID = []string{"400", "404"}
	return p
}

// hostedPage is what the Hosted Payment Page does otherwise: Klarna declares no schema for its errors.
func hostedPage() Provider {
	p := klarna
	p.Errors = []string{"error_body"}
	return p
}

// ContractNamed returns the contract of a name, and panics if it does not exist.
func ContractNamed(name string) Contract {
	for _, c := range Contracts {
		if c.Name == name {
			return c
		}
	}
	panic("api: there is no contract " + name)
}

// OpenAPI returns the document.
func (c Contract) OpenAPI() []byte {
	data, err := documents.ReadFile(c.Document[len("api/"):])
	if err != nil {
		panic(err)
	}
	return data
}
