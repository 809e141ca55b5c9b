package klarna

import "github.com/klarna-go/klarna-payments/gen"

// The bodies of requests and answers. They are the generated types, so that one import is enough; their fields are
// documented in package gen. They are plain structs, and printing one prints what it holds, tokens and personal data too.
type (
	// SessionCreate is the cart of a new session, for [Client.CreateSession].
	SessionCreate = gen.SessionCreate
	// MerchantSession is what [Client.CreateSession] gives: the session id, the token for the browser and the payment methods.
	MerchantSession = gen.MerchantSession
	// SessionUpdate is what to change in a session, for [Client.UpdateSession].
	SessionUpdate = gen.SessionUpdate
	// SessionRead is a session as it stands, from [Client.ReadSession].
	SessionRead = gen.SessionRead
	// CreateOrderRequest is the order to place, for [Client.CreateOrder].
	CreateOrderRequest = gen.CreateOrderRequest
	// Order is the order that was placed, from [Client.CreateOrder].
	Order = gen.Order
	// CustomerTokenCreationRequest is what a customer token is for, for [Client.CreateCustomerToken].
	CustomerTokenCreationRequest = gen.CustomerTokenCreationRequest
	// CustomerTokenCreationResponse is the customer token, from [Client.CreateCustomerToken].
	CustomerTokenCreationResponse = gen.CustomerTokenCreationResponse
	// OrderLine is one line of the cart. All amounts are in minor units, the tax rate in basis points (1900 is 19 %).
	OrderLine = gen.OrderLine
	// ProductIdentifiers is what a product is known by.
	ProductIdentifiers = gen.ProductIdentifiers
	// Subscription is how often an order line comes again.
	Subscription = gen.Subscription
	// Address is a postal address with whom to reach there.
	Address = gen.Address
	// Customer is who buys, a person or an organization.
	Customer = gen.Customer
	// CustomerRead is who buys, as far as a session hands it out.
	CustomerRead = gen.CustomerRead
	// CustomerReadCreateToken is whose customer token it is.
	CustomerReadCreateToken = gen.CustomerReadCreateToken
	// MerchantURLs is where Klarna sends the shopper and its notices.
	MerchantURLs = gen.MerchantURLs
	// Options is colours and corners of the widget.
	Options = gen.Options
	// Attachment is extra facts about the purchase, as JSON in a string.
	Attachment = gen.Attachment
	// PaymentMethodCategory is a way to pay, with the name and pictures to show.
	PaymentMethodCategory = gen.PaymentMethodCategory
	// AssetURLs is the pictures of a payment method category.
	AssetURLs = gen.AssetURLs
	// AuthorizedPaymentMethod is how the shopper pays.
	AuthorizedPaymentMethod = gen.AuthorizedPaymentMethod
	// AuthorizationCallback is what Klarna posts to MerchantURLs.Authorization.
	AuthorizationCallback = gen.AuthorizationCallback
	// FraudNotification is what Klarna posts to MerchantURLs.Notification.
	FraudNotification = gen.FraudNotification
	// ErrorV2 is the body of Klarna's errors. [Error] has it read already.
	ErrorV2 = gen.ErrorV2
)

// Sets of values. Each has its constants; a value that has none is kept as it comes.
type (
	// AcquiringChannel is where a sale happens.
	AcquiringChannel = gen.AcquiringChannel
	// Intent is what the shopper authorizes.
	Intent = gen.Intent
	// SessionStatus is whether an order was placed in a session.
	SessionStatus = gen.SessionStatus
	// OrganizationEntityType is the legal form of an organization.
	OrganizationEntityType = gen.OrganizationEntityType
	// IntendedUse is what a customer token is for.
	IntendedUse = gen.IntendedUse
	// SubscriptionInterval is the unit of time between two deliveries.
	SubscriptionInterval = gen.SubscriptionInterval
	// AuthorizedPaymentMethodType is a kind of payment. Klarna may add values at any time.
	AuthorizedPaymentMethodType = gen.AuthorizedPaymentMethodType
	// OrderLineType is a kind of order line. Klarna may add values at any time.
	OrderLineType = gen.OrderLineType
	// PaymentMethodCategoryIdentifier is the name of a payment method category. Klarna may add values at any time.
	PaymentMethodCategoryIdentifier = gen.PaymentMethodCategoryIdentifier
	// FraudStatus is how the fraud check ended. Klarna may add values at any time.
	FraudStatus = gen.FraudStatus
	// FraudEventType is how the review of a pending order ended. Klarna may add values at any time.
	FraudEventType = gen.FraudEventType
)
